//! `regex`: a group of the first match. Without one the value stays, unless it is to be replaced.

use ::regex::Regex;

use super::{Extraction, ExtractionFn, ExtractionKind};
use crate::json::Object;
use crate::{Environment, Result, java_regex};

pub(super) const KIND: ExtractionKind = ExtractionKind { tag: "regex", parse };

fn parse(object: Object<'_>, _environment: &Environment) -> Result<ExtractionFn> {
    let regex = java_regex::find(&object.text("expr")?)?;
    let index = object.opt_long("index")?.unwrap_or(1);
    let index = usize::try_from(index).ok().filter(|index| *index < regex.captures_len());
    let index = index.ok_or_else(|| object.error("'index' is no group of the pattern"))?;
    let replace = object.boolean("replaceMissingValue", false)?;
    let replacement = object.opt_text("replaceMissingValueWith")?;
    Ok(ExtractionFn::new(Group { regex, index, missing: replace.then_some(replacement) }))
}

#[derive(Debug)]
struct Group {
    regex: Regex,
    index: usize,
    /// What stands for a value without match; `None` keeps it.
    missing: Option<Option<String>>,
}

impl Extraction for Group {
    fn text(&self, value: Option<&str>) -> Option<String> {
        let groups = value.and_then(|value| self.regex.captures(value));
        match (groups, &self.missing) {
            (Some(groups), _) => groups.get(self.index).map(|group| group.as_str().to_string()),
            (None, Some(missing)) => missing.clone(),
            (None, None) => value.map(String::from),
        }
    }
}

//! `partial`: the value where the pattern is found in it, else null.

use ::regex::Regex;

use super::{Extraction, ExtractionFn, ExtractionKind};
use crate::java_regex;

pub(super) const KIND: ExtractionKind = ExtractionKind {
    tag: "partial",
    parse: |object, _| Ok(ExtractionFn::new(Partial { regex: java_regex::find(&object.text("expr")?)? })),
};

#[derive(Debug)]
struct Partial {
    regex: Regex,
}

impl Extraction for Partial {
    fn text(&self, value: Option<&str>) -> Option<String> {
        value.filter(|value| self.regex.is_match(value)).map(String::from)
    }
}

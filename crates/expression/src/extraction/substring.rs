//! `substring`: UTF-16 code units from an index counted from 0; past the end null.

use dialect::utf16;

use super::{Extraction, ExtractionFn, ExtractionKind};
use crate::json::Object;
use crate::{Environment, Result};

pub(super) const KIND: ExtractionKind = ExtractionKind { tag: "substring", parse };

fn parse(object: Object<'_>, _environment: &Environment) -> Result<ExtractionFn> {
    let index = object.opt_long("index")?.ok_or_else(|| object.error("'index' is missing"))?;
    let index = usize::try_from(index).map_err(|_| object.error("'index' must not be negative"))?;
    let end = match object.opt_long("length")?.map(usize::try_from) {
        None => usize::MAX,
        Some(Ok(length @ 1..)) => index.saturating_add(length),
        Some(_) => return Err(object.error("'length' must be above zero")),
    };
    Ok(ExtractionFn::new(Substring { index, end }))
}

#[derive(Debug)]
struct Substring {
    index: usize,
    end: usize,
}

impl Extraction for Substring {
    fn text(&self, value: Option<&str>) -> Option<String> {
        let value = value.filter(|value| self.index < utf16::len(value))?;
        Some(utf16::slice(value, self.index, self.end).to_string())
    }
}

//! `cascade`: several functions, one after the other.

use super::{Extraction, ExtractionFn, ExtractionKind};
use crate::json::Object;
use crate::{Environment, Error, Result};

/// Most functions of one cascade. Cascades in cascades count too, by the depth that JSON may have.
const MAX_FUNCTIONS: usize = 1_000;

pub(super) const KIND: ExtractionKind = ExtractionKind { tag: "cascade", parse };

fn parse(object: Object<'_>, environment: &Environment) -> Result<ExtractionFn> {
    let list = object.array("extractionFns")?;
    if list.is_empty() {
        return Err(object.error("'extractionFns' must not be empty"));
    }
    if list.len() > MAX_FUNCTIONS {
        return Err(Error::limit(format!("a cascade may have {MAX_FUNCTIONS} functions")));
    }
    let functions = list.iter().map(|json| ExtractionFn::parse_with(json, environment)).collect::<Result<_>>()?;
    Ok(ExtractionFn::new(Cascade { functions }))
}

#[derive(Debug)]
struct Cascade {
    functions: Vec<ExtractionFn>,
}

impl Cascade {
    fn rest(&self, first: Option<String>) -> Option<String> {
        self.functions.iter().skip(1).fold(first, |value, function| function.apply(value.as_deref()))
    }
}

impl Extraction for Cascade {
    fn text(&self, value: Option<&str>) -> Option<String> {
        self.rest(self.functions.first().and_then(|function| function.apply(value)))
    }

    fn check(&self, value: &str) -> Result<()> {
        let mut value = Some(value.to_string());
        for function in &self.functions {
            value.as_deref().map_or(Ok(()), |value| function.check(value))?;
            value = function.apply(value.as_deref());
        }
        Ok(())
    }

    fn long(&self, value: i64) -> Option<String> {
        self.rest(self.functions.first().and_then(|function| function.apply_long(value)))
    }

    fn step_ms(&self) -> Option<i64> {
        self.functions.first().and_then(ExtractionFn::step_ms)
    }
}

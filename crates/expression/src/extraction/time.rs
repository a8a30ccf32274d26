//! `time`: a text in one date pattern becomes one in another; what does not fit stays.

use timeline::TimeZone;

use super::{Extraction, ExtractionFn, ExtractionKind};
use crate::joda::Pattern;
use crate::json::Object;
use crate::{Environment, Result};

pub(super) const KIND: ExtractionKind = ExtractionKind { tag: "time", parse };

fn parse(object: Object<'_>, _environment: &Environment) -> Result<ExtractionFn> {
    let from = Pattern::parse(&object.text("timeFormat")?)?;
    let to = Pattern::parse(&object.text("resultFormat")?)?;
    object.boolean("joda", false)?;
    Ok(ExtractionFn::new(Time { from, to }))
}

#[derive(Debug)]
struct Time {
    from: Pattern,
    to: Pattern,
}

impl Extraction for Time {
    fn text(&self, value: Option<&str>) -> Option<String> {
        let value = value?;
        Some(match self.from.read(value, &TimeZone::UTC) {
            Some(at) => self.to.text(at, &TimeZone::UTC),
            None => value.to_string(),
        })
    }
}

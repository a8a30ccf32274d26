//! `bucket`: the lower end of the numeric bucket of a value. What is no number is null.

use super::{Extraction, ExtractionFn, ExtractionKind};
use crate::json::Object;
use crate::{Environment, Result};

pub(super) const KIND: ExtractionKind = ExtractionKind { tag: "bucket", parse };

fn parse(object: Object<'_>, _environment: &Environment) -> Result<ExtractionFn> {
    let size = object.opt_double("size")?.unwrap_or(1.0);
    if !(size > 0.0 && size.is_finite()) {
        return Err(object.error("'size' must be above zero"));
    }
    Ok(ExtractionFn::new(Bucket { size, offset: object.opt_double("offset")?.unwrap_or(0.0) }))
}

#[derive(Debug)]
struct Bucket {
    size: f64,
    offset: f64,
}

impl Extraction for Bucket {
    fn text(&self, value: Option<&str>) -> Option<String> {
        let value = dialect::read::double(value?)?;
        let start = ((value - self.offset) / self.size).floor() * self.size + self.offset;
        let whole = start as i64;
        Some(if whole as f64 == start { whole.to_string() } else { dialect::print::double_text(start) })
    }
}

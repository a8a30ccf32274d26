//! `stringFormat`: the value through a pattern as Java formats it.

use super::{Extraction, ExtractionFn, ExtractionKind};
use crate::expr::Scalar;
use crate::java_format::Format;
use crate::json::Object;
use crate::{Environment, Result};

pub(super) const KIND: ExtractionKind = ExtractionKind { tag: "stringFormat", parse };

fn parse(object: Object<'_>, _environment: &Environment) -> Result<ExtractionFn> {
    let format = Format::parse(&object.text("format")?)?;
    let nulls = match object.opt_text("nullHandling")?.unwrap_or_default().to_ascii_lowercase().as_str() {
        "" | "nullstring" => Nulls::Word,
        "emptystring" => Nulls::Empty,
        "returnnull" => Nulls::Null,
        _ => return Err(object.wrong("nullHandling", "nullString, emptyString or returnNull")),
    };
    // What the pattern asks of a text is known now.
    format.apply(&[Scalar::text("")])?;
    Ok(ExtractionFn::new(StringFormat { format, nulls }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nulls {
    Word,
    Empty,
    Null,
}

#[derive(Debug)]
struct StringFormat {
    format: Format,
    nulls: Nulls,
}

impl Extraction for StringFormat {
    fn text(&self, value: Option<&str>) -> Option<String> {
        let value = match (value, self.nulls) {
            (Some(value), _) => Scalar::text(value),
            (None, Nulls::Word) => Scalar::Null,
            (None, Nulls::Empty) => Scalar::text(""),
            (None, Nulls::Null) => return None,
        };
        self.format.apply(&[value]).ok()
    }
}

//! `strlen`: the length in UTF-16 code units; null stays null.

use super::{Extraction, ExtractionFn, ExtractionKind};

pub(super) const KIND: ExtractionKind = ExtractionKind { tag: "strlen", parse: |_, _| Ok(ExtractionFn::new(Strlen)) };

#[derive(Debug)]
struct Strlen;

impl Extraction for Strlen {
    fn text(&self, value: Option<&str>) -> Option<String> {
        value.map(|value| dialect::utf16::len(value).to_string())
    }
}

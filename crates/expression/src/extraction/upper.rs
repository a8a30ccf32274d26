//! `upper`: the value in upper case.

use super::{Extraction, ExtractionFn, ExtractionKind};

pub(super) const KIND: ExtractionKind = ExtractionKind { tag: "upper", parse: |_, _| Ok(ExtractionFn::new(Upper)) };

#[derive(Debug)]
struct Upper;

impl Extraction for Upper {
    fn text(&self, value: Option<&str>) -> Option<String> {
        value.map(str::to_uppercase)
    }
}

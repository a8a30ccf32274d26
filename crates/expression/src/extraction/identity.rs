//! `identity`: the value as it is.

use super::{Extraction, ExtractionFn, ExtractionKind};

pub(super) const KIND: ExtractionKind =
    ExtractionKind { tag: "identity", parse: |_, _| Ok(ExtractionFn::new(Identity)) };

#[derive(Debug)]
struct Identity;

impl Extraction for Identity {
    fn text(&self, value: Option<&str>) -> Option<String> {
        value.map(String::from)
    }
}

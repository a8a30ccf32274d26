//! `lower`: the value in lower case.

use super::{Extraction, ExtractionFn, ExtractionKind};

pub(super) const KIND: ExtractionKind = ExtractionKind { tag: "lower", parse: |_, _| Ok(ExtractionFn::new(Lower)) };

#[derive(Debug)]
struct Lower;

impl Extraction for Lower {
    fn text(&self, value: Option<&str>) -> Option<String> {
        value.map(str::to_lowercase)
    }
}

//! `searchQuery`: the value where a search query matches it, else null.

use super::{Extraction, ExtractionFn, ExtractionKind};
use crate::SearchQuery;

pub(super) const KIND: ExtractionKind = ExtractionKind {
    tag: "searchQuery",
    parse: |object, _| Ok(ExtractionFn::new(Search { query: SearchQuery::parse(object.require("query")?)? })),
};

#[derive(Debug)]
struct Search {
    query: SearchQuery,
}

impl Extraction for Search {
    fn text(&self, value: Option<&str>) -> Option<String> {
        value.filter(|value| self.query.matches(value)).map(String::from)
    }
}

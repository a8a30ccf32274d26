//! `search`: the query specs of search queries as a filter. Of null nothing can be said.

use super::leaf::Leaf;
use super::predicate::{NumberType, Numbers, Predicate};
use super::{Filter, FilterKind, Parsing};
use crate::json::Object;
use crate::{Result, SearchQuery, Truth};

pub(super) const KIND: FilterKind = FilterKind { tag: "search", parse };

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<Filter> {
    let query = SearchQuery::parse(object.require("query")?)?;
    Leaf::parse(object, parsing, query)
}

impl Predicate for SearchQuery {
    fn text(&self, value: Option<&str>) -> Truth {
        value.map_or(Truth::Unknown, |value| Truth::from(self.matches(value)))
    }

    fn numbers(&self, _number_type: NumberType) -> Numbers {
        Numbers::Text
    }
}

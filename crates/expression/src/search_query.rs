//! The query specs of search queries: what a value must contain.

use regex::Regex;
use serde_json::Value;

use crate::json::Object;
use crate::{Error, Result, java_regex};

/// A test of a value's text. Null values never match.
#[derive(Clone, Debug)]
pub enum SearchQuery {
    All,
    /// The value contains the text.
    Contains {
        value: String,
        case_sensitive: bool,
    },
    /// The value contains every one of the texts.
    Fragment {
        values: Vec<String>,
        case_sensitive: bool,
    },
    /// The pattern is found in the value.
    Regex(Regex),
}

impl SearchQuery {
    /// Fails on an unknown type and on missing fields.
    pub fn parse(json: &Value) -> Result<SearchQuery> {
        let object = Object::new("search query", json)?;
        let tag = object.text("type")?;
        let case_sensitive = || object.boolean("caseSensitive", false);
        Ok(match tag.as_str() {
            "all" => SearchQuery::All,
            "insensitive_contains" => contains(object.text("value")?, false),
            "contains" => contains(object.text("value")?, case_sensitive()?),
            "fragment" => {
                let case_sensitive = case_sensitive()?;
                let values = object.texts("values")?.into_iter().flatten();
                let values = values.map(|value| fold_case(value, case_sensitive)).collect();
                SearchQuery::Fragment { values, case_sensitive }
            }
            "regex" => SearchQuery::Regex(java_regex::find(&object.text("pattern")?)?),
            _ => return Err(Error::Unknown { what: "search query type", name: tag }),
        })
    }

    pub fn matches(&self, value: &str) -> bool {
        match self {
            SearchQuery::All => true,
            SearchQuery::Contains { value: wanted, case_sensitive: true } => value.contains(wanted),
            SearchQuery::Contains { value: wanted, case_sensitive: false } => value.to_lowercase().contains(wanted),
            SearchQuery::Fragment { values, case_sensitive: true } => {
                values.iter().all(|wanted| value.contains(wanted))
            }
            SearchQuery::Fragment { values, case_sensitive: false } => {
                let value = value.to_lowercase();
                values.iter().all(|wanted| value.contains(wanted))
            }
            SearchQuery::Regex(regex) => regex.is_match(value),
        }
    }
}

fn contains(value: String, case_sensitive: bool) -> SearchQuery {
    SearchQuery::Contains { value: fold_case(value, case_sensitive), case_sensitive }
}

fn fold_case(text: String, case_sensitive: bool) -> String {
    if case_sensitive { text } else { text.to_lowercase() }
}

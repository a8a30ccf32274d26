//! `like`: `%` stands for any text, `_` for one character.

use ::regex::Regex;
use aggregate::Dictionary;

use super::bound::sorted_range;
use super::codes::CodeSet;
use super::leaf::Leaf;
use super::predicate::{NumberType, Numbers, Predicate};
use super::{Filter, FilterKind, Parsing};
use crate::json::Object;
use crate::{Result, Truth, java_regex};

pub(super) const KIND: FilterKind = FilterKind { tag: "like", parse };

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<Filter> {
    let pattern = object.text("pattern")?;
    let escape = match object.opt_text("escape")? {
        None => None,
        Some(text) => {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => Some(c),
                _ => return Err(object.wrong("escape", "one character")),
            }
        }
    };
    let regex = java_regex::like(&pattern, escape)?;
    let prefix = plain_prefix(&pattern, escape);
    Leaf::parse(object, parsing, Like { regex, prefix })
}

/// What every match begins with.
fn plain_prefix(pattern: &str, escape: Option<char>) -> String {
    pattern.chars().take_while(|c| !matches!(c, '%' | '_') && Some(*c) != escape).collect()
}

#[derive(Debug)]
struct Like {
    regex: Regex,
    prefix: String,
}

impl Predicate for Like {
    fn text(&self, value: Option<&str>) -> Truth {
        value.map_or(Truth::Unknown, |value| Truth::from(self.regex.is_match(value)))
    }

    fn extracted_null_number(&self, _value: Option<&str>) -> Truth {
        Truth::Unknown
    }

    /// Looks only at the entries that begin as the pattern does.
    fn codes(&self, dictionary: &dyn Dictionary) -> Option<CodeSet> {
        let end = format!("{}\u{FFFF}", self.prefix);
        if self.prefix.is_empty() || self.prefix.contains('\u{FFFF}') {
            return None;
        }
        let near = sorted_range(dictionary, Some((&self.prefix, false)), Some((&end, false)))?;
        let len = dictionary.len();
        let codes = near.iter(len).filter(|code| dictionary.get(*code).is_some_and(|v| self.regex.is_match(v)));
        Some(CodeSet::of(codes.collect::<Vec<_>>(), len))
    }

    fn numbers(&self, _number_type: NumberType) -> Numbers {
        Numbers::Text
    }
}

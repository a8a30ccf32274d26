//! Paths into nested data: `$.a['b'][0]`, or `.a.b[0]` in jq's way.

use std::collections::VecDeque;
use std::fmt;

use serde_json::Value as Json;

use crate::value::{self, Value};
use crate::{Error, Result};

/// Most steps of one path.
const MAX_STEPS: usize = 256;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Field(String),
    /// From the end when negative.
    Element(i64),
}

/// Where in nested data a value lies.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JsonPath(pub Vec<Step>);

impl JsonPath {
    /// A path that begins with `$`.
    pub fn parse(text: &str) -> Result<JsonPath> {
        let wrong = |why: &str| Error::Path(format!("'{text}' is no path: {why}"));
        let rest = text.strip_prefix('$').ok_or_else(|| wrong("it must begin with '$'"))?;
        steps(rest).ok_or_else(|| wrong("expected .name, ['name'] or [index]"))
    }

    /// A path in jq's way, which begins with `.`.
    pub fn parse_jq(text: &str) -> Result<JsonPath> {
        let wrong = || Error::Path(format!("'{text}' is no path in jq syntax"));
        match text.strip_prefix('.') {
            Some("") => Ok(JsonPath::default()),
            Some(rest) if rest.starts_with('[') => steps(rest).ok_or_else(wrong),
            Some(_) => steps(text).ok_or_else(wrong),
            None => Err(wrong()),
        }
    }

    /// The tree that the path leads to.
    pub fn find<'a>(&self, tree: &'a Json) -> Option<&'a Json> {
        self.0.iter().try_fold(tree, |tree, step| match step {
            Step::Field(name) => tree.as_object()?.get(name),
            Step::Element(at) => {
                let items = tree.as_array()?;
                items.get(place(*at, items.len())?)
            }
        })
    }

    /// The tree of a value, and what the path leads to in it.
    pub fn query(&self, value: &Value<'_>) -> Option<Json> {
        match value {
            Value::Null => None,
            value => self.find(&value::to_json(value)).filter(|found| !found.is_null()).cloned(),
        }
    }
}

/// The place of an element among so many, counted from the end when negative.
pub fn place(at: i64, len: usize) -> Option<usize> {
    let at = if at < 0 { at.checked_add(i64::try_from(len).ok()?)? } else { at };
    usize::try_from(at).ok().filter(|at| *at < len)
}

fn steps(mut rest: &str) -> Option<JsonPath> {
    let mut steps = Vec::new();
    while let Some(first) = rest.chars().next() {
        if steps.len() == MAX_STEPS {
            return None;
        }
        let (step, after) = match first {
            '.' => name(&rest[1..])?,
            '[' => bracket(&rest[1..])?,
            _ => return None,
        };
        steps.push(step);
        rest = after;
    }
    Some(JsonPath(steps))
}

/// A bare or double-quoted name, and what follows.
fn name(rest: &str) -> Option<(Step, &str)> {
    if let Some(quoted) = rest.strip_prefix('"') {
        let end = quoted.find('"')?;
        return Some((Step::Field(quoted[..end].to_owned()), &quoted[end + 1..]));
    }
    let end = rest.find(['.', '[']).unwrap_or(rest.len());
    (end > 0).then(|| (Step::Field(rest[..end].to_owned()), &rest[end..]))
}

/// What stands in brackets: a quoted name, which ends at a quote before the bracket, or a place.
fn bracket(rest: &str) -> Option<(Step, &str)> {
    for quote in ['\'', '"'] {
        if let Some(quoted) = rest.strip_prefix(quote) {
            let close = format!("{quote}]");
            let end = quoted.find(&close)?;
            return Some((Step::Field(quoted[..end].to_owned()), &quoted[end + 2..]));
        }
    }
    let end = rest.find(']')?;
    Some((Step::Element(rest[..end].trim().parse().ok()?), &rest[end + 1..]))
}

/// The paths to all scalars and arrays of scalars, in the order of a hash set of Java's, as Druid lists them; to a
/// scalar itself `$`.
pub fn paths(tree: &Json) -> Vec<JsonPath> {
    let mut found: Vec<Vec<Step>> = Vec::new();
    let mut waiting = VecDeque::from([(Vec::new(), tree)]);
    while let Some((path, tree)) = waiting.pop_front() {
        let below: Vec<(Step, &Json)> = match tree {
            _ if !is_deep(tree) => {
                found.push(path);
                continue;
            }
            Json::Object(fields) => fields.iter().map(|(name, tree)| (Step::Field(name.clone()), tree)).collect(),
            Json::Array(items) => (0..).map(Step::Element).zip(items).collect(),
            _ => Vec::new(),
        };
        for (step, tree) in below {
            let path: Vec<Step> = path.iter().cloned().chain([step]).collect();
            if is_deep(tree) { waiting.push_back((path, tree)) } else { found.push(path) }
        }
    }
    let mut slots = 16;
    while found.len() * 4 > slots * 3 {
        slots *= 2;
    }
    found.sort_by_key(|path| {
        let hash = java_hash(path);
        (hash ^ hash >> 16) as usize & (slots - 1)
    });
    found.into_iter().map(JsonPath).collect()
}

/// Whether a tree is no literal: an object, or an array that holds one or another array.
pub fn is_deep(tree: &Json) -> bool {
    match tree {
        Json::Object(_) => true,
        Json::Array(items) => items.iter().any(|item| item.is_object() || item.is_array()),
        _ => false,
    }
}

/// The hash of Java's list of the steps.
fn java_hash(path: &[Step]) -> u32 {
    let next = |hash: u32, item: u32| hash.wrapping_mul(31).wrapping_add(item);
    let step = |step: &Step| match step {
        Step::Field(name) => next(1, name.encode_utf16().fold(0, |hash, unit| next(hash, unit.into()))),
        Step::Element(at) => next(1, *at as u32),
    };
    path.iter().map(step).fold(1, next)
}

impl fmt::Display for JsonPath {
    /// As Druid lists paths.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        self.0.iter().try_for_each(|step| match step {
            Step::Field(name) if name.is_empty() || name.contains(['.', '[', ']', '\'', '"']) => {
                write!(f, "['{name}']")
            }
            Step::Field(name) => write!(f, ".{name}"),
            Step::Element(at) => write!(f, "[{at}]"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Json {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn paths_lead_to_values() {
        let data = tree(r#"{"a":{"b.c":[1,"x"]},"it's":7,"l":[{"k":true},{"k":2}],"q":[1,2,3]}"#);
        let found = |path: &str| JsonPath::parse(path).unwrap().find(&data).cloned();
        assert_eq!(found("$.a['b.c'][1]"), Some(tree("\"x\"")));
        assert_eq!(found("$['it's']"), Some(tree("7")));
        // Nothing is escaped.
        assert_eq!(found("$['it\\'s']"), None);
        assert_eq!(found("$.l[-1].k"), Some(tree("2")));
        assert_eq!(found("$.l[-3]"), None);
        assert_eq!(found("$"), Some(data.clone()));
        assert_eq!(JsonPath::parse_jq(".l[1].k").unwrap().find(&data), Some(&tree("2")));
        for wrong in ["", "a", "$a", "$.", "$[", "$[x]", "$..a", "$['a"] {
            assert!(JsonPath::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn paths_to_literals_are_listed() {
        let listed = |text: &str| paths(&tree(text)).iter().map(JsonPath::to_string).collect::<Vec<_>>();
        assert_eq!(listed(r#"{"a":1,"b":{"c":"x","d":[1]},"e":1.5}"#), ["$.b.c", "$.e", "$.b.d", "$.a"]);
        assert_eq!(listed(r#"{"l":[{"b.c":[1]}]}"#), ["$.l[0]['b.c']"]);
        assert_eq!(listed("[1]"), ["$"]);
    }
}

//! Paths into nested data: `$.a['b'][0]`, or `.a.b[0]` in jq's way.

use std::borrow::Cow;

use aggregate::{Shape, cast};
use dialect::value::{self, Value};
use serde_json::Value as Json;

use crate::{Error, Result};

/// Most steps of one path.
const MAX_STEPS: usize = 256;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Field(String),
    /// From the end when negative.
    Element(i64),
}

/// Where in nested data a value lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct JsonPath(pub Vec<Step>);

impl JsonPath {
    /// A path that begins with `$`.
    pub fn parse(text: &str) -> Result<JsonPath> {
        let wrong = |why: &str| Error::invalid(format!("'{text}' is no path: {why}"));
        let rest = text.strip_prefix('$').ok_or_else(|| wrong("it must begin with '$'"))?;
        steps(rest).ok_or_else(|| wrong("expected .name, ['name'] or [index]"))
    }

    /// A path in jq's way, which begins with `.`.
    pub fn parse_jq(text: &str) -> Result<JsonPath> {
        let wrong = || Error::invalid(format!("'{text}' is no path in jq syntax"));
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

    /// The scalar, or array of scalars, that the path leads to; other data have none. An element of an array of
    /// scalars is cast to the type of the array.
    pub fn literal(&self, value: &Value<'_>) -> Value<'static> {
        if let (Some(Step::Element(at)), Value::Json(_) | Value::Array(_)) = (self.0.last(), value) {
            let whole = JsonPath(self.0[..self.0.len() - 1].to_vec());
            if let Value::Array(mut items) = whole.literal(value) {
                return place(*at, items.len()).map_or(Value::Null, |at| items.swap_remove(at));
            }
        }
        self.query(value).map_or(Value::Null, |found| literal_of(&found))
    }
}

fn place(at: i64, len: usize) -> Option<usize> {
    let at = if at < 0 { at.checked_add(i64::try_from(len).ok()?)? } else { at };
    usize::try_from(at).ok().filter(|at| *at < len)
}

/// A tree as a path column holds it: booleans are 1 and 0, elements of an array are of one type.
pub(crate) fn literal_of(tree: &Json) -> Value<'static> {
    match tree {
        Json::Bool(value) => Value::Long((*value).into()),
        Json::Object(_) => Value::Null,
        Json::Array(items) => {
            let items: Vec<Json> = items
                .iter()
                .map(|item| match item {
                    Json::Bool(value) => Json::from(i64::from(*value)),
                    item => item.clone(),
                })
                .collect();
            match value::of_json(&Json::Array(items)) {
                array @ Value::Array(_) => {
                    let shape = Shape::of_value(&array).unwrap_or(Shape::StringArray);
                    cast(array, shape).into_owned()
                }
                _ => Value::Null,
            }
        }
        scalar => value::of_json(scalar).into_owned(),
    }
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
            return Some((Step::Field(unescaped(&quoted[..end]).into_owned()), &quoted[end + 2..]));
        }
    }
    let end = rest.find(']')?;
    Some((Step::Element(rest[..end].trim().parse().ok()?), &rest[end + 1..]))
}

fn unescaped(name: &str) -> Cow<'_, str> {
    if name.contains("\\'") { Cow::Owned(name.replace("\\'", "'")) } else { Cow::Borrowed(name) }
}

/// The paths to all scalars and arrays of scalars, in the order of the data; to a scalar itself `$`.
pub(crate) fn paths(tree: &Json) -> Vec<String> {
    let mut out = Vec::new();
    walk(tree, "$", &mut out);
    out
}

fn walk(tree: &Json, path: &str, out: &mut Vec<String>) {
    match tree {
        Json::Object(fields) => {
            for (name, field) in fields {
                let is_plain = !name.contains(['.', '[', ']', '\'', '"']) && !name.is_empty();
                walk(field, &if is_plain { format!("{path}.{name}") } else { format!("{path}['{name}']") }, out);
            }
        }
        Json::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            items.iter().enumerate().for_each(|(at, item)| walk(item, &format!("{path}[{at}]"), out));
        }
        _ => out.push(path.to_owned()),
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
        assert_eq!(found("$['it\\'s']"), Some(tree("7")));
        assert_eq!(found("$.l[-1].k"), Some(tree("2")));
        assert_eq!(found("$.l[-3]"), None);
        assert_eq!(found("$"), Some(data.clone()));
        assert_eq!(JsonPath::parse_jq(".l[1].k").unwrap().find(&data), Some(&tree("2")));
        for wrong in ["", "a", "$a", "$.", "$[", "$[x]", "$..a", "$['a"] {
            assert!(JsonPath::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn literals_are_of_the_type_of_their_array() {
        let data = Value::Json(r#"{"m":["s",1],"b":[true,2],"o":{"x":1},"l":[{"k":2}]}"#.into());
        let literal = |path: &str| JsonPath::parse(path).unwrap().literal(&data);
        assert_eq!(literal("$.m[1]"), Value::Text("1".into()));
        assert_eq!(literal("$.b"), Value::Array(vec![Value::Long(1), Value::Long(2)]));
        assert_eq!(literal("$.o"), Value::Null);
        assert_eq!(literal("$.l[0]"), Value::Null);
        assert_eq!(literal("$.l[0].k"), Value::Long(2));
        assert_eq!(paths(&tree(r#"{"a":{"b.c":[1]},"l":[{"k":1}]}"#)), ["$.a['b.c']", "$.l[0].k"]);
        assert_eq!(paths(&tree("[1]")), ["$"]);
    }
}

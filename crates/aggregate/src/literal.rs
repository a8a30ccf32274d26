//! Literals of nested data: what a path of it is as a column.

use dialect::path::{JsonPath, Step, place};
use dialect::value::{self, Value};
use serde_json::Value as Json;

use crate::{Shape, cast};

/// The scalar, or array of scalars, that a path leads to in a value; other data have none. An element of an array of
/// scalars is cast to the type of the array.
pub fn literal_at(path: &JsonPath, value: &Value<'_>) -> Value<'static> {
    if let (Some((Step::Element(at), whole)), Value::Json(_) | Value::Array(_)) = (path.0.split_last(), value)
        && let Value::Array(mut items) = literal_at(&JsonPath(whole.to_vec()), value)
    {
        return place(*at, items.len()).map_or(Value::Null, |at| items.swap_remove(at));
    }
    path.query(value).map_or(Value::Null, |found| literal_of(&found))
}

/// A tree as a path column holds it: booleans are 1 and 0, elements of an array are of one type.
pub fn literal_of(tree: &Json) -> Value<'static> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_of_the_type_of_their_array() {
        let data = Value::Json(r#"{"m":["s",1],"b":[true,2],"o":{"x":1},"l":[{"k":2}]}"#.into());
        let literal = |path: &str| literal_at(&JsonPath::parse(path).unwrap(), &data);
        assert_eq!(literal("$.m[1]"), Value::Text("1".into()));
        assert_eq!(literal("$.b"), Value::Array(vec![Value::Long(1), Value::Long(2)]));
        assert_eq!(literal("$.o"), Value::Null);
        assert_eq!(literal("$.l[0]"), Value::Null);
        assert_eq!(literal("$.l[0].k"), Value::Long(2));
    }
}

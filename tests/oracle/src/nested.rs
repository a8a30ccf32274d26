//! Objects, and what lies at a path in them.

use crate::chance::Chance;
use crate::rows::{Column, Kind, TEXTS};
use crate::value::Value;
use serde_json::{Map, Value as Json, json};

/// Paths that objects may have, with what lies there.
const PATHS: [(&str, &[&str], Kind); 4] = [
    ("$.n", &["n"], Kind::Long),
    ("$.t", &["t"], Kind::Text),
    ("$.o.x", &["o", "x"], Kind::Double),
    ("$.none", &["none"], Kind::Text),
];

/// Any of the fields may be missing; what is there keeps its type.
pub fn draw(chance: &Chance) -> Json {
    let mut out = Map::new();
    if !chance.one_in(3) {
        out.insert("n".to_owned(), json!(chance.between(-3, 12)));
    }
    if !chance.one_in(3) {
        out.insert("t".to_owned(), json!(chance.of(&TEXTS)));
    }
    if !chance.one_in(3) {
        let x = json!(chance.between(-12, 20) as f64 / 4.0);
        out.insert("o".to_owned(), if chance.one_in(4) { json!({}) } else { json!({"x": x}) });
    }
    if chance.one_in(2) {
        let elements: Vec<i64> = (0..1 + chance.below(3)).map(|_| chance.between(0, 3)).collect();
        out.insert("l".to_owned(), json!(elements));
    }
    Json::Object(out)
}

/// What is read at a path, as one type.
#[derive(Debug, Clone)]
pub struct Field {
    of: String,
    path: usize,
    pub kind: Kind,
    /// By an expression, not a virtual column of its own type.
    is_expression: bool,
}

impl Field {
    pub fn draw(chance: &Chance, of: &Column) -> Field {
        let (path, is_expression) = (chance.below(PATHS.len()), chance.one_in(3));
        // What is read as another type: numbers as texts and as each other.
        let kinds: &[Kind] = match PATHS[path].2 {
            // A scan shows what lies there, whatever type a virtual column of its own expects.
            Kind::Long if !is_expression => &[Kind::Long],
            Kind::Double if !is_expression => &[Kind::Double],
            Kind::Long => &[Kind::Long, Kind::Long, Kind::Text, Kind::Double],
            Kind::Double => &[Kind::Double, Kind::Double, Kind::Text, Kind::Long],
            _ => &[Kind::Text],
        };
        Field { of: of.name.clone(), path, kind: *chance.of(kinds), is_expression }
    }

    pub fn json(&self, name: &str) -> Json {
        let (path, _, _) = PATHS[self.path];
        let kind = self.kind.type_name();
        if self.is_expression {
            let expression = format!("json_value(\"{}\", '{path}', '{kind}')", self.of);
            return json!({"type": "expression", "name": name, "expression": expression, "outputType": kind});
        }
        json!({"type": "nested-field", "columnName": self.of, "outputName": name, "path": path, "expectedType": kind})
    }

    pub fn of(&self, row: &crate::rows::Row) -> Value {
        let Value::Json(object) = row.value(&self.of) else { return Value::Null };
        let found = PATHS[self.path].1.iter().try_fold(&object, |object, name| object.get(name));
        let number = found.and_then(Json::as_f64);
        match (self.kind, found) {
            (Kind::Text, Some(Json::String(text))) => Value::Text(text.clone()),
            (Kind::Text, Some(Json::Number(number))) => Value::Text(match number.as_i64() {
                Some(long) => long.to_string(),
                None => format!("{:?}", number.as_f64().unwrap_or_default()),
            }),
            (Kind::Long, Some(Json::Number(number))) if number.is_i64() => {
                number.as_i64().map_or(Value::Null, Value::Long)
            }
            (Kind::Long, _) => number.map_or(Value::Null, |number| Value::Long(number.trunc() as i64)),
            (Kind::Double, _) => number.map_or(Value::Null, Value::Double),
            _ => Value::Null,
        }
    }
}

//! Nested data.

use aggregate::{Shape, literal_of};
use dialect::path::{JsonPath, paths};
use dialect::value::{self, Value};
use serde_json::{Map, Value as Json};

use super::{Call, FunctionKind, MANY, Output, TEXT, rows};
use crate::expr::builder::Builder;
use crate::expr::cast;
use crate::expr::node::{Frame, Function, Node};
use crate::expr::scalar::{ExprType, Kind, Scalar};
use crate::expr::vector::Vector;
use crate::{Error, Result, values};

const JSON: Output = Output::Is(ExprType::Scalar(Kind::Json));
const TEXTS: Output = Output::Is(ExprType::Array(Kind::Text));

pub(super) const KINDS: &[FunctionKind] = &[
    FunctionKind::new("json_keys", 2..=2, json_keys).arrays(super::ArrayArgs::At(0)),
    FunctionKind::new("json_merge", 1..=MANY, json_merge),
    FunctionKind::new("json_object", 2..=MANY, json_object).arrays(super::ArrayArgs::All),
    FunctionKind::new("json_paths", 1..=1, json_paths).arrays(super::ArrayArgs::At(0)),
    FunctionKind::new("json_query", 2..=2, json_query).arrays(super::ArrayArgs::At(0)),
    FunctionKind::new("json_query_array", 2..=2, json_query_array).arrays(super::ArrayArgs::At(0)),
    FunctionKind::new("json_value", 2..=3, json_value).arrays(super::ArrayArgs::At(0)).literals(),
    FunctionKind::new("parse_json", 1..=1, parse_json),
    FunctionKind::new("to_json_string", 1..=1, to_json_string).arrays(super::ArrayArgs::At(0)),
    FunctionKind::new("try_parse_json", 1..=1, try_parse_json),
];

fn tree(scalar: &Scalar<'_>) -> Json {
    value::to_json(&values::of_scalar(scalar))
}

/// A tree as a value of an expression, objects and mixed arrays as nested data.
fn scalar_of(tree: &Json) -> Scalar<'static> {
    match value::of_json(tree) {
        array @ Value::Array(_) => {
            let Value::Array(items) = &array else { return Scalar::Null };
            let mut shapes = items.iter().filter_map(Shape::of_value);
            let first = shapes.next();
            match first.is_none_or(|first| shapes.all(|shape| shape == first)) {
                true => values::scalar(array).into_owned(),
                false => Scalar::Json(value::canonical(tree).into()),
            }
        }
        other => values::scalar(other).into_owned(),
    }
}

fn path(call: &Call<'_>) -> Result<JsonPath> {
    let text = call.literal_text(1, "path")?.ok_or_else(|| call.error("the path must not be null"))?;
    Ok(JsonPath::parse(&text)?)
}

/// The scalar, or array of scalars, at a path, cast when a type is given.
fn json_value(call: Call<'_>) -> Result<Box<dyn Function>> {
    let (name, path) = (call.name, path(&call)?);
    let to = match call.literal_text(2, "type")? {
        None => None,
        Some(text) => Some(cast::type_of(&text).ok_or_else(|| call.error(format!("unknown type '{text}'")))?),
    };
    if call.takes_literals {
        return Ok(Box::new(Literals { name, to }));
    }
    let output = to.map_or(Output::Unknown, Output::Is);
    rows(output, move |args| cast_literal(name, literal_at(&args[0], &path), to))
}

/// The scalar, or array of scalars, at a path of a value.
pub(crate) fn literal_at(value: &Scalar<'_>, path: &JsonPath) -> Scalar<'static> {
    let found = path.query(&values::of_scalar(value)).map_or(Value::Null, |found| literal_of(&found));
    values::scalar(found).into_owned()
}

/// The literals at a path, for values one a row.
pub(crate) fn literals_at(values: &Vector, path: &JsonPath) -> Vector {
    match values {
        Vector::Constant(value, num_rows) => Vector::Constant(literal_at(value, path), *num_rows),
        values => Vector::Mixed((0..values.len()).map(|row| literal_at(&values.get(row), path)).collect()),
    }
}

fn cast_literal<'a>(name: &str, found: Scalar<'a>, to: Option<ExprType>) -> Result<Scalar<'a>> {
    match (to, &found) {
        (None, _) => Ok(found),
        (Some(ExprType::Scalar(kind)), Scalar::Array(array)) if array.items.len() != 1 => {
            Err(Error::evaluation(name, format!("cannot cast ARRAY<{}> to {kind}", array.kind)))
        }
        (Some(to), _) => Ok(cast::cast(found, to)),
    }
}

/// `json_value` over literals that were found already.
struct Literals {
    name: &'static str,
    to: Option<ExprType>,
}

impl Function for Literals {
    fn eval(&self, args: &[Node], frame: &Frame<'_>) -> Result<Vector> {
        let Some(found) = args.first() else { return Ok(Vector::nulls(frame.num_rows)) };
        let found = found.eval(frame)?;
        let is_cast = match (&found, self.to) {
            (_, None) => true,
            (Vector::Long(_), Some(to)) => to == ExprType::LONG,
            (Vector::Double(_), Some(to)) => to == ExprType::DOUBLE,
            (Vector::Text(_) | Vector::Coded { .. }, Some(to)) => to == ExprType::STRING,
            (Vector::Constant(..) | Vector::Mixed(_), Some(_)) => false,
        };
        if is_cast {
            return Ok(found);
        }
        let mut out = Builder::new(found.len());
        for row in 0..found.len() {
            out.push(cast_literal(self.name, found.get(row), self.to)?)?;
        }
        Ok(out.finish())
    }

    fn output(&self, _args: &[Option<ExprType>]) -> Option<ExprType> {
        self.to
    }

    fn as_literals(&self) -> Option<Option<ExprType>> {
        Some(self.to)
    }
}

/// What lies at a path, whatever it is.
fn json_query(call: Call<'_>) -> Result<Box<dyn Function>> {
    let path = path(&call)?;
    rows(JSON, move |args| Ok(path.query(&values::of_scalar(&args[0])).map_or(Scalar::Null, |found| scalar_of(&found))))
}

/// As `json_query`, in an array of one when it is none.
fn json_query_array(call: Call<'_>) -> Result<Box<dyn Function>> {
    let path = path(&call)?;
    rows(JSON, move |args| {
        Ok(match path.query(&values::of_scalar(&args[0])) {
            None => Scalar::Null,
            Some(array @ Json::Array(_)) => scalar_of(&array),
            Some(other) => scalar_of(&Json::Array(vec![other])),
        })
    })
}

/// Names and values by turns; a later name takes the place of an earlier.
fn json_object(call: Call<'_>) -> Result<Box<dyn Function>> {
    let name = call.name;
    if !call.args.len().is_multiple_of(2) {
        return Err(call.error("takes names and values by turns"));
    }
    rows(JSON, move |args| {
        let mut fields = Map::new();
        for pair in args.chunks_exact(2) {
            let Some(field) = pair[0].as_text() else { return Err(Error::evaluation(name, "a name is null")) };
            fields.insert(field.into_owned(), tree(&pair[1]));
        }
        Ok(Scalar::Json(value::canonical(&Json::Object(fields)).into()))
    })
}

fn parsed(text: &str) -> std::result::Result<Scalar<'static>, serde_json::Error> {
    if text.is_empty() {
        return Ok(Scalar::Null);
    }
    serde_json::from_str::<Json>(text).map(|tree| scalar_of(&tree))
}

/// Null where it is no text.
fn parse_json(call: Call<'_>) -> Result<Box<dyn Function>> {
    let name = call.name;
    rows(JSON, move |args| match &args[0] {
        Scalar::Text(text) => {
            parsed(text).map_err(|error| Error::evaluation(name, format!("'{}': {error}", shortened(text))))
        }
        _ => Ok(Scalar::Null),
    })
}

fn shortened(text: &str) -> String {
    text.chars().take(128).collect()
}

/// Null where the text is no JSON.
fn try_parse_json(_: Call<'_>) -> Result<Box<dyn Function>> {
    rows(JSON, |args| match &args[0] {
        Scalar::Text(text) => Ok(parsed(text).unwrap_or(Scalar::Null)),
        _ => Ok(Scalar::Null),
    })
}

/// Null stays null.
fn to_json_string(_: Call<'_>) -> Result<Box<dyn Function>> {
    rows(TEXT, |args| match &args[0] {
        Scalar::Null => Ok(Scalar::Null),
        other => {
            let mut out = Vec::new();
            value::print_value(&values::of_scalar(other), &mut out);
            Ok(Scalar::text(String::from_utf8_lossy(&out).into_owned()))
        }
    })
}

/// The names of the fields of an object; of anything else null.
fn json_keys(call: Call<'_>) -> Result<Box<dyn Function>> {
    let path = path(&call)?;
    rows(TEXTS, move |args| {
        Ok(match path.query(&values::of_scalar(&args[0])) {
            Some(Json::Object(fields)) => {
                super::text_array(fields.keys().map(|name| Scalar::text(name.clone())).collect())
            }
            _ => Scalar::Null,
        })
    })
}

/// The paths to all values that are no objects; of null `$`.
fn json_paths(_: Call<'_>) -> Result<Box<dyn Function>> {
    rows(TEXTS, |args| {
        Ok(super::text_array(paths(&tree(&args[0])).iter().map(|path| Scalar::text(path.to_string())).collect()))
    })
}

/// Objects, or texts of such, merged deeply: later fields replace earlier ones. Null when one is null.
fn json_merge(call: Call<'_>) -> Result<Box<dyn Function>> {
    let name = call.name;
    rows(JSON, move |args| {
        let mut merged: Option<Json> = None;
        for arg in args {
            let next = match arg {
                Scalar::Null => return Ok(Scalar::Null),
                Scalar::Text(text) => serde_json::from_str(text)
                    .map_err(|error| Error::evaluation(name, format!("'{}': {error}", shortened(text))))?,
                other => tree(other),
            };
            match &mut merged {
                None => merged = Some(next),
                Some(into) => merge(into, next),
            }
        }
        Ok(merged.map_or(Scalar::Null, |merged| scalar_of(&merged)))
    })
}

fn merge(into: &mut Json, from: Json) {
    match (into, from) {
        (Json::Object(into), Json::Object(from)) => {
            for (name, value) in from {
                match into.get_mut(&name) {
                    Some(known) => merge(known, value),
                    None => _ = into.insert(name, value),
                }
            }
        }
        (into, from) => *into = from,
    }
}

//! What values of mixed types are as a whole.

use std::borrow::Cow;

use dialect::value::Value;

/// The least type that holds the values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    Long,
    Double,
    String,
    LongArray,
    DoubleArray,
    StringArray,
    /// Objects, or arrays of more than scalars, may be among them.
    Json,
}

impl Shape {
    const ALL: [Shape; 7] = [
        Shape::Long,
        Shape::Double,
        Shape::String,
        Shape::LongArray,
        Shape::DoubleArray,
        Shape::StringArray,
        Shape::Json,
    ];

    /// The least that holds both.
    pub fn wider(self, other: Shape) -> Shape {
        let (low, high) = if self <= other { (self, other) } else { (other, self) };
        match (low, high) {
            (low, Shape::LongArray | Shape::DoubleArray) if low <= Shape::String => low.array().max(high),
            _ => high,
        }
    }

    /// The array of such scalars; other shapes stay.
    pub fn array(self) -> Shape {
        match self {
            Shape::Long => Shape::LongArray,
            Shape::Double => Shape::DoubleArray,
            Shape::String => Shape::StringArray,
            other => other,
        }
    }

    /// The scalar that the elements of an array are; other shapes stay.
    pub fn element(self) -> Shape {
        match self {
            Shape::LongArray => Shape::Long,
            Shape::DoubleArray => Shape::Double,
            Shape::StringArray => Shape::String,
            other => other,
        }
    }

    pub fn is_array(self) -> bool {
        matches!(self, Shape::LongArray | Shape::DoubleArray | Shape::StringArray)
    }

    /// The name as a type of Druid's.
    pub fn name(self) -> &'static str {
        match self {
            Shape::Long => "LONG",
            Shape::Double => "DOUBLE",
            Shape::String => "STRING",
            Shape::LongArray => "ARRAY<LONG>",
            Shape::DoubleArray => "ARRAY<DOUBLE>",
            Shape::StringArray => "ARRAY<STRING>",
            Shape::Json => "COMPLEX<json>",
        }
    }

    /// The shape of a name, in any case.
    pub fn of_name(name: &str) -> Option<Shape> {
        let name = if name.eq_ignore_ascii_case("ARRAY<FLOAT>") { "ARRAY<DOUBLE>" } else { name };
        Shape::ALL.into_iter().find(|shape| shape.name().eq_ignore_ascii_case(name))
    }

    /// The least shape of one value; `None` of null.
    pub fn of_value(value: &Value<'_>) -> Option<Shape> {
        Some(match value {
            Value::Null => return None,
            Value::Long(_) => Shape::Long,
            Value::Double(_) => Shape::Double,
            Value::Text(_) => Shape::String,
            Value::Json(_) => Shape::Json,
            // An array without values says nothing of its elements.
            Value::Array(items) => {
                items.iter().filter_map(Shape::of_value).reduce(Shape::wider).unwrap_or(Shape::Long).array()
            }
        })
    }
}

/// The value as one of the shape: numbers are read from texts and cut, scalars become arrays of one, elements are
/// cast. Null when it cannot be one; nested data takes everything.
pub fn cast<'a>(value: Value<'a>, to: Shape) -> Value<'a> {
    match (to, value) {
        (_, Value::Null) => Value::Null,
        (Shape::Json, value) => value,
        (Shape::Long, value) => long_of(&value).map_or(Value::Null, Value::Long),
        (Shape::Double, value) => double_of(&value).map_or(Value::Null, Value::Double),
        (Shape::String, value) => text_of(value).map_or(Value::Null, Value::Text),
        (array, Value::Array(items)) => {
            Value::Array(items.into_iter().map(|item| cast(item, array.element())).collect())
        }
        (_, Value::Json(_)) => Value::Null,
        (array, scalar) => match cast(scalar, array.element()) {
            Value::Null => Value::Null,
            element => Value::Array(vec![element]),
        },
    }
}

fn long_of(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Long(value) => Some(*value),
        Value::Double(value) => Some(*value as i64),
        Value::Text(text) => {
            dialect::read::long(text).or_else(|| dialect::read::double(text).map(|value| value as i64))
        }
        Value::Json(text) => boolean(text).map(i64::from),
        Value::Null | Value::Array(_) => None,
    }
}

fn double_of(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Long(value) => Some(*value as f64),
        Value::Double(value) => Some(*value),
        Value::Text(text) => dialect::read::double(text),
        Value::Json(text) => boolean(text).map(|value| f64::from(u8::from(value))),
        Value::Null | Value::Array(_) => None,
    }
}

fn boolean(json: &str) -> Option<bool> {
    match json {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Scalars as Java prints them; of arrays and nested data nothing.
fn text_of(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::Long(value) => Some(value.to_string().into()),
        Value::Double(value) => Some(dialect::print::double_text(value).into()),
        Value::Text(text) => Some(text),
        Value::Json(text) => boolean(&text).map(|_| text),
        Value::Null | Value::Array(_) => None,
    }
}

/// What some values are as a whole, and how arrays among them are to be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    shape: Option<Shape>,
    has_scalars: bool,
}

impl Survey {
    pub fn add(&mut self, value: &Value<'_>) {
        self.add_shape(Shape::of_value(value));
    }

    /// Values of a shape; `None` is of nulls.
    pub fn add_shape(&mut self, shape: Option<Shape>) {
        let Some(shape) = shape else { return };
        self.has_scalars |= !shape.is_array();
        self.shape = Some(self.shape.map_or(shape, |known| known.wider(shape)));
    }

    pub fn merge(&mut self, other: Survey) {
        self.shape = match (self.shape, other.shape) {
            (Some(a), Some(b)) => Some(a.wider(b)),
            (a, b) => a.or(b),
        };
        self.has_scalars |= other.has_scalars;
    }

    /// `None` when all were null.
    pub fn shape(&self) -> Option<Shape> {
        self.shape
    }

    /// The value as it is kept among these: arrays among arrays are of one type.
    pub fn kept<'a>(&self, value: Value<'a>) -> Value<'a> {
        match self.shape {
            Some(shape) if shape.is_array() && !self.has_scalars => cast(value, shape),
            _ => value,
        }
    }
}

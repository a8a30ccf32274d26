//! One value of an expression, and how values turn into one another.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use dialect::{order, print, read};

/// Type of a value. Booleans are longs, floats are read as doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Long,
    Double,
    Text,
    /// Nested data.
    Json,
}

/// Type of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExprType {
    Scalar(Kind),
    Array(Kind),
}

impl ExprType {
    pub const LONG: ExprType = ExprType::Scalar(Kind::Long);
    pub const DOUBLE: ExprType = ExprType::Scalar(Kind::Double);
    pub const STRING: ExprType = ExprType::Scalar(Kind::Text);

    /// The type of one element of an array, and of a scalar the scalar itself.
    pub fn element(self) -> Kind {
        match self {
            ExprType::Scalar(kind) | ExprType::Array(kind) => kind,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Long => "LONG",
            Kind::Double => "DOUBLE",
            Kind::Text => "STRING",
            Kind::Json => "COMPLEX<json>",
        })
    }
}

impl fmt::Display for ExprType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExprType::Scalar(kind) => kind.fmt(f),
            ExprType::Array(kind) => write!(f, "ARRAY<{kind}>"),
        }
    }
}

/// The values of an array, all of one kind or null.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayValue {
    pub kind: Kind,
    pub items: Vec<Scalar<'static>>,
}

/// One value. Text may be borrowed from a column or a dictionary.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    Null,
    Long(i64),
    Double(f64),
    Text(Cow<'a, str>),
    Array(Arc<ArrayValue>),
    /// Nested data that is none of the others, as compact JSON.
    Json(Cow<'a, str>),
}

impl<'a> Scalar<'a> {
    pub fn text(value: impl Into<Cow<'a, str>>) -> Self {
        Scalar::Text(value.into())
    }

    pub fn from_bool(value: bool) -> Self {
        Scalar::Long(value.into())
    }

    /// An array of the widest kind among its items, or of `otherwise` when all are null.
    pub fn array(items: Vec<Scalar<'static>>, otherwise: Kind) -> Scalar<'static> {
        let kind = items.iter().filter_map(Scalar::kind).reduce(wider).unwrap_or(otherwise);
        Scalar::array_of(kind, items)
    }

    /// An array of the kind, its items cast to it.
    pub fn array_of(kind: Kind, items: Vec<Scalar<'static>>) -> Scalar<'static> {
        let items = items.into_iter().map(|item| item.cast(kind)).collect();
        Scalar::Array(Arc::new(ArrayValue { kind, items }))
    }

    /// `None` of null. Of an array the kind of its elements.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Scalar::Null => None,
            Scalar::Long(_) => Some(Kind::Long),
            Scalar::Double(_) => Some(Kind::Double),
            Scalar::Text(_) => Some(Kind::Text),
            Scalar::Array(array) => Some(array.kind),
            Scalar::Json(_) => Some(Kind::Json),
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Scalar::Null)
    }

    pub fn into_owned(self) -> Scalar<'static> {
        match self {
            Scalar::Null => Scalar::Null,
            Scalar::Long(value) => Scalar::Long(value),
            Scalar::Double(value) => Scalar::Double(value),
            Scalar::Text(text) => Scalar::Text(Cow::Owned(text.into_owned())),
            Scalar::Array(array) => Scalar::Array(array),
            Scalar::Json(text) => Scalar::Json(Cow::Owned(text.into_owned())),
        }
    }

    /// The same value, its text borrowed from here.
    pub fn borrow(&self) -> Scalar<'_> {
        match self {
            Scalar::Null => Scalar::Null,
            Scalar::Long(value) => Scalar::Long(*value),
            Scalar::Double(value) => Scalar::Double(*value),
            Scalar::Text(text) => Scalar::Text(Cow::Borrowed(text)),
            Scalar::Array(array) => Scalar::Array(array.clone()),
            Scalar::Json(text) => Scalar::Json(Cow::Borrowed(text)),
        }
    }

    /// Doubles are cut towards zero and clipped; text is read as a number and cut; what is no number is `None`.
    pub fn as_long(&self) -> Option<i64> {
        match self {
            Scalar::Long(value) => Some(*value),
            Scalar::Double(value) => Some(*value as i64),
            Scalar::Text(text) => long_of(text),
            Scalar::Array(array) => single(array)?.as_long(),
            Scalar::Null | Scalar::Json(_) => None,
        }
    }

    pub fn as_double(&self) -> Option<f64> {
        match self {
            Scalar::Long(value) => Some(*value as f64),
            Scalar::Double(value) => Some(*value),
            Scalar::Text(text) => double_of(text),
            Scalar::Array(array) => single(array)?.as_double(),
            Scalar::Null | Scalar::Json(_) => None,
        }
    }

    /// Numbers as Java prints them, arrays in brackets, null as `None`.
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Scalar::Null => None,
            Scalar::Long(value) => Some(Cow::Owned(value.to_string())),
            Scalar::Double(value) => Some(Cow::Owned(print::double_text(*value))),
            Scalar::Text(text) | Scalar::Json(text) => Some(Cow::Borrowed(text)),
            Scalar::Array(array) => Some(Cow::Owned(array_text(array))),
        }
    }

    /// Numbers above zero are true, and the text `true` in any case. Null is false.
    pub fn is_true(&self) -> bool {
        match self {
            Scalar::Null | Scalar::Json(_) => false,
            Scalar::Long(value) => *value > 0,
            Scalar::Double(value) => *value > 0.0,
            Scalar::Text(text) => text.eq_ignore_ascii_case("true"),
            Scalar::Array(array) => single(array).is_some_and(Scalar::is_true),
        }
    }

    /// The value as a scalar of the kind; null when it cannot be one.
    pub fn cast(self, kind: Kind) -> Scalar<'a> {
        match (kind, self) {
            (_, Scalar::Null) => Scalar::Null,
            (Kind::Json, value) => value,
            (Kind::Text, Scalar::Text(text)) => Scalar::Text(text),
            (Kind::Long, value) => value.as_long().map_or(Scalar::Null, Scalar::Long),
            (Kind::Double, value) => value.as_double().map_or(Scalar::Null, Scalar::Double),
            (Kind::Text, value) => value.as_text().map_or(Scalar::Null, |t| Scalar::Text(Cow::Owned(t.into_owned()))),
        }
    }

    /// The values seen as an array: of a scalar one, of null `None`.
    pub fn as_array(&self) -> Option<Arc<ArrayValue>> {
        match self {
            Scalar::Null => None,
            Scalar::Array(array) => Some(array.clone()),
            scalar => {
                let item = scalar.clone().into_owned();
                item.kind().map(|kind| Arc::new(ArrayValue { kind, items: vec![item] }))
            }
        }
    }
}

/// The kind that holds values of both.
pub fn wider(a: Kind, b: Kind) -> Kind {
    match (a, b) {
        (Kind::Json, _) | (_, Kind::Json) => Kind::Json,
        (Kind::Text, _) | (_, Kind::Text) => Kind::Text,
        (Kind::Double, _) | (_, Kind::Double) => Kind::Double,
        (Kind::Long, Kind::Long) => Kind::Long,
    }
}

fn single(array: &ArrayValue) -> Option<&Scalar<'static>> {
    match array.items.as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

fn array_text(array: &ArrayValue) -> String {
    let items: Vec<_> =
        array.items.iter().map(|item| item.as_text().unwrap_or(Cow::Borrowed("null")).into_owned()).collect();
    format!("[{}]", items.join(", "))
}

/// Text as a long: integer text, decimal text cut towards zero, `true` and `false`.
pub(crate) fn long_of(text: &str) -> Option<i64> {
    match plain_long(text) {
        Some(value) => Some(value),
        None => double_of(text).map(|value| value as i64),
    }
}

/// Decimal digits with an optional minus.
pub(crate) fn plain_long(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

pub(crate) fn double_of(text: &str) -> Option<f64> {
    match read::double(text) {
        Some(value) => Some(value),
        None => read::boolean(text).map(|value| if value { 1.0 } else { 0.0 }),
    }
}

/// The number that a text stands for in arithmetic: a long when it is integer text, else a double.
pub(crate) fn number_of(text: &str) -> Option<Scalar<'static>> {
    match plain_long(text) {
        Some(value) => Some(Scalar::Long(value)),
        None => match read::boolean(text) {
            Some(value) => Some(Scalar::from_bool(value)),
            None => read::double(text).map(Scalar::Double),
        },
    }
}

/// Order of two values of one kind, nulls first. Doubles in Java's total order.
pub(crate) fn compare(left: &Scalar<'_>, right: &Scalar<'_>, kind: Kind) -> Ordering {
    match (left.is_null(), right.is_null()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Less,
        (false, true) => return Ordering::Greater,
        (false, false) => {}
    }
    match kind {
        Kind::Long => left.as_long().cmp(&right.as_long()),
        Kind::Double => compare_doubles(left.as_double(), right.as_double()),
        Kind::Text | Kind::Json => order::compare_nullable(left.as_text().as_deref(), right.as_text().as_deref()),
    }
}

fn compare_doubles(left: Option<f64>, right: Option<f64>) -> Ordering {
    match (left, right) {
        (Some(a), Some(b)) => crate::numbers::key(a).cmp(&crate::numbers::key(b)),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

/// Arrays compare item by item, then by length.
pub(crate) fn compare_arrays(left: &ArrayValue, right: &ArrayValue) -> Ordering {
    let kind = wider(left.kind, right.kind);
    let items = left.items.iter().zip(&right.items).map(|(a, b)| compare(a, b, kind));
    items.into_iter().find(|o| o.is_ne()).unwrap_or(left.items.len().cmp(&right.items.len()))
}

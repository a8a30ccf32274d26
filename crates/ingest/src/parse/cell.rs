//! One value of one field, as the input had it.

use std::borrow::Cow;

use expression::TimestampFormat;

/// A value before anything is known about its column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number within the range of a long.
    Long(i64),
    /// Any other number.
    Double(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Cell<'a>>),
    /// An object, in the order given.
    Map(Vec<(Cow<'a, str>, Cell<'a>)>),
}

impl<'a> Cell<'a> {
    /// A borrowed text.
    pub fn text(text: &'a str) -> Cell<'a> {
        Cell::Text(Cow::Borrowed(text))
    }

    /// Whether it is a scalar, or a list of scalars: what field discovery takes as a column.
    pub fn is_flat(&self) -> bool {
        match self {
            Cell::Map(_) => false,
            Cell::List(items) => items.iter().all(|item| !matches!(item, Cell::Map(_) | Cell::List(_))),
            _ => true,
        }
    }

    /// Appends the text that Java's `toString` gives.
    pub fn write_text(&self, out: &mut String) {
        match self {
            Cell::Null => out.push_str("null"),
            Cell::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Cell::Long(value) => out.push_str(&value.to_string()),
            Cell::Double(value) => out.push_str(&dialect::print::double_text(*value)),
            Cell::Text(text) => out.push_str(text),
            Cell::List(items) => write_all(out, '[', ']', items, |item, out| item.write_text(out)),
            Cell::Map(fields) => write_row(out, fields),
        }
    }

    /// The text that Java's `toString` gives.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write_text(&mut out);
        out
    }

    /// The time that it is in a format; `None` when it is not in this format.
    pub fn time(&self, format: &TimestampFormat) -> Option<i64> {
        match self {
            Cell::Long(value) => format.read_long(*value),
            Cell::Double(value) => format.read_double(*value),
            Cell::Text(text) => format.read_text(text),
            Cell::Null | Cell::Bool(_) | Cell::List(_) | Cell::Map(_) => None,
        }
    }

    /// The name of the Java class of such a value, for messages.
    pub fn class(&self) -> &'static str {
        match self {
            Cell::Null => "null",
            Cell::Bool(_) => "Boolean",
            Cell::Long(_) => "Long",
            Cell::Double(_) => "Double",
            Cell::Text(_) => "String",
            Cell::List(_) => "List",
            Cell::Map(_) => "Map",
        }
    }

    /// The value as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match self {
            Cell::Null => Value::Null,
            Cell::Bool(value) => Value::Bool(*value),
            Cell::Long(value) => Value::from(*value),
            Cell::Double(value) => Value::from(*value),
            Cell::Text(text) => Value::from(text.as_ref()),
            Cell::List(items) => Value::Array(items.iter().map(Cell::to_json).collect()),
            Cell::Map(fields) => Value::Object(fields.iter().map(|(k, v)| (k.to_string(), v.to_json())).collect()),
        }
    }
}

/// The text of a row's fields: `{a=1, b=x}`.
pub fn write_row(out: &mut String, fields: &[(Cow<'_, str>, Cell<'_>)]) {
    write_all(out, '{', '}', fields, |(name, value), out| {
        out.push_str(name);
        out.push('=');
        value.write_text(out);
    });
}

fn write_all<T>(out: &mut String, open: char, close: char, items: &[T], write: impl Fn(&T, &mut String)) {
    out.push(open);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        write(item, out);
    }
    out.push(close);
}

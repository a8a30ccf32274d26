//! Virtual columns: an expression in the text of the language, and what it makes of a row.

use crate::chance::Chance;
use crate::rows::{Column, Kind, Row};
use crate::value::Value;
use serde_json::{Value as Json, json};

#[derive(Debug, Clone)]
pub struct Computed {
    pub column: Column,
    of: Column,
    what: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    /// A text behind a text.
    Behind,
    /// Another text for null.
    Instead,
    Upper,
    Length,
    Plus(i64),
    Half,
    /// One text above a number, another below and for null.
    Above(i64),
}

impl Computed {
    pub fn draw(chance: &Chance, columns: &[Column], number: usize) -> Computed {
        let of = chance.of(columns).clone();
        let (what, kind) = match of.kind {
            Kind::Texts => (What::Upper, Kind::Texts),
            Kind::Text => *chance.of(&[
                (What::Behind, Kind::Text),
                (What::Instead, Kind::Text),
                (What::Upper, Kind::Text),
                (What::Length, Kind::Long),
            ]),
            Kind::Long => *chance.of(&[
                (What::Plus(chance.between(-5, 5)), Kind::Long),
                (What::Above(chance.between(0, 8)), Kind::Text),
            ]),
            Kind::Double => (What::Half, Kind::Double),
        };
        Computed { column: Column { name: format!("v{number}"), kind }, of, what }
    }

    pub fn json(&self) -> Json {
        let of = &self.of.name;
        let expression = match self.what {
            What::Behind => format!("concat({of}, '-z')"),
            What::Instead => format!("nvl({of}, 'none')"),
            What::Upper => format!("upper({of})"),
            What::Length => format!("strlen({of})"),
            What::Plus(number) => format!("{of} + {number}"),
            What::Half => format!("{of} / 2.0"),
            What::Above(number) => format!("if({of} > {number}, 'high', 'low')"),
        };
        json!({"type": "expression", "name": self.column.name, "expression": expression, "outputType": self.column.kind.type_name()})
    }

    /// The row with this column.
    pub fn added(&self, row: &Row) -> Row {
        let values = row.values(&self.of.name).into_iter().map(|value| self.value(value)).collect();
        row.with(&self.column.name, values)
    }

    fn value(&self, of: Value) -> Value {
        match (self.what, of) {
            (What::Instead, Value::Null) => Value::Text("none".to_owned()),
            (What::Above(least), value) => {
                let is_above = value.number().is_some_and(|number| number > least as f64);
                Value::Text(if is_above { "high" } else { "low" }.to_owned())
            }
            (What::Behind, Value::Text(text)) => Value::Text(text + "-z"),
            (What::Upper, Value::Text(text)) => Value::Text(text.to_uppercase()),
            (What::Length, Value::Text(text)) => Value::Long(text.encode_utf16().count() as i64),
            (What::Plus(number), Value::Long(value)) => Value::Long(value + number),
            (What::Half, Value::Double(value)) => Value::Double(value / 2.0),
            (_, value) => value,
        }
    }
}

//! Columns and rows.

use crate::chance::Chance;
use crate::value::Value;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

pub const HOUR_MS: i64 = 3_600_000;
pub const DAY_MS: i64 = 24 * HOUR_MS;
/// 2022-01-01T00:00Z.
pub const FIRST_MS: i64 = 1_640_995_200_000;
pub const NUM_DAYS: i64 = 3;

const TEXTS: [&str; 8] = ["", "a", "b", "10", "9", "Zürich", "\u{e000}", "🎈"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Texts, any number of them in a row.
    Texts,
    Long,
    Double,
}

impl Kind {
    pub fn is_text(self) -> bool {
        matches!(self, Kind::Text | Kind::Texts)
    }

    pub fn type_name(self) -> &'static str {
        match self {
            Kind::Text | Kind::Texts => "STRING",
            Kind::Long => "LONG",
            Kind::Double => "DOUBLE",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

#[derive(Debug, Clone)]
pub struct Row {
    pub time: i64,
    cells: BTreeMap<String, Vec<Value>>,
}

impl Row {
    /// The values of a column, a null where there are none.
    pub fn values(&self, column: &str) -> Vec<Value> {
        match self.cells.get(column) {
            Some(values) if !values.is_empty() => values.clone(),
            _ => vec![Value::Null],
        }
    }

    /// Of a column with one value a row.
    pub fn value(&self, column: &str) -> Value {
        self.values(column).swap_remove(0)
    }

    /// The row with one more column.
    pub fn with(&self, name: &str, values: Vec<Value>) -> Row {
        let mut row = self.clone();
        row.cells.insert(name.to_owned(), values.into_iter().filter(|value| !value.is_null()).collect());
        row
    }

    /// As a record of a topic.
    pub fn json(&self) -> Json {
        let mut out = json!({"ts": self.time});
        for (name, values) in &self.cells {
            out[name] = match values.as_slice() {
                [] => Json::Null,
                [value] => value.json(),
                values => Json::Array(values.iter().map(Value::json).collect()),
            };
        }
        out
    }
}

pub fn draw_columns(chance: &Chance) -> Vec<Column> {
    let mut columns = Vec::new();
    for (prefix, kind, most) in
        [("s", Kind::Text, 3), ("m", Kind::Texts, 2), ("l", Kind::Long, 2), ("d", Kind::Double, 2)]
    {
        for number in 0..1 + chance.below(most) {
            columns.push(Column { name: format!("{prefix}{number}"), kind });
        }
    }
    columns
}

/// No two rows have one time, so that what is first and last is certain.
pub fn draw_rows(chance: &Chance, columns: &[Column]) -> Vec<Row> {
    let mut times: Vec<i64> = (0..1 + chance.below(60))
        .map(|_| FIRST_MS + chance.between(0, NUM_DAYS * DAY_MS / 60_000 - 1) * 60_000 + chance.between(0, 5))
        .collect();
    times.sort_unstable();
    times.dedup();
    times.into_iter().map(|time| Row { time, cells: draw_cells(chance, columns) }).collect()
}

fn draw_cells(chance: &Chance, columns: &[Column]) -> BTreeMap<String, Vec<Value>> {
    let cell = |column: &Column| match column.kind {
        Kind::Texts => {
            (0..chance.below(4)).map(|_| draw_value(chance, Kind::Text)).filter(|value| !value.is_null()).collect()
        }
        _ if chance.one_in(6) => Vec::new(),
        kind => vec![draw_value(chance, kind)],
    };
    columns.iter().map(|column| (column.name.clone(), sorted(cell(column)))).collect()
}

/// Rows keep their values in order, as the handling of several values asks by default.
fn sorted(mut values: Vec<Value>) -> Vec<Value> {
    values.sort_by(Value::order);
    values
}

/// A value that rows of the kind may hold.
pub fn draw_value(chance: &Chance, kind: Kind) -> Value {
    match kind {
        Kind::Text | Kind::Texts => Value::Text((*chance.of(&TEXTS)).to_owned()),
        Kind::Long => Value::Long(chance.between(-3, 12)),
        // Sums of quarters are exact in any order.
        Kind::Double => Value::Double(chance.between(-12, 20) as f64 / 4.0),
    }
}

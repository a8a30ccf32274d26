//! Columns and rows.

use crate::chance::Chance;
use crate::value::Value;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

pub const HOUR_MS: i64 = 3_600_000;
pub const DAY_MS: i64 = 24 * HOUR_MS;
/// 2022-01-01T00:00Z.
pub const FIRST_MS: i64 = 1_640_995_200_000;
pub const NUM_DAYS: i64 = 3;

pub const TEXTS: [&str; 8] = ["", "a", "b", "10", "9", "Zürich", "\u{e000}", "🎈"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Texts, any number of them in a row.
    Texts,
    Long,
    Double,
    Float,
    Array(Element),
    /// Objects.
    Nested,
    /// Of `__time`.
    Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    Text,
    Long,
    Double,
}

impl Element {
    pub fn kind(self) -> Kind {
        match self {
            Element::Text => Kind::Text,
            Element::Long => Kind::Long,
            Element::Double => Kind::Double,
        }
    }
}

impl Kind {
    pub fn is_text(self) -> bool {
        matches!(self, Kind::Text | Kind::Texts)
    }

    pub fn is_number(self) -> bool {
        matches!(self, Kind::Long | Kind::Double | Kind::Float)
    }

    pub fn is_array(self) -> bool {
        matches!(self, Kind::Array(_))
    }

    /// One value of a plain type a row.
    pub fn is_single(self) -> bool {
        self == Kind::Text || self.is_number()
    }

    pub fn type_name(self) -> &'static str {
        match self {
            Kind::Text | Kind::Texts => "STRING",
            Kind::Long | Kind::Time => "LONG",
            Kind::Double => "DOUBLE",
            Kind::Float => "FLOAT",
            Kind::Array(Element::Text) => "ARRAY<STRING>",
            Kind::Array(Element::Long) => "ARRAY<LONG>",
            Kind::Array(Element::Double) => "ARRAY<DOUBLE>",
            Kind::Nested => "COMPLEX<json>",
        }
    }

    /// A dimension of the kind as a dataSchema has it.
    pub fn dimension(self, name: &str) -> Json {
        match self {
            Kind::Array(_) => json!({"type": "auto", "name": name, "castToType": self.type_name()}),
            Kind::Nested => json!({"type": "json", "name": name}),
            _ => json!({"type": self.type_name().to_lowercase(), "name": name}),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

impl Column {
    pub fn new(name: impl Into<String>, kind: Kind) -> Column {
        Column { name: name.into(), kind }
    }
}

pub fn of_kind(columns: &[Column], is: impl Fn(Kind) -> bool) -> Vec<Column> {
    columns.iter().filter(|column| is(column.kind)).cloned().collect()
}

#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub time: i64,
    /// Which table it is of.
    pub table: i64,
    cells: BTreeMap<String, Vec<Value>>,
    /// Columns that are null because nothing is known of them, not even their type: they are read as texts.
    untyped: BTreeSet<String>,
}

impl Row {
    pub fn new(time: i64) -> Row {
        Row { time, table: 0, cells: BTreeMap::new(), untyped: BTreeSet::new() }
    }

    /// The values of a column, a null where there are none.
    pub fn values(&self, column: &str) -> Vec<Value> {
        match self.cells.get(column) {
            Some(values) if !values.is_empty() => values.clone(),
            _ if column == "__time" => vec![Value::Long(self.time)],
            _ => vec![Value::Null],
        }
    }

    /// Of a column with one value a row.
    pub fn value(&self, column: &str) -> Value {
        self.values(column).swap_remove(0)
    }

    /// Whether the row is of something that has the column, be it null there.
    pub fn has(&self, column: &str) -> bool {
        column == "__time" || self.cells.contains_key(column)
    }

    /// The row with one more column.
    pub fn with(&self, name: &str, values: Vec<Value>) -> Row {
        let mut row = self.clone();
        row.put(name, values);
        row
    }

    pub fn put(&mut self, name: &str, values: Vec<Value>) {
        self.cells.insert(name.to_owned(), values);
    }

    pub fn put_untyped(&mut self, name: &str) {
        self.put(name, vec![Value::Null]);
        self.untyped.insert(name.to_owned());
    }

    pub fn is_untyped(&self, column: &str) -> bool {
        self.untyped.contains(column)
    }

    /// What a column of another row holds, as `name`.
    pub fn take_over(&mut self, name: &str, from: &Row, column: &str) {
        let cell = from.cells.get(column).cloned();
        self.put(name, cell.unwrap_or_else(|| from.values(column)));
        if from.is_untyped(column) {
            self.untyped.insert(name.to_owned());
        }
    }

    /// Whether the values of a row were all left out, which is another thing than null where groups are made of them.
    pub fn is_bare(&self, column: &str) -> bool {
        self.cells.get(column).is_some_and(Vec::is_empty)
    }

    /// A cell as a scan prints it.
    pub fn cell(&self, column: &str) -> Json {
        match self.values(column).as_slice() {
            [value] => value.json(),
            values => values.iter().map(Value::json).collect(),
        }
    }

    /// As a record of a topic.
    pub fn json(&self) -> Json {
        let mut out = json!({"ts": self.time});
        for name in self.cells.keys() {
            out[name] = self.cell(name);
        }
        out
    }
}

pub fn draw_columns(chance: &Chance) -> Vec<Column> {
    let mut columns = Vec::new();
    let singles = [("s", Kind::Text, 1, 3), ("m", Kind::Texts, 1, 2), ("l", Kind::Long, 1, 2)];
    let others = [
        ("d", Kind::Double, 1, 2),
        ("f", Kind::Float, 0, 1),
        ("as", Kind::Array(Element::Text), 0, 1),
        ("al", Kind::Array(Element::Long), 0, 1),
        ("ad", Kind::Array(Element::Double), 0, 1),
        ("j", Kind::Nested, 0, 1),
    ];
    for (prefix, kind, least, most) in singles.into_iter().chain(others) {
        for number in 0..least + chance.below(most - least + 1) {
            columns.push(Column::new(format!("{prefix}{number}"), kind));
        }
    }
    columns
}

/// No two rows of all tables have one time, so that what is first and last is certain. `table` is a number below 60.
pub fn draw_rows(chance: &Chance, columns: &[Column], table: i64) -> Vec<Row> {
    let mut times: Vec<i64> = (0..1 + chance.below(60))
        .map(|_| FIRST_MS + chance.between(0, NUM_DAYS * DAY_MS / 60_000 - 1) * 60_000 + table * 1_000)
        .collect();
    times.sort_unstable();
    times.dedup();
    times
        .into_iter()
        .map(|time| Row { time, table, cells: draw_cells(chance, columns), untyped: BTreeSet::new() })
        .collect()
}

fn draw_cells(chance: &Chance, columns: &[Column]) -> BTreeMap<String, Vec<Value>> {
    let cell = |column: &Column| match column.kind {
        Kind::Texts => match chance.below(4) {
            0 => vec![Value::Null],
            length => (0..length).map(|_| draw_value(chance, Kind::Text)).collect(),
        },
        _ if chance.one_in(6) => vec![Value::Null],
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
        Kind::Long | Kind::Time => Value::Long(chance.between(-3, 12)),
        // Sums of quarters are exact in any order.
        Kind::Double | Kind::Float => Value::Double(chance.between(-12, 20) as f64 / 4.0),
        Kind::Array(element) => {
            let value = || if chance.one_in(7) { Value::Null } else { draw_value(chance, element.kind()) };
            Value::Array((0..chance.below(4)).map(|_| value()).collect())
        }
        Kind::Nested => Value::Json(crate::nested::draw(chance)),
    }
}

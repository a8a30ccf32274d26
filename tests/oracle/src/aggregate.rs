//! Aggregators over the rows of a group.

use crate::chance::Chance;
use crate::filter::Filter;
use crate::rows::{Column, Kind, Row};
use crate::value::Value;
use serde_json::{Value as Json, json};

#[derive(Debug, Clone)]
pub struct Aggregator {
    pub name: String,
    pub what: What,
    pub filter: Option<Filter>,
}

#[derive(Debug, Clone)]
pub enum What {
    Count,
    Sum(Column),
    Min(Column),
    Max(Column),
    First(Column),
    Last(Column),
}

impl Aggregator {
    pub fn draw(chance: &Chance, columns: &[Column], number: usize) -> Aggregator {
        let singles: Vec<Column> = columns.iter().filter(|column| column.kind != Kind::Texts).cloned().collect();
        let numbers: Vec<Column> = singles.iter().filter(|column| !column.kind.is_text()).cloned().collect();
        let number_of = || chance.of(&numbers).clone();
        let what = match chance.below(6) {
            0 => What::Count,
            1 => What::Sum(number_of()),
            2 => What::Min(number_of()),
            3 => What::Max(number_of()),
            4 => What::First(chance.of(&singles).clone()),
            _ => What::Last(chance.of(&singles).clone()),
        };
        let filter = chance.one_in(4).then(|| Filter::draw(chance, columns, 1));
        Aggregator { name: format!("a{number}"), what, filter }
    }

    /// Whether its value is a number or null.
    pub fn is_number(&self) -> bool {
        match &self.what {
            What::First(column) | What::Last(column) => !column.kind.is_text(),
            What::Count | What::Sum(_) | What::Min(_) | What::Max(_) => true,
        }
    }

    /// Whether its state is a pair with a time.
    pub fn is_timed(&self) -> bool {
        matches!(self.what, What::First(_) | What::Last(_))
    }

    pub fn json(&self) -> Json {
        let of = |column: &Column, verb: &str| {
            let kind = match column.kind {
                Kind::Text | Kind::Texts => "string",
                Kind::Long => "long",
                Kind::Double => "double",
            };
            json!({"type": format!("{kind}{verb}"), "name": self.name, "fieldName": column.name})
        };
        let bare = match &self.what {
            What::Count => json!({"type": "count", "name": self.name}),
            What::Sum(column) => of(column, "Sum"),
            What::Min(column) => of(column, "Min"),
            What::Max(column) => of(column, "Max"),
            What::First(column) => of(column, "First"),
            What::Last(column) => of(column, "Last"),
        };
        match &self.filter {
            None => bare,
            Some(filter) => json!({"type": "filtered", "name": self.name, "filter": filter.json(), "aggregator": bare}),
        }
    }

    /// The rows in the order of their times.
    pub fn of(&self, rows: &[&Row]) -> Value {
        let rows = rows.iter().filter(|row| self.filter.as_ref().is_none_or(|filter| filter.keeps(row)));
        let rows: Vec<&&Row> = rows.collect();
        let values = |column: &Column| -> Vec<Value> {
            let all = rows.iter().map(|row| row.value(&column.name));
            all.filter(|value| !value.is_null()).collect()
        };
        let ends = |column: &Column, row: Option<&&&Row>| row.map_or(Value::Null, |row| row.value(&column.name));
        match &self.what {
            What::Count => Value::Long(rows.len() as i64),
            What::Sum(column) => values(column).into_iter().reduce(sum).unwrap_or(Value::Null),
            What::Min(column) => values(column).into_iter().min_by(Value::order).unwrap_or(Value::Null),
            What::Max(column) => values(column).into_iter().max_by(Value::order).unwrap_or(Value::Null),
            What::First(column) => ends(column, rows.first()),
            What::Last(column) => ends(column, rows.last()),
        }
    }
}

fn sum(a: Value, b: Value) -> Value {
    match (a, b) {
        (Value::Long(a), Value::Long(b)) => Value::Long(a.wrapping_add(b)),
        (a, b) => Value::Double(a.number().unwrap_or(0.0) + b.number().unwrap_or(0.0)),
    }
}

//! Aggregators over the rows of a group.

use crate::chance::Chance;
use crate::expression::Expr;
use crate::filter::Filter;
use crate::rows::{Column, Kind, Row, of_kind};
use crate::source::Scope;
use crate::value::Value;
use serde_json::{Value as Json, json};

#[derive(Debug, Clone)]
pub struct Aggregator {
    pub name: String,
    what: What,
    filter: Option<Filter>,
}

#[derive(Debug, Clone)]
enum What {
    Count,
    /// Of numbers as numbers of a kind.
    Sum(Kind, Input),
    Min(Kind, Input),
    Max(Kind, Input),
    First(Column),
    Last(Column),
    /// Distinct values, of so few that a sketch holds each.
    Distinct(Column),
    /// Which of these dimensions a subtotal leaves out.
    Grouping(Vec<String>),
}

#[derive(Debug, Clone)]
enum Input {
    Column(Column),
    Expression(Expr),
}

impl Input {
    fn put(&self, out: &mut Json) {
        match self {
            Input::Column(column) => out["fieldName"] = json!(column.name),
            Input::Expression(expr) => out["expression"] = json!(expr.text()),
        }
    }

    fn of(&self, row: &Row) -> Value {
        match self {
            Input::Column(column) => row.value(&column.name),
            Input::Expression(expr) => expr.of(row),
        }
    }
}

const NUMBERS: [Kind; 3] = [Kind::Long, Kind::Double, Kind::Float];

impl Aggregator {
    pub fn draw(chance: &Chance, scope: &Scope, number: usize) -> Aggregator {
        let singles = of_kind(&scope.columns, Kind::is_single);
        let numbers = of_kind(&scope.columns, Kind::is_number);
        let input = || match numbers.is_empty() || chance.one_in(4) {
            true => Input::Expression(Expr::draw(chance, &scope.columns, *chance.of(&[Kind::Long, Kind::Double]), 2)),
            false => Input::Column(chance.of(&numbers).clone()),
        };
        let kind = *chance.of(&NUMBERS);
        let what = match chance.below(9) {
            0 | 1 => What::Count,
            2 | 3 => What::Sum(kind, input()),
            4 => What::Min(kind, input()),
            5 => What::Max(kind, input()),
            6 if !scope.is_tied && !singles.is_empty() => What::First(chance.of(&singles).clone()),
            7 if !scope.is_tied && !singles.is_empty() => What::Last(chance.of(&singles).clone()),
            8 if !scope.is_inner && scope.columns.iter().any(|column| column.kind.is_text()) => {
                What::Distinct(chance.of(&of_kind(&scope.columns, Kind::is_text)).clone())
            }
            _ => What::Count,
        };
        let filter = chance.one_in(4).then(|| Filter::draw(chance, &scope.columns, 1));
        Aggregator { name: format!("a{number}"), what, filter }
    }

    pub fn grouping(name: &str, dimensions: Vec<String>) -> Aggregator {
        Aggregator { name: name.to_owned(), what: What::Grouping(dimensions), filter: None }
    }

    pub fn kind(&self) -> Kind {
        match &self.what {
            What::First(column) | What::Last(column) => column.kind,
            What::Count | What::Grouping(_) => Kind::Long,
            What::Distinct(_) => Kind::Double,
            What::Sum(kind, _) | What::Min(kind, _) | What::Max(kind, _) => *kind,
        }
    }

    /// Whether its value is a number or null.
    pub fn is_number(&self) -> bool {
        self.kind().is_number()
    }

    /// Whether its state is a pair with a time.
    pub fn is_timed(&self) -> bool {
        matches!(self.what, What::First(_) | What::Last(_))
    }

    /// Whether its state is not the value.
    pub fn is_state(&self) -> bool {
        self.is_timed() || matches!(self.what, What::Distinct(_))
    }

    pub fn json(&self) -> Json {
        let word = |kind: Kind| kind.type_name().to_lowercase();
        let end = |column: &Column, verb: &str| json!({"type": format!("{}{verb}", word(column.kind)), "name": self.name, "fieldName": column.name});
        let number = |kind: &Kind, input: &Input, verb: &str| {
            let mut out = json!({"type": format!("{}{verb}", word(*kind)), "name": self.name});
            input.put(&mut out);
            out
        };
        let bare = match &self.what {
            What::Count => json!({"type": "count", "name": self.name}),
            What::Sum(kind, input) => number(kind, input, "Sum"),
            What::Min(kind, input) => number(kind, input, "Min"),
            What::Max(kind, input) => number(kind, input, "Max"),
            What::First(column) => end(column, "First"),
            What::Last(column) => end(column, "Last"),
            What::Distinct(column) => json!({"type": "thetaSketch", "name": self.name, "fieldName": column.name}),
            What::Grouping(names) => json!({"type": "grouping", "name": self.name, "groupings": names}),
        };
        match &self.filter {
            None => bare,
            Some(filter) => json!({"type": "filtered", "name": self.name, "filter": filter.json(), "aggregator": bare}),
        }
    }

    /// Of rows in any order; `shown` are the columns that a subtotal keeps, where there is one.
    pub fn of(&self, rows: &[&Row], shown: Option<&[String]>) -> Value {
        let rows = rows.iter().filter(|row| self.filter.as_ref().is_none_or(|filter| filter.keeps(row)));
        let rows: Vec<&Row> = rows.copied().collect();
        let values = |kind: &Kind, input: &Input| -> Vec<Value> {
            let all = rows.iter().map(|row| as_kind(input.of(row), *kind));
            all.filter(|value| !value.is_null()).collect()
        };
        let least = |kind, input| values(kind, input).into_iter().min_by(Value::order).unwrap_or(Value::Null);
        let most = |kind, input| values(kind, input).into_iter().max_by(Value::order).unwrap_or(Value::Null);
        let end = |column: &Column, row: Option<&&Row>| row.map_or(Value::Null, |row| row.value(&column.name));
        match &self.what {
            What::Count => Value::Long(rows.len() as i64),
            What::Sum(kind, input) => values(kind, input).into_iter().reduce(sum).unwrap_or(Value::Null),
            What::Min(kind, input) => least(kind, input),
            What::Max(kind, input) => most(kind, input),
            What::First(column) => end(column, rows.iter().min_by_key(|row| row.time)),
            What::Last(column) => end(column, rows.iter().max_by_key(|row| row.time)),
            What::Distinct(column) => {
                let mut texts: Vec<String> =
                    rows.iter().flat_map(|row| row.values(&column.name)).filter_map(|value| value.text()).collect();
                texts.sort();
                texts.dedup();
                // An empty text is no text to a sketch.
                texts.retain(|text| !text.is_empty());
                Value::Double(texts.len() as f64)
            }
            What::Grouping(names) => Value::Long(
                names
                    .iter()
                    .fold(0, |bits, name| bits * 2 + i64::from(shown.is_some_and(|shown| !shown.contains(name)))),
            ),
        }
    }
}

fn as_kind(value: Value, kind: Kind) -> Value {
    match (kind, value) {
        (Kind::Long, Value::Double(number)) => Value::Long(number.trunc() as i64),
        (Kind::Double | Kind::Float, Value::Long(number)) => Value::Double(number as f64),
        (_, value) => value,
    }
}

fn sum(a: Value, b: Value) -> Value {
    match (a, b) {
        (Value::Long(a), Value::Long(b)) => Value::Long(a.wrapping_add(b)),
        (a, b) => Value::Double(a.number().unwrap_or(0.0) + b.number().unwrap_or(0.0)),
    }
}

//! Filters without filters inside.

use crate::chance::Chance;
use crate::expression::Expr;
use crate::filter::Truth;
use crate::filter::text::{OfText, within};
use crate::rows::{Column, FIRST_MS, HOUR_MS, Kind, Row, draw_value, of_kind};
use crate::value::Value;
use serde_json::{Value as Json, json};

type Bound = Option<(Value, bool)>;

#[derive(Debug, Clone)]
pub enum Leaf {
    Text(OfText),
    Equals(Column, Value),
    In(Column, Vec<Value>),
    Range(Column, Bound, Bound),
    IsNull(Column),
    Between(i64, i64),
    /// Two columns show the same text.
    Same(Column, Column),
    Holds(Column, Value),
    Expression(Expr),
}

impl Leaf {
    pub fn draw(chance: &Chance, columns: &[Column]) -> Leaf {
        let texts = of_kind(columns, |kind| kind.is_single() || kind == Kind::Texts);
        match chance.below(10) {
            0 if columns.iter().any(|column| column.name == "__time") => {
                let from = FIRST_MS + chance.between(-5, 70) * HOUR_MS;
                Leaf::Between(from, from + chance.between(0, 40) * HOUR_MS)
            }
            1 if !texts.is_empty() => Leaf::Same(chance.of(&texts).clone(), chance.of(&texts).clone()),
            2 => Leaf::Expression(Expr::draw_truth(chance, columns, 2)),
            _ => Leaf::draw_of(chance, chance.of(columns).clone()),
        }
    }

    pub fn draw_of(chance: &Chance, column: Column) -> Leaf {
        let value = || draw_value(chance, column.kind);
        let end = || (!chance.one_in(3)).then(|| (value(), chance.one_in(2)));
        match (column.kind, chance.below(8)) {
            (Kind::Nested | Kind::Time, _) | (_, 0) => Leaf::IsNull(column),
            (Kind::Array(element), 1..4) => {
                let value = if chance.one_in(6) { Value::Null } else { draw_value(chance, element.kind()) };
                Leaf::Holds(column, value)
            }
            (_, 1) => Leaf::Equals(column.clone(), value()),
            (_, 2) => Leaf::In(column.clone(), (0..1 + chance.below(3)).map(|_| value()).collect()),
            (_, 3) => match (end(), end()) {
                (None, None) => Leaf::IsNull(column),
                (lower, upper) => Leaf::Range(column.clone(), lower, upper),
            },
            (Kind::Array(_), _) => Leaf::Equals(column.clone(), value()),
            _ => Leaf::Text(OfText::draw(chance, column)),
        }
    }

    pub fn json(&self) -> Json {
        match self {
            Leaf::Text(leaf) => leaf.json(),
            Leaf::Equals(column, value) => json!({"type": "equals", "column": column.name,
                "matchValueType": column.kind.type_name(), "matchValue": value.json()}),
            Leaf::In(column, values) => json!({"type": "inType", "column": column.name,
                "matchValueType": column.kind.type_name(), "values": values.iter().map(Value::json).collect::<Vec<_>>()}),
            Leaf::Range(column, lower, upper) => {
                let mut out =
                    json!({"type": "range", "column": column.name, "matchValueType": column.kind.type_name()});
                let json = |bound: &Bound| bound.as_ref().map(|(value, open)| (value.json(), *open));
                put_bounds(&mut out, json(lower), json(upper), "Open");
                out
            }
            Leaf::IsNull(column) => json!({"type": "null", "column": column.name}),
            Leaf::Between(from, to) => {
                json!({"type": "interval", "dimension": "__time", "intervals": [crate::query::interval(*from, *to)]})
            }
            Leaf::Same(a, b) => json!({"type": "columnComparison", "dimensions": [a.name, b.name]}),
            Leaf::Holds(column, value) => {
                let Kind::Array(element) = column.kind else { unreachable!("drawn of arrays") };
                json!({"type": "arrayContainsElement", "column": column.name,
                    "elementMatchValueType": element.kind().type_name(), "elementMatchValue": value.json()})
            }
            Leaf::Expression(expr) => json!({"type": "expression", "expression": expr.text()}),
        }
    }

    pub fn truth(&self, row: &Row) -> Truth {
        match self {
            Leaf::Text(leaf) => leaf.truth(row),
            Leaf::IsNull(column) => Some(row.values(&column.name).iter().any(Value::is_null)),
            Leaf::Equals(column, wanted) => any(row, column, |value| known(value, |value| value == wanted)),
            Leaf::In(column, wanted) => {
                // Of several values a negative zero is no zero; of one it is, as `equals` has it.
                let is_one = wanted.iter().all(|value| value.text() == wanted[0].text());
                let same = |a: &Value, b: &Value| if is_one { a == b } else { a.order(b).is_eq() };
                any(row, column, |value| known(value, |value| wanted.iter().any(|one| same(one, value))))
            }
            Leaf::Range(column, lower, upper) => any(row, column, |value| {
                known(value, |value| {
                    lower.as_ref().is_none_or(|(bound, open)| within(bound.order(value), *open))
                        && upper.as_ref().is_none_or(|(bound, open)| within(value.order(bound), *open))
                })
            }),
            Leaf::Between(from, to) => Some((*from..*to).contains(&row.time)),
            Leaf::Same(a, b) => {
                let texts = |column: &Column| row.values(&column.name).iter().map(Value::text).collect::<Vec<_>>();
                let (a, b) = (texts(a), texts(b));
                Some(a.iter().any(|text| b.contains(text)))
            }
            Leaf::Holds(column, wanted) => match row.value(&column.name) {
                Value::Array(values) => Some(values.contains(wanted)),
                _ => None,
            },
            Leaf::Expression(expr) => expr.truth(row),
        }
    }
}

pub fn put_bounds(out: &mut Json, lower: Option<(Json, bool)>, upper: Option<(Json, bool)>, word: &str) {
    for (side, bound) in [("lower", lower), ("upper", upper)] {
        if let Some((value, is_open)) = bound {
            out[side] = value;
            out[format!("{side}{word}")] = json!(is_open);
        }
    }
}

/// True of one value is true of the row; else unknown of one is unknown of the row.
pub fn any(row: &Row, column: &Column, of: impl Fn(&Value) -> Truth) -> Truth {
    let truths: Vec<Truth> = row.values(&column.name).iter().map(of).collect();
    if truths.contains(&Some(true)) {
        return Some(true);
    }
    if truths.contains(&None) { None } else { Some(false) }
}

fn known(value: &Value, of: impl Fn(&Value) -> bool) -> Truth {
    (!value.is_null()).then(|| of(value))
}

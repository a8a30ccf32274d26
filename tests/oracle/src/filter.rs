//! Filters over one row, in three values: none stands for unknown.

use crate::chance::Chance;
use crate::rows::{Column, Kind, Row, draw_value};
use crate::value::Value;
use serde_json::{Value as Json, json};
use std::cmp::Ordering;

#[derive(Debug, Clone)]
pub enum Filter {
    Selector(Column, Option<String>),
    In(Column, Vec<Option<String>>),
    Equals(Column, Value),
    Range { column: Column, lower: Option<(Value, bool)>, upper: Option<(Value, bool)> },
    Bound { column: Column, lower: Option<(String, bool)>, upper: Option<(String, bool)> },
    Prefix(Column, String),
    IsNull(Column),
    Between(i64, i64),
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
}

type Truth = Option<bool>;

impl Filter {
    pub fn draw(chance: &Chance, columns: &[Column], depth: usize) -> Filter {
        if depth > 0 && chance.one_in(2) {
            let parts =
                |least| (0..least + chance.below(2)).map(|_| Filter::draw(chance, columns, depth - 1)).collect();
            return match chance.below(3) {
                0 => Filter::And(parts(1)),
                1 => Filter::Or(parts(1)),
                _ => Filter::Not(Box::new(Filter::draw(chance, columns, depth - 1))),
            };
        }
        Filter::draw_leaf(chance, chance.of(columns).clone())
    }

    fn draw_leaf(chance: &Chance, column: Column) -> Filter {
        let kind = column.kind;
        let text = || draw_value(chance, kind).text();
        let end = |value: Value| (!chance.one_in(3)).then(|| (value, chance.one_in(2)));
        match (chance.below(7), kind.is_text()) {
            (0, _) => Filter::Selector(column, if chance.one_in(4) { None } else { text() }),
            (1, _) => {
                let values = (0..1 + chance.below(3)).map(|_| if chance.one_in(5) { None } else { text() }).collect();
                Filter::In(column, values)
            }
            (2, _) => Filter::Equals(column, draw_value(chance, kind)),
            (3, _) => match (end(draw_value(chance, kind)), end(draw_value(chance, kind))) {
                (None, None) => Filter::IsNull(column),
                (lower, upper) => Filter::Range { column, lower, upper },
            },
            (4, true) => {
                let side = || text().filter(|_| !chance.one_in(3)).map(|text| (text, chance.one_in(2)));
                match (side(), side()) {
                    (None, None) => Filter::IsNull(column),
                    (lower, upper) => Filter::Bound { column, lower, upper },
                }
            }
            (5, true) => Filter::Prefix(column, text().unwrap_or_default()),
            (6, _) => {
                let from = crate::rows::FIRST_MS + chance.between(-5, 70) * crate::rows::HOUR_MS;
                Filter::Between(from, from + chance.between(0, 40) * crate::rows::HOUR_MS)
            }
            _ => Filter::IsNull(column),
        }
    }

    pub fn json(&self) -> Json {
        let fields = |fields: &[Filter]| fields.iter().map(Filter::json).collect::<Vec<_>>();
        match self {
            Filter::Selector(column, value) => json!({"type": "selector", "dimension": column.name, "value": value}),
            Filter::In(column, values) => json!({"type": "in", "dimension": column.name, "values": values}),
            Filter::Equals(column, value) => json!({"type": "equals", "column": column.name,
                "matchValueType": column.kind.type_name(), "matchValue": value.json()}),
            Filter::Range { column, lower, upper } => {
                let mut out =
                    json!({"type": "range", "column": column.name, "matchValueType": column.kind.type_name()});
                put_bounds(
                    &mut out,
                    lower.as_ref().map(|(v, o)| (v.json(), *o)),
                    upper.as_ref().map(|(v, o)| (v.json(), *o)),
                    "Open",
                );
                out
            }
            Filter::Bound { column, lower, upper } => {
                let mut out = json!({"type": "bound", "dimension": column.name, "ordering": "lexicographic"});
                put_bounds(
                    &mut out,
                    lower.as_ref().map(|(v, o)| (json!(v), *o)),
                    upper.as_ref().map(|(v, o)| (json!(v), *o)),
                    "Strict",
                );
                out
            }
            Filter::Prefix(column, prefix) => {
                json!({"type": "like", "dimension": column.name, "pattern": format!("{prefix}%")})
            }
            Filter::IsNull(column) => json!({"type": "null", "column": column.name}),
            Filter::Between(from, to) => {
                json!({"type": "interval", "dimension": "__time", "intervals": [crate::query::interval(*from, *to)]})
            }
            Filter::And(all) => json!({"type": "and", "fields": fields(all)}),
            Filter::Or(all) => json!({"type": "or", "fields": fields(all)}),
            Filter::Not(field) => json!({"type": "not", "field": field.json()}),
        }
    }

    pub fn keeps(&self, row: &Row) -> bool {
        self.truth(row) == Some(true)
    }

    fn truth(&self, row: &Row) -> Truth {
        match self {
            Filter::Selector(column, None) | Filter::IsNull(column) => {
                Some(any(row, column, |value| Some(value.is_null())) == Some(true))
            }
            Filter::Selector(column, Some(wanted)) => {
                any(row, column, |value| known(value, |value| same_text(value, wanted, column.kind)))
            }
            Filter::In(column, values) => any(row, column, |value| match value.is_null() {
                true => values.contains(&None).then_some(true),
                false => Some(values.iter().flatten().any(|wanted| same_text(value, wanted, column.kind))),
            }),
            Filter::Equals(column, wanted) => any(row, column, |value| known(value, |value| value == wanted)),
            Filter::Range { column, lower, upper } => any(row, column, |value| {
                known(value, |value| {
                    lower.as_ref().is_none_or(|(bound, open)| within(bound.order(value), *open))
                        && upper.as_ref().is_none_or(|(bound, open)| within(value.order(bound), *open))
                })
            }),
            Filter::Bound { column, lower, upper } => any(row, column, |value| {
                let compare = |bound: &str| value.order(&Value::Text(bound.to_owned()));
                if value.is_null() {
                    return lower.is_none().then_some(true);
                }
                let above = lower.as_ref().is_none_or(|(bound, strict)| within(compare(bound).reverse(), *strict));
                Some(above && upper.as_ref().is_none_or(|(bound, strict)| within(compare(bound), *strict)))
            }),
            Filter::Prefix(column, prefix) => any(row, column, |value| {
                known(value, |value| value.text().is_some_and(|text| text.starts_with(prefix)))
            }),
            Filter::Between(from, to) => Some((*from..*to).contains(&row.time)),
            Filter::And(all) => all.iter().map(|part| part.truth(row)).fold(Some(true), and),
            Filter::Or(all) => {
                all.iter().map(|part| part.truth(row).map(|truth| !truth)).fold(Some(true), and).map(|truth| !truth)
            }
            Filter::Not(field) => field.truth(row).map(|truth| !truth),
        }
    }
}

fn put_bounds(out: &mut Json, lower: Option<(Json, bool)>, upper: Option<(Json, bool)>, word: &str) {
    for (side, bound) in [("lower", lower), ("upper", upper)] {
        if let Some((value, is_open)) = bound {
            out[side] = value;
            out[format!("{side}{word}")] = json!(is_open);
        }
    }
}

fn and(a: Truth, b: Truth) -> Truth {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// True of one value is true of the row; else unknown of one is unknown of the row.
fn any(row: &Row, column: &Column, of: impl Fn(&Value) -> Truth) -> Truth {
    let truths: Vec<Truth> = row.values(&column.name).iter().map(of).collect();
    if truths.contains(&Some(true)) {
        return Some(true);
    }
    if truths.contains(&None) { None } else { Some(false) }
}

fn known(value: &Value, of: impl Fn(&Value) -> bool) -> Truth {
    (!value.is_null()).then(|| of(value))
}

fn within(order: Ordering, is_open: bool) -> bool {
    order == Ordering::Less || (order == Ordering::Equal && !is_open)
}

/// A text that a client wrote, against a value of a column.
fn same_text(value: &Value, wanted: &str, kind: Kind) -> bool {
    match kind {
        Kind::Text | Kind::Texts => value.text().as_deref() == Some(wanted),
        Kind::Long | Kind::Double => value.number() == wanted.parse().ok(),
    }
}

//! Filters that read a column as texts, whatever it holds; texts may be changed first.

use crate::chance::Chance;
use crate::extraction::{Extraction, Pattern, Search};
use crate::filter::Truth;
use crate::rows::{Column, Row, draw_value};
use crate::value::{TextOrder, Value};
use serde_json::{Value as Json, json};
use std::cmp::Ordering;

#[derive(Debug, Clone)]
pub struct OfText {
    column: Column,
    change: Option<Extraction>,
    test: Test,
}

type Bound = Option<(String, bool)>;

#[derive(Debug, Clone)]
enum Test {
    Is(Option<String>),
    In(Vec<Option<String>>),
    Like(Pattern),
    Regex(Pattern),
    Search(Search),
    Bound(Bound, Bound, TextOrder),
}

impl OfText {
    /// Of a column of texts or numbers.
    pub fn draw(chance: &Chance, column: Column) -> OfText {
        let change = chance.one_in(4).then(|| Extraction::draw(chance));
        let value = || {
            let text = draw_value(chance, column.kind).text();
            change.as_ref().filter(|_| !chance.one_in(4)).map_or(text.clone(), |change| change.of(text.as_deref()))
        };
        let end = || value().filter(|_| !chance.one_in(3)).map(|text| (text, chance.one_in(2)));
        let order =
            if column.kind.is_number() && change.is_none() { TextOrder::Numeric } else { *chance.of(&TextOrder::ALL) };
        let test = match chance.below(8) {
            0 | 1 => Test::Is(if chance.one_in(4) { None } else { value() }),
            2 => Test::In((0..chance.below(4)).map(|_| if chance.one_in(5) { None } else { value() }).collect()),
            3 => Test::Like(Pattern::draw(chance)),
            4 => Test::Regex(Pattern::draw(chance)),
            5 => Test::Search(Search::draw(chance)),
            _ => match (end(), end()) {
                (None, None) => Test::Is(None),
                (lower, upper) => Test::Bound(lower, upper, order),
            },
        };
        OfText { column, change, test }
    }

    pub fn json(&self) -> Json {
        let mut out = match &self.test {
            Test::Is(value) => json!({"type": "selector", "value": value}),
            Test::In(values) => json!({"type": "in", "values": values}),
            Test::Like(pattern) => json!({"type": "like", "pattern": pattern.like()}),
            Test::Regex(pattern) => json!({"type": "regex", "pattern": pattern.regex()}),
            Test::Search(search) => json!({"type": "search", "query": search.json()}),
            Test::Bound(lower, upper, order) => {
                let mut out = json!({"type": "bound", "ordering": order.name()});
                super::leaf::put_bounds(
                    &mut out,
                    lower.as_ref().map(text_bound),
                    upper.as_ref().map(text_bound),
                    "Strict",
                );
                out
            }
        };
        out["dimension"] = json!(self.column.name);
        if let Some(change) = &self.change {
            out["extractionFn"] = change.json();
        }
        out
    }

    pub fn truth(&self, row: &Row) -> Truth {
        let truth = super::leaf::any(row, &self.column, |value| {
            let text = value.text();
            let text = match &self.change {
                Some(change) => change.of(text.as_deref()),
                None => text,
            };
            self.test(row, value, text)
        });
        // Whether a value is null is never unknown.
        if matches!(self.test, Test::Is(None)) { Some(truth == Some(true)) } else { truth }
    }

    /// Whether the column is there, and known to hold numbers.
    fn is_of_numbers(&self, row: &Row) -> bool {
        let name = &self.column.name;
        self.column.kind.is_number() && row.has(name) && !row.is_untyped(name)
    }

    fn test(&self, row: &Row, value: &Value, text: Option<String>) -> Truth {
        let is_number_only = match &self.test {
            Test::In(values) => !is_one(values),
            test => matches!(test, Test::Like(_) | Test::Bound(..)),
        };
        if self.change.is_some() && is_number_only && value.is_null() && self.is_of_numbers(row) {
            return None;
        }
        let same = |wanted: &str| match self.change.is_none() && self.column.kind.is_number() {
            true => value.number() == wanted.parse().ok(),
            false => text.as_deref() == Some(wanted),
        };
        let known = |of: &dyn Fn(&str) -> bool| text.as_deref().map(of);
        match &self.test {
            Test::Is(None) => Some(text.is_none()),
            Test::Is(Some(wanted)) => text.as_ref().map(|_| same(wanted)),
            // Nothing is in an empty list, not even what is unknown.
            Test::In(values) if values.is_empty() => Some(false),
            Test::In(values) if text.is_none() => values.contains(&None).then_some(true),
            // Of several values a negative zero is no zero; of one it is.
            Test::In(values) if self.change.is_none() && self.column.kind.is_number() && !is_one(values) => {
                let is =
                    |wanted: &String| wanted.parse().is_ok_and(|wanted| Value::Double(wanted).order(value).is_eq());
                Some(values.iter().flatten().any(is))
            }
            Test::In(values) => Some(values.iter().flatten().any(|wanted| same(wanted))),
            Test::Like(pattern) => known(&|text| pattern.is_like(text)),
            Test::Regex(pattern) => known(&|text| pattern.fits(text)),
            Test::Search(search) => known(&|text| search.finds(text)),
            Test::Bound(lower, upper, order) => {
                let Some(text) = &text else { return self.bound_of_null(row, lower, *order) };
                let above = lower.as_ref().is_none_or(|(bound, strict)| within(order.compare(bound, text), *strict));
                Some(above && upper.as_ref().is_none_or(|(bound, strict)| within(order.compare(text, bound), *strict)))
            }
        }
    }

    /// A null passes where there is no lower bound. With one nothing is known in the order of texts, unless they were
    /// changed or the row's table has no such column; of numbers that are null nothing ever is.
    fn bound_of_null(&self, row: &Row, lower: &Bound, order: TextOrder) -> Truth {
        let is_there = row.has(&self.column.name) && self.change.is_none();
        match (lower, order) {
            _ if is_there && self.is_of_numbers(row) => None,
            (Some(_), TextOrder::Lexicographic) if is_there => None,
            _ => Some(lower.is_none()),
        }
    }
}

fn is_one<T: PartialEq>(values: &[T]) -> bool {
    values.iter().all(|value| *value == values[0])
}

fn text_bound((text, strict): &(String, bool)) -> (Json, bool) {
    (json!(text), *strict)
}

pub fn within(order: Ordering, is_open: bool) -> bool {
    order == Ordering::Less || (order == Ordering::Equal && !is_open)
}

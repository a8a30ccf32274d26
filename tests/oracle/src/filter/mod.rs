//! Filters over one row, in three values: none stands for unknown.

mod leaf;
mod text;

use crate::chance::Chance;
use crate::rows::{Column, Row};
use leaf::Leaf;
use serde_json::{Value as Json, json};

#[derive(Debug, Clone)]
pub enum Filter {
    Leaf(Leaf),
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    IsTrue(Box<Filter>),
    IsFalse(Box<Filter>),
    Always(bool),
}

pub type Truth = Option<bool>;

impl Filter {
    pub fn draw(chance: &Chance, columns: &[Column], depth: usize) -> Filter {
        if depth > 0 && chance.one_in(2) {
            let part = || Filter::draw(chance, columns, depth - 1);
            let parts = |least| (0..least + chance.below(2)).map(|_| part()).collect();
            return match chance.below(10) {
                0..3 => Filter::And(parts(1)),
                3..6 => Filter::Or(parts(1)),
                6..8 => Filter::Not(Box::new(part())),
                8 => Filter::IsTrue(Box::new(part())),
                _ => Filter::IsFalse(Box::new(part())),
            };
        }
        if chance.one_in(40) {
            return Filter::Always(chance.one_in(2));
        }
        Filter::Leaf(Leaf::draw(chance, columns))
    }

    /// Of one column, where a column has to be there.
    pub fn draw_of(chance: &Chance, column: &Column) -> Filter {
        Filter::Leaf(Leaf::draw_of(chance, column.clone()))
    }

    pub fn json(&self) -> Json {
        let fields = |fields: &[Filter]| fields.iter().map(Filter::json).collect::<Vec<_>>();
        match self {
            Filter::Leaf(leaf) => leaf.json(),
            Filter::And(all) => json!({"type": "and", "fields": fields(all)}),
            Filter::Or(all) => json!({"type": "or", "fields": fields(all)}),
            Filter::Not(field) => json!({"type": "not", "field": field.json()}),
            Filter::IsTrue(field) => json!({"type": "istrue", "field": field.json()}),
            Filter::IsFalse(field) => json!({"type": "isfalse", "field": field.json()}),
            Filter::Always(truth) => json!({"type": truth.to_string()}),
        }
    }

    pub fn keeps(&self, row: &Row) -> bool {
        self.truth(row) == Some(true)
    }

    fn truth(&self, row: &Row) -> Truth {
        match self {
            Filter::Leaf(leaf) => leaf.truth(row),
            Filter::And(all) => all.iter().map(|part| part.truth(row)).fold(Some(true), and),
            Filter::Or(all) => {
                all.iter().map(|part| part.truth(row).map(|truth| !truth)).fold(Some(true), and).map(|truth| !truth)
            }
            Filter::Not(field) => field.truth(row).map(|truth| !truth),
            Filter::IsTrue(field) => Some(field.truth(row) == Some(true)),
            Filter::IsFalse(field) => Some(field.truth(row) == Some(false)),
            Filter::Always(truth) => Some(*truth),
        }
    }
}

pub fn and(a: Truth, b: Truth) -> Truth {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

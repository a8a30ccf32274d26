//! A row for each element of a list.

use super::{Relation, Scope, Source, World};
use crate::chance::Chance;
use crate::filter::Filter;
use crate::rows::{Column, Kind, of_kind};
use crate::value::Value;
use serde_json::{Value as Json, json};

#[derive(Debug, Clone)]
pub struct Unnest {
    base: Box<Source>,
    of: Column,
    element: Column,
    filter: Option<Filter>,
}

impl Unnest {
    /// None where the base has no lists.
    pub fn draw(chance: &Chance, (base, mut scope): (Source, Scope), number: usize) -> Option<(Source, Scope)> {
        let lists = of_kind(&scope.columns, |kind| kind == Kind::Texts || kind.is_array());
        if lists.is_empty() {
            return None;
        }
        let of = chance.of(&lists).clone();
        let kind = match of.kind {
            Kind::Array(element) => element.kind(),
            _ => Kind::Text,
        };
        let element = Column::new(format!("u{number}"), kind);
        let filter = chance.one_in(3).then(|| Filter::draw_of(chance, &element));
        scope.columns.push(element.clone());
        scope.is_tied = true;
        Some((Source::Unnest(Unnest { base: Box::new(base), of, element, filter }), scope))
    }

    pub fn json(&self, datasource: &str) -> Json {
        let (name, of) = (&self.element.name, &self.of.name);
        let column = json!({"type": "expression", "name": name, "expression": format!("\"{of}\""),
            "outputType": self.of.kind.type_name()});
        let mut out = json!({"type": "unnest", "base": self.base.json(datasource), "virtualColumn": column});
        if let Some(filter) = &self.filter {
            out["unnestFilter"] = filter.json();
        }
        out
    }

    pub fn relation(&self, world: &World) -> Relation {
        let mut relation = self.base.relation(world);
        let rows = relation.rows.iter().flat_map(|row| {
            let elements = match (self.of.kind, row.value(&self.of.name)) {
                _ if row.is_untyped(&self.of.name) => vec![Value::Null],
                // A table without the column has nothing to take apart.
                (Kind::Texts, _) if row.has(&self.of.name) => row.values(&self.of.name),
                (_, Value::Array(elements)) => elements,
                _ => Vec::new(),
            };
            elements.into_iter().map(|element| row.with(&self.element.name, vec![element]))
        });
        let rows = rows.filter(|row| self.filter.as_ref().is_none_or(|filter| filter.keeps(row))).collect();
        relation.rows = rows;
        relation
    }
}

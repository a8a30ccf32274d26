//! Rows beside the rows of another source that have the same keys.

use super::{Relation, Scope, Source, World};
use crate::chance::Chance;
use crate::query::Query;
use crate::rows::{Column, Kind, Row, of_kind};
use crate::value::Value;
use serde_json::{Value as Json, json};

#[derive(Debug, Clone)]
pub struct Join {
    left: Box<Source>,
    right: Box<Source>,
    right_columns: Vec<Column>,
    prefix: String,
    /// Left and right names that are equal; none: every row beside every row.
    keys: Vec<(String, String)>,
    is_inner: bool,
    /// Null equals null.
    is_null_safe: bool,
}

impl Join {
    pub fn draw(chance: &Chance, world: &World, left: (Source, Scope), number: usize) -> (Source, Scope) {
        let (left, mut scope) = left;
        let (right, right_columns) = draw_right(chance, world);
        let prefix = format!("r{number}.");
        let mut pairs = Vec::new();
        for kind in [Kind::Text, Kind::Long] {
            let of = |columns: &[Column]| of_kind(columns, |one| one == kind);
            for left in of(&scope.columns) {
                pairs.extend(of(&right_columns).iter().map(|right| (left.name.clone(), right.name.clone())));
            }
        }
        let mut keys: Vec<(String, String)> = Vec::new();
        if !pairs.is_empty() && !chance.one_in(8) {
            keys.push(chance.of(&pairs).clone());
            keys.extend(chance.one_in(5).then(|| chance.of(&pairs).clone()));
            keys.dedup();
        }
        // Of a table of keys and values only the key is asked for.
        if matches!(right, Source::Lookup) {
            keys.retain(|(_, right)| right == "k");
        }
        let added = right_columns.iter().filter(|column| column.kind != Kind::Time);
        scope.columns.extend(added.map(|column| Column::new(format!("{prefix}{}", column.name), column.kind)));
        scope.is_tied = true;
        let is_null_safe = !keys.is_empty() && chance.one_in(5);
        let join = Join {
            left: Box::new(left),
            right: Box::new(right),
            right_columns,
            prefix,
            keys,
            is_inner: chance.one_in(2),
            is_null_safe,
        };
        (Source::Join(join), scope)
    }

    pub fn json(&self, datasource: &str) -> Json {
        let equal = |(left, right): &(String, String)| match self.is_null_safe {
            false => format!("\"{left}\" == \"{}{right}\"", self.prefix),
            true => format!("notdistinctfrom(\"{left}\", \"{}{right}\")", self.prefix),
        };
        let condition = self.keys.iter().map(equal).collect::<Vec<_>>().join(" && ");
        json!({"type": "join", "left": self.left.json(datasource), "right": self.right.json(datasource),
            "rightPrefix": self.prefix, "condition": if condition.is_empty() { "1" } else { &condition },
            "joinType": if self.is_inner { "INNER" } else { "LEFT" }})
    }

    fn fits(&self, left: &Row, right: &Row) -> bool {
        self.keys.iter().all(|(a, b)| {
            let (a, b) = (left.value(a), right.value(b));
            a == b && (self.is_null_safe || !a.is_null())
        })
    }

    pub fn relation(&self, world: &World) -> Relation {
        let mut relation = self.left.relation(world);
        let right = self.right.relation(world).rows;
        // A scan without rows tells no types.
        let is_untyped = right.is_empty() && matches!(&*self.right, Source::Query(query) if query.is_scan());
        let beside = |left: &Row, right: Option<&Row>| {
            let mut row = left.clone();
            for column in &self.right_columns {
                let name = format!("{}{}", self.prefix, column.name);
                match right {
                    Some(right) => row.take_over(&name, right, &column.name),
                    None if is_untyped => row.put_untyped(&name),
                    None => row.put(&name, vec![Value::Null]),
                }
            }
            row
        };
        let mut rows = Vec::new();
        for left in &relation.rows {
            let found: Vec<&Row> = right.iter().filter(|right| self.fits(left, right)).collect();
            rows.extend(found.iter().map(|right| beside(left, Some(right))));
            if found.is_empty() && !self.is_inner {
                rows.push(beside(left, None));
            }
        }
        relation.rows = rows;
        relation
    }
}

fn draw_right(chance: &Chance, world: &World) -> (Source, Vec<Column>) {
    match chance.below(4) {
        0 => (Source::Lookup, vec![Column::new("k", Kind::Text), Column::new("v", Kind::Text)]),
        1 => {
            let query = Query::draw_inner(chance, world, 0);
            let columns = query.outputs();
            (Source::Query(Box::new(query)), columns)
        }
        _ => {
            let (source, scope) = Source::draw_inline(chance, false);
            (source, scope.columns)
        }
    }
}

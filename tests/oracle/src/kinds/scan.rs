//! Rows as they are.

use crate::chance::Chance;
use crate::query::Common;
use crate::rows::{Column, Row};
use crate::source::{Relation, Scope};
use serde_json::{Map, Value as Json, json};

#[derive(Debug, Clone)]
pub struct Scan {
    pub columns: Vec<Column>,
    /// By time, downwards or not; with a limit and an offset.
    order: Option<Order>,
    is_list: bool,
    batch_rows: Option<usize>,
}

#[derive(Debug, Clone)]
struct Order {
    is_down: bool,
    limit: usize,
    offset: usize,
}

impl Scan {
    pub fn draw(chance: &Chance, scope: &Scope) -> Scan {
        let mut columns = chance.some(&scope.columns);
        let is_ordered = scope.is_timed() && !scope.is_tied && !scope.is_inner && chance.one_in(3);
        let time = scope.columns.iter().find(|column| column.name == "__time");
        if (is_ordered || scope.is_inner) && !columns.iter().any(|column| column.name == "__time") {
            columns.extend(time.cloned());
        }
        let order = || Order { is_down: chance.one_in(2), limit: chance.below(8), offset: chance.below(3) };
        Scan {
            columns,
            order: is_ordered.then(order),
            is_list: !scope.is_inner && chance.one_in(2),
            batch_rows: chance.one_in(4).then(|| 1 + chance.below(3)),
        }
    }

    pub fn put(&self, out: &mut Json) {
        out["queryType"] = json!("scan");
        out["columns"] = self.columns.iter().map(|column| column.name.clone()).collect();
        out["resultFormat"] = json!(if self.is_list { "list" } else { "compactedList" });
        if let Some(rows) = self.batch_rows {
            out["batchSize"] = json!(rows);
        }
        if let Some(order) = &self.order {
            out["order"] = json!(if order.is_down { "descending" } else { "ascending" });
            out["limit"] = json!(order.limit);
            out["offset"] = json!(order.offset);
        }
    }

    pub fn rows<'a>(&self, common: &Common, relation: &'a Relation) -> Vec<&'a Row> {
        let mut rows = common.kept(relation);
        let Some(order) = &self.order else { return rows };
        rows.sort_by_key(|row| row.time);
        if order.is_down {
            rows.reverse();
        }
        let limit = if order.limit == 0 { usize::MAX } else { order.limit };
        rows.into_iter().skip(order.offset).take(limit).collect()
    }

    /// The columns of a row that are shown.
    pub fn shown(&self, row: &Row) -> Row {
        let mut out = Row::new(row.time);
        self.columns.iter().for_each(|column| out.take_over(&column.name, row, &column.name));
        out
    }

    pub fn answer(&self, common: &Common, relation: &Relation) -> Json {
        let named = |row: &Row| {
            let cells = self.columns.iter().map(|column| (column.name.clone(), row.cell(&column.name)));
            Json::Object(cells.collect::<Map<_, _>>())
        };
        let listed = |row: &Row| self.columns.iter().map(|column| row.cell(&column.name)).collect::<Json>();
        let rows = self.rows(common, relation).into_iter();
        self.sorted(rows.map(|row| if self.is_list { named(row) } else { listed(row) }).collect())
    }

    /// Batches are of no interest, and the order only where one is asked for.
    pub fn plain(&self, answer: Json) -> Json {
        let Json::Array(batches) = answer else { return answer };
        let events = |batch: Json| batch["events"].as_array().cloned().unwrap_or_default();
        self.sorted(batches.into_iter().flat_map(events).collect())
    }

    fn sorted(&self, mut rows: Vec<Json>) -> Json {
        if self.order.is_none() {
            rows.sort_by_key(Json::to_string);
        }
        Json::Array(rows)
    }
}

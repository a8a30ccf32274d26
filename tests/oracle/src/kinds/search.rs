//! Which values of dimensions hold a text.

use crate::chance::Chance;
use crate::extraction::Search as Wanted;
use crate::query::Common;
use crate::rows::{Column, Kind, of_kind};
use crate::source::{Relation, Scope};
use crate::value::{TextOrder, Value};
use serde_json::{Value as Json, json};

#[derive(Debug, Clone)]
pub struct Search {
    columns: Vec<Column>,
    wanted: Wanted,
    order: TextOrder,
}

struct Hit {
    column: String,
    value: String,
    count: usize,
}

impl Search {
    /// None where there are no texts.
    pub fn draw(chance: &Chance, scope: &Scope) -> Option<Search> {
        let texts = of_kind(&scope.columns, Kind::is_text);
        let order = *chance.of(&[TextOrder::Lexicographic, TextOrder::Length]);
        (!texts.is_empty()).then(|| Search { columns: chance.some(&texts), wanted: Wanted::draw(chance), order })
    }

    pub fn put(&self, out: &mut Json) {
        out["queryType"] = json!("search");
        out["searchDimensions"] = self.columns.iter().map(|column| column.name.clone()).collect();
        out["query"] = self.wanted.json();
        out["sort"] = json!({"type": self.order.name()});
        out["granularity"] = json!("all");
    }

    /// The hits, without the time that they are stamped with; none at all are no list.
    pub fn answer(&self, common: &Common, relation: &Relation) -> Json {
        let mut hits: Vec<Hit> = Vec::new();
        for row in common.kept(relation) {
            for Column { name, .. } in &self.columns {
                let mut texts: Vec<String> = row.values(name).iter().filter_map(Value::text).collect();
                // A row counts once for each value.
                texts.sort();
                texts.dedup();
                texts.retain(|text| self.wanted.finds(text));
                for text in texts {
                    match hits.iter_mut().find(|hit| hit.column == *name && hit.value == text) {
                        Some(hit) => hit.count += 1,
                        None => hits.push(Hit { column: name.clone(), value: text, count: 1 }),
                    }
                }
            }
        }
        hits.sort_by(|a, b| {
            let by_value = self.order.compare(&a.value, &b.value);
            by_value.then_with(|| a.column.cmp(&b.column))
        });
        let hits = hits.iter().map(|hit| json!({"dimension": hit.column, "value": hit.value, "count": hit.count}));
        hits.collect()
    }

    pub fn plain(&self, answer: Json) -> Json {
        let Json::Array(lists) = answer else { return answer };
        lists.into_iter().flat_map(|list| list["result"].as_array().cloned().unwrap_or_default()).collect()
    }
}

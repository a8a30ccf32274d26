//! The first values of a dimension.

use crate::chance::Chance;
use crate::granularity::Granularity;
use crate::group_by::{Dimension, groups};
use crate::query::{Common, object};
use crate::rows::{Column, Row};
use crate::value::Value;
use serde_json::{Value as Json, json};
use std::cmp::Ordering;

#[derive(Debug, Clone)]
pub struct TopN {
    dimension: Dimension,
    /// None: by the dimension itself.
    metric: Option<String>,
    inverted: bool,
    is_timed: bool,
    threshold: usize,
}

impl TopN {
    pub fn draw(chance: &Chance, columns: &[Column], common: &Common) -> TopN {
        let numbers: Vec<&str> =
            common.aggregators.iter().filter(|one| one.is_number()).map(|one| one.name.as_str()).collect();
        let timed = |name: &str| common.aggregators.iter().any(|one| one.name == name && one.is_timed());
        let by_metric = !numbers.is_empty() && !chance.one_in(4);
        let metric = by_metric.then(|| (*chance.of(&numbers)).to_owned());
        TopN {
            dimension: Dimension::draw(chance, columns, 0),
            is_timed: metric.as_deref().is_some_and(timed),
            metric,
            inverted: chance.one_in(3),
            threshold: 1 + chance.below(6),
        }
    }

    pub fn put(&self, out: &mut Json) {
        let metric = match &self.metric {
            Some(name) => json!({"type": "numeric", "metric": name}),
            None => json!({"type": "dimension", "ordering": "lexicographic"}),
        };
        out["queryType"] = json!("topN");
        out["dimension"] = self.dimension.json();
        out["threshold"] = json!(self.threshold);
        out["metric"] = if self.inverted { json!({"type": "inverted", "metric": metric}) } else { metric };
    }

    pub fn answer(&self, common: &Common, rows: &[Row]) -> Json {
        let kept = common.kept(rows);
        let entry = |bucket: i64| {
            let rows = common.within(&kept, bucket);
            let groups = groups(&rows, std::slice::from_ref(&self.dimension));
            let mut entries: Vec<(Value, Vec<(String, Value)>)> =
                groups.into_iter().map(|(mut key, rows)| (key.swap_remove(0), common.values(&rows))).collect();
            entries.sort_by(|a, b| self.order(a, b));
            entries.truncate(self.threshold);
            let rows = entries.into_iter().map(|(key, values)| {
                let mut row = vec![(self.dimension.output.clone(), key)];
                row.extend(values);
                object(row)
            });
            json!({"timestamp": common.bucket_text(bucket), "result": rows.collect::<Vec<_>>()})
        };
        let most = if common.granularity == Granularity::All { 1 } else { usize::MAX };
        Json::Array(common.buckets(rows, &|_| false).into_iter().take(most).map(entry).collect())
    }

    fn order(&self, a: &(Value, Vec<(String, Value)>), b: &(Value, Vec<(String, Value)>)) -> Ordering {
        let Some(metric) = &self.metric else {
            let text = |value: &Value| value.text().map_or(Value::Null, Value::Text);
            return match (a.0.is_null(), b.0.is_null()) {
                (false, false) if self.inverted => text(&b.0).order(&text(&a.0)),
                _ => text(&a.0).order(&text(&b.0)),
            };
        };
        let of = |values: &[(String, Value)]| {
            values.iter().find(|(name, _)| name == metric).map_or(Value::Null, |(_, value)| value.clone())
        };
        let (left, right) = (of(&a.1), of(&b.1));
        let by_metric = match (left.is_null(), right.is_null()) {
            (false, false) if self.inverted => left.order(&right),
            // Nulls come last, whichever way, but for values that are pairs with their times.
            (true, false) | (false, true) if self.inverted && self.is_timed => left.order(&right),
            _ => right.order(&left),
        };
        by_metric.then_with(|| a.0.order(&b.0))
    }
}

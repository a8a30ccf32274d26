//! The first values of a dimension.

use crate::chance::Chance;
use crate::dimension::{Dimension, LeftOut, groups};
use crate::extraction::draw_text;
use crate::granularity::Granularity;
use crate::query::{Common, Out, named, object};
use crate::rows::{Column, Kind};
use crate::source::{Relation, Scope};
use crate::value::{TextOrder, Value};
use serde_json::{Value as Json, json};
use std::cmp::Ordering;

#[derive(Debug, Clone)]
pub struct TopN {
    dimension: Dimension,
    metric: Metric,
    inverted: bool,
    threshold: usize,
}

#[derive(Debug, Clone)]
enum Metric {
    /// By a number; whether its state is a pair with a time.
    Number(String, bool),
    /// By the dimension itself, behind a value.
    Dimension(TextOrder, Option<String>),
}

type Values = Vec<(String, Value)>;
type Entry = (Value, Values);

/// The rows of a bucket.
type List = (i64, Vec<Values>);

impl TopN {
    /// None where nothing can be grouped.
    pub fn draw(chance: &Chance, scope: &Scope, common: &Common) -> Option<TopN> {
        let numbers = crate::rows::of_kind(&common.outputs(), Kind::is_number);
        let timed = |name: &str| common.aggregators.iter().any(|one| one.name == name && one.is_timed());
        let metric = if !numbers.is_empty() && !chance.one_in(3) {
            let name = chance.of(&numbers).name.clone();
            Metric::Number(name.clone(), timed(&name))
        } else {
            let stop = if chance.one_in(4) { draw_text(chance) } else { None };
            Metric::Dimension(*chance.of(&TextOrder::ALL), stop)
        };
        let dimension = Dimension::draw_single(chance, &scope.columns)?;
        Some(TopN { dimension, metric, inverted: chance.one_in(3), threshold: 1 + chance.below(6) })
    }

    pub fn outputs(&self) -> Vec<Column> {
        vec![Column::new(self.dimension.output.clone(), self.dimension.kind())]
    }

    pub fn put(&self, out: &mut Json) {
        let metric = match &self.metric {
            Metric::Number(name, _) => json!({"type": "numeric", "metric": name}),
            Metric::Dimension(order, stop) => {
                let mut metric = json!({"type": "dimension", "ordering": order.name()});
                if let Some(stop) = stop {
                    metric["previousStop"] = json!(stop);
                }
                metric
            }
        };
        out["queryType"] = json!("topN");
        out["dimension"] = self.dimension.json();
        out["threshold"] = json!(self.threshold);
        out["metric"] = if self.inverted { json!({"type": "inverted", "metric": metric}) } else { metric };
    }

    pub fn answer(&self, common: &Common, relation: &Relation) -> Json {
        let entry = |(bucket, rows): List| {
            let rows = rows.into_iter().map(object).collect::<Vec<_>>();
            json!({"timestamp": common.bucket_text(bucket), "result": rows})
        };
        self.lists(common, relation).into_iter().map(entry).collect()
    }

    pub fn rows(&self, common: &Common, relation: &Relation) -> Vec<Out> {
        let lists = self.lists(common, relation).into_iter();
        lists.flat_map(|(time, rows)| rows.into_iter().map(move |values| Out { time, values })).collect()
    }

    fn lists(&self, common: &Common, relation: &Relation) -> Vec<List> {
        let kept = common.kept(relation);
        let list = |bucket: i64| {
            let rows = common.within(&kept, bucket);
            let groups = groups(&rows, std::slice::from_ref(&self.dimension), LeftOut::Nowhere);
            let mut entries: Vec<Entry> =
                groups.into_iter().map(|(mut key, rows)| (key.swap_remove(0), common.values(&rows, None))).collect();
            entries.retain(|(key, _)| self.is_behind(key));
            entries.sort_by(|a, b| self.order(a, b));
            entries.truncate(self.threshold);
            let row = |(key, values)| [vec![(self.dimension.output.clone(), key)], values].concat();
            (bucket, entries.into_iter().map(row).collect())
        };
        let most = if common.granularity == Granularity::All { 1 } else { usize::MAX };
        common.buckets(relation, &|_| false).into_iter().take(most).map(list).collect()
    }

    fn is_behind(&self, key: &Value) -> bool {
        match &self.metric {
            Metric::Dimension(order, Some(stop)) => {
                let at = order.values(key, &Value::Text(stop.clone()));
                if self.inverted { at.is_lt() && !key.is_null() } else { at.is_gt() }
            }
            _ => true,
        }
    }

    fn order(&self, a: &Entry, b: &Entry) -> Ordering {
        let (name, is_timed) = match &self.metric {
            Metric::Number(name, is_timed) => (name, *is_timed),
            Metric::Dimension(order, _) => {
                return match (a.0.is_null(), b.0.is_null()) {
                    (false, false) if self.inverted => order.values(&b.0, &a.0),
                    _ => order.values(&a.0, &b.0),
                };
            }
        };
        let (left, right) = (named(&a.1, name), named(&b.1, name));
        let by_metric = match (left.is_null(), right.is_null()) {
            (false, false) if self.inverted => left.order(&right),
            // Nulls come last, whichever way, but for values that are pairs with their times.
            (true, false) | (false, true) if self.inverted && is_timed => left.order(&right),
            _ => right.order(&left),
        };
        by_metric.then_with(|| a.0.order(&b.0))
    }
}

//! Several segments as one.

use serde_json::{Map, Value};
use timeline::Interval;

use super::Strategy;
use super::analysis::{Analysis, ColumnAnalysis};
use crate::intervals::condense;

/// `all` is not empty and in time order.
pub(super) fn merge(all: Vec<Analysis>, strategy: Strategy, datasource: Option<&str>) -> Analysis {
    let newest = all[all.len() - 1].clone();
    let mut merged = Analysis { id: id(&all, &newest, datasource), ..newest.clone() };
    merged.size = all.iter().map(|a| a.size).sum();
    merged.num_rows = all.iter().map(|a| a.num_rows).sum();
    merged.intervals = intervals(&all);
    merged.aggregators = aggregators(&all, strategy);
    merged.timestamp_spec = common(&all, |a| &a.timestamp_spec);
    merged.query_granularity = common(&all, |a| &a.query_granularity);
    merged.rollup = common(&all, |a| &a.rollup);
    for older in all.iter().rev().skip(1) {
        for (name, column) in &older.columns {
            match merged.columns.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => known.merge(column),
                None => merged.columns.push((name.clone(), column.clone())),
            }
        }
    }
    merged
}

/// A single segment keeps its id; more are named after the newest interval.
fn id(all: &[Analysis], newest: &Analysis, datasource: Option<&str>) -> String {
    if all.iter().all(|a| a.id == newest.id) {
        return newest.id.clone();
    }
    let Some(datasource) = datasource else { return "merged".to_owned() };
    let (start, end) = newest.interval.split_once('/').unwrap_or((&newest.interval, ""));
    format!("{datasource}_{start}_{end}_merged")
}

fn intervals(all: &[Analysis]) -> Option<Vec<(i64, i64)>> {
    let known = all.iter().filter_map(|a| a.intervals.as_ref()).flatten();
    let known: Vec<Interval> = known.map(|(start, end)| Interval { start: *start, end: *end }).collect();
    if known.is_empty() {
        return None;
    }
    Some(condense(known).iter().map(|i| (i.start, i.end)).collect())
}

fn common<T: Clone + PartialEq>(all: &[Analysis], get: fn(&Analysis) -> &Option<T>) -> Option<T> {
    let first = get(&all[0]);
    if all.iter().all(|a| get(a) == first) { first.clone() } else { None }
}

fn aggregators(all: &[Analysis], strategy: Strategy) -> Option<Map<String, Value>> {
    if strategy == Strategy::Strict && all.iter().any(|a| a.aggregators.is_none()) {
        return None;
    }
    let mut merged: Map<String, Value> = Map::new();
    for map in all.iter().filter_map(|a| a.aggregators.as_ref()) {
        for (name, aggregator) in map {
            match merged.get(name) {
                Some(known) if known != aggregator => match strategy {
                    Strategy::Strict => return None,
                    Strategy::Lenient => {
                        merged.insert(name.clone(), Value::Null);
                    }
                    Strategy::Earliest => {}
                    Strategy::Latest => {
                        merged.insert(name.clone(), aggregator.clone());
                    }
                },
                Some(_) => {}
                None => {
                    merged.insert(name.clone(), aggregator.clone());
                }
            }
        }
    }
    all.iter().any(|a| a.aggregators.is_some()).then_some(merged)
}

impl ColumnAnalysis {
    fn merge(&mut self, other: &ColumnAnalysis) {
        if self.error.is_some() {
            return;
        }
        if self.type_signature != other.type_signature {
            let (mine, others) = (&self.type_signature, &other.type_signature);
            let error = Some(format!("error:cannot_merge_diff_types: [{mine}] and [{others}]"));
            *self = ColumnAnalysis { type_signature: "STRING".to_owned(), error, ..ColumnAnalysis::default() };
            return;
        }
        self.has_multiple_values |= other.has_multiple_values;
        self.has_nulls |= other.has_nulls;
        self.size += other.size;
        self.cardinality = self.cardinality.max(other.cardinality);
        let compare = |a: &String, b: &String| dialect::order::compare(a, b);
        let pick = |a: &Option<String>, b: &Option<String>, least: bool| match (a, b) {
            (Some(a), Some(b)) => Some(if compare(a, b).is_lt() == least { a.clone() } else { b.clone() }),
            (a, b) => a.clone().or_else(|| b.clone()),
        };
        self.min = pick(&self.min, &other.min, true);
        self.max = pick(&self.max, &other.max, false);
    }
}

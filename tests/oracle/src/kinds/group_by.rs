//! A row for each combination of values.

use crate::chance::Chance;
use crate::dimension::{Dimension, LeftOut, add, groups, order_keys};
use crate::having::Having;
use crate::query::{Common, Out, instant, named, object};
use crate::rows::{Column, Kind};
use crate::source::{Relation, Scope};
use crate::value::{TextOrder, Value};
use serde_json::{Value as Json, json};
use std::cmp::Ordering;

#[derive(Debug, Clone)]
pub struct GroupBy {
    dimensions: Vec<Dimension>,
    having: Option<Having>,
    columns: Vec<Sort>,
    limit: Option<usize>,
    offset: usize,
    /// Which dimensions each part of the answer keeps, by their places.
    subtotals: Option<Vec<Vec<usize>>>,
    dimensions_first: bool,
    /// Whether a limit may be applied where rows are read.
    is_pushed: bool,
    as_array: bool,
}

/// What rows are sorted by.
#[derive(Debug, Clone)]
struct Sort {
    name: String,
    is_down: bool,
    /// Of a dimension; numbers by their text but in the order of numbers.
    order: Option<TextOrder>,
    is_number: bool,
}

impl GroupBy {
    pub fn draw(chance: &Chance, scope: &Scope, common: &Common) -> GroupBy {
        let dimensions: Vec<Dimension> =
            (0..chance.below(4)).filter_map(|at| Dimension::draw(chance, &scope.columns, at)).collect();
        let numbers = crate::rows::of_kind(&common.outputs(), Kind::is_number);
        let is_plain = dimensions.is_empty() || scope.is_inner || !chance.one_in(5);
        let subset = || (0..dimensions.len()).filter(|_| chance.one_in(2)).collect::<Vec<_>>();
        let texts: Vec<String> =
            dimensions.iter().filter(|one| one.kind() == Kind::Text).map(|one| one.output.clone()).collect();
        let shown = dimensions.iter().map(|one| Column::new(one.output.clone(), one.kind()));
        // A pair with a time ends a filter over it.
        let outputs: Vec<Column> = shown.chain(common.outputs()).collect();
        let can_filter = !common.aggregators.iter().any(|one| one.is_state());
        let having = (can_filter && chance.one_in(4)).then(|| Having::draw(chance, &outputs, &texts, 2));
        let sorts = numbers.iter().map(|column| Sort::by_number(chance, &column.name));
        let sorts =
            sorts.chain(dimensions.iter().filter_map(|one| Sort::by_dimension(chance, one))).collect::<Vec<_>>();
        let columns = if chance.one_in(2) { chance.some(&sorts) } else { Vec::new() };
        let limit = chance.one_in(3).then(|| 1 + chance.below(6));
        GroupBy {
            having,
            columns,
            limit,
            offset: if limit.is_some() && chance.one_in(3) { chance.below(3) } else { 0 },
            subtotals: (!is_plain).then(|| (0..1 + chance.below(3)).map(|_| subset()).collect()),
            dimensions_first: chance.one_in(6),
            is_pushed: !chance.one_in(4),
            as_array: !scope.is_inner && chance.one_in(8),
            dimensions,
        }
    }

    pub fn outputs(&self) -> Vec<Column> {
        self.dimensions.iter().map(|one| Column::new(one.output.clone(), one.kind())).collect()
    }

    /// The columns that are grouped by, each once.
    pub fn grouped(&self) -> Vec<String> {
        let mut columns: Vec<String> = self.dimensions.iter().map(|one| one.column().to_owned()).collect();
        columns.sort();
        columns.dedup();
        columns
    }

    pub fn names(&self) -> Vec<String> {
        self.dimensions.iter().map(|dimension| dimension.output.clone()).collect()
    }

    pub fn put(&self, out: &mut Json) {
        out["queryType"] = json!("groupBy");
        out["dimensions"] = self.dimensions.iter().map(Dimension::json).collect();
        if let Some(having) = &self.having {
            out["having"] = having.json();
        }
        let columns: Vec<Json> = self.columns.iter().map(Sort::json).collect();
        if self.limit.is_some() || !columns.is_empty() {
            out["limitSpec"] = json!({"type": "default", "columns": columns, "offset": self.offset});
            if let Some(limit) = self.limit {
                out["limitSpec"]["limit"] = json!(limit);
            }
        }
        if let Some(subtotals) = &self.subtotals {
            let name = |at: &usize| self.dimensions[*at].output.clone();
            out["subtotalsSpec"] = subtotals.iter().map(|subset| subset.iter().map(name).collect::<Vec<_>>()).collect();
        }
        if !self.is_pushed {
            out["context"]["applyLimitPushDown"] = json!(false);
        }
        for (name, is_set) in [("sortByDimsFirst", self.dimensions_first), ("resultAsArray", self.as_array)] {
            if is_set {
                out["context"][name] = json!(true);
            }
        }
    }

    pub fn answer(&self, common: &Common, relation: &Relation) -> Json {
        let is_all = common.granularity.length().is_none();
        let text = |time: i64| if is_all { instant(time) } else { common.bucket_text(time) };
        let rows = self.rows(common, relation).into_iter();
        if self.as_array {
            let time = |out: &Out| (!is_all).then(|| json!(out.time));
            let cells = |out: &Out| out.values.iter().map(|(_, value)| value.json()).collect::<Vec<_>>();
            return rows.map(|out| time(&out).into_iter().chain(cells(&out)).collect::<Json>()).collect();
        }
        let event = |out: Out| json!({"version": "v1", "timestamp": text(out.time), "event": object(out.values)});
        rows.map(event).collect()
    }

    /// The rows of the answer; times of `all` are the start of the first interval.
    pub fn rows(&self, common: &Common, relation: &Relation) -> Vec<Out> {
        self.cut_rows(common, relation, self.cuts_early())
    }

    /// The rows that another groupBy groups again.
    pub fn regrouped_rows(&self, common: &Common, relation: &Relation) -> Vec<Out> {
        self.cut_rows(common, relation, false)
    }

    fn cut_rows(&self, common: &Common, relation: &Relation, cuts_early: bool) -> Vec<Out> {
        let base = self.base(common, relation);
        let mut out: Vec<Out> = match &self.subtotals {
            None => {
                let all: Vec<usize> = (0..self.dimensions.len()).collect();
                self.part(common, &base, &all)
            }
            Some(subtotals) => subtotals.iter().flat_map(|subset| self.part(common, &base, subset)).collect(),
        };
        let is_summary = self.dimensions.is_empty() && common.granularity.length().is_none() && self.offset == 0;
        if out.is_empty() && is_summary {
            out.push(Out { time: common.start(), values: common.values(&[], None) });
        }
        out.retain(|out| self.having.as_ref().is_none_or(|having| having.keeps(out.time, &out.values)));
        if self.dimensions_first && cuts_early {
            // Who stays is told by the dimensions, only how they are shown by time.
            out.sort_by(|a, b| self.order_by_columns(a, b));
            out.truncate(self.limit.map_or(usize::MAX, |limit| self.offset + limit));
        }
        // Without columns each part of subtotals keeps its place.
        let is_limited = self.limit.is_some() && self.subtotals.is_none();
        if !self.columns.is_empty() || is_limited {
            out.sort_by(|a, b| self.order(common, a, b));
        }
        out.into_iter().skip(self.offset).take(self.limit.unwrap_or(usize::MAX)).collect()
    }

    /// Buckets and groups of all dimensions.
    fn base<'a>(&self, common: &Common, relation: &'a Relation) -> Vec<(i64, crate::dimension::Group<'a>)> {
        let kept = common.kept(relation);
        let mut buckets: Vec<Option<i64>> = kept.iter().map(|row| common.granularity.bucket(row.time)).collect();
        buckets.sort_unstable();
        buckets.dedup();
        let mut out = Vec::new();
        for bucket in buckets {
            let rows = bucket.map_or_else(|| kept.clone(), |bucket| common.within(&kept, bucket));
            let time = bucket.unwrap_or(common.start());
            out.extend(groups(&rows, &self.dimensions, LeftOut::Null).into_iter().map(|group| (time, group)));
        }
        out
    }

    /// The groups by some of the dimensions, the others null: folded from the groups by all.
    fn part(&self, common: &Common, base: &[(i64, crate::dimension::Group<'_>)], subset: &[usize]) -> Vec<Out> {
        let mut folded = Vec::new();
        for (time, (key, rows)) in base {
            let kept = |(at, value): (usize, &Value)| if subset.contains(&at) { value.clone() } else { Value::Null };
            let key = [Value::Long(*time)].into_iter().chain(key.iter().enumerate().map(kept)).collect();
            add(&mut folded, key, rows);
        }
        folded.sort_by(|a, b| match self.dimensions_first {
            false => order_keys(&a.0, &b.0),
            true => order_keys(&a.0[1..], &b.0[1..]).then_with(|| a.0[0].order(&b.0[0])),
        });
        // `grouping` names columns as the data does.
        let shown: Option<Vec<String>> = self
            .subtotals
            .is_some()
            .then(|| subset.iter().map(|at| self.dimensions[*at].column().to_owned()).collect());
        let out = folded.into_iter().map(|(mut key, rows)| {
            let time = if let Value::Long(time) = key.remove(0) { time } else { 0 };
            Out {
                time,
                values: self.names().into_iter().zip(key).chain(common.values(&rows, shown.as_deref())).collect(),
            }
        });
        out.collect()
    }

    /// Whether a limit is applied where rows are read.
    fn cuts_early(&self) -> bool {
        let is_plain = self.having.is_none() && self.subtotals.is_none() && self.limit.is_some();
        self.is_pushed && is_plain && self.columns.iter().all(|sort| sort.order.is_some())
    }

    fn order(&self, common: &Common, a: &Out, b: &Out) -> Ordering {
        let has_time = common.granularity.length().is_some();
        let by_time = if has_time { a.time.cmp(&b.time) } else { Ordering::Equal };
        let columns = self.order_by_columns(a, b);
        if self.dimensions_first { columns.then(by_time) } else { by_time.then(columns) }
    }

    fn order_by_columns(&self, a: &Out, b: &Out) -> Ordering {
        self.columns.iter().fold(Ordering::Equal, |order, sort| {
            order.then_with(|| sort.compare(&named(&a.values, &sort.name), &named(&b.values, &sort.name)))
        })
    }
}

impl Sort {
    fn by_number(chance: &Chance, name: &str) -> Sort {
        Sort { name: name.to_owned(), is_down: chance.one_in(2), order: None, is_number: true }
    }

    /// None of arrays.
    fn by_dimension(chance: &Chance, dimension: &Dimension) -> Option<Sort> {
        let is_number = dimension.kind().is_number() || dimension.kind() == Kind::Time;
        let order = if is_number && chance.one_in(2) { TextOrder::Numeric } else { *chance.of(&TextOrder::ALL) };
        let sort = Sort { name: dimension.output.clone(), is_down: chance.one_in(2), order: Some(order), is_number };
        (!dimension.kind().is_array()).then_some(sort)
    }

    fn json(&self) -> Json {
        let direction = if self.is_down { "descending" } else { "ascending" };
        let mut out = json!({"dimension": self.name, "direction": direction});
        if let Some(order) = self.order {
            out["dimensionOrder"] = json!(order.name());
        }
        out
    }

    fn compare(&self, a: &Value, b: &Value) -> Ordering {
        let order = match self.order {
            None => a.order(b),
            Some(TextOrder::Numeric) if self.is_number => a.order(b),
            Some(order) => order.values(a, b),
        };
        if self.is_down { order.reverse() } else { order }
    }
}

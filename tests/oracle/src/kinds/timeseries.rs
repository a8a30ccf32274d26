//! A row for each bucket.

use crate::chance::Chance;
use crate::granularity::Granularity;
use crate::query::{Common, Out, object};
use crate::rows::Row;
use crate::source::{Relation, Scope, Span};
use serde_json::{Value as Json, json};

#[derive(Debug, Clone)]
pub struct Timeseries {
    descending: bool,
    skip_empty: bool,
    limit: Option<usize>,
    has_total: bool,
}

impl Timeseries {
    pub fn draw(chance: &Chance, scope: &Scope) -> Timeseries {
        let limit = chance.one_in(4).then(|| 1 + chance.below(5));
        let (descending, skip_empty) = (chance.one_in(3), chance.one_in(3));
        Timeseries { descending, skip_empty, limit, has_total: !scope.is_inner && chance.one_in(5) }
    }

    pub fn put(&self, out: &mut Json) {
        out["queryType"] = json!("timeseries");
        out["descending"] = json!(self.descending);
        out["context"]["skipEmptyBuckets"] = json!(self.skip_empty);
        if self.has_total {
            out["context"]["grandTotal"] = json!(true);
        }
        if let Some(limit) = self.limit {
            out["limit"] = json!(limit);
        }
    }

    pub fn answer(&self, common: &Common, relation: &Relation) -> Json {
        let shown = self.shown(common, relation);
        let row = |(bucket, rows): &(i64, Vec<&Row>)| json!({"timestamp": common.bucket_text(*bucket), "result": object(common.values(rows, None))});
        let mut out: Vec<Json> = shown.iter().map(row).collect();
        if self.has_total {
            let rows: Vec<&Row> = shown.iter().flat_map(|(_, rows)| rows.iter().copied()).collect();
            let mut result = object(common.values(&rows, None));
            // Of no row at all nothing is known, not even that there is none.
            if shown.is_empty() {
                result.as_object_mut().into_iter().flat_map(|all| all.values_mut()).for_each(|one| *one = Json::Null);
            }
            out.push(json!({"timestamp": null, "result": result}));
        }
        Json::Array(out)
    }

    pub fn rows(&self, common: &Common, relation: &Relation) -> Vec<Out> {
        let shown = self.shown(common, relation).into_iter();
        shown.map(|(time, rows)| Out { time, values: common.values(&rows, None) }).collect()
    }

    /// The buckets of the answer and their rows.
    fn shown<'a>(&self, common: &Common, relation: &'a Relation) -> Vec<(i64, Vec<&'a Row>)> {
        let kept = common.kept(relation);
        let is_all = common.granularity == Granularity::All;
        let is_in = |row: &&Row, span: &Span| row.table == span.table && (span.first..=span.last).contains(&row.time);
        let skips = |span: &Span| is_all && self.skip_empty && !kept.iter().any(|row| is_in(row, span));
        let mut buckets = common.buckets(relation, &skips);
        if buckets.is_empty() && is_all {
            buckets.push(common.start_without_rows(relation));
        }
        if is_all {
            let kept = if self.descending { buckets.len().saturating_sub(1) } else { 0 };
            buckets = buckets.into_iter().skip(kept).take(1).collect();
        }
        let all = buckets.into_iter().map(|bucket| (bucket, common.within(&kept, bucket)));
        let mut out: Vec<_> = all.filter(|(_, rows)| !rows.is_empty() || !self.skip_empty).collect();
        if self.descending {
            out.reverse();
        }
        out.truncate(self.limit.unwrap_or(usize::MAX));
        out
    }
}

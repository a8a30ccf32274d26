//! A row for each bucket.

use crate::chance::Chance;
use crate::granularity::Granularity;
use crate::query::{Common, object};
use crate::rows::Row;
use serde_json::{Value as Json, json};

#[derive(Debug, Clone)]
pub struct Timeseries {
    descending: bool,
    skip_empty: bool,
    limit: Option<usize>,
}

impl Timeseries {
    pub fn draw(chance: &Chance) -> Timeseries {
        let limit = chance.one_in(4).then(|| 1 + chance.below(5));
        Timeseries { descending: chance.one_in(3), skip_empty: chance.one_in(3), limit }
    }

    pub fn put(&self, out: &mut Json) {
        out["queryType"] = json!("timeseries");
        out["descending"] = json!(self.descending);
        out["context"] = json!({"skipEmptyBuckets": self.skip_empty});
        if let Some(limit) = self.limit {
            out["limit"] = json!(limit);
        }
    }

    pub fn answer(&self, common: &Common, rows: &[Row]) -> Json {
        let kept = common.kept(rows);
        let mut out = Vec::new();
        let is_all = common.granularity == Granularity::All;
        let skips = |day: &[Row]| is_all && self.skip_empty && common.kept(day).is_empty();
        let mut buckets = common.buckets(rows, &skips);
        if buckets.is_empty() && common.granularity == Granularity::All {
            buckets.extend(common.intervals.first().map(|(from, _)| *from));
        }
        if common.granularity == Granularity::All {
            let kept = if self.descending { buckets.len().saturating_sub(1) } else { 0 };
            buckets = buckets.into_iter().skip(kept).take(1).collect();
        }
        for bucket in buckets {
            let rows = common.within(&kept, bucket);
            if !rows.is_empty() || !self.skip_empty {
                out.push(json!({"timestamp": common.bucket_text(bucket), "result": object(common.values(&rows))}));
            }
        }
        if self.descending {
            out.reverse();
        }
        out.truncate(self.limit.unwrap_or(usize::MAX));
        Json::Array(out)
    }
}

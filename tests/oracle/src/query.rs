//! What all queries have, and which kind one is.

use crate::aggregate::Aggregator;
use crate::chance::Chance;
use crate::computed::Computed;
use crate::filter::Filter;
use crate::granularity::Granularity;
use crate::group_by::GroupBy;
use crate::post::Post;
use crate::rows::{Column, DAY_MS, FIRST_MS, HOUR_MS, NUM_DAYS, Row};
use crate::timeseries::Timeseries;
use crate::top_n::TopN;
use crate::value::Value;
use serde_json::{Map, Value as Json, json};

#[derive(Debug, Clone)]
pub struct Common {
    pub intervals: Vec<(i64, i64)>,
    pub filter: Option<Filter>,
    pub granularity: Granularity,
    pub aggregators: Vec<Aggregator>,
    pub post: Option<Post>,
}

#[derive(Debug, Clone)]
pub enum Kind {
    Timeseries(Timeseries),
    TopN(TopN),
    GroupBy(GroupBy),
    /// The columns that are shown.
    Scan(Vec<String>),
}

#[derive(Debug, Clone)]
pub struct Query {
    pub computed: Vec<Computed>,
    pub common: Common,
    pub kind: Kind,
}

pub fn instant(time: i64) -> String {
    timeline::Interval { start: time, end: time }.to_string().split('/').next().unwrap_or_default().to_owned()
}

pub fn interval(from: i64, to: i64) -> String {
    format!("{}/{}", instant(from), instant(to))
}

/// The bucket of a time and the text of a bucket are asked of the granularity; a chunk is a day.
impl Common {
    fn draw(chance: &Chance, columns: &[Column]) -> Common {
        let from = FIRST_MS + chance.between(-2, 30) * HOUR_MS + chance.between(0, 3) * 600_000;
        let first = (from, from + chance.between(1, 60) * HOUR_MS);
        let mut intervals = vec![first];
        if chance.one_in(3) {
            let from = first.1 + chance.between(1, 10) * HOUR_MS;
            intervals.push((from, from + chance.between(1, 30) * HOUR_MS));
        }
        if chance.one_in(4) {
            intervals = vec![(FIRST_MS - DAY_MS, FIRST_MS + (NUM_DAYS + 1) * DAY_MS)];
        }
        let aggregators: Vec<Aggregator> =
            (0..1 + chance.below(3)).map(|at| Aggregator::draw(chance, columns, at)).collect();
        Common {
            intervals,
            filter: (!chance.one_in(3)).then(|| Filter::draw(chance, columns, 2)),
            granularity: Granularity::draw(chance),
            post: Post::draw(chance, &aggregators),
            aggregators,
        }
    }

    /// Rows of the intervals, whatever the filter says.
    pub fn seen<'a>(&self, rows: &'a [Row]) -> Vec<&'a Row> {
        rows.iter().filter(|row| self.intervals.iter().any(|(from, to)| (*from..*to).contains(&row.time))).collect()
    }

    pub fn kept<'a>(&self, rows: &'a [Row]) -> Vec<&'a Row> {
        let seen = self.seen(rows).into_iter();
        seen.filter(|row| self.filter.as_ref().is_none_or(|filter| filter.keeps(row))).collect()
    }

    /// Values of a group by name, those of the aggregators and then the others.
    pub fn values(&self, rows: &[&Row]) -> Vec<(String, Value)> {
        let mut out: Vec<(String, Value)> =
            self.aggregators.iter().map(|one| (one.name.clone(), one.of(rows))).collect();
        if let Some(post) = &self.post {
            let named = |name: &str| {
                out.iter().find(|(known, _)| known == name).map_or(Value::Null, |(_, value)| value.clone())
            };
            let value = post.of(&named);
            out.push((post.name.clone(), value));
        }
        out
    }

    /// Buckets that are shown though they be empty, by their starts: of each day those between its first and its last
    /// row, where the intervals meet them. Of `all` one for each day; only one of them is shown. Days may be
    /// skipped.
    pub fn buckets(&self, rows: &[Row], skips: &dyn Fn(&[Row]) -> bool) -> Vec<i64> {
        let mut out = Vec::new();
        for day in rows.chunk_by(|a, b| a.time.div_euclid(DAY_MS) == b.time.div_euclid(DAY_MS)) {
            if skips(day) {
                continue;
            }
            let (Some(first), Some(last)) = (day.first(), day.last()) else { continue };
            let end = match (self.granularity.bucket(last.time), self.granularity.length()) {
                (Some(start), Some(length)) => start + length,
                _ => i64::MAX,
            };
            for (from, to) in &self.intervals {
                let chunk = first.time.div_euclid(DAY_MS) * DAY_MS;
                let (from, to) = ((*from).max(first.time).max(chunk), (*to).min(end).min(chunk + DAY_MS));
                if from >= to {
                    continue;
                }
                match (self.granularity.bucket(from), self.granularity.length()) {
                    (Some(start), Some(length)) => out.extend((start..to).step_by(length as usize)),
                    _ => out.push(from),
                }
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// Rows of a bucket.
    pub fn within<'a>(&self, rows: &[&'a Row], bucket: i64) -> Vec<&'a Row> {
        let is_in = |row: &&&Row| self.granularity.bucket(row.time).is_none_or(|start| start == bucket);
        rows.iter().filter(is_in).copied().collect()
    }

    pub fn bucket_text(&self, bucket: i64) -> String {
        self.granularity.text(bucket)
    }
}

pub fn object(values: Vec<(String, Value)>) -> Json {
    Json::Object(values.into_iter().map(|(name, value)| (name, value.json())).collect::<Map<_, _>>())
}

impl Query {
    pub fn draw(chance: &Chance, columns: &[Column]) -> Query {
        let num_computed = if chance.one_in(2) { 1 + chance.below(2) } else { 0 };
        let computed: Vec<Computed> = (0..num_computed).map(|number| Computed::draw(chance, columns, number)).collect();
        let columns: Vec<Column> =
            columns.iter().cloned().chain(computed.iter().map(|computed| computed.column.clone())).collect();
        let columns = columns.as_slice();
        let common = Common::draw(chance, columns);
        let kind = match chance.below(7) {
            0 | 1 => Kind::Timeseries(Timeseries::draw(chance)),
            2 | 3 => Kind::TopN(TopN::draw(chance, columns, &common)),
            6 => Kind::Scan(chance.some(&columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>())),
            _ => Kind::GroupBy(GroupBy::draw(chance, columns, &common)),
        };
        Query { computed, common, kind }
    }

    pub fn json(&self, datasource: &str) -> Json {
        let common = &self.common;
        let intervals: Vec<String> = common.intervals.iter().map(|(from, to)| interval(*from, *to)).collect();
        let mut out = json!({"dataSource": datasource, "intervals": intervals});
        if !self.computed.is_empty() {
            out["virtualColumns"] = self.computed.iter().map(Computed::json).collect();
        }
        if let Some(filter) = &common.filter {
            out["filter"] = filter.json();
        }
        if let Kind::Scan(columns) = &self.kind {
            out["queryType"] = json!("scan");
            out["columns"] = json!(columns);
            out["resultFormat"] = json!("compactedList");
            return out;
        }
        out["granularity"] = common.granularity.json();
        out["aggregations"] = common.aggregators.iter().map(Aggregator::json).collect();
        out["postAggregations"] = common.post.iter().map(Post::json).collect();
        match &self.kind {
            Kind::Timeseries(timeseries) => timeseries.put(&mut out),
            Kind::TopN(top_n) => top_n.put(&mut out),
            Kind::GroupBy(group_by) => group_by.put(&mut out),
            Kind::Scan(_) => {}
        }
        out
    }

    /// The answer, in a form that [`Query::plain`] gives answers.
    pub fn answer(&self, rows: &[Row]) -> Json {
        let all = |row: &Row| self.computed.iter().fold(row.clone(), |row, computed| computed.added(&row));
        let rows: Vec<Row> = rows.iter().map(all).collect();
        let rows = rows.as_slice();
        match &self.kind {
            Kind::Timeseries(timeseries) => timeseries.answer(&self.common, rows),
            Kind::TopN(top_n) => top_n.answer(&self.common, rows),
            Kind::GroupBy(group_by) => group_by.answer(&self.common, rows),
            Kind::Scan(columns) => scan(&self.common, columns, rows),
        }
    }

    /// Rows of a scan come in any order and in any batches: they are sorted by their text.
    pub fn plain(&self, answer: Json) -> Json {
        match (&self.kind, answer) {
            (Kind::Scan(_), Json::Array(batches)) => {
                let events = |batch: Json| batch["events"].as_array().cloned().unwrap_or_default();
                sorted(batches.into_iter().flat_map(events).collect())
            }
            (_, answer) => answer,
        }
    }
}

fn sorted(mut rows: Vec<Json>) -> Json {
    rows.sort_by_key(Json::to_string);
    Json::Array(rows)
}

fn scan(common: &Common, columns: &[String], rows: &[Row]) -> Json {
    let cell = |row: &Row, column: &String| match row.values(column).as_slice() {
        [value] => value.json(),
        values => Json::Array(values.iter().map(Value::json).collect()),
    };
    let rows = common.kept(rows);
    sorted(rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect()).collect())
}

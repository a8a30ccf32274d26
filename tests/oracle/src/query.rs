//! What all queries have, and which kind one is.

use crate::aggregate::Aggregator;
use crate::chance::Chance;
use crate::computed::Computed;
use crate::filter::Filter;
use crate::granularity::Granularity;
use crate::kinds::boundary::Boundary;
use crate::kinds::group_by::GroupBy;
use crate::kinds::metadata::Metadata;
use crate::kinds::scan::Scan;
use crate::kinds::search::Search;
use crate::kinds::timeseries::Timeseries;
use crate::kinds::top_n::TopN;
use crate::post::Post;
use crate::rows::{Column, DAY_MS, FIRST_MS, HOUR_MS, Kind as ColumnKind, Row};
use crate::source::{Relation, Scope, Source, Span, Spans, World, all_time};
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
    Scan(Scan),
    Search(Search),
    Boundary(Boundary),
    Metadata(Metadata),
}

#[derive(Debug, Clone)]
pub struct Query {
    source: Source,
    computed: Vec<Computed>,
    common: Common,
    kind: Kind,
    /// What changes no answer.
    context: Vec<(&'static str, Json)>,
}

/// A row of an answer.
pub struct Out {
    pub time: i64,
    pub values: Vec<(String, Value)>,
}

pub fn instant(time: i64) -> String {
    timeline::Interval { start: time, end: time }.to_string().split('/').next().unwrap_or_default().to_owned()
}

pub fn interval(from: i64, to: i64) -> String {
    format!("{}/{}", instant(from), instant(to))
}

pub fn named(values: &[(String, Value)], name: &str) -> Value {
    values.iter().find(|(known, _)| known == name).map_or(Value::Null, |(_, value)| value.clone())
}

pub fn object(values: Vec<(String, Value)>) -> Json {
    Json::Object(values.into_iter().map(|(name, value)| (name, value.json())).collect::<Map<_, _>>())
}

/// The bucket of a time and the text of a bucket are asked of the granularity; a chunk is a day.
impl Common {
    fn draw(chance: &Chance, scope: &Scope, is_plain: bool) -> Common {
        let from = FIRST_MS + chance.between(-2, 30) * HOUR_MS + chance.between(0, 3) * 600_000;
        let first = (from, from + chance.between(1, 60) * HOUR_MS);
        let mut intervals = vec![first];
        // Druid takes one interval only where the rows are of no table.
        if is_plain && chance.one_in(3) {
            let from = first.1 + chance.between(1, 10) * HOUR_MS;
            intervals.push((from, from + chance.between(1, 30) * HOUR_MS));
        }
        // Of many queries all rows are the better part.
        if chance.one_in(if is_plain { 4 } else { 2 }) {
            intervals = vec![all_time()];
        }
        // The time of rows without one is 1970, or that of the groups of a groupBy.
        if !scope.is_timed() {
            intervals = vec![(-DAY_MS, all_time().1)];
        }
        let aggregators: Vec<Aggregator> =
            (0..1 + chance.below(3)).map(|at| Aggregator::draw(chance, scope, at)).collect();
        Common {
            intervals,
            filter: (!chance.one_in(3)).then(|| Filter::draw(chance, &scope.columns, 2)),
            granularity: if scope.is_timed() { Granularity::draw(chance) } else { Granularity::All },
            post: Post::draw(chance, &aggregators),
            aggregators,
        }
    }

    pub fn start(&self) -> i64 {
        self.intervals.first().map_or(0, |(from, _)| *from)
    }

    /// What aggregators and the others give, by name.
    pub fn outputs(&self) -> Vec<Column> {
        let aggregators = self.aggregators.iter().map(|one| Column::new(one.name.clone(), one.kind()));
        aggregators.chain(self.post.iter().map(|post| Column::new(post.name.clone(), ColumnKind::Double))).collect()
    }

    /// Rows of the intervals that the filter keeps.
    pub fn kept<'a>(&self, relation: &'a Relation) -> Vec<&'a Row> {
        let is_seen =
            |row: &&Row| !relation.is_timed || self.intervals.iter().any(|(from, to)| (*from..*to).contains(&row.time));
        let seen = relation.rows.iter().filter(is_seen);
        seen.filter(|row| self.filter.as_ref().is_none_or(|filter| filter.keeps(row))).collect()
    }

    /// Values of a group by name, those of the aggregators and then the others; `shown` are the columns that a
    /// subtotal keeps.
    pub fn values(&self, rows: &[&Row], shown: Option<&[String]>) -> Vec<(String, Value)> {
        let mut out: Vec<(String, Value)> =
            self.aggregators.iter().map(|one| (one.name.clone(), one.of(rows, shown))).collect();
        if let Some(post) = &self.post {
            let value = post.of(&|name| named(&out, name));
            out.push((post.name.clone(), value));
        }
        out
    }

    /// Buckets that are shown though they be empty, by their starts: of each span those between its first and its
    /// last row, where the intervals meet them. Of `all` one for each span; only one of them is shown. What
    /// the intervals leave of spans may be skipped.
    pub fn buckets(&self, relation: &Relation, skips: &dyn Fn(&Span) -> bool) -> Vec<i64> {
        let mut out = Vec::new();
        let mut meet = |least: i64, most: i64| {
            for (from, to) in &self.intervals {
                let (from, to) = ((*from).max(least), (*to).min(most));
                match (self.granularity.bucket(from), self.granularity.length()) {
                    _ if from >= to => {}
                    (Some(start), Some(length)) => out.extend((start..to).step_by(length as usize)),
                    _ => out.push(from),
                }
            }
        };
        match &relation.spans {
            Spans::Whole => meet(i64::MIN, i64::MAX),
            Spans::Parts(parts) => {
                for Span { first, last, table } in parts.iter() {
                    let end = match (self.granularity.bucket(*last), self.granularity.length()) {
                        (Some(start), Some(length)) => start + length,
                        _ => i64::MAX,
                    };
                    let end = end.min((first.div_euclid(DAY_MS) + 1) * DAY_MS);
                    for (from, to) in &self.intervals {
                        let part = Span { first: *first.max(from), last: *last.min(&(to - 1)), table: *table };
                        if !skips(&part) {
                            meet(part.first, end.min(*to));
                        }
                    }
                }
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// Where the intervals begin to meet days that have rows, or begin at all.
    pub fn start_without_rows(&self, relation: &Relation) -> i64 {
        let Spans::Parts(parts) = &relation.spans else { return self.start() };
        let days = parts.iter().map(|span| span.first.div_euclid(DAY_MS) * DAY_MS);
        let met = days.flat_map(|day| {
            let of_day = move |(from, to): &(i64, i64)| ((*from).max(day), (*to).min(day + DAY_MS));
            self.intervals.iter().map(of_day).filter(|(from, to)| from < to)
        });
        met.map(|(from, _)| from).min().unwrap_or(self.start())
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

fn draw_context(chance: &Chance) -> Vec<(&'static str, Json)> {
    let all = [
        ("vectorize", json!("false")),
        ("useCache", json!(false)),
        ("priority", json!(3)),
        ("timeout", json!(60_000)),
        ("queryId", json!("drawn")),
        ("useFilterCNF", json!(true)),
        ("minTopNThreshold", json!(2_000)),
        ("unheardOf", json!([1])),
    ];
    if chance.one_in(3) { chance.some(&all) } else { Vec::new() }
}

impl Query {
    pub fn draw(chance: &Chance, world: &World) -> Query {
        let (source, scope) = Source::draw(chance, world, 2);
        Query::draw_of(chance, source, scope)
    }

    /// Whose answer another query reads.
    pub fn draw_inner(chance: &Chance, world: &World, depth: usize) -> Query {
        let (source, scope) = Source::draw(chance, world, depth);
        Query::draw_of(chance, source, Scope { is_inner: true, is_tied: true, ..scope })
    }

    fn draw_of(chance: &Chance, source: Source, mut scope: Scope) -> Query {
        let num_computed = if chance.one_in(2) { 1 + chance.below(2) } else { 0 };
        // No name that the source has.
        let number = |column: &Column| column.name.strip_prefix(['v', 'w']).and_then(|rest| rest.parse::<usize>().ok());
        let first = scope.columns.iter().filter_map(number).max().map_or(0, |last| last + 1);
        let numbers = first..first + num_computed;
        let computed: Vec<Computed> = numbers.map(|number| Computed::draw(chance, &scope.columns, number)).collect();
        scope.columns.extend(computed.iter().map(|computed| computed.column.clone()));
        let is_table = matches!(source, Source::Table(_));
        let mut common = Common::draw(chance, &scope, is_table);
        let group_by = |chance: &Chance, common: &Common| Kind::GroupBy(GroupBy::draw(chance, &scope, common));
        let kind = match chance.below(14) {
            0..3 => Kind::Timeseries(Timeseries::draw(chance, &scope)),
            3..6 => TopN::draw(chance, &scope, &common).map_or_else(|| group_by(chance, &common), Kind::TopN),
            6 | 7 => Kind::Scan(Scan::draw(chance, &scope)),
            8 if !scope.is_inner => {
                Search::draw(chance, &scope).map_or_else(|| group_by(chance, &common), Kind::Search)
            }
            9 if !scope.is_inner && is_table => match chance.one_in(2) {
                true => Kind::Boundary(Boundary::draw(chance)),
                false => {
                    Kind::Metadata(Metadata(scope.columns.iter().filter(|column| is_stored(column)).cloned().collect()))
                }
            },
            _ => group_by(chance, &common),
        };
        // A segment that two intervals meet would be counted twice.
        if matches!(kind, Kind::Metadata(_)) {
            common.intervals.truncate(1);
        }
        if let Kind::GroupBy(group_by) = &kind
            && !scope.is_inner
            && !group_by.names().is_empty()
            && chance.one_in(4)
        {
            common.aggregators.push(Aggregator::grouping("g", group_by.grouped()));
        }
        Query { source, computed, common, kind, context: draw_context(chance) }
    }

    pub fn is_scan(&self) -> bool {
        matches!(self.kind, Kind::Scan(_))
    }

    /// The columns of the answer, where it is read by another query.
    pub fn outputs(&self) -> Vec<Column> {
        let time = Column::new("__time", ColumnKind::Time);
        let values = self.common.outputs();
        match &self.kind {
            Kind::Scan(scan) => scan.columns.clone(),
            Kind::TopN(top_n) => [vec![time], top_n.outputs(), values].concat(),
            Kind::GroupBy(group_by) if self.common.granularity == Granularity::All => {
                [group_by.outputs(), values].concat()
            }
            Kind::GroupBy(group_by) => [vec![time], group_by.outputs(), values].concat(),
            _ => [vec![time], values].concat(),
        }
    }

    pub fn json(&self, datasource: &str) -> Json {
        let common = &self.common;
        let intervals: Vec<String> = common.intervals.iter().map(|(from, to)| interval(*from, *to)).collect();
        let mut out = json!({"dataSource": self.source.json(datasource), "intervals": intervals});
        for (name, value) in &self.context {
            out["context"][name] = value.clone();
        }
        if let Kind::Metadata(metadata) = &self.kind {
            metadata.put(&mut out);
            return out;
        }
        if !self.computed.is_empty() {
            out["virtualColumns"] = self.computed.iter().map(Computed::json).collect();
        }
        if let Some(filter) = &common.filter {
            out["filter"] = filter.json();
        }
        match &self.kind {
            Kind::Timeseries(timeseries) => timeseries.put(&mut out),
            Kind::TopN(top_n) => top_n.put(&mut out),
            Kind::GroupBy(group_by) => group_by.put(&mut out),
            Kind::Scan(scan) => scan.put(&mut out),
            Kind::Search(search) => search.put(&mut out),
            Kind::Boundary(boundary) => boundary.put(&mut out),
            Kind::Metadata(_) => {}
        }
        if matches!(self.kind, Kind::Timeseries(_) | Kind::TopN(_) | Kind::GroupBy(_)) {
            out["granularity"] = common.granularity.json();
            out["aggregations"] = common.aggregators.iter().map(Aggregator::json).collect();
            out["postAggregations"] = common.post.iter().map(Post::json).collect();
        }
        out
    }

    fn read(&self, world: &World) -> Relation {
        let mut relation = match (&self.source, &self.kind) {
            (Source::Query(inner), Kind::GroupBy(_)) => inner.relation_of(world, true),
            (source, _) => source.relation(world),
        };
        let all = |row: &Row| self.computed.iter().fold(row.clone(), |row, computed| computed.added(&row));
        relation.rows = relation.rows.iter().map(all).collect();
        relation
    }

    /// The answer, in a form that [`Query::plain`] gives answers.
    pub fn answer(&self, world: &World) -> Json {
        let relation = self.read(world);
        match &self.kind {
            Kind::Timeseries(timeseries) => timeseries.answer(&self.common, &relation),
            Kind::TopN(top_n) => top_n.answer(&self.common, &relation),
            Kind::GroupBy(group_by) => group_by.answer(&self.common, &relation),
            Kind::Scan(scan) => scan.answer(&self.common, &relation),
            Kind::Search(search) => search.answer(&self.common, &relation),
            Kind::Boundary(boundary) => boundary.answer(&self.common, &relation),
            Kind::Metadata(metadata) => {
                let is_met = |row: &&Row| {
                    let day = row.time.div_euclid(DAY_MS) * DAY_MS;
                    self.common.intervals.iter().any(|(from, to)| *from < day + DAY_MS && day < *to)
                };
                metadata.answer(relation.rows.iter().filter(is_met).count())
            }
        }
    }

    /// The answer as rows.
    pub fn relation(&self, world: &World) -> Relation {
        self.relation_of(world, false)
    }

    fn relation_of(&self, world: &World, is_regrouped: bool) -> Relation {
        let read = self.read(world);
        let rows = match &self.kind {
            Kind::Scan(scan) => scan.rows(&self.common, &read).into_iter().map(|row| scan.shown(row)).collect(),
            Kind::Timeseries(timeseries) => rows_of(timeseries.rows(&self.common, &read)),
            Kind::TopN(top_n) => rows_of(top_n.rows(&self.common, &read)),
            Kind::GroupBy(group_by) if is_regrouped => rows_of(group_by.regrouped_rows(&self.common, &read)),
            Kind::GroupBy(group_by) => rows_of(group_by.rows(&self.common, &read)),
            Kind::Search(_) | Kind::Boundary(_) | Kind::Metadata(_) => Vec::new(),
        };
        let is_timed = self.outputs().iter().any(|column| column.name == "__time");
        Relation { rows, spans: Spans::Whole, is_timed }
    }

    /// An answer without what may differ.
    pub fn plain(&self, answer: Json) -> Json {
        match &self.kind {
            Kind::Scan(scan) => scan.plain(answer),
            Kind::Search(search) => search.plain(answer),
            Kind::Metadata(metadata) => metadata.plain(answer),
            _ => answer,
        }
    }
}

fn is_stored(column: &Column) -> bool {
    column.kind != ColumnKind::Time && !column.name.starts_with(['v', 'w'])
}

fn rows_of(out: Vec<Out>) -> Vec<Row> {
    let row =
        |out: Out| out.values.into_iter().fold(Row::new(out.time), |row, (name, value)| row.with(&name, vec![value]));
    out.into_iter().map(row).collect()
}

//! search: which values of dimensions match a text, and how many rows hold each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aggregate::{Codes, ColumnType, Dictionary};
use arrow_array::{Array, ArrayRef, Int64Array, ListArray, RecordBatch, StringArray, cast::AsArray, types::Int64Type};
use dialect::StringOrder;
use dialect::order::compare_nullable;
use expression::{DimensionSpec, Environment, SearchQuery};
use hashbrown::HashMap;
use segment::{ColumnRef, SegmentRef, codes_of};
use serde_json::Value;
use timeline::{Granularity, Interval};

use super::Kind;
use crate::answer::Answer;
use crate::exec::ExecContext;
use crate::fields::Fields;
use crate::finalize::{EachRow, Objects, Stamp, Table, Values};
use crate::limit_spec::string_order;
use crate::model::Common;
use crate::order::{How, SortKey, sort};
use crate::partial::{Body, Partial};
use crate::plan::{Scope, prune};
use crate::run::{Selection, values_of};
use crate::{Error, Result, granularity};

pub(super) const TAG: &str = "search";
const LIMIT: usize = 1_000;

struct Search {
    common: Arc<Common>,
    granularity: Granularity,
    /// `None`: all dimensions.
    dimensions: Option<Vec<DimensionSpec>>,
    /// `None`: every value, null too.
    matcher: Option<SearchQuery>,
    order: StringOrder,
    limit: usize,
    stamp: Stamp,
    env: Environment,
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search").field("matcher", &self.matcher).finish_non_exhaustive()
    }
}

/// Hits by time chunk (start and end), dimension and value.
type Hits = HashMap<(i64, i64, String, Option<String>), i64>;

/// Rows that hold a value of a dimension.
type Hit = (String, Option<String>, i64);

pub(super) fn parse(common: &Arc<Common>, fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn Kind>> {
    let granularity = fields.get("granularity").map_or(Ok(Granularity::All), granularity::parse)?;
    let dimensions = match fields.get("searchDimensions") {
        None => None,
        Some(Value::Array(specs)) => {
            Some(specs.iter().map(|s| DimensionSpec::parse_with(s, env)).collect::<Result<Vec<_>, _>>()?)
        }
        Some(one) => Some(vec![DimensionSpec::parse_with(one, env)?]),
    };
    let limit = match fields.int("limit")? {
        None | Some(0) => LIMIT,
        Some(n) => usize::try_from(n).map_err(|_| Error::invalid(format!("'limit' must not be negative, got {n}")))?,
    };
    let stamp = Stamp::of(&granularity, &common.context)?;
    let matcher = fields.get("query").map(SearchQuery::parse).transpose()?;
    Ok(Arc::new(Search {
        common: common.clone(),
        granularity,
        dimensions: dimensions.filter(|specs| !specs.is_empty()),
        matcher: matcher.filter(|matcher| !matches!(matcher, SearchQuery::All)),
        order: string_order(fields.get("sort"), "sort")?,
        limit,
        stamp,
        env: env.clone(),
    }))
}

impl Search {
    fn specs(&self, segment: &SegmentRef) -> Result<Vec<DimensionSpec>> {
        match &self.dimensions {
            Some(specs) => Ok(specs.clone()),
            None => {
                let names = segment.schema().dimensions().map(|column| Value::from(column.name.as_ref()));
                Ok(names.map(|name| DimensionSpec::parse_with(&name, &self.env)).collect::<Result<_, _>>()?)
            }
        }
    }

    /// An empty list for each time chunk that is asked for, though no row of it be within the intervals or pass the
    /// filter.
    fn empty(&self, scope: &Scope) -> Hits {
        let is_asked = |chunk: &Interval| self.common.intervals.iter().any(|asked| asked.overlaps(chunk));
        let chunks = scope.chunks();
        let asked = chunks.iter().map(|(place, ..)| place.chunk).filter(is_asked);
        asked.map(|Interval { start, end }| ((start, end, String::new(), None), 0)).collect()
    }

    fn matches(&self, value: Option<&str>) -> bool {
        self.matcher.as_ref().is_none_or(|matcher| value.is_some_and(|value| matcher.matches(value)))
    }

    fn segment(&self, segment: &SegmentRef, exec: &ExecContext) -> Result<Hits> {
        let Interval { start, end } = segment.id().interval;
        let mut hits = Hits::default();
        let segment = match &self.common.virtual_columns {
            Some(virtual_columns) => crate::expressions::with_virtual(segment, virtual_columns)?,
            None => segment.clone(),
        };
        let mut met = Vec::new();
        for spec in self.specs(&segment)? {
            let Some(column) = segment.column(spec.dimension()) else { continue };
            // Arrays hold no text that could be found.
            if matches!(column.column_type(), ColumnType::Value(shape) if shape.is_array()) {
                continue;
            }
            let column = spec.bind(&segment)?;
            let mut counts = Counts::new(&column);
            let filter = self.common.filter.as_ref();
            let mut selection = Selection::new(&segment, &self.common.scanned, &Granularity::All, filter)?;
            for rows in selection.vectors(0..segment.num_rows()) {
                exec.check()?;
                if let Some(selected) = selection.select(rows.clone())? {
                    counts.add(&column, column.read(rows), &selected.positions())?;
                }
            }
            let mut values = counts.into_values(|value| self.matches(value));
            values.sort_by(|(a, _), (b, _)| compare_nullable(a.as_deref(), b.as_deref()));
            met.extend(values.into_iter().map(|(value, count)| (spec.output_name().to_owned(), value, count)));
        }
        for (dimension, value, count) in self.first(met) {
            *hits.entry((start, end, dimension, value)).or_default() += count;
        }
        Ok(hits)
    }
}

impl Search {
    /// Of the hits of a segment, in the order of dimensions and values, as many as the limit. Hits of one dimension
    /// that the order holds equal are one, under the first value, as Druid has it.
    fn first(&self, met: Vec<Hit>) -> Vec<Hit> {
        let value = |at: usize| met[at].1.as_deref();
        let compare = |a: &usize, b: &usize| {
            let by_value = self.order.compare_nullable(value(*a), value(*b));
            by_value.then_with(|| compare_nullable(Some(&met[*a].0), Some(&met[*b].0)))
        };
        let mut sorted: Vec<usize> = (0..met.len()).collect();
        sorted.sort_by(compare);
        let mut class = vec![0; met.len()];
        for at in 1..sorted.len() {
            let same = compare(&sorted[at - 1], &sorted[at]).is_eq();
            class[sorted[at]] = class[sorted[at - 1]] + usize::from(!same);
        }
        let mut place: HashMap<usize, usize> = HashMap::new();
        let mut kept: Vec<Hit> = Vec::new();
        for (class, (dimension, value, count)) in class.into_iter().zip(met) {
            match place.get(&class) {
                Some(&at) => kept[at].2 += count,
                None => {
                    place.insert(class, kept.len());
                    kept.push((dimension, value, count));
                }
            }
            if kept.len() >= self.limit {
                break;
            }
        }
        kept
    }
}

/// Rows per value of one dimension.
struct Counts {
    dictionary: Option<Arc<dyn Dictionary>>,
    by_code: Vec<i64>,
    /// Lists without a value.
    empty: i64,
    by_text: HashMap<Option<String>, i64>,
}

impl Counts {
    fn new(column: &ColumnRef) -> Self {
        let dictionary = column.dictionary();
        let by_code = vec![0; dictionary.as_ref().map_or(0, |dictionary| dictionary.len())];
        Self { dictionary, by_code, empty: 0, by_text: HashMap::new() }
    }

    fn add(&mut self, column: &ColumnRef, array: ArrayRef, rows: &[u32]) -> Result<()> {
        if self.dictionary.is_none() {
            let values = values_of(column, array, None)?;
            for &row in rows {
                *self.by_text.entry(values.text(row as usize).map(|text| text.into_owned())).or_default() += 1;
            }
            return Ok(());
        }
        let unexpected = || Error::internal("a dimension without codes");
        if let Some(lists) = array.as_any().downcast_ref::<ListArray>() {
            let codes = codes_of(lists.values().as_ref()).ok_or_else(unexpected)?;
            let offsets = lists.value_offsets();
            for &row in rows {
                let (start, end) = (offsets[row as usize] as usize, offsets[row as usize + 1] as usize);
                self.empty += i64::from(start == end);
                // A row counts once for each value, however often it holds it.
                let is_first = |at: &usize| !(start..*at).any(|before| codes.get(before) == codes.get(*at));
                (start..end).filter(is_first).for_each(|at| self.by_code[codes.get(at) as usize] += 1);
            }
            return Ok(());
        }
        match codes_of(array.as_ref()).ok_or_else(unexpected)? {
            Codes::U8(codes) => rows.iter().for_each(|row| self.by_code[codes[*row as usize] as usize] += 1),
            Codes::U16(codes) => rows.iter().for_each(|row| self.by_code[codes[*row as usize] as usize] += 1),
            Codes::U32(codes) => rows.iter().for_each(|row| self.by_code[codes[*row as usize] as usize] += 1),
        }
        Ok(())
    }

    /// The values met that pass; the test runs once per value.
    fn into_values(mut self, passes: impl Fn(Option<&str>) -> bool) -> Vec<(Option<String>, i64)> {
        if let Some(dictionary) = &self.dictionary {
            for (code, count) in (0u32..).zip(&self.by_code) {
                if *count > 0 {
                    *self.by_text.entry(dictionary.get(code).map(str::to_owned)).or_default() += count;
                }
            }
        }
        if self.empty > 0 {
            *self.by_text.entry(None).or_default() += self.empty;
        }
        self.by_text.into_iter().filter(|(value, _)| passes(value.as_deref())).collect()
    }
}

fn facts(hits: Hits) -> Result<Partial> {
    let mut rows: Vec<_> = hits.into_iter().collect();
    rows.sort();
    let starts = rows.iter().map(|((start, ..), _)| *start).collect::<Int64Array>();
    let ends = rows.iter().map(|((_, end, ..), _)| *end).collect::<Int64Array>();
    let dimensions = rows.iter().map(|((_, _, dimension, _), _)| Some(dimension)).collect::<StringArray>();
    let values = rows.iter().map(|((.., value), _)| value.as_deref()).collect::<StringArray>();
    let counts = rows.iter().map(|(_, count)| *count).collect::<Int64Array>();
    let columns: [(&str, ArrayRef); 5] = [
        ("start", Arc::new(starts)),
        ("end", Arc::new(ends)),
        ("dimension", Arc::new(dimensions)),
        ("value", Arc::new(values)),
        ("count", Arc::new(counts)),
    ];
    Ok(Partial { body: Body::Facts(RecordBatch::try_from_iter(columns)?) })
}

fn add(hits: &mut Hits, batch: &RecordBatch) {
    let long = |at: usize| batch.column(at).as_primitive::<Int64Type>();
    let (starts, ends, counts) = (long(0), long(1), long(4));
    let (dimensions, values) = (batch.column(2).as_string::<i32>(), batch.column(3).as_string::<i32>());
    for row in 0..batch.num_rows() {
        let value = values.is_valid(row).then(|| values.value(row).to_owned());
        let dimension = dimensions.value(row).to_owned();
        *hits.entry((starts.value(row), ends.value(row), dimension, value)).or_default() += counts.value(row);
    }
}

impl Kind for Search {
    fn tag(&self) -> &'static str {
        TAG
    }

    fn run(&self, scope: &Scope, exec: &ExecContext) -> Result<Partial> {
        let mut all = self.empty(scope);
        for segment in prune(&scope.segments, &self.common.scanned) {
            for (hit, count) in self.segment(&segment, exec)? {
                *all.entry(hit).or_default() += count;
            }
        }
        facts(all)
    }

    fn merge(&self, parts: Vec<Partial>, _: &ExecContext) -> Result<Partial> {
        let mut all = Hits::default();
        for part in parts {
            add(&mut all, &part.into_facts()?);
        }
        facts(all)
    }

    fn finalize(&self, partial: Partial, _: bool, _: &ExecContext) -> Result<Answer> {
        let batch = partial.into_facts()?;
        let mut hits = Hits::default();
        add(&mut hits, &batch);
        let lists = self.lists(hits);
        let lists: Vec<(i64, Table)> =
            lists.into_iter().map(|(time, rows)| Ok((time, self.sorted(rows)?))).collect::<Result<_>>()?;
        let stamp = self.stamp.clone();
        Ok(Answer::new(EachRow::new(lists.len(), move |at, out| {
            let (time, table) = &lists[at];
            out.extend_from_slice(b"{\"timestamp\":");
            stamp.print(*time, out);
            out.extend_from_slice(b",\"result\":[");
            let objects = Objects::new(table);
            for row in 0..table.num_rows() {
                if row > 0 {
                    out.push(b',');
                }
                objects.print(table, row, out);
            }
            out.extend_from_slice(b"]}");
        })))
    }
}

impl Search {
    /// One list of hits for each bucket that holds the start of a time chunk. It is stamped with the bucket when
    /// several pieces come together (chunks, or parts of one asked for by several intervals), else with the start
    /// of the chunk.
    fn lists(&self, hits: Hits) -> BTreeMap<i64, Vec<Hit>> {
        let bucket =
            |start: i64| if self.granularity.is_all() { i64::MIN } else { self.granularity.bucket(start).start };
        let mut chunks: BTreeMap<i64, BTreeSet<(i64, i64)>> = BTreeMap::new();
        let mut joined: HashMap<(i64, String, Option<String>), i64> = HashMap::new();
        for ((start, end, dimension, value), count) in hits {
            chunks.entry(bucket(start)).or_default().insert((start, end));
            if count > 0 {
                *joined.entry((bucket(start), dimension, value)).or_default() += count;
            }
        }
        let stamp = |bucket: i64| {
            let chunks = &chunks[&bucket];
            let asked =
                |chunk: Interval| self.common.intervals.iter().filter(move |asked| asked.overlaps(&chunk)).count();
            let num_pieces: usize = chunks.iter().map(|&(start, end)| asked(Interval { start, end })).sum();
            let first = chunks.iter().next().map_or(bucket, |(start, _)| *start);
            if num_pieces > 1 && !self.granularity.is_all() { bucket } else { first }
        };
        let mut lists: BTreeMap<i64, Vec<Hit>> = chunks.keys().map(|bucket| (stamp(*bucket), Vec::new())).collect();
        for ((bucket, dimension, value), count) in joined {
            lists.entry(stamp(bucket)).or_default().push((dimension, value, count));
        }
        lists
    }

    /// By value, then dimension, cut at the limit.
    fn sorted(&self, rows: Vec<Hit>) -> Result<Table> {
        let dimensions = Values::Text(rows.iter().map(|row| Some(row.0.as_str())).collect());
        let values = Values::Text(rows.iter().map(|row| row.1.as_deref()).collect());
        let keys = [
            SortKey::new(&values, How::Text(self.order)),
            SortKey::new(&values, How::Natural),
            SortKey::new(&dimensions, How::Natural),
        ];
        let order = sort(&keys, rows.len(), 0, Some(self.limit));
        let mut table = Table::new(rows.len());
        table.push("dimension", dimensions)?;
        table.push("value", values)?;
        table.push("count", Values::Long(rows.iter().map(|row| row.2).collect()))?;
        table.take(&order)
    }
}

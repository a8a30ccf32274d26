//! What rows are folded into: dimensions, aggregators, granularity.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use aggregate::{AggregatorSpec, ColumnType, Kind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use timeline::Granularity;

use crate::{Error, Result, Segment, SegmentMetadata, TIME_COLUMN, WEIGHT_COLUMN, unfiltered};

/// Columns a segment may have.
pub const MAX_COLUMNS: usize = 4_096;

/// What becomes of the order of a multi-value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MultiValueHandling {
    #[default]
    SortedArray,
    /// Sorted, without repetition.
    SortedSet,
    /// As it came.
    Array,
}

/// One dimension.
#[derive(Clone, Debug)]
pub struct DimensionSchema {
    pub name: Arc<str>,
    /// String, long, double or float.
    pub column_type: ColumnType,
    pub multi_value_handling: MultiValueHandling,
    pub create_bitmap_index: bool,
}

impl DimensionSchema {
    pub fn new(name: &str, column_type: ColumnType) -> Self {
        Self {
            name: name.into(),
            column_type,
            multi_value_handling: MultiValueHandling::default(),
            create_bitmap_index: true,
        }
    }

    pub fn string(name: &str) -> Self {
        Self::new(name, ColumnType::String)
    }
}

/// How rows become groups.
#[derive(Clone, Debug)]
pub struct RollupSchema {
    /// In the order of sorting.
    pub dimensions: Vec<DimensionSchema>,
    pub aggregators: Vec<Arc<dyn AggregatorSpec>>,
    /// Filters of the metrics that are fed only some of the records, by metric. They are kept for those who read
    /// the segment; masks of a batch do the work.
    pub filters: BTreeMap<String, Value>,
    /// Without, every row is kept and the aggregators run over it alone.
    pub rollup: bool,
    /// Times are cut down to the start of their bucket.
    pub query_granularity: Granularity,
    pub timestamp_spec: Option<Value>,
}

impl RollupSchema {
    /// Rolled up, without cutting down times.
    pub fn new(dimensions: Vec<DimensionSchema>, aggregators: Vec<Arc<dyn AggregatorSpec>>) -> Self {
        Self {
            dimensions,
            aggregators,
            filters: BTreeMap::new(),
            rollup: true,
            query_granularity: Granularity::None,
            timestamp_spec: None,
        }
    }

    /// What the rows of these segments were folded into, so that they can be merged: dimensions in the order
    /// of their first segment, the aggregators of all by name; rolled up, or cut down in time, where all are. `more` are aggregator kinds that are not built
    /// in. Fails when two segments have different aggregators, or a dimension and a metric, of one name, and
    /// when one lacks a description of its metrics.
    pub fn of_segments(segments: &[&dyn Segment], more: &[&Kind]) -> Result<Self> {
        let mut schema = Self::new(Vec::new(), Vec::new());
        schema.rollup = segments.iter().all(|s| s.metadata().rollup == Some(true));
        schema.query_granularity = common_granularity(segments);
        for segment in segments {
            for column in segment.schema().dimensions() {
                if let Some(known) = schema.dimensions.iter_mut().find(|d| d.name == column.name) {
                    known.column_type = match (&known.column_type, &column.column_type) {
                        (ColumnType::Value(_), _) | (_, ColumnType::Value(_)) if is_known(*segment, &column.name) => {
                            known.column_type.wider(&column.column_type)
                        }
                        (first, _) => first.clone(),
                    };
                } else {
                    let mut dimension = DimensionSchema::new(&column.name, column.column_type.clone());
                    let handling = segment.metadata().multi_value_handling.get(&*column.name);
                    dimension.multi_value_handling = handling.copied().unwrap_or_default();
                    dimension.create_bitmap_index = wants_bitmaps(segments, &column.name);
                    schema.dimensions.push(dimension);
                }
            }
            for json in &segment.metadata().aggregators {
                let (inner, filter) = unfiltered(json);
                schema.add_aggregator(aggregate::parse_aggregator(inner, more)?, filter)?;
            }
            let described = |name: &str| schema.aggregators.iter().any(|a| a.name() == name);
            if let Some(metric) = segment.schema().metrics().find(|m| !described(&m.name)) {
                return Err(Error::invalid(format!("metric '{}' has no aggregator", metric.name)));
            }
            schema.timestamp_spec = schema.timestamp_spec.or_else(|| segment.metadata().timestamp_spec.clone());
        }
        schema.check()?;
        Ok(schema)
    }

    fn add_aggregator(&mut self, spec: Arc<dyn AggregatorSpec>, filter: Option<&Value>) -> Result<()> {
        match self.aggregators.iter().find(|a| a.name() == spec.name()) {
            Some(known) if known.to_json() == spec.to_json() => {}
            Some(known) => return Err(Error::invalid(format!("metric '{}' has two aggregators", known.name()))),
            None => self.aggregators.push(spec.clone()),
        }
        // The first filter stands for all: that there is one is what counts for the rows of now.
        if let Some(filter) = filter {
            self.filters.entry(spec.name().to_owned()).or_insert_with(|| filter.clone());
        }
        Ok(())
    }

    /// Fails on repeated or reserved names, on dimensions of states, and on too many columns.
    pub fn check(&self) -> Result<()> {
        let mut names = HashSet::from([TIME_COLUMN, WEIGHT_COLUMN]);
        let metrics = self.aggregators.iter().map(|a| a.name());
        for name in self.dimensions.iter().map(|d| &*d.name).chain(metrics) {
            if !names.insert(name) {
                return Err(Error::invalid(format!("column '{name}' occurs twice, or its name is reserved")));
            }
        }
        if names.len() > MAX_COLUMNS {
            return Err(Error::LimitExceeded(format!("{} columns, at most {MAX_COLUMNS}", names.len())));
        }
        match self.dimensions.iter().find(|d| matches!(d.column_type, ColumnType::State(_))) {
            Some(d) => Err(Error::invalid(format!("dimension '{}' cannot be of type {}", d.name, d.column_type))),
            None => Ok(()),
        }
    }

    /// As it is kept beside the rows.
    pub fn metadata(&self, is_live: bool) -> SegmentMetadata {
        SegmentMetadata {
            aggregators: self.aggregators.iter().map(|a| self.described(a.as_ref())).collect(),
            timestamp_spec: self.timestamp_spec.clone(),
            query_granularity: serde_json::to_value(&self.query_granularity).ok(),
            rollup: Some(self.rollup),
            multi_value_handling: self.multi_value_handling(),
            is_live,
        }
    }
}

impl RollupSchema {
    fn multi_value_handling(&self) -> BTreeMap<String, MultiValueHandling> {
        let texts = self.dimensions.iter().filter(|d| d.column_type == ColumnType::String);
        let special = texts.filter(|d| d.multi_value_handling != MultiValueHandling::default());
        special.map(|d| (d.name.to_string(), d.multi_value_handling)).collect()
    }

    fn described(&self, spec: &dyn AggregatorSpec) -> Value {
        match self.filters.get(spec.name()) {
            Some(filter) => {
                json!({"type": "filtered", "aggregator": spec.to_json(), "filter": filter, "name": spec.name()})
            }
            None => spec.to_json(),
        }
    }

    /// The metric that counts all records: the first of type `count` that is not filtered.
    pub(crate) fn count_metric(&self) -> Option<usize> {
        self.aggregators.iter().position(|a| a.type_tag() == "count" && !self.filters.contains_key(a.name()))
    }
}

/// Whether a column holds more than nulls of no known type.
fn is_known(segment: &dyn Segment, name: &str) -> bool {
    let column = segment.column(name);
    column.is_some_and(|column| match (column.column_type(), column.dictionary()) {
        (ColumnType::String, Some(dictionary)) => {
            (0..dictionary.len() as u32).any(|code| dictionary.get(code).is_some())
        }
        _ => true,
    })
}

/// The type of a column that takes its type from its values: scalars of several types, and arrays, are values. A
/// column of texts without a text says nothing. `None` when no segment has the column.
pub fn common_type(segments: &[&dyn Segment], name: &str) -> Option<ColumnType> {
    let holding = segments.iter().filter(|segment| segment.schema().get(name).is_some());
    let types = |known: bool| {
        let segments = holding.clone().filter(move |segment| !known || is_known(**segment, name));
        segments.filter_map(|segment| Some(segment.schema().get(name)?.column_type.clone()))
    };
    let join = |a: ColumnType, b: ColumnType| match (a.shape(), b.shape()) {
        _ if a == b => a,
        (Some(a), Some(b)) => ColumnType::Value(a.wider(b)),
        _ => a,
    };
    types(true).reduce(join).or_else(|| types(false).next())
}

/// The granularity that all segments share, else none.
fn common_granularity(segments: &[&dyn Segment]) -> Granularity {
    let mut all = segments.iter().map(|s| s.metadata().query_granularity.as_ref());
    let first = all.next().flatten();
    match first.filter(|_| all.all(|other| other == first)) {
        Some(json) => serde_json::from_value(json.clone()).unwrap_or(Granularity::None),
        None => Granularity::None,
    }
}

/// Whether no sealed segment was written without bitmaps for the dimension.
fn wants_bitmaps(segments: &[&dyn Segment], dimension: &str) -> bool {
    let sealed = segments.iter().filter(|s| !s.metadata().is_live && s.metadata().rollup.is_some());
    let columns = sealed.filter_map(|s| s.column(dimension));
    columns.filter(|c| c.dictionary().is_some()).all(|c| c.bitmaps().is_some())
}

/// Cuts times down to the starts of their buckets, remembering the last bucket.
pub(crate) struct TimeFloor<'a> {
    granularity: &'a Granularity,
    start: i64,
    end: i64,
}

impl<'a> TimeFloor<'a> {
    pub(crate) fn new(granularity: &'a Granularity) -> Self {
        Self { granularity, start: 0, end: 0 }
    }

    pub(crate) fn floor(&mut self, time: i64) -> i64 {
        if matches!(self.granularity, Granularity::None | Granularity::All) {
            return time;
        }
        if !(self.start..self.end).contains(&time) {
            let bucket = self.granularity.bucket(time);
            (self.start, self.end) = (bucket.start, bucket.end);
        }
        self.start
    }
}

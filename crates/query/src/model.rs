//! A query as written.

use std::sync::Arc;

use expression::{Environment, Filter, VirtualColumns};
use serde_json::Value;
use timeline::Interval;

use crate::context::QueryContext;
use crate::fields::Fields;
use crate::kinds::{self, Kind};
use crate::sources::{self, Source};
use crate::{Error, Result, intervals};

/// What every kind of query has.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    pub source: Arc<dyn Source>,
    /// Sorted, disjoint. All time when the query gave none.
    pub intervals: Vec<Interval>,
    pub has_intervals: bool,
    pub filter: Option<Filter>,
    /// `intervals` without the time that the filter rules out: what is read.
    pub scanned: Vec<Interval>,
    pub virtual_columns: Option<VirtualColumns>,
    pub context: QueryContext,
    /// For what is parsed when a segment is read.
    pub env: Environment,
}

impl Common {
    /// Asked for one of its intervals alone.
    pub fn within(&self, interval: Interval) -> Self {
        let met = self.scanned.iter().filter_map(|scanned| intervals::intersect(*scanned, interval));
        Self { intervals: vec![interval], scanned: met.collect(), ..self.clone() }
    }

    /// Fails when a virtual column could not be read somewhere: its rows were null there.
    pub fn check_virtual(&self) -> Result<()> {
        match &self.virtual_columns {
            Some(columns) => Ok(columns.check()?),
            None => Ok(()),
        }
    }
}

/// A parsed query. Cheap to clone.
#[derive(Clone)]
pub struct Query {
    written: Arc<Value>,
    pub(crate) common: Arc<Common>,
    pub(crate) kind: Arc<dyn Kind>,
}

impl Query {
    /// Reads a query without registered lookups and without a present time for expressions.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        Self::parse_with(bytes, &Environment::default())
    }

    /// Reads the first JSON value of the bytes.
    pub fn parse_with(bytes: &[u8], env: &Environment) -> Result<Self> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) => Self::from_value(value, env),
            Some(Err(error)) => Err(Error::Json(format!("the query is not JSON: {error}"))),
            None => Err(Error::Json("the query is empty".to_owned())),
        }
    }

    pub fn from_value(written: Value, env: &Environment) -> Result<Self> {
        let fields = Fields::of(&written, "a query")?;
        let entry = kinds::find(&fields.require_text("queryType")?)?;
        let context = QueryContext::parse(fields.get("context"))?;
        context.check()?;
        let source = sources::parse(fields.require("dataSource")?, env)?;
        let asked = fields.get("intervals").map(intervals::parse).transpose()?;
        if asked.is_none() && entry.needs_intervals {
            fields.require("intervals")?;
        }
        let filter = fields.get("filter").map(|f| Filter::parse_with(f, env)).transpose()?;
        let virtual_columns = fields.get("virtualColumns").map(|v| VirtualColumns::parse_with(v, env)).transpose()?;
        let has_intervals = asked.is_some();
        let asked = asked.unwrap_or_else(|| vec![Interval::ETERNITY]);
        let scanned = scanned(&asked, filter.as_ref(), virtual_columns.as_ref());
        let env = env.clone();
        let common = Common { source, has_intervals, intervals: asked, filter, scanned, virtual_columns, context, env };
        if common.intervals.is_empty() {
            return Err(Error::invalid("'intervals' is empty"));
        }
        let common = Arc::new(common);
        let kind = (entry.parse)(&common, &fields, &common.env)?;
        Ok(Self { written: Arc::new(written), common, kind })
    }

    pub fn query_type(&self) -> &'static str {
        self.kind.tag()
    }

    /// Names of the tables that are read, those of inner queries included; each once.
    pub fn datasources(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.common.source.tables(&mut names);
        names.sort();
        names.dedup();
        names
    }

    /// Sorted and disjoint; all time when none were given.
    pub fn intervals(&self) -> &[Interval] {
        &self.common.intervals
    }

    pub fn context(&self) -> &QueryContext {
        &self.common.context
    }

    /// The JSON it came from.
    pub fn as_json(&self) -> &Value {
        &self.written
    }
}

/// The part of the intervals in which a row may pass the filter.
fn scanned(asked: &[Interval], filter: Option<&Filter>, virtual_columns: Option<&VirtualColumns>) -> Vec<Interval> {
    let hides_time = virtual_columns.is_some_and(|columns| columns.contains(segment::TIME_COLUMN));
    match filter.and_then(Filter::time_intervals) {
        Some(within) if !hides_time => {
            let pairs = asked.iter().flat_map(|a| within.iter().filter_map(|b| intervals::intersect(*a, *b)));
            pairs.collect()
        }
        _ => asked.to_vec(),
    }
}

/// Checks that no output name is used twice.
pub(crate) fn check_names<'a>(names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(Error::invalid(format!("the output name '{name}' is used twice")));
        }
    }
    Ok(())
}

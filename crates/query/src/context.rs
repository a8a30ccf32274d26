//! The `context` of a query: unknown keys are kept, known ones read leniently.

use serde_json::{Map, Value};

use crate::{Error, Result};

/// Context as written. Booleans and numbers may be given as strings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueryContext(Map<String, Value>);

impl QueryContext {
    pub(crate) fn parse(value: Option<&Value>) -> Result<Self> {
        match value {
            None | Some(Value::Null) => Ok(Self::default()),
            Some(Value::Object(map)) => Ok(Self(map.clone())),
            Some(_) => Err(Error::invalid("'context' must be an object")),
        }
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|v| !v.is_null())
    }

    pub fn set(&mut self, key: &str, value: Value) {
        self.0.insert(key.to_owned(), value);
    }

    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Any string is a boolean, false unless it says "true"; a number is refused, as Druid does.
    pub fn bool(&self, key: &str, default: bool) -> Result<bool> {
        match self.get(key) {
            None => Ok(default),
            Some(Value::Bool(b)) => Ok(*b),
            Some(Value::String(s)) => Ok(s.eq_ignore_ascii_case("true")),
            Some(other) => Err(wrong(key, "a boolean", other)),
        }
    }

    /// A whole number; fractions are cut.
    pub fn long(&self, key: &str) -> Result<Option<i64>> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Number(n)) => {
                let cut = n.as_i64().or_else(|| n.as_f64().filter(|f| f.abs() < 9.2e18).map(|f| f.trunc() as i64));
                cut.map(Some).ok_or_else(|| wrong(key, "a whole number", &Value::Number(n.clone())))
            }
            Some(Value::String(s)) => {
                s.trim().parse().map(Some).map_err(|_| wrong(key, "a whole number", &Value::String(s.clone())))
            }
            Some(other) => Err(wrong(key, "a whole number", other)),
        }
    }

    /// As `long`, but at least `min`.
    pub fn long_from(&self, key: &str, min: i64) -> Result<Option<i64>> {
        match self.long(key)? {
            Some(n) if n < min => Err(Error::Context(format!("context '{key}' must be at least {min}, got {n}"))),
            other => Ok(other),
        }
    }

    pub fn text(&self, key: &str) -> Result<Option<String>> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(s)) => Ok(Some(s.clone())),
            Some(Value::Number(n)) => Ok(Some(n.to_string())),
            Some(other) => Err(wrong(key, "a string", other)),
        }
    }

    pub fn query_id(&self) -> Option<&str> {
        self.get("queryId").and_then(Value::as_str)
    }

    /// Milliseconds; `Some(0)` means none.
    pub fn timeout_ms(&self) -> Result<Option<i64>> {
        self.long_from("timeout", 0)
    }

    pub fn priority(&self) -> Result<i64> {
        Ok(self.long("priority")?.unwrap_or(0))
    }

    /// Bytes that subqueries may hand on: `Some(None)` says that bytes are not counted. `automatic` is what the store
    /// thinks fit.
    pub(crate) fn subquery_bytes(&self, automatic: usize) -> Result<Option<Option<usize>>> {
        const KEY: &str = "maxSubqueryBytes";
        match self.get(KEY) {
            None => Ok(None),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("disabled") => Ok(Some(None)),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("auto") => Ok(Some(Some(automatic))),
            Some(other) => match self.long(KEY).ok().flatten().and_then(|bytes| usize::try_from(bytes).ok()) {
                Some(bytes) if bytes > 0 => Ok(Some(Some(bytes))),
                _ => Err(wrong(KEY, "'auto', 'disabled' or a number of bytes", other)),
            },
        }
    }

    /// Types of the keys that the engine reads, checked before anything runs.
    pub(crate) fn check(&self) -> Result<()> {
        const BOOLS: &[&str] = &[
            "finalize",
            "bySegment",
            "grandTotal",
            "skipEmptyBuckets",
            "sortByDimsFirst",
            "forceLimitPushDown",
            "applyLimitPushDown",
            "resultAsArray",
            "groupByEnableMultiValueUnnesting",
            "serializeDateTimeAsLong",
            "useCache",
            "populateCache",
            "useResultLevelCache",
            "populateResultLevelCache",
            "debug",
        ];
        for key in BOOLS {
            self.bool(key, false)?;
        }
        self.timeout_ms()?;
        self.priority()?;
        for key in ["maxRowsQueuedForOrdering", "maxSegmentPartitionsOrderedInMemory", "minTopNThreshold"] {
            self.long(key)?;
        }
        self.long("maxSubqueryRows")?;
        self.subquery_bytes(0)?;
        match self.get("queryId") {
            None | Some(Value::String(_)) => {}
            Some(other) => return Err(wrong("queryId", "a string", other)),
        }
        const STRATEGIES: [&str; 3] = ["useIndexes", "cursorOnly", "auto"];
        if let Some(strategy) = self.text("searchStrategy")?.filter(|name| !STRATEGIES.contains(&name.as_str())) {
            let known = STRATEGIES.join(", ");
            return Err(Error::Context(format!("unknown 'searchStrategy' '{strategy}': known are {known}")));
        }
        Ok(())
    }
}

fn wrong(key: &str, want: &str, got: &Value) -> Error {
    Error::Context(format!("context '{key}' must be {want}, got {got}"))
}

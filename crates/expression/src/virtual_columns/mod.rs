//! Virtual columns: columns that a query defines. To whatever scans a segment they are ordinary ones.

// helpers: failure materialise numbers shown with_virtual
mod expression;
mod failure;
mod fallback;
mod materialise;
mod mv_filtered;
mod nested_field;
mod numbers;
mod shown;
mod with_virtual;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

use segment::{ColumnRef, SegmentRef, TIME_COLUMN};
use serde_json::Value;

use failure::Failure;
pub use shown::ShownExpr;
pub use with_virtual::WithVirtual;

use crate::json::Object;
use crate::{Environment, Error, Result};

/// Most virtual columns of one query.
const MAX_COLUMNS: usize = 10_000;

/// One type of virtual column: its name in JSON and how it is read.
pub(crate) struct VirtualKind {
    pub tag: &'static str,
    pub parse: fn(Object<'_>, &Environment) -> Result<Arc<dyn VirtualSpec>>,
}

// open set
static KINDS: &[VirtualKind] = &[expression::KIND, fallback::KIND, mv_filtered::KIND, nested_field::KIND];

/// What a type of virtual column must know.
pub(crate) trait VirtualSpec: Send + Sync + Debug {
    fn required_columns(&self) -> BTreeSet<String>;

    /// The column over a segment that has all required columns already. What goes wrong while rows are read is
    /// left in `failure`.
    fn bind(&self, segment: &SegmentRef, failure: &Failure) -> Result<ColumnRef>;

    /// What a scan shows where that is not what the column holds.
    fn shown(&self, _segment: &SegmentRef) -> Option<ShownExpr> {
        None
    }

    /// Whether it is made of a column that the segment lacks, so that it has no type of its own.
    fn is_of_nothing(&self, _segment: &SegmentRef) -> bool {
        false
    }
}

#[derive(Clone, Debug)]
struct VirtualColumn {
    name: String,
    spec: Arc<dyn VirtualSpec>,
}

/// The virtual columns of a query, those that others need first. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct VirtualColumns {
    columns: Arc<[VirtualColumn]>,
    failure: Failure,
}

impl VirtualColumns {
    /// An array of objects, or null for none. Fails on unknown types, names that occur twice, and columns that
    /// need each other in a circle.
    pub fn parse(json: &Value) -> Result<VirtualColumns> {
        VirtualColumns::parse_with(json, &Environment::default())
    }

    /// As `parse`, with lookups and a present time for expressions.
    pub fn parse_with(json: &Value, environment: &Environment) -> Result<VirtualColumns> {
        let list = match json {
            Value::Null => return Ok(VirtualColumns::default()),
            Value::Array(list) => list,
            _ => return Err(Error::invalid("'virtualColumns' must be an array")),
        };
        if list.len() > MAX_COLUMNS {
            return Err(Error::limit(format!("a query may have {MAX_COLUMNS} virtual columns")));
        }
        let columns = list.iter().filter(|json| !json.is_null()).map(|json| parse(json, environment));
        let columns = ordered(columns.collect::<Result<Vec<_>>>()?)?;
        Ok(VirtualColumns { columns: columns.into(), failure: Failure::default() })
    }

    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    pub fn contains(&self, name: &str) -> bool {
        self.names().any(|column| column == name)
    }

    /// What a scan shows of a virtual column where that is not what the column holds: the values of an expression.
    /// The segment is one with these virtual columns.
    pub fn shown(&self, name: &str, segment: &SegmentRef) -> Option<ShownExpr> {
        self.columns.iter().find(|column| column.name == name).and_then(|column| column.spec.shown(segment))
    }

    /// Whether a virtual column is made of a column that the segment, one with these virtual columns, lacks.
    pub fn is_of_nothing(&self, name: &str, segment: &SegmentRef) -> bool {
        self.columns.iter().any(|column| column.name == name && column.spec.is_of_nothing(segment))
    }

    /// Real columns that are needed to read the named ones, which may be real or virtual.
    pub fn required_columns<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
        let mut needed: BTreeSet<String> = names.into_iter().map(String::from).collect();
        // Those that need come after the needed, so one walk from the end finds all.
        for column in self.columns.iter().rev() {
            if needed.remove(&column.name) {
                needed.extend(column.spec.required_columns());
            }
        }
        needed
    }

    /// Fails with the first error that reading a virtual column met since the last time this was asked. Rows
    /// read after it are null, so an engine asks before it hands out what it made.
    pub fn check(&self) -> Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }
}

fn parse(json: &Value, environment: &Environment) -> Result<VirtualColumn> {
    let object = Object::new("virtual column", json)?;
    let tag = object.text("type")?;
    let kind = KINDS.iter().find(|kind| kind.tag == tag);
    let kind = kind.ok_or(Error::Unknown { what: "virtual column type", name: tag })?;
    let object = object.named(kind.tag);
    let name_field = if object.get("name").is_some() { "name" } else { "outputName" };
    let name = object.text(name_field)?;
    if name == TIME_COLUMN {
        return Err(object.error(format!("a virtual column must not be named {TIME_COLUMN}")));
    }
    let label = format!("virtual column '{name}'");
    let spec = (kind.parse)(object.named(&label), environment)?;
    Ok(VirtualColumn { name, spec })
}

/// Puts every column after those that it needs.
fn ordered(columns: Vec<VirtualColumn>) -> Result<Vec<VirtualColumn>> {
    let names: BTreeSet<String> = columns.iter().map(|column| column.name.clone()).collect();
    if names.len() < columns.len() {
        let twice = columns.iter().enumerate().find(|(at, a)| columns[..*at].iter().any(|b| a.name == b.name));
        let name = twice.map(|(_, column)| column.name.clone()).unwrap_or_default();
        return Err(Error::invalid(format!("virtual column '{name}' is defined twice")));
    }
    let mut waiting = columns;
    let (mut done, mut sorted): (BTreeSet<String>, Vec<_>) = (BTreeSet::new(), Vec::new());
    while !waiting.is_empty() {
        let is_ready = |column: &VirtualColumn| {
            let needed = column.spec.required_columns();
            needed.iter().all(|name| !names.contains(name) || done.contains(name))
        };
        let (ready, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(is_ready);
        if ready.is_empty() {
            let circle: Vec<_> = rest.iter().map(|column| format!("'{}'", column.name)).collect();
            return Err(Error::invalid(format!("virtual columns need each other in a circle: {}", circle.join(", "))));
        }
        done.extend(ready.iter().map(|column| column.name.clone()));
        sorted.extend(ready);
        waiting = rest;
    }
    Ok(sorted)
}

#[cfg(test)]
mod tests;

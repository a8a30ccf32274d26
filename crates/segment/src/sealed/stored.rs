//! The columns of a table as its file and its image hold them: those of the schema, then the paths of nested data.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aggregate::ColumnType;
use dialect::path::{JsonPath, Step};
use serde::{Deserialize, Serialize};

use super::column::StoredColumn;
use super::directory::ColumnEntry;
use crate::nested::FixedFields;
use crate::{Column, ColumnRef, Error, Field, Fields, Result, Role, Segment, Shape, Table};

/// One column of the files.
pub(super) struct Stored {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) column: ColumnRef,
    pub(super) wants_bitmaps: bool,
    /// Of nested data with paths: whether all of them are stored.
    pub(super) all_paths: Option<bool>,
    pub(super) path: Option<PathEntry>,
}

/// Whose path a column is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PathEntry {
    of: String,
    steps: Vec<StepEntry>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum StepEntry {
    Field(String),
    Element(i64),
}

impl PathEntry {
    fn new(of: &str, path: &JsonPath) -> Self {
        let step = |step: &Step| match step {
            Step::Field(name) => StepEntry::Field(name.clone()),
            Step::Element(at) => StepEntry::Element(*at),
        };
        Self { of: of.to_owned(), steps: path.0.iter().map(step).collect() }
    }

    fn path(&self) -> JsonPath {
        let step = |step: &StepEntry| match step {
            StepEntry::Field(name) => Step::Field(name.clone()),
            StepEntry::Element(at) => Step::Element(*at),
        };
        JsonPath(self.steps.iter().map(step).collect())
    }
}

pub(super) fn stored(table: &Table) -> Result<Vec<Stored>> {
    let view = table.view();
    let (mut columns, mut paths) = (Vec::new(), Vec::new());
    let mut names: HashSet<String> = view.schema().columns().iter().map(|column| column.name.to_string()).collect();
    for schema in view.schema().columns() {
        let column = view.column(&schema.name);
        let column = column.ok_or_else(|| Error::invalid("a column of the schema is missing"))?;
        let wants_bitmaps = table.wants_bitmaps(&schema.name);
        let fields = column.fields();
        let all_paths = fields.map(|fields| {
            let held = paths_of(&schema.name, &*fields, wants_bitmaps, &mut names);
            let are_all = fields.is_whole() && held.len() == fields.paths().len();
            paths.extend(held);
            are_all
        });
        let (name, role) = (schema.name.to_string(), schema.role);
        columns.push(Stored { name, role, column, wants_bitmaps, all_paths, path: None });
    }
    columns.extend(paths);
    Ok(columns)
}

/// The paths of a column whose names no other column has.
fn paths_of(of: &str, fields: &dyn Fields, wants_bitmaps: bool, names: &mut HashSet<String>) -> Vec<Stored> {
    let mut paths = Vec::new();
    for path in fields.paths() {
        let name = format!("{of}{path}");
        let Field::Column(column) = fields.find(&path) else { continue };
        if names.insert(name.clone()) {
            let path = Some(PathEntry::new(of, &path));
            paths.push(Stored { name, role: Role::Hidden, column, wants_bitmaps, all_paths: None, path });
        }
    }
    paths
}

/// Columns read again, while paths find the columns that they are of.
#[derive(Default)]
pub(super) struct Reunited {
    columns: Vec<(Arc<str>, Arc<StoredColumn>, Option<bool>)>,
    paths: HashMap<String, Vec<(JsonPath, ColumnRef)>>,
}

impl Reunited {
    pub(super) fn add(&mut self, entry: &ColumnEntry, column: Arc<StoredColumn>) {
        match &entry.path {
            Some(path) => {
                let paths = self.paths.entry(path.of.clone()).or_default();
                paths.push((path.path(), column));
            }
            None => self.columns.push((entry.name.as_str().into(), column, entry.all_paths)),
        }
    }

    /// The columns without the paths. Fails when a path is of no column of nested data, or occurs twice.
    pub(super) fn finish(mut self) -> Result<HashMap<Arc<str>, ColumnRef>> {
        let mut columns: HashMap<Arc<str>, ColumnRef> = HashMap::new();
        for (name, column, all_paths) in self.columns {
            let paths = self.paths.remove(&*name).unwrap_or_default();
            let mut column = column;
            let is_nested = column.column_type() == ColumnType::Value(Shape::Json);
            match (all_paths.filter(|_| is_nested), Arc::get_mut(&mut column)) {
                (Some(are_all), Some(column)) => {
                    column.fields = Some(Arc::new(FixedFields::new(distinct(paths)?, are_all)));
                }
                (None, _) if paths.is_empty() => {}
                _ => return Err(Error::corrupt(format!("paths of column '{name}', which is no nested data"))),
            }
            columns.insert(name, column);
        }
        match self.paths.keys().next() {
            Some(name) => Err(Error::corrupt(format!("paths of '{name}', which is no column"))),
            None => Ok(columns),
        }
    }
}

fn distinct(mut paths: Vec<(JsonPath, ColumnRef)>) -> Result<Vec<(JsonPath, ColumnRef)>> {
    paths.sort_by(|a, b| a.0.cmp(&b.0));
    match paths.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(Error::corrupt(format!("path '{}' occurs twice", pair[0].0))),
        None => Ok(paths),
    }
}

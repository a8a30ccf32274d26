//! The paths of a live column of nested data.

use std::sync::Arc;

use aggregate::{ColumnType, Shape};
use dialect::path::JsonPath;
use parking_lot::RwLock;

use super::code_rows::CodeRows;
use super::interner::Interner;
use super::path_numbers::PathNumbers;
use super::texts::{LiveRows, LiveTexts};
use crate::nested::{Gather, Kept, PathValues, counts_from_end};
use crate::{ColumnRef, Field, Fields};

/// Cells of a path with few values before it is given up.
const SLACK: usize = 1 << 12;

/// Written when a new document comes, read when a path is asked for. Codes of documents that a snapshot knows do not
/// change, so it needs no copy.
pub(super) type SharedGather = Arc<RwLock<Gather>>;

pub(super) fn shared_gather(max_values: usize) -> SharedGather {
    Arc::new(RwLock::new(Gather::new(SLACK, max_values)))
}

pub(super) struct LiveFields {
    pub(super) gather: SharedGather,
    /// The documents of the rows.
    pub(super) rows: CodeRows,
}

impl LiveFields {
    /// `None` when the path was given up.
    fn column(&self, values: &PathValues) -> Option<ColumnRef> {
        let (first, codes) = values.codes();
        let rows = LiveRows::through(self.rows.view(), (first, codes.view()));
        Some(match values.kept()? {
            Kept::Longs(values) => Arc::new(PathNumbers { rows, values: values.view(), column_type: ColumnType::Long }),
            Kept::Doubles(values) => {
                Arc::new(PathNumbers { rows, values: values.view(), column_type: ColumnType::Double })
            }
            Kept::Texts(values) => Arc::new(LiveTexts::new(ColumnType::String, rows, values.view(), Interner::new())),
            Kept::Values(values, survey) => {
                let shape = survey.shape().unwrap_or(Shape::String);
                Arc::new(LiveTexts::new(ColumnType::Value(shape), rows, values.view(), Interner::new()))
            }
            Kept::GivenUp => return None,
        })
    }
}

impl Fields for LiveFields {
    fn paths(&self) -> Vec<JsonPath> {
        let gather = self.gather.read();
        let held = gather.paths().filter(|(_, values)| !matches!(values.kept(), None | Some(Kept::GivenUp)));
        held.map(|(path, _)| path).collect()
    }

    fn find(&self, path: &JsonPath) -> Field {
        let gather = self.gather.read();
        match gather.values(path) {
            _ if counts_from_end(path) => Field::Unknown,
            Some(values) => self.column(values).map_or(Field::Unknown, Field::Column),
            None if gather.is_whole() => Field::Nothing,
            None => Field::Unknown,
        }
    }

    fn is_whole(&self) -> bool {
        let gather = self.gather.read();
        gather.is_whole() && gather.paths().all(|(_, values)| !matches!(values.kept(), Some(Kept::GivenUp)))
    }
}

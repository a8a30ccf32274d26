//! A filter over the rows of a batch.

use expression::{Filter, Kind, Scalar};
use segment::{BatchView, SegmentRef, VECTOR_ROWS};
use serde_json::Value;

use super::columns::RowColumns;
use crate::spec::TIME_COLUMN;
use crate::{Error, Result};

/// A parsed filter and the columns it reads.
#[derive(Debug)]
pub(super) struct RowFilter {
    filter: Filter,
    columns: Vec<String>,
}

impl RowFilter {
    pub(super) fn parse(json: &Value, path: &str) -> Result<RowFilter> {
        let filter = Filter::parse(json).map_err(|error| Error::invalid(path, error.to_string()))?;
        let columns = filter.required_columns().into_iter().collect();
        Ok(RowFilter { filter, columns })
    }

    pub(super) fn columns(&self) -> Vec<String> {
        self.columns.clone()
    }

    /// Rows that pass, as mask words. A filter that fails on the values of the batch passes none.
    pub(super) fn mask(&self, columns: &RowColumns, rows: usize) -> Vec<u64> {
        self.try_mask(columns, rows).unwrap_or_else(|error| {
            tracing::warn!(%error, "a row filter failed, its rows are dropped");
            vec![0; rows.div_ceil(64)]
        })
    }

    fn try_mask(&self, columns: &RowColumns, rows: usize) -> Result<Vec<u64>> {
        let segment = self.segment(columns, rows)?;
        let bound = self.filter.bind(&segment).map_err(|error| Error::Internal(error.to_string()))?;
        let mut words = Vec::with_capacity(rows.div_ceil(64));
        let mut some = Vec::new();
        for start in (0..rows).step_by(VECTOR_ROWS) {
            let end = rows.min(start + VECTOR_ROWS);
            bound.mask(start..end, false, &mut some).map_err(|error| Error::Internal(error.to_string()))?;
            words.extend_from_slice(&some[..(end - start).div_ceil(64)]);
        }
        Ok(words)
    }

    fn segment(&self, columns: &RowColumns, rows: usize) -> Result<SegmentRef> {
        let times = columns.get(TIME_COLUMN);
        let time = |row: usize| times.and_then(|times| times.get(row).as_long()).unwrap_or(0);
        let mut builder = BatchView::builder().time((0..rows).map(time)).num_rows(rows);
        for name in self.columns.iter().filter(|name| *name != TIME_COLUMN) {
            let Some(values) = columns.get(name) else { continue };
            let each = || (0..rows).map(|row| values.get(row));
            builder = match values.widest_kind() {
                _ if values.has_arrays() => builder.strings(name, each().map(|value| texts(&value))),
                Kind::Long => builder.long(name, each().map(|value| value.as_long())),
                Kind::Double => builder.double(name, each().map(|value| value.as_double())),
                Kind::Text | Kind::Json => {
                    builder.string(name, each().map(|value| value.as_text().map(|text| text.into_owned())))
                }
            };
        }
        Ok(builder.build().map_err(|error| Error::Internal(error.to_string()))?)
    }
}

fn texts(value: &Scalar<'_>) -> Vec<Option<String>> {
    match value {
        Scalar::Null => Vec::new(),
        Scalar::Array(items) => items.items.iter().map(|item| item.as_text().map(|text| text.into_owned())).collect(),
        one => vec![one.as_text().map(|text| text.into_owned())],
    }
}

//! What the file and the image of a table have in common, made once.

use std::sync::Arc;

use bytes::Bytes;

use super::rows::Rows;
use super::section::write_section;
use super::stored::{Stored, stored};
use crate::{Result, Table};

/// The columns of a table, how their rows lie in an image, and its index section.
pub(crate) struct Prepared {
    pub(super) columns: Vec<Stored>,
    pub(super) rows: Vec<Rows>,
    pub(super) section: Bytes,
}

pub(super) fn prepared(table: &Table) -> Result<Arc<Prepared>> {
    table.prepared(|| {
        let columns = stored(table)?;
        let (directory, section) = write_section(table, &columns)?;
        let has_time_blocks = directory.time_blocks.is_some();
        let arrays = columns.iter().map(|stored| stored.column.read(0..table.num_rows()));
        let rows = arrays.zip(&directory.columns).map(|(array, entry)| Rows::of(&array, entry, has_time_blocks));
        let rows = rows.collect::<Result<_>>()?;
        Ok(Prepared { columns, rows, section: section.into() })
    })
}

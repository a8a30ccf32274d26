//! A segment with virtual columns.

use std::collections::HashMap;
use std::sync::Arc;

use segment::{ColumnRef, Over, Segment, SegmentRef, SortedTimes, TIME_COLUMN};

use super::VirtualColumns;
use crate::Result;

/// Answers for the virtual columns by name; in all else the segment that it holds. Virtual columns hide real ones
/// of the same name. The schema does not list them.
pub struct WithVirtual {
    inner: SegmentRef,
    columns: HashMap<String, ColumnRef>,
}

impl WithVirtual {
    /// Binds every virtual column. The segment itself when there is none.
    #[allow(clippy::new_ret_no_self)]
    pub fn new(segment: SegmentRef, virtual_columns: &VirtualColumns) -> Result<SegmentRef> {
        if virtual_columns.is_empty() {
            return Ok(segment);
        }
        let mut columns = HashMap::new();
        for column in virtual_columns.columns.iter() {
            let so_far: SegmentRef = Arc::new(WithVirtual { inner: segment.clone(), columns: columns.clone() });
            columns.insert(column.name.clone(), column.spec.bind(&so_far, &virtual_columns.failure)?);
        }
        Ok(Arc::new(WithVirtual { inner: segment, columns }))
    }
}

impl Over for WithVirtual {
    fn below(&self) -> &dyn Segment {
        &*self.inner
    }

    fn column_over(&self, name: &str) -> Option<ColumnRef> {
        self.columns.get(name).cloned().or_else(|| self.inner.column(name))
    }

    fn sorted_times_over(&self) -> Option<&SortedTimes> {
        if self.columns.contains_key(TIME_COLUMN) { None } else { self.inner.sorted_times() }
    }
}

//! One column of a sealed segment.

use std::ops::Range;
use std::sync::Arc;

use aggregate::{ColumnType, Dictionary};
use arrow_array::ArrayRef;

use super::rows::Rows;
use crate::bitmap::RoaringIndex;
use crate::nested::FixedFields;
use crate::{
    BitmapIndex, Bounds, Column, ColumnStats, Determined, Fields, ListCodes, NumberCodes, PackedNumbers,
    StringDictionary,
};

/// Rows as they are stored, and what the section says of them.
pub(super) struct StoredColumn {
    pub column_type: ColumnType,
    pub is_multi_value: bool,
    pub has_nulls: bool,
    pub rows: Rows,
    pub dictionary: Option<Arc<StringDictionary>>,
    pub bitmaps: Option<Arc<RoaringIndex>>,
    pub stats: ColumnStats,
    /// Bounds of each vector; empty when not known.
    pub zones: Vec<Option<Bounds>>,
    pub determined: Option<Determined>,
    /// The paths of nested data.
    pub fields: Option<Arc<FixedFields>>,
}

impl Column for StoredColumn {
    fn column_type(&self) -> ColumnType {
        self.column_type.clone()
    }

    fn is_multi_value(&self) -> bool {
        self.is_multi_value
    }

    fn has_nulls(&self) -> bool {
        self.has_nulls
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        self.rows.read(rows)
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        self.rows.take(rows)
    }

    fn dictionary(&self) -> Option<Arc<dyn Dictionary>> {
        self.dictionary.clone().map(|dictionary| dictionary as Arc<dyn Dictionary>)
    }

    fn bitmaps(&self) -> Option<&dyn BitmapIndex> {
        self.bitmaps.as_deref().map(|bitmaps| bitmaps as &dyn BitmapIndex)
    }

    fn size_bytes(&self) -> u64 {
        self.rows.size_bytes() + self.dictionary.as_ref().map_or(0, |dictionary| dictionary.size_bytes() as u64)
    }

    fn stats(&self) -> Option<ColumnStats> {
        Some(self.stats)
    }

    fn number_codes(&self) -> Option<&NumberCodes> {
        match &self.rows {
            Rows::Coded(numbers) => Some(numbers),
            Rows::Packed(packed) => packed.number_codes(),
            _ => None,
        }
    }

    fn packed(&self) -> Option<&PackedNumbers> {
        if let Rows::Packed(packed) = &self.rows { Some(packed) } else { None }
    }

    fn list_codes(&self) -> Option<&ListCodes> {
        if let Rows::Lists(lists) = &self.rows { Some(lists) } else { None }
    }

    fn determined(&self) -> Option<&Determined> {
        self.determined.as_ref()
    }

    fn fields(&self) -> Option<Arc<dyn Fields>> {
        self.fields.clone().map(|fields| fields as Arc<dyn Fields>)
    }

    fn zone(&self, rows: Range<usize>) -> Option<Bounds> {
        Bounds::of_zones(&self.zones, rows)
    }
}

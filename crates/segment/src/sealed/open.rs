//! Opening the local image of a sealed segment.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use timeline::{Interval, SegmentId};

use super::Depth;
use super::image::{read_rows, split};
use super::rows::Rows;
use super::section::Section;
use super::stored::Reunited;
use crate::{ColumnRef, ColumnSchema, Error, Result, Schema, Segment, SegmentMetadata, SortedTimes};

/// A segment that does not change any more, read from its local image without copying.
pub struct SealedSegment {
    id: SegmentId,
    schema: Schema,
    num_rows: usize,
    num_records: u64,
    times: SortedTimes,
    /// Read when first asked for, so that opening meets no rows.
    time_range: OnceLock<Interval>,
    columns: HashMap<Arc<str>, ColumnRef>,
    metadata: SegmentMetadata,
    size_bytes: u64,
}

impl SealedSegment {
    /// Maps an image and checks it whole: checksums, lengths, codes against dictionaries. The file must not
    /// be changed while the segment is held; it may be unlinked.
    pub fn open(path: &Path, id: SegmentId) -> Result<Self> {
        Self::from_bytes(map(path)?, id)
    }

    /// Maps an image that was once found sound, without reading its rows: lengths, offsets and extents are
    /// checked, checksums are not. Of an image damaged since, reads may give wrong values or panic, but never
    /// leave it.
    pub fn reopen(path: &Path, id: SegmentId) -> Result<Self> {
        Self::of_bytes(map(path)?, id, Depth::Structure)
    }

    /// An image in memory, as `open`.
    pub fn from_bytes(image: Bytes, id: SegmentId) -> Result<Self> {
        Self::of_bytes(image, id, Depth::Whole)
    }

    fn of_bytes(image: Bytes, id: SegmentId, depth: Depth) -> Result<Self> {
        let size_bytes = image.len() as u64;
        let (arrow, section) = split(&image, depth)?;
        let section = Section::open(&section)?;
        let mut rows = read_rows(arrow, &section.directory, depth)?;
        let times = section.times(rows.first_mut().and_then(Rows::take_behind), depth)?;
        if let Some(first) = rows.first_mut() {
            *first = Rows::Times(times.clone());
        }
        let mut columns = Reunited::default();
        let mut schema = Vec::with_capacity(rows.len());
        for (entry, column) in section.directory.columns.iter().zip(section.columns(rows, depth)?) {
            columns.add(entry, column);
            if entry.path.is_none() {
                schema.push(ColumnSchema {
                    name: entry.name.as_str().into(),
                    column_type: entry.column_type()?,
                    multi_value: entry.multi_value,
                    role: entry.role,
                });
            }
        }
        let columns = columns.finish()?;
        let schema = Schema::new(schema).map_err(|e| Error::corrupt(e.to_string()))?;
        let num_rows = section.num_rows();
        let Section { directory, .. } = section;
        let (num_records, metadata) = (directory.num_records, directory.metadata);
        Ok(Self {
            id,
            schema,
            num_rows,
            num_records,
            times,
            time_range: OnceLock::new(),
            columns,
            metadata,
            size_bytes,
        })
    }

    /// Records folded into the rows.
    pub fn num_records(&self) -> u64 {
        self.num_records
    }

    /// Length of the image.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }
}

impl Segment for SealedSegment {
    fn id(&self) -> &SegmentId {
        &self.id
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn num_rows(&self) -> usize {
        self.num_rows
    }

    fn time_range(&self) -> Interval {
        *self.time_range.get_or_init(|| self.times.range())
    }

    fn column(&self, name: &str) -> Option<ColumnRef> {
        self.columns.get(name).cloned()
    }

    fn sorted_times(&self) -> Option<&SortedTimes> {
        Some(&self.times)
    }

    fn metadata(&self) -> &SegmentMetadata {
        &self.metadata
    }
}

/// A file as bytes that live as long as someone holds them.
pub(super) fn map(path: &Path) -> Result<Bytes> {
    let failed = |source| Error::Io { context: format!("opening {}", path.display()), source };
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.len() == 0 {
        return Err(Error::corrupt("an empty file"));
    }
    // SAFETY: images and downloaded segment files are written once under another name and never changed in
    // place, so the mapped bytes stay as they are; unlinking a mapped file keeps them.
    let mapped = unsafe { memmap2::Mmap::map(&file) }.map_err(failed)?;
    Ok(Bytes::from_owner(mapped))
}

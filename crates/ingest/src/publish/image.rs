//! Rows into bytes and back: sealed files for deep storage, images for the local disk.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use segment::{RollupSchema, SealedSegment, SegmentRef, Source, Table};
use timeline::SegmentId;

use crate::{Error, Result};

/// Bytes of a row in a sealed file, about.
const EXPECTED_ROW_BYTES: usize = 16;

/// Folds the wanted rows of `sources` into one sealed file. Answers the table too.
pub(crate) fn seal(sources: &[Source<'_>], schema: &RollupSchema) -> Result<(Table, Bytes)> {
    let table = segment::merge(sources, schema).map_err(failed)?;
    let mut bytes = Vec::with_capacity(table.num_rows() * EXPECTED_ROW_BYTES);
    segment::write_parquet(&table, &mut bytes).map_err(failed)?;
    Ok((table, Bytes::from(bytes)))
}

/// The local image of `rows`.
pub(crate) fn encode(rows: &SegmentRef, schema: &RollupSchema) -> Result<Vec<u8>> {
    let table = segment::merge(&[Source::all(&**rows)], schema).map_err(failed)?;
    let mut bytes = Vec::new();
    segment::write_image(&table, &mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Opens a local image.
pub(crate) fn open(path: &Path, id: SegmentId) -> Result<SegmentRef> {
    SealedSegment::open(path, id).map(|sealed| Arc::new(sealed) as SegmentRef).map_err(failed)
}

/// Opens a sealed file by way of its image, in memory.
pub(crate) fn open_sealed(path: &Path, id: SegmentId) -> Result<SegmentRef> {
    SealedSegment::from_bytes(Bytes::from(of_sealed(path)?), id)
        .map(|sealed| Arc::new(sealed) as SegmentRef)
        .map_err(failed)
}

/// The image of a sealed file.
pub(crate) fn of_sealed(path: &Path) -> Result<Vec<u8>> {
    let mut image = Vec::new();
    segment::image_from_parquet(path, &mut image).map_err(failed)?;
    Ok(image)
}

fn failed(error: segment::Error) -> Error {
    Error::Internal(error.to_string())
}

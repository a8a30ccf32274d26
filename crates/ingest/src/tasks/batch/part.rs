//! The rows of one segment to be: some in memory, the rest in images on the local disk.

use std::sync::Arc;

use segment::{DimensionSchema, Limits, LiveIndex, RollupSchema, Segment, SegmentRef};
use timeline::{Interval, SegmentId};

use super::BatchSpec;
use super::scratch::Scratch;
use crate::lane::{append_rows, rollup_schema};
use crate::parse::ParsedBatch;
use crate::publish::{Sealed, image};
use crate::{Error, Result};

/// Rows of one segment to be.
#[derive(Default)]
pub(super) struct Part {
    live: Option<(LiveIndex, u64)>,
    spilled: Vec<SegmentRef>,
    spilled_bytes: u64,
    rows: usize,
}

/// What a part holds in memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

impl Part {
    pub(super) fn append(
        &mut self,
        spec: &BatchSpec,
        interval: Interval,
        batch: &ParsedBatch,
        mask: &[u64],
        scratch: &Scratch,
    ) -> Result<()> {
        let version = batch.schema_version();
        if self.live.as_ref().is_some_and(|(live, of)| *of != version || live.is_full()) {
            self.spill(scratch)?;
        }
        let (live, _) = match &mut self.live {
            Some(live) => live,
            None => {
                let schema = Arc::new(rollup_schema(&spec.schema, &batch.dimensions()));
                let id = SegmentId::new(spec.schema.data_source.as_str(), interval, "0", 0);
                let max_rows = spec.tuning.max_rows_in_memory.unsigned_abs() as usize;
                let limits = Limits { max_rows, max_bytes: 1 << 30, ..Limits::default() };
                self.live.insert((LiveIndex::new(id, schema, limits).map_err(failed)?, version))
            }
        };
        let before = live.num_rows();
        append_rows(live, batch, mask).map_err(failed)?;
        self.rows += live.num_rows() - before;
        Ok(())
    }

    /// Rows in memory and on disk; rows of one key count once for each image.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of the images on disk.
    pub(super) fn spilled_bytes(&self) -> u64 {
        self.spilled_bytes
    }

    pub(super) fn held(&self) -> Held {
        match &self.live {
            Some((live, _)) => Held { rows: live.num_rows(), bytes: live.memory_bytes() },
            None => Held::default(),
        }
    }

    /// Moves what is in memory to the disk.
    pub(super) fn spill(&mut self, scratch: &Scratch) -> Result<()> {
        if let Some((mut live, _)) = self.live.take() {
            let (schema, rows) = (live.schema().clone(), live.snapshot());
            let id = rows_id(&rows);
            let rows: SegmentRef = rows;
            drop(live);
            let image = image::encode(&rows, &schema)?;
            self.spilled_bytes += image.len() as u64;
            self.spilled.push(scratch.keep(&image, id)?);
        }
        Ok(())
    }

    /// Folds everything into one sealed segment; none where there is no row.
    pub(super) fn seal(mut self, spec: &BatchSpec, interval: Interval) -> Result<Option<Sealed>> {
        if let Some((mut live, _)) = self.live.take() {
            self.spilled.push(live.snapshot());
        }
        if self.spilled.is_empty() {
            return Ok(None);
        }
        let schema = union_schema(spec, &self.spilled);
        Sealed::fold(interval, &self.spilled, &schema)
    }
}

fn rows_id(rows: &segment::LiveSnapshot) -> SegmentId {
    segment::Segment::id(rows).clone()
}

/// The schema of parts whose dimensions may differ: later parts know more of them, and wider types.
fn union_schema(spec: &BatchSpec, parts: &[SegmentRef]) -> RollupSchema {
    let mut schema = rollup_schema(&spec.schema, &spec.schema.dimensions.dimensions);
    for column in parts.iter().flat_map(|part| part.schema().dimensions()) {
        match schema.dimensions.iter_mut().find(|known| known.name == column.name) {
            Some(_) => {}
            None => schema.dimensions.push(DimensionSchema::new(&column.name, column.column_type.clone())),
        }
    }
    let parts: Vec<&dyn Segment> = parts.iter().map(|part| &**part).collect();
    for dimension in &mut schema.dimensions {
        if let Some(column_type) = segment::common_type(&parts, &dimension.name) {
            dimension.column_type = column_type;
        }
    }
    schema
}

fn failed(error: segment::Error) -> Error {
    Error::Internal(error.to_string())
}

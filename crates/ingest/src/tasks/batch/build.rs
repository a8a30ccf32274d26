//! Rows into the segments of their time chunks.

use std::collections::BTreeMap;

use aggregate::for_each_row;
use timeline::Interval;

use super::census::Census;
use super::job::Hold;
use super::part::{Held, Part};
use super::partition::{ChunkPlan, KeyColumns, KnownBuckets};
use super::scratch::Scratch;
use super::tuning::Partitions;
use super::{BatchSpec, Phase, read_lines};
use crate::lane::by_time_chunk;
use crate::parse::{Numbering, ParsedBatch, Parser, RawBatch};
use crate::tasks::run::TaskRun;
use crate::transform::Windows;
use crate::{Error, Result};

/// Time chunks that one task may write.
const MAX_CHUNKS: usize = 10_000;
/// Bytes of images that one dynamic segment is folded from; a fold takes several times as much memory.
const MAX_SPILLED_BYTES: u64 = 256 << 20;

/// A segment that is stored, and what clients will see of it.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) record: metastore::NewSegment,
    bucket: usize,
}

/// Everything that a task wrote, by time chunk.
#[derive(Debug, Default)]
pub(crate) struct Built {
    pub(crate) chunks: BTreeMap<(i64, i64), Vec<Stored>>,
}

/// Reads the input, folds it and stores every finished segment.
pub(crate) fn build(spec: &BatchSpec, run: &TaskRun, scratch: &Scratch, hold: &Hold<'_>) -> Result<Built> {
    let windows = Windows { intervals: spec.schema.granularity.intervals.clone(), ..Windows::default() };
    let parser = Parser::new(spec.schema.clone(), spec.format.clone(), Numbering::Lines)?.with_windows(windows);
    let plans = plan(spec, run, &parser, hold)?;
    run.enter(Phase::BuildSegments);
    let mut builder = Builder {
        spec,
        plans,
        chunks: BTreeMap::new(),
        held: Held::default(),
        open_rows: 0,
        built: Built::default(),
        scratch,
        hold,
    };
    let mut batch = parser.batch();
    for file in spec.source.files(run.reach())? {
        read_lines(file, &parser, &mut batch, |_: &RawBatch<'_>, batch| {
            hold.keep()?;
            run.count(Phase::BuildSegments, batch, &spec.tuning)?;
            builder.take(batch)
        })?;
    }
    builder.finish()
}

type Plans = BTreeMap<(i64, i64), ChunkPlan>;

/// A first reading, where the cut of the time chunks depends on the rows. Without it the intervals are
/// found while the segments are built, and that reading counts for both.
fn plan(spec: &BatchSpec, run: &TaskRun, parser: &Parser, hold: &Hold<'_>) -> Result<Plans> {
    let open = spec.schema.granularity.intervals.is_empty();
    let counted = match &spec.tuning.partitions {
        Partitions::Dynamic { .. } => false,
        Partitions::Hashed { num_shards, .. } => num_shards.is_none(),
        Partitions::Range { .. } => true,
    };
    if open || counted {
        run.enter(Phase::DeterminePartitions);
    }
    run.count_twice(open && !counted);
    let mut census = Census::default();
    if counted {
        let mut batch = parser.batch();
        for file in spec.source.files(run.reach())? {
            read_lines(file, parser, &mut batch, |_, batch| {
                hold.keep()?;
                run.count(Phase::DeterminePartitions, batch, &spec.tuning)?;
                let columns = KeyColumns::of(batch, dimensions_of(&spec.tuning.partitions));
                for (interval, mask) in by_time_chunk(batch, &spec.schema.granularity.segment_granularity) {
                    let rows = rows_of(&mask, batch.num_rows());
                    census.add(interval, &spec.tuning.partitions, &columns, &rows)?;
                }
                Ok(())
            })?;
        }
    }
    Ok(census.plans(&spec.tuning.partitions))
}

pub(super) fn dimensions_of(partitions: &Partitions) -> &[String] {
    match partitions {
        Partitions::Dynamic { .. } => &[],
        Partitions::Hashed { dimensions, .. } | Partitions::Range { dimensions, .. } => dimensions,
    }
}

pub(super) fn rows_of(mask: &[u64], num_rows: usize) -> Vec<usize> {
    let mut rows = Vec::new();
    for_each_row(num_rows, aggregate::Rows::Mask(mask), |row| rows.push(row));
    rows
}

/// The plan of a chunk of which nothing was counted.
fn unread_plan(partitions: &Partitions) -> ChunkPlan {
    match partitions {
        Partitions::Hashed { num_shards: Some(number), .. } => ChunkPlan::Hashed(number.unsigned_abs() as u32),
        _ => ChunkPlan::Whole,
    }
}

struct Builder<'a> {
    spec: &'a BatchSpec,
    plans: Plans,
    chunks: BTreeMap<(i64, i64), Vec<Part>>,
    /// What all parts hold in memory.
    held: Held,
    /// Rows of all parts, in memory and on disk.
    open_rows: usize,
    built: Built,
    scratch: &'a Scratch,
    hold: &'a Hold<'a>,
}

impl Builder<'_> {
    fn take(&mut self, batch: &ParsedBatch) -> Result<()> {
        let granularity = &self.spec.schema.granularity;
        for (interval, mask) in by_time_chunk(batch, &granularity.segment_granularity) {
            let key = (interval.start, interval.end);
            let plan = self.plans.get(&key).cloned().unwrap_or_else(|| unread_plan(&self.spec.tuning.partitions));
            if !self.chunks.contains_key(&key) && self.chunks.len() >= MAX_CHUNKS {
                let what = "number of time chunks".to_owned();
                return Err(Error::LimitExceeded { what, found: MAX_CHUNKS as u64 + 1, limit: MAX_CHUNKS as u64 });
            }
            if plan.num_buckets() == 1 {
                self.add(interval, 0, batch, mask)?;
                continue;
            }
            let columns = KeyColumns::of(batch, dimensions_of(&self.spec.tuning.partitions));
            let (mut masks, mut known) = (vec![Vec::new(); plan.num_buckets()], KnownBuckets::default());
            for row in rows_of(&mask, batch.num_rows()) {
                let mask = &mut masks[plan.bucket(&columns, row, &granularity.query_granularity, &mut known)?];
                if mask.is_empty() {
                    mask.resize(batch.num_rows().div_ceil(64), 0u64);
                }
                mask[row / 64] |= 1 << (row % 64);
            }
            for (bucket, mask) in masks.into_iter().enumerate().filter(|(_, mask)| !mask.is_empty()) {
                self.add(interval, bucket, batch, mask)?;
            }
        }
        Ok(())
    }

    /// Adds the rows of a mask to a part; a part that is full becomes a segment when parts are dynamic.
    fn add(&mut self, interval: Interval, bucket: usize, batch: &ParsedBatch, mut mask: Vec<u64>) -> Result<()> {
        let Partitions::Dynamic { max_rows, max_total_rows } = self.spec.tuning.partitions else {
            return self.append(interval, bucket, batch, &mask);
        };
        let max_rows = max_rows.unsigned_abs() as usize;
        loop {
            let part = self.part(interval, bucket);
            let room = max_rows.saturating_sub(part.rows()).max(1);
            let rest = split_off(&mut mask, room);
            self.append(interval, bucket, batch, &mask)?;
            let part = self.part(interval, bucket);
            if part.rows() >= max_rows || part.spilled_bytes() >= MAX_SPILLED_BYTES {
                self.seal(interval, bucket)?;
            }
            if self.open_rows >= max_total_rows.unsigned_abs() as usize {
                self.seal_all()?;
            }
            match rest {
                Some(rest) => mask = rest,
                None => return Ok(()),
            }
        }
    }

    fn part(&mut self, interval: Interval, bucket: usize) -> &mut Part {
        let parts = self.chunks.entry((interval.start, interval.end)).or_default();
        if parts.len() <= bucket {
            parts.resize_with(bucket + 1, Part::default);
        }
        &mut parts[bucket]
    }

    /// Adds rows; when all parts together hold more than they may, all go to the disk.
    fn append(&mut self, interval: Interval, bucket: usize, batch: &ParsedBatch, mask: &[u64]) -> Result<()> {
        let (spec, scratch) = (self.spec, self.scratch);
        let part = self.part(interval, bucket);
        let (before, rows) = (part.held(), part.rows());
        part.append(spec, interval, batch, mask, scratch)?;
        let (after, added) = (part.held(), part.rows() - rows);
        self.open_rows += added;
        self.held.rows = self.held.rows + after.rows - before.rows;
        self.held.bytes = self.held.bytes + after.bytes - before.bytes;
        if self.held.rows >= spec.tuning.max_rows_in_memory.unsigned_abs() as usize
            || self.held.bytes >= spec.tuning.max_bytes_in_memory
        {
            for part in self.chunks.values_mut().flatten() {
                part.spill(scratch)?;
            }
            self.held = Held::default();
        }
        Ok(())
    }

    /// Makes a part a segment, and begins another in its place.
    fn seal(&mut self, interval: Interval, bucket: usize) -> Result<()> {
        let part = std::mem::take(self.part(interval, bucket));
        let held = part.held();
        self.held.rows -= held.rows;
        self.held.bytes -= held.bytes;
        self.open_rows -= part.rows();
        if let Some(sealed) = part.seal(self.spec, interval)? {
            let stored = Stored { record: self.hold.store(&sealed)?, bucket };
            self.built.chunks.entry((interval.start, interval.end)).or_default().push(stored);
        }
        Ok(())
    }

    fn seal_all(&mut self) -> Result<()> {
        let open: Vec<_> = self.chunks.iter().map(|(&chunk, parts)| (chunk, parts.len())).collect();
        for ((start, end), buckets) in open {
            for bucket in 0..buckets {
                self.seal(Interval { start, end }, bucket)?;
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Built> {
        self.seal_all()?;
        for (chunk, segments) in &mut self.built.chunks {
            let plan = self.plans.get(chunk).cloned().unwrap_or_else(|| unread_plan(&self.spec.tuning.partitions));
            let core = segments.len() as u32;
            for (number, stored) in segments.iter_mut().enumerate() {
                stored.record.shard_spec =
                    plan.shard(&self.spec.tuning.partitions, stored.bucket, number as u32, core)?;
            }
        }
        Ok(self.built)
    }
}

/// Keeps the first `keep` rows of a mask and gives the others, where there are any.
fn split_off(mask: &mut [u64], keep: usize) -> Option<Vec<u64>> {
    let mut left = keep;
    for word in 0..mask.len() {
        let ones = mask[word].count_ones() as usize;
        if ones <= left {
            left -= ones;
            continue;
        }
        let mut kept = mask[word];
        let mut bits = mask[word];
        (0..left).for_each(|_| bits &= bits - 1);
        kept &= !bits;
        let mut rest = vec![0; mask.len()];
        rest[word] = bits;
        rest[word + 1..].copy_from_slice(&mask[word + 1..]);
        mask[word] = kept;
        mask[word + 1..].fill(0);
        return Some(rest);
    }
    None
}

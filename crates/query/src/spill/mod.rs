//! Groups that memory has no room for: dealt to partitions on disk, each of which is merged alone.
//!
//! A leaf whose table meets a tight budget deals its groups and begins anew; what is asked of all groups is then asked
//! of one partition after the other, since no group lies in two.

mod file;
mod hash;
mod sorted;

use std::sync::Arc;

use aggregate::AggregatorSpec;

pub(crate) use file::SpillFile;
pub(crate) use hash::PARTITIONS;
pub(crate) use sorted::{Block, Comparable, Cursors};

use crate::Result;
use crate::exec::{ExecContext, Reservation};
use crate::partial::{Chunks, FoldPartial};
use crate::run::merge_folds;

/// What is gathered of the partitions is shortened again when it takes more than this part of the budget.
const GATHERED_SHARE: usize = 16;

/// Groups of a fold, more than memory holds.
#[derive(Clone, Default)]
pub(crate) struct Spilled {
    pub files: Vec<Arc<SpillFile>>,
    pub chunks: Chunks,
}

impl Spilled {
    pub fn merge(&mut self, other: Spilled) {
        self.files.extend(other.files);
        self.chunks.merge(&other.chunks);
    }

    /// Hands over the merged groups of every partition, one after the other; as many are merged at once as there are
    /// threads.
    pub fn for_each(
        &self,
        specs: &[Arc<dyn AggregatorSpec>],
        exec: &ExecContext,
        mut take: impl FnMut(FoldPartial) -> Result<()>,
    ) -> Result<()> {
        let numbers: Vec<usize> = (0..PARTITIONS).collect();
        for wave in numbers.chunks(exec.executor.num_threads().max(1)) {
            let (files, specs, context) = (self.files.clone(), specs.to_vec(), exec.clone());
            let merged = exec.map(wave.to_vec(), move |number| partition(&files, number, &specs, &context))?;
            merged.into_iter().flatten().try_for_each(&mut take)?;
        }
        Ok(())
    }

    /// One partial of what `shorten` leaves of each partition, and again of what several leave together. Fails when
    /// that is more than memory holds.
    pub fn gather(
        &self,
        specs: &[Arc<dyn AggregatorSpec>],
        exec: &ExecContext,
        shorten: impl Fn(FoldPartial) -> Result<FoldPartial>,
    ) -> Result<FoldPartial> {
        let (mut parts, mut bytes, mut num_keys) = (Vec::new(), 0, 0);
        let mut most = usize::try_from(exec.memory.limit_bytes()).unwrap_or(usize::MAX) / GATHERED_SHARE;
        let mut held = Reservation::new(&exec.memory);
        self.for_each(specs, exec, |groups| {
            num_keys = groups.keys.len();
            let part = shorten(groups)?;
            bytes += part.memory_bytes();
            parts.push(part);
            if bytes > most {
                let part = shorten(merge_folds(specs, std::mem::take(&mut parts), num_keys, exec)?)?;
                bytes = part.memory_bytes();
                most = most.max(bytes * 2);
                parts.push(part);
            }
            held.resize(bytes)
        })?;
        let mut gathered = merge_folds(specs, parts, num_keys, exec)?;
        gathered.chunks = self.chunks.clone();
        Ok(gathered)
    }
}

fn partition(
    files: &[Arc<SpillFile>],
    number: usize,
    specs: &[Arc<dyn AggregatorSpec>],
    exec: &ExecContext,
) -> Result<Option<FoldPartial>> {
    let mut parts = Vec::new();
    let (mut bytes, mut held) = (0, Reservation::new(&exec.memory));
    for file in files {
        for part in 0..file.num_parts(number) {
            exec.check()?;
            let part = file.read(number, part)?;
            bytes += part.memory_bytes();
            held.resize(bytes)?;
            parts.push(part);
        }
    }
    let Some(num_keys) = parts.first().map(|part| part.keys.len()) else { return Ok(None) };
    merge_folds(specs, parts, num_keys, exec).map(Some)
}

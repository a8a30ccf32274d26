//! Groups on disk: a file of parts, each a stream of columns that can be read alone.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use arrow_array::{ArrayRef, UInt32Array};

use super::hash::{PARTITIONS, deal};
use crate::exec::{ExecContext, Reservation};
use crate::finalize::Values;
use crate::partial::{Chunks, FoldPartial};
use crate::{Error, Result, wire};

/// Parts of groups under numbers. The bytes go with the value.
pub(crate) struct SpillFile {
    file: File,
    len: u64,
    /// Where the parts of each number lie.
    parts: Vec<Vec<Range<u64>>>,
    held: Reservation,
}

fn io(why: std::io::Error) -> Error {
    Error::Room { kind: dialect::ErrorKind::Unavailable, message: format!("groups cannot be spilled to disk: {why}") }
}

impl SpillFile {
    /// `None` where the query has no disk to spill to.
    pub fn create(exec: &ExecContext) -> Result<Option<Self>> {
        let Some(space) = &exec.spill else { return Ok(None) };
        let file = (space.files)().map_err(io)?;
        let parts = vec![Vec::new(); PARTITIONS];
        Ok(Some(Self { file, len: 0, parts, held: Reservation::new(&space.budget) }))
    }

    /// Appends a part under a number.
    pub fn append(&mut self, number: usize, part: &FoldPartial) -> Result<()> {
        let bytes = wire::write_fold(part)?;
        let end = self.len + bytes.len() as u64;
        self.held.resize(usize::try_from(end).map_err(Error::internal)?)?;
        self.file.write_all_at(&bytes, self.len).map_err(io)?;
        if self.parts.len() <= number {
            self.parts.resize_with(number + 1, Vec::new);
        }
        self.parts[number].push(self.len..end);
        self.len = end;
        Ok(())
    }

    /// Deals groups to the partitions. `states` gives the states of some of them.
    pub fn deal(
        &mut self,
        times: &[i64],
        keys: &[Values],
        states: impl Fn(&[u32]) -> Result<Vec<ArrayRef>>,
    ) -> Result<()> {
        for (number, rows) in deal(times, keys).into_iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
            let states = states(&rows)?;
            let times = rows.iter().map(|row| times[*row as usize]).collect();
            let rows = UInt32Array::from(rows);
            let keys = keys.iter().map(|key| key.take(&rows)).collect::<Result<_>>()?;
            self.append(number, &FoldPartial { times, keys, states, chunks: Chunks::default() })?;
        }
        Ok(())
    }

    /// Deals all groups of a partial to the partitions.
    pub fn deal_all(&mut self, part: &FoldPartial) -> Result<()> {
        let pick = |rows: UInt32Array| -> Result<Vec<ArrayRef>> {
            let picked = part.states.iter().map(|states| arrow_select::take::take(states, &rows, None));
            Ok(picked.collect::<std::result::Result<_, _>>()?)
        };
        self.deal(&part.times, &part.keys, |rows| pick(rows.to_vec().into()))
    }

    pub fn num_parts(&self, number: usize) -> usize {
        self.parts.get(number).map_or(0, Vec::len)
    }

    /// One part of a number, in the order they were appended.
    pub fn read(&self, number: usize, part: usize) -> Result<FoldPartial> {
        let Some(range) = self.parts.get(number).and_then(|parts| parts.get(part)) else {
            return Err(Error::internal("a part that was never spilled"));
        };
        let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(Error::internal)?];
        self.file.read_exact_at(&mut bytes, range.start).map_err(io)?;
        wire::read_fold(&bytes)
    }
}

//! Rows of more groups than memory holds: sorted runs on disk, merged while they are printed.

use std::sync::Arc;

use arrow_array::UInt32Array;

use super::{Printed, Question};
use crate::answer::{Answer, Elements, Rows};
use crate::exec::{ExecContext, Reservation};
use crate::order::sort;
use crate::partial::FoldPartial;
use crate::spill::{Block, Comparable, Cursors, PARTITIONS, SpillFile, Spilled};
use crate::{Error, Result};

/// Rows of a run that are in memory at once: so many, or fewer where the blocks of all runs would take more than
/// their part of the budget.
const BLOCK_ROWS: usize = 1_024;
const LEAST_ROWS: usize = 16;
const BLOCKS_SHARE: u64 = 8;
/// Rows up to which the parts of an answer are kept in memory.
const FEW_ROWS: usize = 100_000;

impl Question {
    /// Whether the rows of an answer may be as many as the groups.
    pub(super) fn may_have_many_rows(&self) -> bool {
        self.subtotals.is_none() && !self.cuts_first && self.limit.end().is_none_or(|end| end > FEW_ROWS)
    }
}

/// The answer of groups on disk.
pub(super) fn answer(question: &Arc<Question>, groups: &Spilled, exec: &ExecContext) -> Result<Answer> {
    let (runs, num_runs) = runs(question, groups, exec)?;
    let (asked, context) = (question.clone(), exec.clone());
    let mut held = Reservation::new(&exec.memory);
    let mut most = 0;
    let cursors = Cursors::open(num_runs, move |run, part| {
        context.check()?;
        if part >= runs.num_parts(run) {
            return Ok(None);
        }
        let block = block(&asked, runs.read(run, part)?)?;
        most = most.max(block.rows.memory_bytes());
        held.resize(most * num_runs)?;
        Ok(Some(block))
    })?;
    let (offset, limit) = (question.limit.offset, question.limit.limit.unwrap_or(usize::MAX));
    Ok(Answer::new(Merged { cursors, offset, limit }))
}

/// What is left of each partition, sorted, in a file: a run for each, in blocks.
fn runs(question: &Question, groups: &Spilled, exec: &ExecContext) -> Result<(SpillFile, usize)> {
    let mut file = SpillFile::create(exec)?.ok_or_else(|| Error::internal("groups on a disk that is none"))?;
    let mut run = 0;
    groups.for_each(&question.plan.specs, exec, |groups| {
        let groups = question.shortened(groups, question.cuts_first)?;
        let mut table = question.table(&groups, None)?;
        let keys: Vec<_> = question.order_by(&groups.times, &mut table)?.iter().map(|by| by.key()).collect();
        let order = sort(&keys, groups.num_groups(), 0, None);
        for rows in order.values().chunks(block_rows(&groups, exec)) {
            exec.check()?;
            file.append(run, &groups.take(&UInt32Array::from(rows.to_vec()))?)?;
        }
        run += 1;
        Ok(())
    })?;
    Ok((file, run))
}

fn block_rows(groups: &FoldPartial, exec: &ExecContext) -> usize {
    let row_bytes = groups.memory_bytes() / groups.num_groups().max(1) + 1;
    let room = exec.memory.limit_bytes() / BLOCKS_SHARE / PARTITIONS as u64;
    (usize::try_from(room).unwrap_or(usize::MAX) / row_bytes).clamp(LEAST_ROWS, BLOCK_ROWS)
}

fn block(question: &Question, groups: FoldPartial) -> Result<Block<Printed>> {
    let mut table = question.table(&groups, None)?;
    let by = Comparable::new(question.order_by(&groups.times, &mut table)?);
    let (times, table) = question.presented(groups.times, table)?;
    Ok(Block { num_rows: table.num_rows(), rows: Printed::new(question, times, table)?, by })
}

/// The rows of all runs in one order.
struct Merged<R> {
    cursors: Cursors<Printed, R>,
    offset: usize,
    limit: usize,
}

impl<R: FnMut(usize, usize) -> Result<Option<Block<Printed>>> + Send> Rows for Merged<R> {
    fn write(&mut self, out: &mut Elements<'_>) -> Result<bool> {
        while self.limit > 0
            && let Some((rows, row)) = self.cursors.peek()
        {
            if out.is_full() {
                return Ok(true);
            }
            if self.offset > 0 {
                self.offset -= 1;
            } else {
                rows.print(row, out.next());
                self.limit -= 1;
            }
            self.cursors.advance()?;
        }
        Ok(false)
    }
}

//! Vectors of which few rows passed: their rows wait until they make a batch, and only they are read.

use aggregate::listed;
use arrow_array::UInt32Array;

use super::super::mask;
use super::super::selection::Selected;
use super::Leaf;
use super::batches::buckets_of;
use crate::Result;
use crate::plan::Run;

/// Rows of a vector for each that passed, above which they are gathered.
const SPARSE: usize = 40;
/// Rows that are worth a batch.
const BATCH_ROWS: usize = 8_192;

/// Rows of several vectors.
#[derive(Default)]
pub(super) struct Waiting {
    /// Rows of the segment, ascending.
    rows: Vec<u32>,
    /// Buckets of these, by their places.
    runs: Vec<Run>,
    /// Whether each filtered aggregator takes them.
    filters: Vec<Vec<u64>>,
}

impl Selected {
    /// Whether gathering the rows is less than looking at all of the vector.
    pub(super) fn is_sparse(&self) -> bool {
        self.mask.as_ref().is_some_and(|mask| listed::count(mask) * SPARSE < self.num_rows())
    }
}

impl Leaf<'_> {
    /// Lets the rows of a vector wait.
    pub(super) fn wait(&mut self, selected: &Selected) -> Result<()> {
        let rows = selected.positions();
        let mut at = self.waiting.rows.len();
        for bucket in buckets_of(selected, &rows) {
            match self.waiting.runs.last_mut() {
                Some(run) if run.bucket == bucket => run.rows.end = at + 1,
                _ => self.waiting.runs.push(Run { bucket, rows: at..at + 1 }),
            }
            at += 1;
        }
        self.waiting.filters.resize(self.masks.len(), Vec::new());
        for (aggregator, words) in self.masks.iter_mut().zip(&mut self.waiting.filters) {
            aggregator.filter.mask(selected.rows.clone(), false, &mut aggregator.words)?;
            words.resize(at.div_ceil(64), 0);
            for (at, row) in (self.waiting.rows.len()..).zip(&rows) {
                words[at / 64] |= u64::from(mask::bit(&aggregator.words, *row as usize)) << (at % 64);
            }
        }
        let start = selected.rows.start as u32;
        self.waiting.rows.extend(rows.iter().map(|row| start + row));
        if at < BATCH_ROWS { Ok(()) } else { self.gather() }
    }

    /// Folds the rows that wait.
    pub(super) fn gather(&mut self) -> Result<()> {
        let Waiting { rows, runs, filters } = std::mem::take(&mut self.waiting);
        if rows.is_empty() {
            return Ok(());
        }
        let selected = Selected { rows: 0..rows.len(), runs, ..Selected::default() };
        let rows = UInt32Array::from(rows);
        let arrays = self.inputs.take(&rows);
        let keys: Vec<_> = self.keys.iter().map(|key| key.take(&rows)).collect();
        self.selected(&selected, &keys, &arrays, &filters)
    }
}

//! A filter bound to a segment.

use std::ops::Range;

use crate::{Result, Truth, Verdict, words};

/// Rows looked at in one go.
const VECTOR: u32 = segment::VECTOR_ROWS as u32;

/// Answers for the rows of one segment. Cheap to ask, vector by vector, from any thread.
pub trait BoundFilter: Send + Sync {
    /// Makes `out` the mask of a range of at most a vector of rows: those that pass, and with `unknown` also those
    /// of which nothing can be said. This is what engines call, with `unknown` false. Fails when an expression
    /// does.
    fn mask(&self, rows: Range<usize>, unknown: bool, out: &mut Vec<u64>) -> Result<()>;

    /// Both masks of a range of rows.
    fn select(&self, rows: Range<usize>, out: &mut Verdict) -> Result<()> {
        self.mask(rows.clone(), false, &mut out.yes)?;
        let mut unknown = out.unknown.take().unwrap_or_default();
        self.mask(rows, true, &mut unknown)?;
        words::and_not(&mut unknown, &out.yes);
        out.unknown = (!words::is_empty(&unknown)).then_some(unknown);
        Ok(())
    }

    /// The verdict when it is the same for every row of the segment.
    fn constant(&self) -> Option<Truth> {
        None
    }

    /// Whether no row passes.
    fn is_always_false(&self) -> bool {
        matches!(self.constant(), Some(Truth::False | Truth::Unknown))
    }

    /// Whether every row passes.
    fn is_always_true(&self) -> bool {
        self.constant() == Some(Truth::True)
    }

    /// Rows outside of which none passes.
    fn row_range(&self, num_rows: usize) -> Range<usize> {
        if self.is_always_false() { 0..0 } else { 0..num_rows }
    }

    /// About how many of the segment's rows pass; exact where positions are.
    fn estimate(&self, num_rows: usize) -> usize {
        if self.is_always_false() { 0 } else { num_rows }
    }

    /// The rows that pass, exact and ascending, when indexes give them at little cost; a filter of a few rows
    /// then needs no scan at all.
    fn positions(&self) -> Result<Option<Vec<u32>>> {
        Ok(self.is_always_false().then(Vec::new))
    }

    /// Keeps of ascending rows those that pass.
    fn retain(&self, rows: &mut Vec<u32>) -> Result<()> {
        let mut kept = Vec::with_capacity(rows.len());
        let mut words = Vec::new();
        for near in rows.chunk_by(|a, b| a / VECTOR == b / VECTOR) {
            let (first, last) = (near[0] as usize, near[near.len() - 1] as usize);
            self.mask(first..last + 1, false, &mut words)?;
            let passes = |row: &u32| {
                let bit = *row as usize - first;
                words[bit / 64] >> (bit % 64) & 1 == 1
            };
            kept.extend(near.iter().copied().filter(passes));
        }
        *rows = kept;
        Ok(())
    }

    /// Clears the rows of a mask of a range that do not pass. False, and nothing was done, where it is as quick to ask
    /// for [the mask](BoundFilter::mask) of all rows.
    fn narrow(&self, _rows: Range<usize>, _mask: &mut [u64]) -> bool {
        false
    }

    /// What a vector costs, in bytes looked at a row: cheap parts of a conjunction go first.
    fn cost(&self) -> f64;
}

/// The same verdict for all rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Same(pub Truth);

impl BoundFilter for Same {
    fn mask(&self, rows: Range<usize>, unknown: bool, out: &mut Vec<u64>) -> Result<()> {
        words::reset(out, rows.len());
        if self.0.keep(unknown) {
            words::set_range(out, 0..rows.len());
        }
        Ok(())
    }

    fn constant(&self) -> Option<Truth> {
        Some(self.0)
    }

    fn cost(&self) -> f64 {
        0.0
    }
}

//! Groups of dense tables by their cells: tables whose codes mean the same are merged cell by cell, and only then is
//! looked at what their groups show.

use std::ops::Range;
use std::sync::Arc;

use aggregate::{AggregatorSpec, Fold, Groups, Rows, listed};
use arrow_array::{Array, ArrayRef};
use expression::words;
use segment::VECTOR_ROWS;

use super::keys::Key;
use super::shown::{Shown, show};
use crate::Result;
use crate::exec::{ExecContext, Reservation};
use crate::finalize::Values;
use crate::partial::{Chunks, FoldPartial};

/// Cells for each group of a table from which on most of them are met in vain.
const SPARSE: usize = 4;
/// Groups of all parts from which on they pay for one thread more.
const MIN_SHARED: usize = 1 << 15;

/// How cells of a dense table are told from keys and buckets of time.
pub(super) struct Frame {
    pub keys: Vec<Key>,
    pub shown: Vec<Shown>,
    /// Codes of each key.
    pub num_codes: Vec<usize>,
    /// Starts of the buckets.
    pub starts: Vec<i64>,
}

/// Groups of a dense table that met a row.
pub(super) struct Cells {
    pub frame: Frame,
    /// Ascending.
    pub met: Vec<u32>,
    pub states: Vec<ArrayRef>,
}

impl Frame {
    fn num_cells(&self) -> usize {
        self.num_codes.iter().product::<usize>() * self.starts.len()
    }

    fn is_like(&self, other: &Frame) -> bool {
        (&self.num_codes, &self.starts) == (&other.num_codes, &other.starts)
            && self.keys.iter().zip(&other.keys).all(|(key, other)| key.is_like(other))
            && self.shown.iter().zip(&other.shown).all(|(shown, other)| shown.is_like(other))
    }
}

impl Cells {
    pub fn into_groups(self) -> FoldPartial {
        let Cells { frame, met, states } = self;
        let (times, keys, _) = shown_by(&frame.shown, &frame.num_codes, &frame.starts, met);
        FoldPartial { times, keys, states, chunks: Chunks::default() }
    }

    pub fn memory_bytes(&self) -> usize {
        let states: usize = self.states.iter().map(|states| states.get_array_memory_size()).sum();
        size_of_val(self.met.as_slice()) + states
    }

    /// The groups whose cells are in a range.
    fn within(&self, cells: &Range<u32>) -> Range<usize> {
        let before = |end: u32| self.met.partition_point(|cell| *cell < end);
        before(cells.start)..before(cells.end)
    }
}

/// Times and keys that cells show, and the cell of each row.
pub(super) fn shown_by(
    shown: &[Shown],
    num_codes: &[usize],
    starts: &[i64],
    cells: Vec<u32>,
) -> (Vec<i64>, Vec<Values>, Vec<u32>) {
    let mut below = num_codes.iter().product::<usize>();
    let bucket = Quotient::by(below);
    let times = match starts {
        [start] => vec![*start; cells.len()],
        _ => cells.iter().map(|cell| starts[bucket.of(*cell) as usize]).collect(),
    };
    if let ([_], [_]) = (starts, num_codes) {
        return show(shown, times, cells, |_, cell| Some(cell.into()));
    }
    let digit = |num_codes: &usize| {
        let all = Quotient::by(below);
        below /= num_codes;
        (Quotient::by(below), all, *num_codes as u32)
    };
    let digits: Vec<(Quotient, Quotient, u32)> = num_codes.iter().map(digit).collect();
    let word = |at: usize, cell: u32| {
        let (own, all, num_codes) = &digits[at];
        Some(u64::from(own.of(cell) - all.of(cell) * num_codes))
    };
    show(shown, times, cells, word)
}

/// Divides by the same number again and again.
struct Quotient {
    /// 2^64 through the divisor, rounded up; 0 for one.
    factor: u64,
}

impl Quotient {
    /// The divisor fits into 32 bits, or is greater than all that is divided.
    fn by(divisor: usize) -> Quotient {
        Quotient { factor: if divisor <= 1 { 0 } else { u64::MAX / divisor as u64 + 1 } }
    }

    #[inline(always)]
    fn of(&self, number: u32) -> u32 {
        match self.factor {
            0 => number,
            factor => ((u128::from(factor) * u128::from(number)) >> 64) as u32,
        }
    }
}

/// The groups of tables, as one where their cells mean the same.
pub(super) fn merge(
    specs: &[Arc<dyn AggregatorSpec>],
    parts: Vec<Cells>,
    exec: &ExecContext,
) -> Result<Vec<FoldPartial>> {
    let num_groups: usize = parts.iter().map(|part| part.met.len()).sum();
    let are_alike = match parts.as_slice() {
        [first, others @ ..] if !others.is_empty() && first.frame.num_cells() / SPARSE <= num_groups => {
            others.iter().all(|other| other.frame.is_like(&first.frame))
        }
        _ => false,
    };
    if !are_alike {
        return Ok(parts.into_iter().map(Cells::into_groups).collect());
    }
    let num_cells = parts[0].frame.num_cells();
    let mut held = Reservation::new(&exec.memory);
    held.resize(parts.iter().map(Cells::memory_bytes).sum())?;
    let num_threads = exec.executor.num_threads().min(num_groups / MIN_SHARED).max(1);
    let each = num_cells.div_ceil(num_threads).next_multiple_of(VECTOR_ROWS);
    let ranges = (0..num_cells).step_by(each).map(|start| start as u32..num_cells.min(start + each) as u32);
    let parts = Arc::new(parts);
    let merged = {
        let (specs, parts, exec_of_job) = (specs.to_vec(), parts.clone(), exec.clone());
        exec.map(ranges.collect(), move |range| merge_range(&specs, &parts, range, &exec_of_job))?
    };
    let met = merged.iter().map(|(met, _)| met.as_slice()).collect::<Vec<_>>().concat();
    let states = (0..specs.len()).map(|at| {
        let columns: Vec<&dyn Array> = merged.iter().map(|(_, states)| states[at].as_ref()).collect();
        Ok(arrow_select::concat::concat(&columns)?)
    });
    let states = states.collect::<Result<_>>()?;
    let Frame { shown, num_codes, starts, .. } = &parts[0].frame;
    let (times, keys, _) = shown_by(shown, num_codes, starts, met);
    Ok(vec![FoldPartial { times, keys, states, chunks: Chunks::default() }])
}

/// The cells of a range that some part has met, and their states.
fn merge_range(
    specs: &[Arc<dyn AggregatorSpec>],
    parts: &[Cells],
    range: Range<u32>,
    exec: &ExecContext,
) -> Result<(Vec<u32>, Vec<ArrayRef>)> {
    let mut fold = Fold::merging(specs)?;
    fold.grow(range.len());
    let mut met = vec![0u64; words::len_for(range.len())];
    let mut groups: Vec<u32> = Vec::with_capacity(VECTOR_ROWS);
    for part in parts {
        let within = part.within(&range);
        for start in within.clone().step_by(VECTOR_ROWS) {
            exec.check()?;
            let rows = start..within.end.min(start + VECTOR_ROWS);
            groups.clear();
            groups.extend(part.met[rows.clone()].iter().map(|cell| cell - range.start));
            groups.iter().for_each(|group| met[*group as usize / 64] |= 1 << (group % 64));
            let states: Vec<ArrayRef> = part.states.iter().map(|states| states.slice(rows.start, rows.len())).collect();
            fold.merge(0, Groups::U32(&groups), rows.len(), Rows::All, &states)?;
        }
    }
    let mut held = Reservation::new(&exec.memory);
    held.resize(fold.memory_bytes())?;
    let met = listed::places(0, &met);
    let states = fold.states(&met)?;
    Ok((met.into_iter().map(|group| group + range.start).collect(), states))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_are_exact() {
        for divisor in [1usize, 2, 3, 6, 7, 34, 340, 61_200, 65_535, 1 << 20, u32::MAX as usize] {
            let quotient = Quotient::by(divisor);
            let near = |n: u32| [n.wrapping_sub(1), n, n.wrapping_add(1)];
            let numbers = (0..2_000u32).chain((0..33).flat_map(|bit| near(1u64.wrapping_shl(bit) as u32)));
            let multiples = (1..50u64).flat_map(|times| near((divisor as u64 * times).min(u32::MAX.into()) as u32));
            for number in numbers.chain(multiples) {
                assert_eq!(quotient.of(number) as usize, number as usize / divisor, "{number} / {divisor}");
            }
        }
    }
}

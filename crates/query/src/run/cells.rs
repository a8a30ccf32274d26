//! Groups of dense tables by their cells: tables whose codes mean the same are merged cell by cell, and only then is
//! looked at what their groups show.

use std::ops::Range;
use std::sync::Arc;

use aggregate::{AggregatorSpec, Fold, listed};
use arrow_array::{Array, ArrayRef};
use expression::words;

use super::keys::Key;
use super::shown::{Shown, show};
use crate::Result;
use crate::exec::{ExecContext, Reservation};
use crate::finalize::Values;
use crate::partial::{Chunks, FoldPartial};

/// Cells for each group of a table from which on most of them are met in vain.
const SPARSE: usize = 4;
/// Cells of all parts from which on they pay for one thread more.
const MIN_SHARED: usize = 1 << 17;

/// How cells of a dense table are told from keys and buckets of time.
pub(super) struct Frame {
    pub keys: Vec<Key>,
    pub shown: Vec<Shown>,
    /// Codes of each key.
    pub num_codes: Vec<usize>,
    /// Starts of the buckets.
    pub starts: Vec<i64>,
}

/// A dense table.
pub(super) struct Cells {
    pub frame: Frame,
    pub fold: Fold,
    /// The cells that met a row, ascending.
    pub met: Vec<u32>,
    /// The accumulator whose states tell which these are, if one does.
    pub told_by: Option<usize>,
}

impl Frame {
    fn num_cells(&self) -> usize {
        self.num_codes.iter().product::<usize>() * self.starts.len()
    }

    /// Groups by their cells and states.
    fn groups(&self, cells: Vec<u32>, states: Vec<ArrayRef>) -> FoldPartial {
        let (times, keys, _) = shown_by(&self.shown, &self.num_codes, &self.starts, cells);
        FoldPartial { times, keys, states, chunks: Chunks::default() }
    }

    fn is_like(&self, other: &Frame) -> bool {
        (&self.num_codes, &self.starts) == (&other.num_codes, &other.starts)
            && self.keys.iter().zip(&other.keys).all(|(key, other)| key.is_like(other))
            && self.shown.iter().zip(&other.shown).all(|(shown, other)| shown.is_like(other))
    }
}

impl Cells {
    pub fn into_groups(self) -> Result<FoldPartial> {
        let states = self.fold.states(&self.met)?;
        Ok(self.frame.groups(self.met, states))
    }

    /// Whether its groups are sooner told by their keys than its cells are looked at.
    pub fn is_sparse(&self) -> bool {
        self.frame.num_cells() / SPARSE > self.met.len()
    }

    pub fn memory_bytes(&self) -> usize {
        size_of_val(self.met.as_slice()) + self.fold.memory_bytes()
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
    mut parts: Vec<Cells>,
    exec: &ExecContext,
) -> Result<Vec<FoldPartial>> {
    let are_alike = match parts.as_slice() {
        [first, others @ ..] => others.iter().all(|other| other.frame.is_like(&first.frame)),
        [] => false,
    };
    if parts.len() <= 1 || !are_alike {
        return parts.into_iter().map(Cells::into_groups).collect();
    }
    let mut held = Reservation::new(&exec.memory);
    held.resize(parts[0].memory_bytes())?;
    let num_cells = parts[0].frame.num_cells();
    let num_threads = exec.executor.num_threads().min(num_cells * parts.len() / MIN_SHARED).max(1);
    if num_threads > 1 {
        return Ok(vec![merge_shared(specs, parts, num_threads, exec)?]);
    }
    let told_by = parts[0].told_by.filter(|at| parts.iter().all(|part| part.told_by == Some(*at)));
    let met = if told_by.is_none() { united(&parts) } else { Vec::new() };
    let others = parts.split_off(1);
    let Some(Cells { frame, mut fold, .. }) = parts.pop() else { return Ok(Vec::new()) };
    fold.grow(num_cells);
    for other in others {
        exec.check()?;
        fold.absorb(0, &other.fold, 0..other.fold.len())?;
    }
    let met = told_by.map_or(Ok(met), |at| fold.met(at))?;
    Cells { frame, fold, met, told_by }.into_groups().map(|groups| vec![groups])
}

/// The groups of tables whose cells mean the same, by several threads.
fn merge_shared(
    specs: &[Arc<dyn AggregatorSpec>],
    parts: Vec<Cells>,
    num_threads: usize,
    exec: &ExecContext,
) -> Result<FoldPartial> {
    let met = Arc::new(united(&parts));
    let parts = Arc::new(parts);
    let each = parts[0].frame.num_cells().div_ceil(num_threads);
    let ranges = (0..parts[0].frame.num_cells()).step_by(each).map(|start| start..start + each);
    let merged = {
        let (specs, parts, met, exec_of_job) = (specs.to_vec(), parts.clone(), met.clone(), exec.clone());
        exec.map(ranges.collect(), move |range| merge_range(&specs, &parts, &met, range, &exec_of_job))?
    };
    let states = (0..specs.len()).map(|at| {
        let columns: Vec<&dyn Array> = merged.iter().map(|states| states[at].as_ref()).collect();
        Ok(arrow_select::concat::concat(&columns)?)
    });
    Ok(parts[0].frame.groups(Arc::unwrap_or_clone(met), states.collect::<Result<_>>()?))
}

/// The states of the cells of a range that some part has met.
fn merge_range(
    specs: &[Arc<dyn AggregatorSpec>],
    parts: &[Cells],
    met: &[u32],
    range: Range<usize>,
    exec: &ExecContext,
) -> Result<Vec<ArrayRef>> {
    let range = range.start..range.end.min(parts[0].frame.num_cells());
    let mut fold = Fold::merging(specs)?;
    fold.grow(range.len());
    for part in parts {
        exec.check()?;
        // Buckets at the end may have no cells yet.
        let within = |cell: usize| cell.min(part.fold.len());
        fold.absorb(0, &part.fold, within(range.start)..within(range.end))?;
    }
    let mut held = Reservation::new(&exec.memory);
    held.resize(fold.memory_bytes())?;
    let before = |end: usize| met.partition_point(|cell| (*cell as usize) < end);
    let met = &met[before(range.start)..before(range.end)];
    let order: Vec<u32> = met.iter().map(|cell| cell - range.start as u32).collect();
    Ok(fold.states(&order)?)
}

/// The cells that some part has met.
fn united(parts: &[Cells]) -> Vec<u32> {
    let [first, others @ ..] = parts else { return Vec::new() };
    if others.iter().all(|other| other.met == first.met) {
        return first.met.clone();
    }
    let mut words = vec![0u64; words::len_for(first.frame.num_cells())];
    for part in parts {
        // The bits of a word are told together, for they come one behind the other.
        let (mut at, mut word) = (0, 0);
        for cell in &part.met {
            if *cell as usize / 64 != at {
                words[at] |= std::mem::take(&mut word);
                at = *cell as usize / 64;
            }
            word |= 1 << (cell % 64);
        }
        if word != 0 {
            words[at] |= word;
        }
    }
    listed::places(0, &words)
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

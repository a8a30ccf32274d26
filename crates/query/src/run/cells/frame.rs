//! How the cells of a dense table are told from keys and buckets of time.

use arrow_array::ArrayRef;

use super::super::keys::Key;
use super::super::shown::{Shown, show};
use crate::finalize::Values;
use crate::partial::{Chunks, FoldPartial};

/// What the cells of a table stand for: buckets, and in each of them the codes of the keys, the last key's running
/// fastest.
pub(in crate::run) struct Frame {
    pub keys: Vec<Key>,
    pub shown: Vec<Shown>,
    /// Codes of each key.
    pub num_codes: Vec<usize>,
    /// Starts of the buckets.
    pub starts: Vec<i64>,
}

impl Frame {
    pub fn num_cells(&self) -> usize {
        self.num_codes.iter().product::<usize>() * self.starts.len()
    }

    /// Groups by their cells and states.
    pub fn groups(&self, cells: Vec<u32>, states: Vec<ArrayRef>) -> FoldPartial {
        let (times, keys, _) = shown_by(&self.shown, &self.num_codes, &self.starts, cells);
        FoldPartial { times, keys, states, chunks: Chunks::default() }
    }

    pub fn is_like(&self, other: &Frame) -> bool {
        (&self.num_codes, &self.starts) == (&other.num_codes, &other.starts)
            && self.keys.iter().zip(&other.keys).all(|(key, other)| key.is_like(other))
            && self.shown.iter().zip(&other.shown).all(|(shown, other)| shown.is_like(other))
    }
}

/// Times and keys that cells show, and the cell of each row.
pub(in crate::run) fn shown_by(
    shown: &[Shown],
    num_codes: &[usize],
    starts: &[i64],
    cells: Vec<u32>,
) -> (Vec<i64>, Vec<Values>, Vec<u32>) {
    let digits = Digits::of(num_codes, starts.len());
    let times = digits.times(starts, &cells);
    if digits.is_one() {
        return show(shown, times, cells, |_, cell| Some(cell.into()));
    }
    show(shown, times, cells, |at, cell| Some(digits.of_key(at, cell).into()))
}

/// The bucket of a cell, and the codes of the keys.
pub(super) struct Digits {
    bucket: Quotient,
    is_one_bucket: bool,
    /// For each key: what cells of the same code are divided by, what those of all of its codes are, and their number.
    keys: Vec<(Quotient, Quotient, u32)>,
}

impl Digits {
    pub fn of(num_codes: &[usize], num_buckets: usize) -> Digits {
        let mut below = num_codes.iter().product::<usize>();
        let bucket = Quotient::by(below);
        let key = |num_codes: &usize| {
            let all = Quotient::by(below);
            below /= num_codes;
            (Quotient::by(below), all, *num_codes as u32)
        };
        Digits { bucket, is_one_bucket: num_buckets == 1, keys: num_codes.iter().map(key).collect() }
    }

    /// Whether cells are the codes of the only key.
    pub fn is_one(&self) -> bool {
        self.is_one_bucket && self.keys.len() == 1
    }

    pub fn times(&self, starts: &[i64], cells: &[u32]) -> Vec<i64> {
        match starts {
            [start] => vec![*start; cells.len()],
            _ => cells.iter().map(|cell| starts[self.bucket.of(*cell) as usize]).collect(),
        }
    }

    #[inline(always)]
    pub fn of_key(&self, at: usize, cell: u32) -> u32 {
        let (own, all, num_codes) = &self.keys[at];
        own.of(cell) - all.of(cell) * num_codes
    }
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

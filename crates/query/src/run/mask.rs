//! Bits of rows: 64 to a word, tail bits zero.

use std::ops::Range;

pub(crate) fn bit(words: &[u64], row: usize) -> bool {
    words[row / 64] >> (row % 64) & 1 == 1
}

/// The bits of some rows, moved so that the first is bit 0.
pub(crate) fn slice(words: &[u64], rows: Range<usize>, out: &mut Vec<u64>) {
    out.clear();
    let (first, shift) = (rows.start / 64, rows.start % 64);
    for at in 0..rows.len().div_ceil(64) {
        let low = words[first + at] >> shift;
        let high = match words.get(first + at + 1) {
            Some(next) if shift > 0 => next << (64 - shift),
            _ => 0,
        };
        out.push(low | high);
    }
    if let Some(last) = out.last_mut()
        && !rows.len().is_multiple_of(64)
    {
        *last &= (1 << (rows.len() % 64)) - 1;
    }
}

pub(crate) fn and(words: &mut [u64], with: &[u64]) {
    for (word, with) in words.iter_mut().zip(with) {
        *word &= with;
    }
}

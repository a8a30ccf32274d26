//! Masks: bit i of the words stands for row i of the vector, bits past the last row are zero.

use std::ops::Range;

use aggregate::Codes;

use crate::filter::{CodeScan, fill};

/// Words needed for `num_rows` rows.
pub fn len_for(num_rows: usize) -> usize {
    num_rows.div_ceil(64)
}

pub fn count(words: &[u64]) -> usize {
    aggregate::listed::count(words)
}

pub fn is_empty(words: &[u64]) -> bool {
    words.iter().all(|&word| word == 0)
}

/// Makes `words` an empty mask of `num_rows` rows.
pub fn reset(words: &mut Vec<u64>, num_rows: usize) {
    words.clear();
    words.resize(len_for(num_rows), 0);
}

/// Sets the rows of a range.
pub fn set_range(words: &mut [u64], rows: Range<usize>) {
    if rows.is_empty() {
        return;
    }
    let (first, last) = (rows.start / 64, (rows.end - 1) / 64);
    let head = u64::MAX << (rows.start % 64);
    let tail = u64::MAX >> (63 - (rows.end - 1) % 64);
    if first == last {
        words[first] |= head & tail;
        return;
    }
    words[first] |= head;
    words[first + 1..last].fill(u64::MAX);
    words[last] |= tail;
}

/// Sets the rows whose code is one of `first..=last`.
pub fn set_codes(codes: Codes<'_>, first: u32, last: u32, words: &mut [u64]) {
    CodeScan::Span(first, last).fill(codes, words);
}

/// Sets the rows whose number is one of `first..=last`.
pub fn set_longs(longs: &[i64], first: i64, last: i64, words: &mut [u64]) {
    fill(longs, words, move |long: i64| (first <= long) & (long <= last));
}

/// Turns every row of the vector round.
pub fn invert(words: &mut [u64], num_rows: usize) {
    words.iter_mut().for_each(|word| *word = !*word);
    clear_tail(words, num_rows);
}

/// Clears the bits past the last row.
pub fn clear_tail(words: &mut [u64], num_rows: usize) {
    if !num_rows.is_multiple_of(64)
        && let Some(last) = words.get_mut(num_rows / 64)
    {
        *last &= u64::MAX >> (64 - num_rows % 64);
    }
}

pub fn and(into: &mut [u64], other: &[u64]) {
    into.iter_mut().zip(other).for_each(|(a, b)| *a &= b);
}

pub fn or(into: &mut [u64], other: &[u64]) {
    into.iter_mut().zip(other).for_each(|(a, b)| *a |= b);
}

/// Removes from `into` the rows of `other`.
pub fn and_not(into: &mut [u64], other: &[u64]) {
    into.iter_mut().zip(other).for_each(|(a, b)| *a &= !b);
}

/// The rows set, ascending, as numbers from `base`.
pub fn rows(words: &[u64], base: usize) -> impl Iterator<Item = usize> {
    words.iter().enumerate().flat_map(move |(at, &word)| Bits(word).map(move |bit| base + at * 64 + bit))
}

struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longs_between_two() {
        let longs: Vec<i64> = (0..150).map(|row| (row * 7_919 % 150) - 75).chain([i64::MIN, i64::MAX]).collect();
        for (first, last) in [(i64::MIN, -3), (5, i64::MAX), (-10, 10), (3, 2), (i64::MIN, i64::MAX)] {
            let mut words = vec![0; len_for(longs.len())];
            set_longs(&longs, first, last, &mut words);
            let expected: Vec<usize> = (0..longs.len()).filter(|row| (first..=last).contains(&longs[*row])).collect();
            assert_eq!(rows(&words, 0).collect::<Vec<_>>(), expected);
        }
    }
}

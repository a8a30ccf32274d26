//! Sorting rows by time and packed keys, and which of them are one group.

use std::ops::Range;

use super::keys::KeyColumn;
use super::sorting::{self, KeyWriter};

/// Rows in their final order.
pub(super) struct Order {
    /// The first row of each group, groups in order.
    pub(super) firsts: Vec<u32>,
    /// The group of each row.
    pub(super) groups: Vec<u32>,
    /// The keys of the groups, where all rows needed one of few words.
    pub(super) keys: Option<Keys>,
}

impl Order {
    /// Sorts by time, then keys, then the order of the rows.
    pub(super) fn of(times: &[i64], keys: &[KeyColumn], rollup: bool) -> Self {
        let rows = by_time(times);
        let runs = runs(times, &rows);
        // Only rows that share their time need keys.
        let shared = runs.iter().filter(|run| run.len() > 1).flat_map(|run| &rows[run.clone()]).copied();
        let shared: Vec<u32> = shared.collect();
        let some = (shared.len() < rows.len() / 2).then_some(&shared[..]);
        let keys = Keys::of(keys, some, rows.len());
        let mut order = Self { firsts: Vec::with_capacity(rows.len()), groups: vec![0; rows.len()], keys: None };
        if some.is_none() && (1..=MAX_KEPT_WORDS).contains(&keys.width) {
            order.keys = Some(Keys { words: Vec::with_capacity(keys.words.len()), width: keys.width });
        }
        let (mut at, mut sorter) = (0, Sorter::default());
        for run in runs {
            match run.len() {
                1 => {
                    let row = rows[run.start];
                    let key = if some.is_none() { keys.key(row as usize) } else { &[] };
                    order.push(row, key, true);
                }
                len => {
                    let rows = &rows[run];
                    let place = |n: usize| if some.is_some() { at + n } else { rows[n] as usize };
                    sorter.sort(&keys, rows, place, |row, key, is_other| order.push(row, key, !rollup || is_other));
                    at += len;
                }
            }
        }
        order
    }

    fn push(&mut self, row: u32, key: &[u64], is_first: bool) {
        if is_first {
            self.firsts.push(row);
            if let Some(keys) = &mut self.keys {
                keys.words.extend_from_slice(key);
            }
        }
        self.groups[row as usize] = self.firsts.len() as u32 - 1;
    }

    /// Whether no two rows share a group.
    pub(super) fn is_permutation(&self) -> bool {
        self.firsts.len() == self.groups.len()
    }
}

/// The rows by time; those of one time in their order.
fn by_time(times: &[i64]) -> Vec<u32> {
    if times.is_sorted() {
        return (0..times.len() as u32).collect();
    }
    let mut rows: Vec<(i64, u32)> = times.iter().copied().zip(0..).collect();
    // Sources are nearly sorted, which this sort makes use of.
    rows.sort_by_key(|(time, _)| *time);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Where in `rows` each time begins and ends.
fn runs(times: &[i64], rows: &[u32]) -> Vec<Range<usize>> {
    let mut start = 0;
    let same = rows.chunk_by(|a, b| times[*a as usize] == times[*b as usize]);
    same.map(|run| {
        start += run.len();
        start - run.len()..start
    })
    .collect()
}

/// Words of a key up to which it is kept: values are read from sorted keys faster than they are looked up by row.
const MAX_KEPT_WORDS: usize = 2;

/// Keys of rows, of all or of some.
pub(super) struct Keys {
    words: Vec<u64>,
    width: usize,
}

impl Keys {
    fn of(columns: &[KeyColumn], some: Option<&[u32]>, num_rows: usize) -> Self {
        let total: u32 = columns.iter().map(KeyColumn::num_bits).sum();
        let width = (total as usize).div_ceil(64);
        let mut words = vec![0u64; some.map_or(num_rows, <[u32]>::len) * width];
        let mut writer = KeyWriter { words: &mut words, width, at: 0 };
        columns.iter().for_each(|column| column.add_to(&mut writer, some));
        Self { words, width }
    }

    fn key(&self, place: usize) -> &[u64] {
        &self.words[place * self.width..][..self.width]
    }

    /// Of all keys, which have at most two words, in order: the bits from a place on.
    pub(super) fn bits(&self, at: u32, bits: u32) -> impl ExactSizeIterator<Item = u64> + '_ {
        let mask = if bits < 64 { (1 << bits) - 1 } else { u64::MAX };
        let (two, _) = self.words.as_chunks::<2>();
        let whole = self.width as u32 * 64;
        let shift = (whole - at - bits).min(whole - 1);
        (0..self.words.len() / self.width).map(move |key| {
            let word = match self.width {
                1 => self.words[key] >> shift,
                _ => ((u128::from(two[key][0]) << 64 | u128::from(two[key][1])) >> shift) as u64,
            };
            word & mask
        })
    }
}

/// Sorts one run of rows after the other.
#[derive(Default)]
struct Sorter {
    /// Keys of one word, and rows.
    narrow: Vec<(u64, u32)>,
    spare: Vec<(u64, u32)>,
}

impl Sorter {
    /// Calls `each` with the rows in order, their keys, and with whether the key is another one than that before.
    /// `place` says where the key of the n-th row is.
    fn sort(&mut self, keys: &Keys, rows: &[u32], place: impl Fn(usize) -> usize, each: impl FnMut(u32, &[u64], bool)) {
        match keys.width {
            1 => {
                self.narrow.clear();
                self.narrow.extend(rows.iter().enumerate().map(|(n, row)| (keys.words[place(n)], *row)));
                sorting::sort(&mut self.narrow, &mut self.spare);
                told(self.narrow.iter().map(|(key, row)| ([*key], *row)), each);
            }
            2 => told(sorted::<2>(keys, rows, place).into_iter(), each),
            3 => told(sorted::<3>(keys, rows, place).into_iter(), each),
            4 => told(sorted::<4>(keys, rows, place).into_iter(), each),
            _ => {
                let mut order: Vec<(&[u64], u32)> =
                    (0..).zip(rows).map(|(n, row)| (keys.key(place(n)), *row)).collect();
                order.sort();
                told(order.into_iter(), each);
            }
        }
    }
}

fn told<K: PartialEq + Copy + AsRef<[u64]>>(
    sorted: impl Iterator<Item = (K, u32)>,
    mut each: impl FnMut(u32, &[u64], bool),
) {
    let mut last = None;
    for (key, row) in sorted {
        each(row, key.as_ref(), last.replace(key) != Some(key));
    }
}

fn sorted<const W: usize>(keys: &Keys, rows: &[u32], place: impl Fn(usize) -> usize) -> Vec<([u64; W], u32)> {
    let (words, _) = keys.words.as_chunks::<W>();
    let mut entries: Vec<([u64; W], u32)> = (0..).zip(rows).map(|(n, row)| (words[place(n)], *row)).collect();
    entries.sort_unstable();
    entries
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aggregate::ColumnType;
    use arrow_array::StringArray;

    use super::super::keys::TextRows;
    use super::*;
    use crate::StringDictionary;

    const ROWS: u64 = 500;

    /// Values that repeat, in no order.
    fn values(column: u64, most: u64) -> Vec<u64> {
        (0..ROWS).map(|row| (row * 7_919 + column * 104_729) % 1_009 % most).collect()
    }

    fn texts(codes: &[u64]) -> KeyColumn {
        let dictionary = StringDictionary::sorted(StringArray::from(vec!["a", "b", "c"])).unwrap();
        let rows = TextRows::Single(codes.iter().map(|&code| code as u32).collect());
        KeyColumn::Text { column_type: ColumnType::String, dictionary: Arc::new(dictionary), rows }
    }

    #[test]
    fn rows_are_sorted_by_time_then_keys_then_place_whatever_the_keys_width() {
        for num_numbers in 0..6 {
            for num_texts in 0..3 {
                let columns: Vec<Vec<u64>> = (0..num_numbers + num_texts).map(|column| values(column, 3)).collect();
                let (numbers, coded) = columns.split_at(num_numbers as usize);
                let number = |bits: &Vec<u64>| KeyColumn::Number {
                    column_type: ColumnType::Long,
                    bits: bits.clone(),
                    nulls: None,
                };
                let keys: Vec<KeyColumn> = numbers.iter().map(number).chain(coded.iter().map(|c| texts(c))).collect();
                let times: Vec<i64> = values(99, 40).iter().map(|&time| time as i64 - 20).collect();
                let key = |row: u32| {
                    let key: Vec<u64> = columns.iter().map(|column| column[row as usize]).collect();
                    (times[row as usize], key)
                };
                let mut expected: Vec<u32> = (0..ROWS as u32).collect();
                expected.sort_by_key(|&row| (key(row), row));
                assert_eq!(Order::of(&times, &keys, false).firsts, expected);
                let rolled_up = Order::of(&times, &keys, true);
                expected.dedup_by_key(|row| key(*row));
                assert_eq!(rolled_up.firsts, expected);
                let mut at = keys[..num_numbers as usize].iter().map(KeyColumn::num_bits).sum();
                let width = at + num_texts as u32 * 2;
                assert_eq!(rolled_up.keys.is_some(), (1..=128).contains(&width), "{width} bits");
                for (kept, column) in rolled_up.keys.iter().flat_map(|kept| coded.iter().map(move |c| (kept, c))) {
                    let codes: Vec<u64> = expected.iter().map(|&row| column[row as usize]).collect();
                    assert_eq!(kept.bits(at, 2).collect::<Vec<_>>(), codes);
                    at += 2;
                }
                assert!(
                    (0..ROWS as u32)
                        .all(|row| { key(rolled_up.firsts[rolled_up.groups[row as usize] as usize]) == key(row) })
                );
            }
        }
    }
}

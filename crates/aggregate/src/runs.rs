//! Narrow integers of many groups, kept until there are many and then handed out in order.

use crate::by_group::ByGroup;
use crate::input::{Codes, Groups, Rows};
use crate::packed::{Packed, Scale};
use crate::span::{Span, for_each_row};

/// Integers that are kept.
const MAX_ITEMS: usize = 1 << 20;
/// Integers of a group that are worth sorting.
const MIN_SORTED: usize = 512;
/// Bits that are sorted by at a time.
const DIGIT_BITS: u32 = 11;
const NUM_DIGITS: usize = 1 << DIGIT_BITS;
/// Digits of an integer.
const MAX_DIGITS: usize = u32::BITS.div_ceil(DIGIT_BITS) as usize;

/// Integers of groups, none of them handed out yet.
#[derive(Default)]
pub(crate) struct Runs {
    /// What the integers stand for, while some wait.
    scale: Option<Scale>,
    max: u32,
    /// Group and integer.
    items: Vec<(u32, u32)>,
    by_group: ByGroup<u32>,
    sorted: Vec<u32>,
    scratch: Vec<u32>,
}

/// The integers of one group.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Run<'a> {
    /// Few, in the order of their rows.
    Met(&'a [u32]),
    /// Many, ascending.
    Sorted(&'a [u32]),
}

impl Runs {
    /// Whether such integers may wait beside those that do.
    pub fn takes(&self, scale: Scale) -> bool {
        self.scale.is_none_or(|own| own == scale) && self.items.len() < MAX_ITEMS
    }

    /// Integers of this column follow; those that wait must [take](Runs::takes) them.
    pub fn begin(&mut self, packed: &Packed<'_>) {
        debug_assert!(self.takes(packed.scale), "integers of another scale wait");
        (self.scale, self.max) = (Some(packed.scale), self.max.max(packed.max));
    }

    /// Keeps an integer of a group.
    pub fn push(&mut self, group: u32, stored: u32) {
        self.items.push((group, stored));
    }

    /// Keeps what is stored in those rows of the span that count.
    pub fn add(&mut self, span: &Span<'_>, stored: Codes<'_>, rows: Rows<'_>) {
        match stored {
            Codes::U8(stored) => self.add_stored(span, stored, rows),
            Codes::U16(stored) => self.add_stored(span, stored, rows),
            Codes::U32(stored) => self.add_stored(span, stored, rows),
        }
    }

    fn add_stored<C: Copy + Into<u32>>(&mut self, span: &Span<'_>, stored: &[C], rows: Rows<'_>) {
        let base = span.base as u32;
        match span.local_groups() {
            Groups::One => self.add_of(stored, rows, |_| base),
            Groups::U8(ids) => self.add_of(stored, rows, |row| base + u32::from(ids[row])),
            Groups::U16(ids) => self.add_of(stored, rows, |row| base + u32::from(ids[row])),
            Groups::U32(ids) => self.add_of(stored, rows, |row| base + ids[row]),
        }
    }

    #[inline(always)]
    fn add_of<C: Copy + Into<u32>>(&mut self, stored: &[C], rows: Rows<'_>, group: impl Fn(usize) -> u32) {
        let items = &mut self.items;
        match rows {
            Rows::All => items.extend(stored.iter().enumerate().map(|(row, stored)| (group(row), (*stored).into()))),
            rows => for_each_row(stored.len(), rows, |row| items.push((group(row), stored[row].into()))),
        }
    }

    /// Hands out the integers of every group, with what they stand for, and forgets them.
    pub fn drain(&mut self, mut visit: impl FnMut(usize, Scale, Run<'_>)) {
        let Some(scale) = self.scale.take() else { return };
        let Runs { items, by_group, sorted, scratch, max, .. } = self;
        let num_bits = u32::BITS - std::mem::take(max).leading_zeros();
        by_group.visit_list(items, |group, integers| {
            if integers.len() < MIN_SORTED {
                return visit(group, scale, Run::Met(integers));
            }
            sorted.clear();
            sorted.extend_from_slice(integers);
            sort(sorted, scratch, num_bits);
            visit(group, scale, Run::Sorted(sorted));
        });
        items.clear();
    }

    pub fn memory_bytes(&self) -> usize {
        let items = self.items.capacity() * size_of::<(u32, u32)>() + self.by_group.memory_bytes();
        items + (self.sorted.capacity() + self.scratch.capacity()) * size_of::<u32>()
    }
}

/// Sorts integers of so many bits.
fn sort(items: &mut Vec<u32>, scratch: &mut Vec<u32>, num_bits: u32) {
    scratch.resize(items.len(), 0);
    let num_digits = num_bits.div_ceil(DIGIT_BITS);
    let digit = |item: u32, at: u32| (item >> (at * DIGIT_BITS)) as usize & (NUM_DIGITS - 1);
    let mut ends = [[0u32; NUM_DIGITS]; MAX_DIGITS];
    match num_digits {
        0 | 1 => items.iter().for_each(|item| ends[0][digit(*item, 0)] += 1),
        2 => items.iter().for_each(|item| (0..2).for_each(|at| ends[at as usize][digit(*item, at)] += 1)),
        _ => items.iter().for_each(|item| (0..3).for_each(|at| ends[at as usize][digit(*item, at)] += 1)),
    }
    for (at, ends) in (0..num_digits).zip(&mut ends) {
        let mut start = 0;
        for end in ends.iter_mut() {
            start += std::mem::replace(end, start);
        }
        for item in items.iter() {
            let place = &mut ends[digit(*item, at)];
            scratch[*place as usize] = *item;
            *place += 1;
        }
        std::mem::swap(items, scratch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: Scale = Scale::Long { base: 5 };

    #[test]
    fn integers_of_any_width_are_sorted() {
        for num_bits in [0, 1, 7, 11, 12, 22, 23, 32] {
            for len in [0, 1, 511, 512, 5_000_u32] {
                let odd = |at: u32| u64::from(at.wrapping_mul(0x9e37_79b1)) & ((1 << num_bits) - 1);
                let mut items: Vec<u32> = (0..len).map(|at| odd(at) as u32).collect();
                let mut expected = items.clone();
                expected.sort_unstable();
                sort(&mut items, &mut Vec::new(), num_bits);
                assert_eq!(items, expected);
            }
        }
    }

    #[test]
    fn every_group_hands_out_what_it_met_in_order() {
        let stored: Vec<u16> = (0..4_096).map(|row| (row * 7_919 % 5_000) as u16).collect();
        let (near, far): (Vec<u32>, Vec<u32>) = (0..4_096).map(|row| (row % 3, row % 3 * 1_000_000)).unzip();
        let mask: Vec<u64> = (0..64).map(|at| 0b1001 << (at % 60)).collect();
        for (rows, ids) in
            [(Rows::All, &near), (Rows::Mask(&mask), &near), (Rows::All, &far), (Rows::Mask(&mask), &far)]
        {
            let span = Span { base: 10, groups: Groups::U32(ids), rows, start: 64, end: 4_000, prefetch: false };
            let packed = Packed { stored: Codes::U16(&stored), nulls: None, scale: SCALE, max: 4_999 };
            let mut expected = std::collections::BTreeMap::<usize, Vec<u32>>::new();
            for row in (64..4_000).filter(|row| rows.contains(*row)) {
                expected.entry(10 + ids[row] as usize).or_default().push(stored[row].into());
            }
            let is_many = |items: &Vec<u32>| items.len() >= MIN_SORTED;
            expected.values_mut().filter(|items| is_many(items)).for_each(|items| items.sort_unstable());
            let (mut runs, mut seen) = (Runs::default(), Vec::new());
            runs.begin(&packed);
            runs.add(&span, packed.stored.slice(span.start, span.end), span.local_rows());
            assert!(runs.takes(SCALE) && !runs.takes(Scale::Long { base: 6 }));
            runs.drain(|group, scale, run| {
                let (ascend, items) = match run {
                    Run::Met(items) => (false, items),
                    Run::Sorted(items) => (true, items),
                };
                seen.push((group, scale, ascend, items.to_vec()));
            });
            let expected = expected.into_iter().map(|(group, items)| (group, SCALE, is_many(&items), items));
            let expected: Vec<_> = expected.collect();
            assert_eq!(seen, expected);
            assert!(runs.takes(Scale::Long { base: 6 }));
            runs.drain(|_, _, _| panic!("nothing waits"));
        }
    }
}

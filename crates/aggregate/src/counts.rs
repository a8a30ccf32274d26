//! How often each group has met each narrow integer.

use crate::input::{Codes, Groups, Rows};
use crate::packed::{Packed, Scale};
use crate::span::for_each_row;

/// Counts that all groups may take together.
const MAX_COUNTS: usize = 4 << 20;
/// Counts that one row met pays for: they are cleared and read once.
const COUNTS_PER_ROW: usize = 2;
/// Counts that all groups may take of the smallest integers, where there is no room for all.
const MAX_LOW_COUNTS: usize = 1 << 21;
/// Least integers of a group that are worth counting.
const MIN_LOW: usize = 1 << 12;
/// Integers that are looked at to see whether most are low.
const LOOKS: usize = 256;
/// Part by which the room for integers grows beyond what is asked for, so that it does so seldom.
const SPARE: usize = 8;

/// Counts of groups `base..`, none of them handed out yet.
#[derive(Default)]
pub(crate) struct Counts {
    base: usize,
    /// What the integers stand for, while some wait.
    scale: Option<Scale>,
    /// Integers of one group.
    width: usize,
    /// Whether integers above a limit may have been left out.
    are_low: bool,
    counts: Vec<u32>,
    /// Rows met since `base` is what it is.
    num_rows: usize,
}

/// Counts integers, each as one that lies so far above.
pub(crate) struct Counter<'a> {
    counts: &'a mut [u32],
    width: usize,
    above: usize,
}

impl Counts {
    /// Whether such integers can be counted beside those that wait.
    pub fn takes(&self, base: usize, scale: Scale, num_rows: usize) -> bool {
        let has_room = self.num_rows.saturating_add(num_rows) <= u32::MAX as usize;
        self.scale.is_none_or(|own| self.base == base && has_room && scale.above(own).is_some())
    }

    /// Makes room for integers of the groups, counted from `base`; those that wait must [take](Counts::takes) them.
    /// `None` if that does not pay yet, by the rows met so far.
    pub fn counter(
        &mut self,
        base: usize,
        groups: Groups<'_>,
        packed: &Packed<'_>,
        num_rows: usize,
    ) -> Option<Counter<'_>> {
        debug_assert!(self.takes(base, packed.scale, num_rows), "counts of other integers wait");
        if self.base != base {
            (self.base, self.num_rows) = (base, 0);
        }
        self.num_rows = self.num_rows.saturating_add(num_rows);
        let above = self.reserve(groups, packed.scale, packed.max)?;
        Some(Counter { counts: &mut self.counts, width: self.width, above })
    }

    /// Where [`Counts::counter`] has just found no room for all integers: a counter of those below a limit, and that
    /// limit. `None` if they are few, or do not pay either.
    pub fn low_counter(&mut self, groups: Groups<'_>, packed: &Packed<'_>) -> Option<(Counter<'_>, u32)> {
        let limit = self.limit(groups, packed)?;
        let above = self.reserve(groups, packed.scale, limit - 1)?;
        self.are_low = true;
        Some((Counter { counts: &mut self.counts, width: self.width, above }, limit))
    }

    /// Below which number there is room to count integers, if most of them are.
    fn limit(&self, groups: Groups<'_>, packed: &Packed<'_>) -> Option<u32> {
        let room = self.num_rows.saturating_mul(COUNTS_PER_ROW).min(MAX_LOW_COUNTS) / groups.bound().max(1);
        let limit = 1u32.checked_shl(room.max(1).ilog2()).filter(|limit| *limit as usize >= MIN_LOW)?;
        let step = (packed.stored.len() / LOOKS).max(1);
        let (mut num_looks, mut num_low) = (0, 0);
        for at in (0..packed.stored.len()).step_by(step) {
            num_looks += 1;
            num_low += usize::from(packed.stored.get(at) < limit);
        }
        (num_low * 4 >= num_looks * 3).then_some(limit)
    }

    /// Makes room for integers up to `max`. Answers how far above what they are they are counted, `None` if that does
    /// not pay yet.
    fn reserve(&mut self, groups: Groups<'_>, scale: Scale, max: u32) -> Option<usize> {
        let own = self.scale.unwrap_or(scale);
        let above = scale.above(own)?;
        let (raised, above) = (above.min(0).unsigned_abs() as usize, above.max(0) as usize);
        let waits = self.scale.is_some();
        let mut width = (above + max as usize + 1).max(self.width) + raised;
        if waits && width > self.width {
            width += width / SPARE;
        }
        let num_groups = groups.bound().max(self.counts.len() / self.width.max(1));
        let wanted = width.saturating_mul(num_groups);
        if wanted > self.num_rows.saturating_mul(COUNTS_PER_ROW).min(MAX_COUNTS).max(self.counts.len()) {
            return None;
        }
        if waits && width != self.width {
            let mut counts = vec![0; wanted];
            for (own, old) in counts.chunks_mut(width).zip(self.counts.chunks(self.width)) {
                own[raised..raised + old.len()].copy_from_slice(old);
            }
            self.counts = counts;
        } else {
            self.counts.resize(wanted.max(self.counts.len()), 0);
        }
        self.width = width;
        self.scale = Some(if raised > 0 { scale } else { own });
        Some(above)
    }

    /// Whether some are of a [low counter](Counts::low_counter).
    pub fn are_low(&self) -> bool {
        self.are_low
    }

    /// Hands out what every group that met any has counted, with what the integers stand for, and forgets it.
    pub fn drain(&mut self, mut visit: impl FnMut(usize, Scale, &[u32])) {
        if let Some(scale) = self.scale.take() {
            let groups = self.counts.chunks(self.width).enumerate();
            let met = groups.filter(|(_, counts)| counts.iter().any(|count| *count > 0));
            met.for_each(|(id, counts)| visit(self.base + id, scale, counts));
        }
        self.counts.clear();
        (self.width, self.num_rows, self.are_low) = (0, 0, false);
    }

    pub fn memory_bytes(&self) -> usize {
        self.counts.capacity() * size_of::<u32>()
    }
}

impl Counter<'_> {
    /// Counts what is stored in every row that counts.
    pub fn count(self, groups: Groups<'_>, stored: Codes<'_>, rows: Rows<'_>) {
        let (counts, width) = (&mut self.counts[self.above..], self.width);
        for_each_stored(groups, stored, rows, move |id, stored| counts[id as usize * width + stored as usize] += 1);
    }

    /// Counts what is stored below a limit in every row that counts; the others are handed out, with their groups' ids.
    // By itself, so that its loops have all registers.
    #[inline(never)]
    pub fn count_low(
        self,
        limit: u32,
        groups: Groups<'_>,
        stored: Codes<'_>,
        rows: Rows<'_>,
        mut high: impl FnMut(u32, u32),
    ) {
        let (counts, width) = (&mut self.counts[self.above..], self.width);
        for_each_stored(groups, stored, rows, move |id, stored| {
            if stored < limit {
                counts[id as usize * width + stored as usize] += 1;
            } else {
                high(id, stored);
            }
        });
    }
}

/// Visits what is stored in every row that counts, with the id of its group. What visits holds what it needs: loops
/// that are given a reference fetch it anew for each row.
#[inline(always)]
fn for_each_stored(groups: Groups<'_>, stored: Codes<'_>, rows: Rows<'_>, visit: impl FnMut(u32, u32)) {
    match stored {
        Codes::U8(stored) => for_each_of(groups, stored, rows, visit),
        Codes::U16(stored) => for_each_of(groups, stored, rows, visit),
        Codes::U32(stored) => for_each_of(groups, stored, rows, visit),
    }
}

fn for_each_of<C: Copy + Into<u32>>(groups: Groups<'_>, stored: &[C], rows: Rows<'_>, visit: impl FnMut(u32, u32)) {
    match groups {
        Groups::One => for_each_pair::<u32, C>(&[], stored, rows, visit),
        Groups::U8(ids) => for_each_pair(ids, stored, rows, visit),
        Groups::U16(ids) => for_each_pair(ids, stored, rows, visit),
        Groups::U32(ids) => for_each_pair(ids, stored, rows, visit),
    }
}

/// Without ids all rows are of one group.
#[inline(always)]
fn for_each_pair<G: Copy + Into<u32>, C: Copy + Into<u32>>(
    ids: &[G],
    stored: &[C],
    rows: Rows<'_>,
    mut visit: impl FnMut(u32, u32),
) {
    match (rows, ids) {
        (Rows::All, []) => stored.iter().for_each(move |stored| visit(0, (*stored).into())),
        (Rows::All, ids) => ids.iter().zip(stored).for_each(move |(id, stored)| visit((*id).into(), (*stored).into())),
        (rows, []) => for_each_row(stored.len(), rows, move |row| visit(0, stored[row].into())),
        (rows, ids) => for_each_row(stored.len(), rows, move |row| visit(ids[row].into(), stored[row].into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: Scale = Scale::Double { base: 3, digits: 2 };

    fn packed(stored: &[u16], base: i64) -> Packed<'_> {
        let max = stored.iter().copied().max().unwrap_or(0).into();
        Packed { stored: Codes::U16(stored), nulls: None, scale: Scale::Double { base, digits: 2 }, max }
    }

    #[test]
    fn every_group_hands_out_what_it_met() {
        let stored: Vec<u16> = (0..1_000).map(|row| (row * 7 % 90) as u16).collect();
        let ids: Vec<u8> = (0..1_000).map(|row| (row % 3) as u8).collect();
        let mask: Vec<u64> = (0..16).map(|at| if at == 15 { 1 << 39 } else { 0b1001 << at }).collect();
        for rows in [Rows::All, Rows::Mask(&mask)] {
            for groups in [Groups::One, Groups::U8(&ids)] {
                let mut expected = vec![vec![0u32; 90]; 3];
                for_each_row(1_000, rows, |row| expected[groups.get(row)][usize::from(stored[row])] += 1);
                let (mut counts, packed) = (Counts::default(), packed(&stored, 3));
                assert!(counts.counter(9, groups, &packed, 10).is_none(), "ten rows do not pay");
                counts.counter(10, groups, &packed, 1_000).unwrap().count(groups, packed.stored, rows);
                assert!(!counts.takes(9, SCALE, 1) && counts.takes(10, SCALE, 1));
                let mut seen = Vec::new();
                counts.drain(|group, scale, counts| seen.push((group, scale, counts.to_vec())));
                let expected = (10..).zip(expected).filter(|(_, counts)| counts.iter().any(|count| *count > 0));
                let expected: Vec<_> = expected.map(|(group, counts)| (group, SCALE, counts)).collect();
                assert_eq!(seen, expected);
                counts.drain(|_, _, _| panic!("nothing waits"));
            }
        }
    }

    /// Numbers are counted as what they are, whatever each segment stores them by.
    #[test]
    fn integers_of_several_bases_are_counted_together() {
        let ids: Vec<u8> = (0..1_000).map(|row| (row % 2) as u8).collect();
        let (mut counts, mut expected) = (Counts::default(), std::collections::BTreeMap::new());
        for (base, len, num_ids) in [(50, 40, 1), (60, 90, 2), (20, 31, 1), (20, 200, 2), (-7, 3, 1)] {
            let stored: Vec<u16> = (0..1_000).map(|row| (row * 7 % len) as u16).collect();
            let groups = if num_ids == 1 { Groups::One } else { Groups::U8(&ids) };
            let packed = packed(&stored, base);
            counts.counter(0, groups, &packed, 1_000).unwrap().count(groups, packed.stored, Rows::All);
            for (row, stored) in stored.iter().enumerate() {
                *expected.entry((groups.get(row), base + i64::from(*stored))).or_insert(0u32) += 1;
            }
        }
        assert!(!counts.takes(0, Scale::Long { base: 0 }, 1), "of another kind");
        assert!(!counts.takes(0, SCALE, u32::MAX as usize), "too many to be counted");
        let mut seen = std::collections::BTreeMap::new();
        counts.drain(|group, scale, counts| {
            let Scale::Double { base, .. } = scale else { panic!("{scale:?}") };
            let met = (base..).zip(counts).filter(|(_, count)| **count > 0);
            seen.extend(met.map(|(whole, count)| ((group, whole), *count)));
        });
        assert_eq!(seen, expected);
    }
}

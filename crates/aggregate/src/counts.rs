//! How often each group has met each narrow integer.

use crate::input::{Codes, Groups, Rows};
use crate::span::for_each_row;

/// Counts that all groups may take together.
const MAX_COUNTS: usize = 4 << 20;
/// Counts that one row met pays for: they are cleared and read once.
const COUNTS_PER_ROW: usize = 2;

/// Counts of groups `base..`, none of them handed out yet.
#[derive(Default)]
pub(crate) struct Counts {
    base: usize,
    /// Integers of one group.
    width: usize,
    counts: Vec<u32>,
    /// Rows met since `base` is what it is.
    num_rows: usize,
}

impl Counts {
    /// Whether counts of another base wait.
    pub fn is_of_other(&self, base: usize) -> bool {
        self.base != base && !self.counts.is_empty()
    }

    /// Makes room for integers below `width` of the groups, counted from `base`. False if that does not pay yet, by
    /// the rows met so far.
    pub fn reserve(&mut self, base: usize, groups: Groups<'_>, width: usize, num_rows: usize) -> bool {
        debug_assert!(!self.is_of_other(base), "counts of another base wait");
        if self.base != base {
            (self.base, self.num_rows) = (base, 0);
        }
        self.num_rows += num_rows;
        self.width = width;
        let wanted = width.saturating_mul(groups.bound());
        let paid = self.num_rows.saturating_mul(COUNTS_PER_ROW).min(MAX_COUNTS);
        if wanted > paid.max(self.counts.len()) {
            return false;
        }
        if wanted > self.counts.len() {
            self.counts.resize(wanted, 0);
        }
        true
    }

    /// Counts what is stored in every row that counts. All integers are below the width reserved for.
    pub fn count(&mut self, groups: Groups<'_>, stored: Codes<'_>, rows: Rows<'_>) {
        match stored {
            Codes::U8(stored) => self.count_stored(groups, stored, rows),
            Codes::U16(stored) => self.count_stored(groups, stored, rows),
            Codes::U32(stored) => self.count_stored(groups, stored, rows),
        }
    }

    fn count_stored<C: Copy + Into<u32>>(&mut self, groups: Groups<'_>, stored: &[C], rows: Rows<'_>) {
        match groups {
            Groups::One => self.count_of(stored, rows, |_| 0),
            Groups::U8(ids) => self.count_of(stored, rows, |row| ids[row].into()),
            Groups::U16(ids) => self.count_of(stored, rows, |row| ids[row].into()),
            Groups::U32(ids) => self.count_of(stored, rows, |row| ids[row] as usize),
        }
    }

    #[inline(always)]
    fn count_of<C: Copy + Into<u32>>(&mut self, stored: &[C], rows: Rows<'_>, id: impl Fn(usize) -> usize) {
        let (counts, width) = (self.counts.as_mut_slice(), self.width);
        for_each_row(stored.len(), rows, |row| {
            let stored: u32 = stored[row].into();
            counts[id(row) * width + stored as usize] += 1;
        });
    }

    /// Hands out the counts of every group that met any, and forgets them.
    pub fn drain(&mut self, mut visit: impl FnMut(usize, &[u32])) {
        for (id, counts) in self.counts.chunks(self.width.max(1)).enumerate() {
            if counts.iter().any(|count| *count > 0) {
                visit(self.base + id, counts);
            }
        }
        self.counts.clear();
        self.num_rows = 0;
    }

    pub fn memory_bytes(&self) -> usize {
        self.counts.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_hands_out_what_it_met() {
        let stored: Vec<u16> = (0..1_000).map(|row| (row * 7 % 90) as u16).collect();
        let ids: Vec<u8> = (0..1_000).map(|row| (row % 3) as u8).collect();
        let mask: Vec<u64> = (0..16).map(|at| if at == 15 { 1 << 39 } else { 0b1001 << at }).collect();
        for rows in [Rows::All, Rows::Mask(&mask)] {
            for groups in [Groups::One, Groups::U8(&ids)] {
                let mut expected = vec![vec![0u32; 90]; 3];
                for_each_row(1_000, rows, |row| expected[groups.get(row)][usize::from(stored[row])] += 1);
                let mut counts = Counts::default();
                assert!(!counts.reserve(9, groups, 90, 10), "ten rows do not pay");
                assert!(counts.reserve(10, groups, 90, 1_000));
                counts.count(groups, Codes::U16(&stored), rows);
                assert!(counts.is_of_other(9) && !counts.is_of_other(10));
                let mut seen = Vec::new();
                counts.drain(|group, counts| seen.push((group, counts.to_vec())));
                let expected = (10..).zip(expected).filter(|(_, counts)| counts.iter().any(|count| *count > 0));
                assert_eq!(seen, expected.collect::<Vec<_>>());
                counts.drain(|_, _| panic!("nothing waits"));
            }
        }
    }
}

//! Items of a vector in the order of their groups, so that each state is fetched once.

use crate::input::{Groups, Rows};
use crate::span::{Span, for_each_row};

/// Ids per row up to which counting them pays.
const MAX_IDS_PER_ROW: usize = 4;

/// Scratch for sorting by group.
#[derive(Clone, Debug)]
pub(crate) struct ByGroup<T> {
    ends: Vec<u32>,
    items: Vec<T>,
    /// Rows that count, where not all do: their walk along the mask cannot be foreseen, so it is done once.
    rows: Vec<u32>,
}

impl<T> Default for ByGroup<T> {
    fn default() -> Self {
        ByGroup { ends: Vec::new(), items: Vec::new(), rows: Vec::new() }
    }
}

impl<T: Copy> ByGroup<T> {
    /// Calls `visit` once for each group that has rows, with their items in the order of the rows. `item`
    /// says what a row of the span has, `None` if nothing. False, and nothing was visited, when the groups
    /// are too many for this.
    pub fn visit(
        &mut self,
        span: &Span<'_>,
        rows: Rows<'_>,
        item: impl Fn(usize) -> Option<T>,
        mut visit: impl FnMut(usize, &[T]),
    ) -> bool {
        let num_rows = span.num_rows();
        match span.local_groups() {
            Groups::One => {
                self.items.clear();
                for_each_row(num_rows, rows, |row| self.items.extend(item(row)));
                if !self.items.is_empty() {
                    visit(span.base, &self.items);
                }
                true
            }
            Groups::U8(ids) => self.visit_ids(span.base, ids, rows, item, visit),
            Groups::U16(ids) => self.visit_ids(span.base, ids, rows, item, visit),
            Groups::U32(ids) => self.visit_ids(span.base, ids, rows, item, visit),
        }
    }

    fn visit_ids<I: Copy + Into<u32>>(
        &mut self,
        base: usize,
        ids: &[I],
        rows: Rows<'_>,
        item: impl Fn(usize) -> Option<T>,
        visit: impl FnMut(usize, &[T]),
    ) -> bool {
        let id = |row: usize| ids[row].into() as usize;
        let Rows::Mask(_) = rows else {
            return self.visit_rows(base, ids.len(), || 0..ids.len(), id, item, visit);
        };
        let mut positions = std::mem::take(&mut self.rows);
        positions.clear();
        for_each_row(ids.len(), rows, |row| positions.extend(u32::try_from(row)));
        let walk = || positions.iter().map(|row| *row as usize);
        let done = self.visit_rows(base, ids.len(), walk, id, item, visit);
        self.rows = positions;
        done
    }

    /// As `visit`, of items that are listed, each with its group, however many groups there are. The list may be
    /// reordered.
    pub fn visit_list(&mut self, list: &mut [(u32, T)], mut visit: impl FnMut(usize, &[T])) {
        let group = |at: usize| list[at].0 as usize;
        if self.visit_rows(0, list.len(), || 0..list.len(), group, |at| Some(list[at].1), &mut visit) {
            return;
        }
        // Stable: the items of a group stay in their order.
        list.sort_by_key(|(group, _)| *group);
        for of_group in list.chunk_by(|one, next| one.0 == next.0) {
            self.items.clear();
            self.items.extend(of_group.iter().map(|(_, item)| *item));
            visit(of_group[0].0 as usize, &self.items);
        }
    }

    pub fn memory_bytes(&self) -> usize {
        (self.ends.capacity() + self.rows.capacity()) * size_of::<u32>() + self.items.capacity() * size_of::<T>()
    }

    /// Sorts the items of the rows by their id.
    #[inline(always)]
    fn visit_rows<W: Iterator<Item = usize>>(
        &mut self,
        base: usize,
        num_rows: usize,
        walk: impl Fn() -> W,
        id: impl Fn(usize) -> usize,
        item: impl Fn(usize) -> Option<T>,
        mut visit: impl FnMut(usize, &[T]),
    ) -> bool {
        let num_ids = walk().fold(0, |num, row| num.max(id(row) + 1));
        if num_ids > num_rows.saturating_mul(MAX_IDS_PER_ROW) {
            return false;
        }
        self.ends.clear();
        self.ends.resize(num_ids + 1, 0);
        let (ends, mut sample) = (self.ends.as_mut_slice(), None);
        for row in walk() {
            if let Some(item) = item(row) {
                ends[id(row) + 1] += 1;
                sample = Some(item);
            }
        }
        let Some(sample) = sample else { return true };
        (1..ends.len()).for_each(|at| ends[at] += ends[at - 1]);
        self.items.clear();
        self.items.resize(ends[num_ids] as usize, sample);
        let items = self.items.as_mut_slice();
        for row in walk() {
            if let Some(item) = item(row) {
                let place = &mut ends[id(row)];
                items[*place as usize] = item;
                *place += 1;
            }
        }
        let mut start = 0;
        for (group, &end) in ends[..num_ids].iter().enumerate() {
            if start < end as usize {
                visit(base + group, &items[start..end as usize]);
                start = end as usize;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_by_group_in_the_order_of_their_rows() {
        let ids = [2u8, 0, 2, 1, 2, 0];
        let span = Span { base: 10, groups: Groups::U8(&ids), rows: Rows::All, start: 0, end: 6, prefetch: false };
        let mut seen = Vec::new();
        let visited = ByGroup::default().visit(
            &span,
            Rows::Mask(&[0b111101]),
            |row| (row != 3).then_some(row),
            |group, items| seen.push((group, items.to_vec())),
        );
        assert!(visited);
        assert_eq!(seen, [(10, vec![5]), (12, vec![0, 2, 4])]);
        let far = [7_000_000u32; 2];
        let span = Span { groups: Groups::U32(&far), end: 2, ..span };
        assert!(!ByGroup::default().visit(&span, Rows::All, Some, |_, _| panic!("too many groups")));
        let one = Span { groups: Groups::One, end: 3, ..span };
        ByGroup::default()
            .visit(&one, Rows::All, Some, |group, items| assert_eq!((group, items), (10, &[0, 1, 2][..])));
    }
}

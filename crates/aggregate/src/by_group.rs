//! Items of a vector in the order of their groups, so that each state is fetched once.

use crate::input::Groups;
use crate::span::{Span, for_each_row};

/// Ids per row up to which counting them pays.
const MAX_IDS_PER_ROW: usize = 4;

/// Scratch for sorting by group.
#[derive(Clone, Debug)]
pub(crate) struct ByGroup<T> {
    ends: Vec<u32>,
    items: Vec<T>,
}

impl<T> Default for ByGroup<T> {
    fn default() -> Self {
        ByGroup { ends: Vec::new(), items: Vec::new() }
    }
}

impl<T: Copy> ByGroup<T> {
    /// Calls `visit` once for each group that has rows, with their items in the order of the rows. `item`
    /// says what a row of the span has, `None` if nothing. False, and nothing was visited, when the groups
    /// are too many for this.
    pub fn visit(
        &mut self,
        span: &Span<'_>,
        rows: crate::input::Rows<'_>,
        item: impl Fn(usize) -> Option<T>,
        mut visit: impl FnMut(usize, &[T]),
    ) -> bool {
        let num_rows = span.num_rows();
        let groups = span.local_groups();
        if matches!(groups, Groups::One) {
            self.items.clear();
            for_each_row(num_rows, rows, |row| self.items.extend(item(row)));
            if !self.items.is_empty() {
                visit(span.base, &self.items);
            }
            return true;
        }
        let mut num_ids = 0;
        for_each_row(num_rows, rows, |row| num_ids = num_ids.max(groups.get(row) + 1));
        if num_ids > num_rows.saturating_mul(MAX_IDS_PER_ROW) {
            return false;
        }
        self.ends.clear();
        self.ends.resize(num_ids + 1, 0);
        let mut sample = None;
        for_each_row(num_rows, rows, |row| {
            if let Some(item) = item(row) {
                self.ends[groups.get(row) + 1] += 1;
                sample = Some(item);
            }
        });
        let Some(sample) = sample else { return true };
        for at in 1..self.ends.len() {
            self.ends[at] += self.ends[at - 1];
        }
        let total = self.ends[num_ids] as usize;
        self.items.clear();
        self.items.resize(total, sample);
        for_each_row(num_rows, rows, |row| {
            if let Some(item) = item(row) {
                let place = &mut self.ends[groups.get(row)];
                self.items[*place as usize] = item;
                *place += 1;
            }
        });
        let mut start = 0;
        for (group, &end) in self.ends[..num_ids].iter().enumerate() {
            if start < end as usize {
                visit(span.base + group, &self.items[start..end as usize]);
                start = end as usize;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Rows;

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

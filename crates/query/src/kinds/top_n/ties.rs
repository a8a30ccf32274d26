//! The order of values that a string order holds equal.
//!
//! Druid keeps the best values of a segment in a binary heap, the worst on top, and sorts what the heap's array holds
//! in the end with a stable sort. Equal values come out in the order of that array, which follows from the order in
//! which they went in: that of the dictionary. The same is done here.

use std::cmp::Ordering;

/// The rows in order, at most `limit` of them. `rows` are given in the order of the dictionary; `compare` is the order
/// asked for.
pub(super) fn best(rows: &[u32], limit: usize, compare: impl Fn(u32, u32) -> Ordering) -> Vec<u32> {
    let mut heap = Heap { rows: Vec::new(), before: |a, b| compare(b, a) };
    for &row in rows {
        if heap.rows.len() < limit || heap.rows.first().is_some_and(|worst| compare(row, *worst).is_lt()) {
            heap.push(row);
        }
        if heap.rows.len() > limit {
            heap.pop();
        }
    }
    let mut rows = heap.rows;
    rows.sort_by(|a, b| compare(*a, *b));
    rows
}

/// A binary heap in an array, sifted as Java does.
struct Heap<F> {
    rows: Vec<u32>,
    before: F,
}

impl<F: Fn(u32, u32) -> Ordering> Heap<F> {
    fn push(&mut self, row: u32) {
        let mut at = self.rows.len();
        self.rows.push(row);
        while at > 0 {
            let parent = (at - 1) / 2;
            if (self.before)(row, self.rows[parent]).is_ge() {
                break;
            }
            self.rows[at] = self.rows[parent];
            at = parent;
        }
        self.rows[at] = row;
    }

    fn pop(&mut self) {
        let Some(row) = self.rows.pop() else { return };
        let len = self.rows.len();
        let mut at = 0;
        while at < len / 2 {
            let left = 2 * at + 1;
            let right = left + 1;
            let turn_right = right < len && (self.before)(self.rows[left], self.rows[right]).is_gt();
            let child = if turn_right { right } else { left };
            if (self.before)(row, self.rows[child]).is_le() {
                break;
            }
            self.rows[at] = self.rows[child];
            at = child;
        }
        if len > 0 {
            self.rows[at] = row;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_come_in_the_order_of_the_heap() {
        // The values by dictionary; the second, third and seventh are equal numbers.
        let values = [-1, 5, 1, 1, 10, 1, 9, 100];
        let by_value = |a: u32, b: u32| values[a as usize].cmp(&values[b as usize]);
        let all: Vec<u32> = (0..8).collect();
        let rows = best(&all, 50, by_value);
        assert!(rows.is_sorted_by(|a, b| by_value(*a, *b).is_le()));
        assert_eq!(rows.iter().filter(|row| values[**row as usize] == 1).copied().collect::<Vec<_>>(), [3, 5, 2]);
        let few = best(&all, 3, by_value);
        assert_eq!(few.iter().map(|row| values[*row as usize]).collect::<Vec<_>>(), [-1, 1, 1]);
    }
}

//! Sorted runs of rows merged while they are read: the one that comes next is at the top of a heap.

use std::cmp::Ordering;

use crate::Result;
use crate::order::{OrderBy, SortKey};

/// The columns that rows of several tables are compared by.
pub(crate) struct Comparable(Vec<Column>);

struct Column {
    by: OrderBy,
    /// Of numbers; texts compare as they are, since ranks mean something in one table only.
    key: Option<SortKey>,
}

impl Column {
    fn compare(&self, row: usize, other: &Column, other_row: usize) -> Ordering {
        match (&self.key, &other.key) {
            (Some(key), Some(other_key)) if self.by.is_like(&other.by) => key.compare_to(row, other_key, other_row),
            _ => self.by.compare_to(row, &other.by, other_row),
        }
    }
}

impl Comparable {
    pub fn new(columns: Vec<OrderBy>) -> Self {
        Self(columns.into_iter().map(|by| Column { key: by.is_number().then(|| by.key()), by }).collect())
    }

    /// A row of this table against a row of another.
    fn compare(&self, row: usize, other: &Comparable, other_row: usize) -> Ordering {
        let by = |(mine, theirs): (&Column, &Column)| mine.compare(row, theirs, other_row);
        self.0.iter().zip(&other.0).map(by).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

/// A block of a run: what its rows compare by, and whatever they are printed from.
pub(crate) struct Block<T> {
    pub rows: T,
    pub num_rows: usize,
    pub by: Comparable,
}

struct Cursor<T> {
    run: usize,
    /// The block of the run that comes behind this one.
    next: usize,
    block: Block<T>,
    row: usize,
}

/// Sorted runs in one order. `read` gives the blocks of a run one after the other.
pub(crate) struct Cursors<T, R> {
    /// A heap: nobody comes before the one above.
    heap: Vec<Cursor<T>>,
    read: R,
}

impl<T, R: FnMut(usize, usize) -> Result<Option<Block<T>>>> Cursors<T, R> {
    pub fn open(num_runs: usize, mut read: R) -> Result<Self> {
        let mut heap = Vec::new();
        for run in 0..num_runs {
            if let Some(block) = read(run, 0)?.filter(|block| block.num_rows > 0) {
                heap.push(Cursor { run, next: 1, block, row: 0 });
            }
        }
        let mut cursors = Self { heap, read };
        (0..cursors.heap.len()).rev().for_each(|at| cursors.sink(at));
        Ok(cursors)
    }

    /// The next row, as a block and its place there.
    pub fn peek(&self) -> Option<(&T, usize)> {
        self.heap.first().map(|top| (&top.block.rows, top.row))
    }

    /// Steps over the next row.
    pub fn advance(&mut self) -> Result<()> {
        let Some(top) = self.heap.first_mut() else { return Ok(()) };
        top.row += 1;
        if top.row == top.block.num_rows {
            match (self.read)(top.run, top.next)?.filter(|block| block.num_rows > 0) {
                Some(block) => {
                    top.block = block;
                    top.row = 0;
                    top.next += 1;
                }
                None => {
                    self.heap.swap_remove(0);
                }
            }
        }
        self.sink(0);
        Ok(())
    }

    fn comes_first(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.heap[one], &self.heap[other]);
        let order = one.block.by.compare(one.row, &other.block.by, other.row);
        order.then(one.run.cmp(&other.run)).is_lt()
    }

    fn sink(&mut self, mut at: usize) {
        loop {
            let below = [2 * at + 1, 2 * at + 2];
            let mut first = at;
            for below in below.into_iter().filter(|below| *below < self.heap.len()) {
                if self.comes_first(below, first) {
                    first = below;
                }
            }
            if first == at {
                return;
            }
            self.heap.swap(at, first);
            at = first;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::finalize::Values;
    use crate::order::How;

    proptest! {
        #[test]
        fn runs_merge_into_what_sorting_all_gives(
            mut runs in proptest::collection::vec(proptest::collection::vec(proptest::option::of(0..20i64), 0..9), 0..7),
            descending in any::<bool>(),
            as_text in any::<bool>(),
            block in 1..4usize,
        ) {
            let values = |rows: &[Option<i64>]| match as_text {
                true => Values::Text(rows.iter().map(|row| row.map(|number| number.to_string())).collect()),
                false => Values::Long(rows.iter().copied().collect()),
            };
            let by = |rows: &[Option<i64>]| OrderBy::new(values(rows), How::Natural).descending(descending);
            let sorted = |rows: &[Option<i64>]| -> Vec<Option<i64>> {
                let order = crate::order::sort(&[by(rows).key()], rows.len(), 0, None);
                order.values().iter().map(|row| rows[*row as usize]).collect()
            };
            runs.iter_mut().for_each(|run| *run = sorted(run));
            let mut cursors = Cursors::open(runs.len(), |run, at| {
                let rows = runs[run].chunks(block).nth(at).map(<[_]>::to_vec);
                Ok(rows.map(|rows| Block { num_rows: rows.len(), by: Comparable::new(vec![by(&rows)]), rows }))
            })
            .expect("runs");
            let mut merged = Vec::new();
            while let Some((rows, row)) = cursors.peek() {
                merged.push(rows[row]);
                cursors.advance().expect("a row");
            }
            prop_assert_eq!(merged, sorted(&runs.concat()));
        }
    }
}

//! Groups by bucket and codes: by a cell for each combination while these are few, by hash when they are many.

use aggregate::KeyTable;

use crate::{Error, Result};

/// Cells that may be held for each group.
const CELLS_PER_GROUP: usize = 8;
/// Bits that a key's codes begin with.
const FIRST_BITS: u32 = 4;

/// Numbers for combinations of a bucket and a code of each key.
pub(super) enum Cells {
    Dense(Dense),
    /// Two numbers to a word: the bucket and the codes.
    Hash {
        table: KeyTable,
        num_keys: usize,
    },
}

/// A cell for each combination of codes, in a list for each bucket.
pub(super) struct Dense {
    /// Bits that the codes of each key have in the number of a cell.
    bits: Vec<u32>,
    /// The group of a cell, plus one; lists of buckets without groups are empty.
    buckets: Vec<Vec<u32>>,
    /// Bucket and cell of each group.
    groups: Vec<(u32, u32)>,
}

impl Default for Cells {
    fn default() -> Self {
        Cells::of(0)
    }
}

impl Cells {
    pub fn of(num_keys: usize) -> Self {
        Cells::Dense(Dense { bits: vec![FIRST_BITS; num_keys], buckets: Vec::new(), groups: Vec::new() })
    }

    pub fn len(&self) -> usize {
        match self {
            Cells::Dense(dense) => dense.groups.len(),
            Cells::Hash { table, .. } => table.len(),
        }
    }

    pub fn memory_bytes(&self) -> usize {
        match self {
            Cells::Dense(dense) => dense.num_cells() * 4 + dense.groups.capacity() * 8,
            Cells::Hash { table, .. } => table.memory_bytes(),
        }
    }

    /// The groups of some rows, new ones included. `sizes` are the numbers of codes of each key.
    pub fn groups(
        &mut self,
        sizes: impl Iterator<Item = usize>,
        buckets: &[u32],
        codes: &[Vec<u32>],
        most_cells: usize,
    ) -> Result<Vec<u32>> {
        if let Cells::Dense(dense) = self
            && !dense.make_room(sizes, buckets, most_cells)
        {
            *self = dense.hashed()?;
        }
        Ok(match self {
            Cells::Dense(dense) => dense.groups(buckets, codes),
            Cells::Hash { table, num_keys } => {
                let width = width_of(*num_keys);
                let mut words = vec![0u64; buckets.len() * width];
                for (word, bucket) in words.iter_mut().step_by(width).zip(buckets) {
                    *word = u64::from(*bucket);
                }
                for (at, codes) in (1..).zip(codes) {
                    let (first, shift) = (at / 2, at % 2 * 32);
                    for (word, code) in words[first..].iter_mut().step_by(width).zip(codes) {
                        *word |= u64::from(*code) << shift;
                    }
                }
                let mut groups = Vec::with_capacity(buckets.len());
                table.insert_batch(&words, &mut groups);
                groups
            }
        })
    }

    /// The bucket of a group, and the code of each key.
    pub fn key(&self, group: u32, out: &mut Vec<u32>) {
        out.clear();
        match self {
            Cells::Dense(dense) => {
                let (bucket, cell) = dense.groups[group as usize];
                out.push(bucket);
                dense.codes(cell, out);
            }
            Cells::Hash { table, num_keys } => {
                let words = table.key(group);
                out.extend((0..=*num_keys).map(|at| (words[at / 2] >> (at % 2 * 32)) as u32));
            }
        }
    }
}

fn width_of(num_keys: usize) -> usize {
    (num_keys + 1).div_ceil(2)
}

impl Dense {
    fn num_cells(&self) -> usize {
        self.buckets.iter().map(Vec::capacity).sum()
    }

    fn cells_of_bucket(&self) -> Option<usize> {
        1usize.checked_shl(self.bits.iter().sum()).filter(|cells| *cells <= u32::MAX as usize)
    }

    /// Makes room for codes and buckets; false where they are too many for cells.
    fn make_room(&mut self, sizes: impl Iterator<Item = usize>, buckets: &[u32], most_cells: usize) -> bool {
        let is_wide = |(bits, size): (&u32, usize)| size > 1 << bits;
        let sizes: Vec<usize> = sizes.collect();
        if self.bits.iter().zip(sizes.iter().copied()).any(is_wide) {
            let old = self.bits.clone();
            for (bits, size) in self.bits.iter_mut().zip(sizes) {
                *bits = (*bits).max(size.next_power_of_two().trailing_zeros());
            }
            if !self.is_enough(self.buckets.iter().filter(|cells| !cells.is_empty()).count(), most_cells) {
                self.bits = old;
                return false;
            }
            self.lay_out(&old);
        }
        let mut last = u32::MAX;
        for &bucket in buckets {
            if bucket == last {
                continue;
            }
            last = bucket;
            let bucket = bucket as usize;
            if self.buckets.len() <= bucket {
                self.buckets.resize(bucket + 1, Vec::new());
            }
            if self.buckets[bucket].is_empty() {
                let used = self.buckets.iter().filter(|cells| !cells.is_empty()).count();
                if !self.is_enough(used + 1, most_cells) {
                    return false;
                }
                self.buckets[bucket] = vec![0; self.cells_of_bucket().unwrap_or(0)];
            }
        }
        true
    }

    fn is_enough(&self, num_buckets: usize, most_cells: usize) -> bool {
        let most = most_cells.max(self.groups.len() * CELLS_PER_GROUP);
        self.cells_of_bucket().and_then(|cells| cells.checked_mul(num_buckets)).is_some_and(|cells| cells <= most)
    }

    /// Puts the groups into cells of the bits of today.
    fn lay_out(&mut self, old: &[u32]) {
        let cells = self.cells_of_bucket().unwrap_or(0);
        self.buckets.iter_mut().filter(|list| !list.is_empty()).for_each(|list| *list = vec![0; cells]);
        for (number, (bucket, cell)) in (1..).zip(&mut self.groups) {
            let (mut rest, mut moved, mut shift) = (*cell, 0, 0);
            for (old, new) in old.iter().zip(&self.bits).rev() {
                moved |= (rest & ((1 << old) - 1)) << shift;
                rest >>= old;
                shift += new;
            }
            *cell = moved;
            self.buckets[*bucket as usize][moved as usize] = number;
        }
    }

    fn codes(&self, cell: u32, out: &mut Vec<u32>) {
        let mut below: u32 = self.bits.iter().sum();
        for bits in &self.bits {
            below -= bits;
            out.push(cell >> below & ((1 << bits) - 1));
        }
    }

    fn groups(&mut self, buckets: &[u32], codes: &[Vec<u32>]) -> Vec<u32> {
        let mut cells = codes.first().cloned().unwrap_or_else(|| vec![0; buckets.len()]);
        for (codes, bits) in codes.iter().zip(&self.bits).skip(1) {
            cells.iter_mut().zip(codes).for_each(|(cell, code)| *cell = *cell << bits | code);
        }
        let mut start = 0;
        for run in buckets.chunk_by(|a, b| a == b) {
            let (bucket, list) = (run[0], &mut self.buckets[run[0] as usize]);
            for cell in &mut cells[start..start + run.len()] {
                let group = &mut list[*cell as usize];
                if *group == 0 {
                    self.groups.push((bucket, *cell));
                    *group = self.groups.len() as u32;
                }
                *cell = *group - 1;
            }
            start += run.len();
        }
        cells
    }

    /// The same groups by hash.
    fn hashed(&self) -> Result<Cells> {
        let num_keys = self.bits.len();
        let width = width_of(num_keys);
        let mut table = KeyTable::with_capacity(width, self.groups.len());
        let (mut words, mut key) = (vec![0u64; self.groups.len() * width], Vec::new());
        for (words, (bucket, cell)) in words.chunks_exact_mut(width).zip(&self.groups) {
            key.clear();
            key.push(*bucket);
            self.codes(*cell, &mut key);
            for (at, code) in key.iter().enumerate() {
                words[at / 2] |= u64::from(*code) << (at % 2 * 32);
            }
        }
        let mut groups = Vec::with_capacity(self.groups.len());
        table.insert_batch(&words, &mut groups);
        if table.len() != self.groups.len() {
            return Err(Error::internal("groups that are not apart"));
        }
        Ok(Cells::Hash { table, num_keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Groups are numbered by first sight, whether they have cells or hashes, and keep their keys while codes grow.
    #[test]
    fn combinations_keep_their_groups() {
        for most_cells in [0, 1 << 10, 1 << 20] {
            let (mut cells, mut known) = (Cells::of(2), Vec::<[u32; 3]>::new());
            for size in [3u32, 40, 700, 900] {
                let rows: Vec<[u32; 3]> =
                    (0..2_000u32).map(|row| [row % 500 / 250, row * 7 % size, row * row % (size / 2 + 1)]).collect();
                let list = |at: usize| rows.iter().map(|row| row[at]).collect::<Vec<u32>>();
                let sizes = [size as usize, size as usize / 2 + 1].into_iter();
                let groups = cells.groups(sizes, &list(0), &[list(1), list(2)], most_cells).unwrap();
                for (row, group) in rows.iter().zip(groups) {
                    if !known.contains(row) {
                        known.push(*row);
                    }
                    assert_eq!(known.iter().position(|key| key == row), Some(group as usize));
                }
            }
            assert_eq!(cells.len(), known.len());
            let mut key = Vec::new();
            for (group, expected) in (0..).zip(&known) {
                cells.key(group, &mut key);
                assert_eq!(key, expected);
            }
            assert_eq!(matches!(cells, Cells::Hash { .. }), most_cells < 1 << 20);
        }
    }
}

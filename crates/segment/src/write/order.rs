//! Sorting rows by packed keys, and which of them are one group.

use super::keys::{KeyColumn, KeyField};

/// Rows in their final order.
pub(super) struct Order {
    /// The first row of each group, groups in order.
    pub(super) firsts: Vec<u32>,
    /// The group of each row.
    pub(super) groups: Vec<u32>,
}

impl Order {
    /// Sorts by time, then keys, then the order of the rows.
    pub(super) fn of(times: &[i64], keys: &[KeyColumn], rollup: bool) -> Self {
        let (words, width) = pack(times, keys);
        let order = match width {
            1 => sorted::<1>(&words),
            2 => sorted::<2>(&words),
            3 => sorted::<3>(&words),
            4 => sorted::<4>(&words),
            _ => {
                let key = |row: u32| &words[row as usize * width..][..width];
                let mut order: Vec<u32> = (0..times.len() as u32).collect();
                order.sort_by(|&a, &b| key(a).cmp(key(b)));
                order
            }
        };
        let key = |row: u32| &words[row as usize * width..][..width];
        let mut firsts: Vec<u32> = Vec::new();
        let mut groups = vec![0; times.len()];
        for &row in &order {
            let same = rollup && firsts.last().is_some_and(|&first| key(first) == key(row));
            if !same {
                firsts.push(row);
            }
            groups[row as usize] = firsts.len() as u32 - 1;
        }
        Self { firsts, groups }
    }

    /// Whether no two rows share a group.
    pub(super) fn is_permutation(&self) -> bool {
        self.firsts.len() == self.groups.len()
    }
}

fn sorted<const W: usize>(words: &[u64]) -> Vec<u32> {
    let (keys, _) = words.as_chunks::<W>();
    let mut entries: Vec<([u64; W], u32)> = keys.iter().copied().zip(0..).collect();
    entries.sort();
    entries.into_iter().map(|(_, row)| row).collect()
}

/// Keys as words that sort as the rows do, the highest bits first.
fn pack(times: &[i64], keys: &[KeyColumn]) -> (Vec<u64>, usize) {
    let fields: Vec<KeyField> = keys.iter().flat_map(KeyColumn::fields).collect();
    let total: u32 = fields.iter().map(|f| f.bits).sum();
    let width = 1 + (total as usize).div_ceil(64);
    let mut words = vec![0u64; times.len() * width];
    for (key, &time) in words.chunks_exact_mut(width).zip(times) {
        key[0] = time as u64 ^ 1 << 63;
    }
    let mut at = 64;
    for field in fields {
        let (word, used) = ((at / 64) as usize, at % 64);
        let free = 64 - used;
        for (key, &value) in words.chunks_exact_mut(width).zip(&field.values) {
            if field.bits == 0 {
                continue;
            }
            if field.bits <= free {
                key[word] |= value << (free - field.bits);
            } else {
                key[word] |= value >> (field.bits - free);
                key[word + 1] |= value << (64 - (field.bits - free));
            }
        }
        at += field.bits;
    }
    (words, width)
}

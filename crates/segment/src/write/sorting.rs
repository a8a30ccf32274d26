//! Keys as words that sort as rows do, and sorting by them.

/// Entries that are sorted by comparing them.
const MAX_COMPARED: usize = 128;
/// Bits that entries are told apart by at a time: few, so that places to write to stay at hand.
const DIGIT: u32 = 8;
const BUCKETS: usize = 1 << DIGIT;

/// Keys of rows under construction, the highest bits first.
pub(super) struct KeyWriter<'a> {
    pub(super) words: &'a mut [u64],
    /// Words of a key.
    pub(super) width: usize,
    /// Bits that each key has so far.
    pub(super) at: u32,
}

impl KeyWriter<'_> {
    /// Appends `bits` bits to the key of each row, or of all `num_rows`.
    pub(super) fn add(&mut self, bits: u32, rows: Option<&[u32]>, num_rows: usize, value: impl Fn(usize) -> u64) {
        match rows {
            Some(rows) => self.append(bits, rows.iter().map(|&row| value(row as usize))),
            None => self.append(bits, (0..num_rows).map(value)),
        }
    }

    fn append(&mut self, bits: u32, values: impl Iterator<Item = u64>) {
        if bits == 0 {
            return;
        }
        let (word, free) = ((self.at / 64) as usize, 64 - self.at % 64);
        self.at += bits;
        if self.width == 1 {
            self.words.iter_mut().zip(values).for_each(|(key, value)| *key |= value << (free - bits));
            return;
        }
        for (key, value) in self.words.chunks_exact_mut(self.width).zip(values) {
            if bits <= free {
                key[word] |= value << (free - bits);
            } else {
                key[word] |= value >> (bits - free);
                key[word + 1] |= value << (64 - (bits - free));
            }
        }
    }
}

/// Sorts entries by their keys, then rows, which ascend in each key beforehand.
pub(super) fn sort(entries: &mut [(u64, u32)], spare: &mut Vec<(u64, u32)>) {
    if spare.len() < entries.len() {
        spare.resize(entries.len(), (0, 0));
    }
    sort_digits(entries, &mut spare[..entries.len()]);
}

fn sort_digits(entries: &mut [(u64, u32)], spare: &mut [(u64, u32)]) {
    if entries.len() <= MAX_COMPARED {
        return entries.sort_unstable();
    }
    let first = entries[0].0;
    let different = entries.iter().fold(0, |bits, (key, _)| bits | (key ^ first));
    if different == 0 {
        return;
    }
    // The highest bits in which keys differ.
    let shift = (u64::BITS - different.leading_zeros()).saturating_sub(DIGIT);
    let digit = |key: u64| (key >> shift) as usize % BUCKETS;
    let mut ends = [0usize; BUCKETS];
    entries.iter().for_each(|(key, _)| ends[digit(*key)] += 1);
    let mut total = 0;
    let mut next = ends.map(|len| {
        total += len;
        total - len
    });
    for entry in entries.iter() {
        let place = &mut next[digit(entry.0)];
        spare[*place] = *entry;
        *place += 1;
    }
    entries.copy_from_slice(spare);
    let mut start = 0;
    for end in next {
        if end - start > 1 {
            sort_digits(&mut entries[start..end], &mut spare[start..end]);
        }
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_sorted_by_key_then_row() {
        for spread in [0, 3, 8, 20, 40, 63] {
            for len in [0u32, 1, 2, 100, 129, 5_000] {
                let key = |row: u32| u64::from(row).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (63 - spread) << 1;
                let mut entries: Vec<(u64, u32)> = (0..len).map(|row| (key(row), row)).collect();
                let mut expected = entries.clone();
                expected.sort();
                sort(&mut entries, &mut Vec::new());
                assert_eq!(entries, expected, "{spread} {len}");
            }
        }
    }
}

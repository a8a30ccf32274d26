//! Which codes each group has met: a bit for each, group after group.

use crate::input::{Codes, Groups, Rows};
use crate::listed::{LISTED_TOGETHER, count, list};
use crate::span::for_each_row;

/// Words that all groups' codes may take together.
pub(crate) const MAX_WORDS: usize = 4 << 20;
/// Words that always pay.
const FREE_WORDS: usize = 1_024;
/// Words that one row met pays for: they are cleared and read once.
const WORDS_PER_ROW: usize = 2;
/// Words whose codes are handed out together.
const BATCH_WORDS: usize = 64;
/// Mask words with fewer rows than this are walked bit by bit.
const SPARSE_WORD: u32 = 20;

/// Codes met by groups `base..`, none of them handed out yet.
#[derive(Default)]
pub(crate) struct Marks {
    base: usize,
    /// Words of one group.
    width: usize,
    words: Vec<u64>,
    /// Rows met since `base` is what it is.
    num_rows: usize,
    num_codes: usize,
    /// The one group has met every code.
    is_full: bool,
    /// Rows from which on it is asked again whether it has.
    full_at: usize,
}

impl Marks {
    /// Whether no code waits to be handed out.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether marks of another base wait.
    pub fn is_of_other(&self, base: usize) -> bool {
        self.base != base && !self.is_empty()
    }

    pub fn num_words(&self) -> usize {
        self.words.len()
    }

    /// Makes room for codes below `num_codes` of the groups, counted from `base`. False if that does not pay
    /// yet, by the rows met so far, or takes more than `max_words`.
    pub fn reserve(
        &mut self,
        base: usize,
        groups: Groups<'_>,
        num_codes: usize,
        num_rows: usize,
        max_words: usize,
    ) -> bool {
        debug_assert!(!self.is_of_other(base), "codes of another base wait");
        if self.base != base {
            (self.base, self.num_rows) = (base, 0);
        }
        self.num_rows += num_rows;
        (self.width, self.num_codes) = (num_codes.div_ceil(64), num_codes);
        let num_words = self.width.saturating_mul(groups.bound());
        let paid = self.num_rows.saturating_mul(WORDS_PER_ROW).clamp(FREE_WORDS, max_words.max(FREE_WORDS));
        if num_words > paid.max(self.words.len()) {
            return false;
        }
        if num_words > self.words.len() {
            self.words.resize(num_words, 0);
        }
        true
    }

    /// So many words pay from now on, until they are drained.
    pub fn pay(&mut self, num_words: usize) {
        self.num_rows = self.num_rows.max(num_words.div_ceil(WORDS_PER_ROW));
    }

    /// Marks the code of every row that counts. All are below the number reserved for.
    pub fn mark(&mut self, groups: Groups<'_>, codes: Codes<'_>, rows: Rows<'_>) {
        if let Groups::One = groups {
            if !self.is_full && self.num_rows > self.full_at {
                self.is_full = count(&self.words) == self.num_codes;
                self.full_at = self.num_rows.saturating_add(self.num_rows / 2).max(self.num_codes);
            }
            if self.is_full {
                return;
            }
        } else {
            self.is_full = false;
        }
        match codes {
            Codes::U8(codes) => self.mark_bytes(groups, codes, rows),
            Codes::U16(codes) => self.mark_codes(groups, codes, rows),
            Codes::U32(codes) => self.mark_codes(groups, codes, rows),
        }
    }

    /// Few codes come again and again: stores that do not wait for each other, then bits.
    fn mark_bytes(&mut self, groups: Groups<'_>, codes: &[u8], rows: Rows<'_>) {
        let (Groups::One, Rows::All) = (groups, rows) else { return self.mark_codes(groups, codes, rows) };
        let mut met = [0_u8; 256];
        codes.iter().for_each(|code| met[usize::from(*code)] = 1);
        for (word, met) in self.words.iter_mut().zip(met.chunks(64)) {
            met.iter().enumerate().for_each(|(at, met)| *word |= u64::from(*met) << at);
        }
    }

    fn mark_codes<C: Copy + Into<u32>>(&mut self, groups: Groups<'_>, codes: &[C], rows: Rows<'_>) {
        match groups {
            Groups::One => self.mark_of(codes, rows, |_| 0),
            Groups::U8(ids) => self.mark_of(codes, rows, |row| ids[row].into()),
            Groups::U16(ids) => self.mark_of(codes, rows, |row| ids[row].into()),
            Groups::U32(ids) => self.mark_of(codes, rows, |row| ids[row] as usize),
        }
    }

    #[inline(always)]
    fn mark_of<C: Copy + Into<u32>>(&mut self, codes: &[C], rows: Rows<'_>, id: impl Fn(usize) -> usize) {
        let (words, width) = (self.words.as_mut_slice(), self.width);
        let mut set = |row: usize, bit: u64| {
            let code: u32 = codes[row].into();
            words[id(row) * width + code as usize / 64] |= bit << (code % 64);
        };
        match rows {
            Rows::All => (0..codes.len()).for_each(|row| set(row, 1)),
            Rows::Mask(mask) => {
                for (at, &word) in mask.iter().enumerate() {
                    let start = at * 64;
                    if word.count_ones() < SPARSE_WORD {
                        for_each_row(64, Rows::Mask(&[word]), |row| set(start + row, 1));
                    } else {
                        (start..codes.len().min(start + 64)).for_each(|row| set(row, word >> (row - start) & 1));
                    }
                }
            }
        }
    }

    /// Marks one code of a group, counted from `base`.
    pub fn mark_one(&mut self, id: usize, code: u32) {
        self.words[id * self.width + code as usize / 64] |= 1 << (code % 64);
    }

    /// Hands out the codes of every group that met any, ascending, and forgets them.
    pub fn drain<E>(&mut self, mut visit: impl FnMut(usize, CodesMet<'_>) -> Result<(), E>) -> Result<(), E> {
        let words = std::mem::take(&mut self.words);
        let (width, base) = (self.width.max(1), self.base);
        let groups = words.chunks(width).enumerate().filter(|(_, words)| words.iter().any(|word| *word != 0));
        let result = groups.into_iter().try_for_each(|(id, words)| visit(base + id, CodesMet(words)));
        self.words = words;
        self.words.clear();
        (self.num_rows, self.is_full, self.full_at) = (0, false, 0);
        result
    }

    pub fn memory_bytes(&self) -> usize {
        self.words.capacity() * 8
    }
}

/// The codes one group has met.
pub(crate) struct CodesMet<'a>(&'a [u64]);

impl CodesMet<'_> {
    /// Visits the codes in batches, ascending. The buffer is scratch.
    pub fn for_each_batch<E>(
        &self,
        buffer: &mut Vec<u32>,
        mut visit: impl FnMut(&[u32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let starts = (0u32..).step_by(64 * BATCH_WORDS);
        for (start, words) in starts.zip(self.0.chunks(BATCH_WORDS)) {
            buffer.resize(64 * BATCH_WORDS + LISTED_TOGETHER, 0);
            let num = list(start, words, buffer);
            if num > 0 {
                visit(&buffer[..num])?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained(marks: &mut Marks) -> Vec<(usize, Vec<u32>)> {
        let mut all = Vec::new();
        let visited = marks.drain(|group, met| {
            let mut codes = Vec::new();
            met.for_each_batch(&mut Vec::new(), |batch| {
                codes.extend_from_slice(batch);
                Ok::<(), ()>(())
            })?;
            all.push((group, codes));
            Ok::<(), ()>(())
        });
        visited.unwrap();
        all
    }

    #[test]
    fn every_group_hands_out_the_codes_it_met_once() {
        let codes: Vec<u32> = (0..1_000).map(|row| row * 7 % 130).collect();
        let bytes: Vec<u8> = codes.iter().map(|code| *code as u8).collect();
        let middle: Vec<u16> = codes.iter().map(|code| *code as u16).collect();
        let ids: Vec<u8> = (0..1_000).map(|row| (row % 3) as u8).collect();
        let wide: Vec<u32> = ids.iter().map(|id| u32::from(*id)).collect();
        let sparse: Vec<u64> = (0..16).map(|at| if at == 15 { 1 << 39 } else { 0b1001 << at }).collect();
        let dense: Vec<u64> = (0..16).map(|at| if at == 15 { 0xff_ffff } else { !0x11 }).collect();
        for rows in [Rows::All, Rows::Mask(&sparse), Rows::Mask(&dense)] {
            for groups in [Groups::One, Groups::U8(&ids), Groups::U32(&wide)] {
                let mut expected = vec![std::collections::BTreeSet::new(); 3];
                for_each_row(1_000, rows, |row| expected[groups.get(row)].extend([codes[row]]));
                let expected: Vec<(usize, Vec<u32>)> =
                    (10..).zip(expected).map(|(g, c)| (g, c.into_iter().collect())).collect();
                let expected: Vec<_> = expected.into_iter().filter(|(_, codes)| !codes.is_empty()).collect();
                for codes in [Codes::U8(&bytes), Codes::U16(&middle), Codes::U32(&codes)] {
                    let mut marks = Marks::default();
                    assert!(marks.reserve(10, groups, 130, 1_000, MAX_WORDS));
                    marks.mark(groups, codes, rows);
                    assert!(marks.is_of_other(9) && !marks.is_of_other(10));
                    assert_eq!(drained(&mut marks), expected);
                    assert!(marks.is_empty() && drained(&mut marks).is_empty());
                }
            }
        }
    }

    #[test]
    fn room_is_paid_by_rows() {
        let mut marks = Marks::default();
        assert!(!marks.reserve(0, Groups::One, 1_000_000, 100, MAX_WORDS));
        assert!(!marks.reserve(0, Groups::One, 1_000_000, 5_000, MAX_WORDS));
        assert!(marks.reserve(0, Groups::One, 1_000_000, 5_000, MAX_WORDS));
        assert_eq!(drained(&mut marks), []);
        assert!(!marks.reserve(1, Groups::One, 1_000_000, 100, MAX_WORDS), "rows of another base do not pay");
        assert!(
            !marks.reserve(1, Groups::U32(&[5_000]), 1_000_000, usize::MAX / 2, MAX_WORDS),
            "never more than the most"
        );
    }
}

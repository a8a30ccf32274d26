//! Sets of dictionary codes.

use std::ops::Range;

/// Which codes of a dictionary a predicate chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CodeSet {
    None,
    All,
    /// First and last.
    Span(u32, u32),
    /// One bit a code.
    Bits {
        words: Vec<u64>,
        num_codes: usize,
    },
}

impl CodeSet {
    /// The codes of a dictionary of `len` entries for which `test` holds.
    pub fn collect(len: usize, mut test: impl FnMut(u32) -> bool) -> CodeSet {
        let mut words = vec![0u64; len.div_ceil(64)];
        for (code, at) in (0u32..).zip(0..len) {
            words[at / 64] |= u64::from(test(code)) << (at % 64);
        }
        CodeSet::from_words(words, len)
    }

    /// Of codes in any order, perhaps several times.
    pub fn of(codes: impl IntoIterator<Item = u32>, len: usize) -> CodeSet {
        let mut words = vec![0u64; len.div_ceil(64)];
        for code in codes {
            if let Some(word) = words.get_mut(code as usize / 64) {
                *word |= 1 << (code % 64);
            }
        }
        CodeSet::from_words(words, len)
    }

    /// Of a range of codes.
    pub fn range(codes: Range<u32>, len: usize) -> CodeSet {
        match (codes.is_empty(), codes.len() >= len) {
            (true, _) => CodeSet::None,
            (false, true) => CodeSet::All,
            (false, false) => CodeSet::Span(codes.start, codes.end - 1),
        }
    }

    fn from_words(words: Vec<u64>, len: usize) -> CodeSet {
        let num_codes = crate::words::count(&words);
        if num_codes == 0 {
            return CodeSet::None;
        }
        if num_codes == len {
            return CodeSet::All;
        }
        let first = words.iter().position(|word| *word != 0).unwrap_or(0);
        let last = words.iter().rposition(|word| *word != 0).unwrap_or(0);
        let first = (first * 64) as u32 + words[first].trailing_zeros();
        let last = (last * 64 + 63) as u32 - words[last].leading_zeros();
        match (last - first) as usize + 1 == num_codes {
            true => CodeSet::Span(first, last),
            false => CodeSet::Bits { words, num_codes },
        }
    }

    pub fn contains(&self, code: u32) -> bool {
        match self {
            CodeSet::None => false,
            CodeSet::All => true,
            CodeSet::Span(first, last) => (*first..=*last).contains(&code),
            CodeSet::Bits { words, .. } => {
                words.get(code as usize / 64).is_some_and(|word| word >> (code % 64) & 1 == 1)
            }
        }
    }

    /// How many codes of a dictionary of `len` entries are in it.
    pub fn num_codes(&self, len: usize) -> usize {
        match self {
            CodeSet::None => 0,
            CodeSet::All => len,
            CodeSet::Span(first, last) => (last - first) as usize + 1,
            CodeSet::Bits { num_codes, .. } => *num_codes,
        }
    }

    /// The codes, ascending.
    pub fn iter(&self, len: usize) -> Box<dyn Iterator<Item = u32> + '_> {
        match self {
            CodeSet::None => Box::new(std::iter::empty()),
            CodeSet::All => Box::new((0u32..).take(len)),
            CodeSet::Span(first, last) => Box::new(*first..=*last),
            CodeSet::Bits { words, .. } => Box::new(crate::words::rows(words, 0).map(|code| code as u32)),
        }
    }

    /// With one more code.
    pub fn with(self, code: u32, len: usize) -> CodeSet {
        if self.contains(code) {
            return self;
        }
        let codes: Vec<u32> = self.iter(len).chain([code]).collect();
        CodeSet::of(codes, len)
    }
}

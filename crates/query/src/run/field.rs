//! Where a value lies among the words of a group's keys.

/// Bits of a word, counted from the least one, which hold how far a value is above a base.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Field {
    pub word: usize,
    pub shift: u32,
    pub bits: u32,
    pub base: u64,
}

impl Field {
    #[inline(always)]
    fn get_of(self, word: u64) -> u64 {
        let value = match self.bits {
            0 => 0,
            bits => word >> self.shift & u64::MAX >> (64 - bits),
        };
        value.wrapping_add(self.base)
    }

    #[inline(always)]
    pub fn get(self, words: &[u64]) -> u64 {
        self.get_of(words[self.word])
    }

    /// Of all groups, of so many words each.
    pub fn get_all<T, C: FromIterator<T>>(self, words: &[u64], width: usize, value: impl Fn(u64) -> T) -> C {
        match width {
            1 => words.iter().map(|word| value(self.get_of(*word))).collect(),
            _ => words.chunks_exact(width).map(|words| value(self.get(words))).collect(),
        }
    }

    /// Writes the values of all groups, where there were none.
    pub fn set_all(self, words: &mut [u64], width: usize, values: impl Iterator<Item = u64>) {
        let Field { word: at, shift, bits, base } = self;
        if bits == 0 {
            return;
        }
        match width {
            1 => words.iter_mut().zip(values).for_each(|(word, value)| *word |= value.wrapping_sub(base) << shift),
            _ => {
                let words = words.iter_mut().skip(at).step_by(width);
                words.zip(values).for_each(|(word, value)| *word |= value.wrapping_sub(base) << shift);
            }
        }
    }
}

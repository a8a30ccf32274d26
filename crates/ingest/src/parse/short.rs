//! Texts that fit four words: looked up without touching their bytes again.

/// A text of fewer than [`Short::MAX`] bytes in four words, zeros behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Short {
    words: Words,
    len: u8,
}

/// The bytes of a short text. Four numbers, and no array, stay in registers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Words(u64, u64, u64, u64);

impl Short {
    /// Bytes of the four words.
    pub(crate) const MAX: usize = 32;

    /// `None` when the text is too long.
    pub(crate) fn of(bytes: &[u8]) -> Option<Short> {
        if bytes.len() >= Short::MAX {
            return None;
        }
        let mut padded = [0; Short::MAX];
        padded[..bytes.len()].copy_from_slice(bytes);
        Some(Short { words: words_of(&padded), len: bytes.len() as u8 })
    }

    /// The text that `window` begins with, up to the byte that ends a JSON string or is not plain. `None` when
    /// there is no such byte.
    #[inline(always)]
    pub(crate) fn scan(window: &[u8; Short::MAX]) -> Option<Short> {
        let Words(a, b, c, d) = words_of(window);
        let (head, len) = head(a);
        if len < 8 {
            return Some(Short { words: Words(head, 0, 0, 0), len });
        }
        let (head, len) = self::head(b);
        if len < 8 {
            return Some(Short { words: Words(a, head, 0, 0), len: len + 8 });
        }
        let (head, len) = self::head(c);
        if len < 8 {
            return Some(Short { words: Words(a, b, head, 0), len: len + 16 });
        }
        let (head, len) = self::head(d);
        (len < 8).then_some(Short { words: Words(a, b, c, head), len: len + 24 })
    }

    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.len.into()
    }

    #[inline(always)]
    pub(crate) fn words(&self) -> Words {
        self.words
    }

    /// Whether no byte is beyond ASCII.
    #[inline]
    pub(crate) fn is_ascii(&self) -> bool {
        let Words(a, b, c, d) = self.words;
        (a | b | c | d) & HIGH == 0
    }

    /// Bytes of the text, zeros behind it.
    pub(crate) fn padded(&self) -> [u8; Short::MAX] {
        let mut bytes = [0; Short::MAX];
        let Words(a, b, c, d) = self.words;
        let words = [a, b, c, d];
        bytes.chunks_exact_mut(8).zip(words).for_each(|(out, word)| out.copy_from_slice(&word.to_le_bytes()));
        bytes
    }
}

/// The bytes of a word before the one that ends a string or is not plain, and how many they are.
#[inline(always)]
fn head(word: u64) -> (u64, u8) {
    let found = special(word);
    match found {
        0 => (word, 8),
        _ => {
            let len = found.trailing_zeros() / 8;
            (word & ((1 << (8 * len)) - 1), len as u8)
        }
    }
}

#[inline(always)]
pub(crate) fn words_of(window: &[u8; Short::MAX]) -> Words {
    let [a, b, c, d] = window.as_chunks::<8>().0 else { return Words::default() };
    Words(u64::from_le_bytes(*a), u64::from_le_bytes(*b), u64::from_le_bytes(*c), u64::from_le_bytes(*d))
}

impl Words {
    /// Whether they are the same in the bits of a mask.
    #[inline(always)]
    pub(crate) fn same(self, other: Words, mask: Words) -> bool {
        let first = (self.0 ^ other.0) & mask.0 | (self.1 ^ other.1) & mask.1;
        first == 0 && ((self.2 ^ other.2) & mask.2 | (self.3 ^ other.3) & mask.3) == 0
    }
}

/// A hash of the words of a text; its length is to be compared beside it.
#[inline(always)]
pub(crate) fn hash(words: Words) -> u64 {
    let fold = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        (product >> 64) as u64 ^ product as u64
    };
    let low = fold(words.0 ^ 0xa076_1d64_78bd_642f, words.1 ^ 0xe703_7ed1_a0b4_28db);
    let high = fold(words.2 ^ 0x8ebc_6af0_9c88_c6e3, words.3 ^ 0x5899_65cc_7537_4cc3);
    fold(low ^ 0x1d8e_4e27_c47d_124f, high ^ 0xeb44_acca_b455_d165)
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The high bit of the first byte that ends a string or is not plain: a quote, a backslash, a control. Bits
/// above it mean nothing.
#[inline(always)]
pub(crate) fn special(word: u64) -> u64 {
    let zero = |word: u64| word.wrapping_sub(LOW) & !word;
    let quote = zero(word ^ (LOW * b'"' as u64));
    let backslash = zero(word ^ (LOW * b'\\' as u64));
    let control = word.wrapping_sub(LOW * 0x20) & !word;
    (quote | backslash | control) & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_ends_where_a_string_ends() {
        for len in 0..Short::MAX {
            for end in [b'"', b'\\', 0, 0x1f, b'\n'] {
                let text: Vec<u8> = (0..len).map(|at| [b'a', 0xe4, 0x20, 0x7f, 0xff, b'!'][at % 6]).collect();
                let mut window = [end; Short::MAX];
                window[..len].copy_from_slice(&text);
                let found = Short::scan(&window).unwrap();
                assert_eq!((found.len(), &found.padded()[..len]), (len, &text[..]), "{end}");
                assert_eq!(Some(found), Short::of(&text));
            }
        }
        assert_eq!(Short::scan(&[b'x'; Short::MAX]), None);
        assert_eq!(Short::of(&[b'x'; Short::MAX]), None);
    }
}

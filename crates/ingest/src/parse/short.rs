//! Texts that fit four words: looked up without touching their bytes again.

/// A text of fewer than [`Short::MAX`] bytes in four words, zeros behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Short {
    words: [u64; 4],
    len: u8,
}

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
        let all = words_of(window);
        let mut words = [0; 4];
        for at in 0..4 {
            let found = special(all[at]);
            if found != 0 {
                let len = found.trailing_zeros() / 8;
                words[at] = all[at] & ((1 << (8 * len)) - 1);
                return Some(Short { words, len: (at as u32 * 8 + len) as u8 });
            }
            words[at] = all[at];
        }
        None
    }

    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.len.into()
    }

    #[inline(always)]
    pub(crate) fn words(&self) -> [u64; 4] {
        self.words
    }

    /// Bytes of the text, zeros behind it.
    pub(crate) fn padded(&self) -> [u8; Short::MAX] {
        let mut bytes = [0; Short::MAX];
        bytes.chunks_exact_mut(8).zip(self.words).for_each(|(out, word)| out.copy_from_slice(&word.to_le_bytes()));
        bytes
    }
}

#[inline(always)]
pub(crate) fn words_of(window: &[u8; Short::MAX]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(window.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

/// A hash of the words of a text; its length is to be compared beside it.
#[inline(always)]
pub(crate) fn hash(words: [u64; 4]) -> u64 {
    let fold = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        (product >> 64) as u64 ^ product as u64
    };
    let low = fold(words[0] ^ 0xa076_1d64_78bd_642f, words[1] ^ 0xe703_7ed1_a0b4_28db);
    let high = fold(words[2] ^ 0x8ebc_6af0_9c88_c6e3, words[3] ^ 0x5899_65cc_7537_4cc3);
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

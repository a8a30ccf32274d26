//! Loops that turn a vector of codes or numbers into a mask.

use aggregate::Codes;

use super::codes::CodeSet;
use crate::words;

mod wide;

/// Rows of 64 below which each is looked at by itself.
const FEW: u32 = 24;

/// A set of codes made ready for a scan.
#[derive(Debug)]
pub(crate) enum CodeScan {
    Span(u32, u32),
    /// Of codes below 256: for the low half of a byte, which high halves are in.
    Nibbles {
        low: [u8; 16],
        high: [u8; 16],
        table: Box<[bool; 256]>,
    },
    /// A byte a code; the same in bits where codes are few.
    Table {
        bytes: Box<[u8]>,
        words: Option<Box<wide::Bits>>,
    },
    Bits(Vec<u64>),
}

impl CodeScan {
    /// Of a set that is neither empty nor everything; `len` is that of the dictionary.
    pub fn new(set: &CodeSet, len: usize) -> CodeScan {
        match set {
            CodeSet::None => CodeScan::Span(1, 0),
            CodeSet::All => CodeScan::Span(0, u32::MAX),
            CodeSet::Span(first, last) => CodeScan::Span(*first, *last),
            CodeSet::Bits { .. } if len <= 256 => nibbles(set),
            CodeSet::Bits { words, .. } if len <= 1 << 16 => {
                let (mut bytes, mut few) = (vec![0; len], (len <= wide::MAX_BITS).then(|| Box::new(wide::NO_BITS)));
                for code in words::rows(words, 0).take_while(|code| *code < len) {
                    bytes[code] = 1;
                    few.iter_mut().for_each(|bits| bits[code / 16] |= 1 << (code % 16));
                }
                CodeScan::Table { bytes: bytes.into(), words: few }
            }
            CodeSet::Bits { words, .. } => CodeScan::Bits(words.clone()),
        }
    }

    /// ORs the rows whose code is in the set into the mask.
    pub fn fill(&self, codes: Codes<'_>, out: &mut [u64]) {
        match (self, codes) {
            (CodeScan::Span(first, last), _) if first > last => {}
            (CodeScan::Span(first, last), Codes::U8(codes)) => match (u8::try_from(*first), last.min(&255)) {
                (Ok(first), last) => span_u8(codes, first, (*last as u8) - first, out),
                (Err(_), _) => {}
            },
            (CodeScan::Span(first, last), Codes::U16(codes)) => match (u16::try_from(*first), last.min(&0xffff)) {
                (Ok(first), last) => {
                    let span = (*last as u16) - first;
                    if !wide::span_u16(codes, first, span, out) {
                        fill(codes, out, move |code: u16| code.wrapping_sub(first) <= span);
                    }
                }
                (Err(_), _) => {}
            },
            (CodeScan::Span(first, last), Codes::U32(codes)) => {
                let (first, span) = (*first, last - first);
                if !wide::span_u32(codes, first, span, out) {
                    fill(codes, out, move |code: u32| code.wrapping_sub(first) <= span);
                }
            }
            (CodeScan::Nibbles { low, high, table }, Codes::U8(codes)) => in_nibbles(codes, low, high, table, out),
            (CodeScan::Bits(words), Codes::U32(codes)) => {
                let word = |code: u32| words.get(code as usize / 64).copied().unwrap_or(0);
                fill_each(codes, out, |code| word(code) >> (code % 64) & 1 == 1);
            }
            (CodeScan::Table { bytes, words }, Codes::U16(codes)) => {
                if !words.as_ref().is_some_and(|bits| wide::in_bits(codes, bits, out)) {
                    fill_each(codes, out, |code| is_in(bytes, code));
                }
            }
            (_, codes) => {
                for row in 0..codes.len() {
                    out[row / 64] |= u64::from(self.contains(codes.get(row))) << (row % 64);
                }
            }
        }
    }

    /// Clears the rows of a mask whose code is not in the set, with a look at those that are set. False, and nothing was
    /// done, where it is sooner told of all rows.
    pub fn narrow(&self, codes: Codes<'_>, mask: &mut [u64]) -> bool {
        let (CodeScan::Table { bytes, words: None }, Codes::U16(codes)) = (self, codes) else { return false };
        for (codes, word) in codes.chunks(64).zip(mask) {
            match word.count_ones() {
                0 => {}
                1..FEW => {
                    let (mut left, mut kept) = (*word, 0);
                    while left != 0 {
                        let row = left.trailing_zeros();
                        let passes = codes.get(row as usize).is_some_and(|code| is_in(bytes, *code));
                        kept |= u64::from(passes) << row;
                        left &= left - 1;
                    }
                    *word = kept;
                }
                _ => {
                    let mut all = [0];
                    fill_each(codes, &mut all, |code| is_in(bytes, code));
                    *word &= all[0];
                }
            }
        }
        true
    }

    #[inline]
    pub fn contains(&self, code: u32) -> bool {
        let at = code as usize;
        match self {
            CodeScan::Span(first, last) => (*first..=*last).contains(&code),
            CodeScan::Nibbles { table, .. } => table.get(at).is_some_and(|is_in| *is_in),
            CodeScan::Table { bytes, .. } => bytes.get(at).is_some_and(|is_in| *is_in != 0),
            CodeScan::Bits(words) => words.get(at / 64).is_some_and(|word| word >> (code % 64) & 1 == 1),
        }
    }
}

#[inline(always)]
fn is_in(bytes: &[u8], code: u16) -> bool {
    bytes.get(usize::from(code)).is_some_and(|is_in| *is_in != 0)
}

fn nibbles(set: &CodeSet) -> CodeScan {
    let (mut low, mut high, mut table) = ([0u8; 16], [0u8; 16], Box::new([false; 256]));
    for code in (0..256usize).filter(|code| set.contains(*code as u32)) {
        table[code] = true;
        let half = if code < 128 { &mut low } else { &mut high };
        half[code & 15] |= 1 << (code >> 4 & 7);
    }
    CodeScan::Nibbles { low, high, table }
}

fn span_u8(codes: &[u8], first: u8, span: u8, out: &mut [u64]) {
    if !wide::span_u8(codes, first, span, out) {
        fill(codes, out, move |code: u8| code.wrapping_sub(first) <= span);
    }
}

/// ORs the rows for which the test holds into the mask. The test must be simple enough to be vectorised.
#[inline]
pub(crate) fn fill<T: Copy>(values: &[T], out: &mut [u64], test: impl Fn(T) -> bool + Copy) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the feature was found on this machine.
        unsafe { x86::fill(values, out, test) };
        return;
    }
    fill_each(values, out, test);
}

/// As `fill`, for the baseline of the target.
#[inline(always)]
fn fill_each<T: Copy>(values: &[T], out: &mut [u64], test: impl Fn(T) -> bool) {
    let (chunks, rest) = values.as_chunks::<64>();
    for (chunk, word) in chunks.iter().zip(out.iter_mut()) {
        let mut bytes = [0u8; 64];
        bytes.iter_mut().zip(chunk).for_each(|(byte, value)| *byte = u8::from(test(*value)));
        *word |= pack(&bytes);
    }
    fill_rest(rest, chunks.len(), out, test);
}

#[inline(always)]
fn fill_rest<T: Copy>(rest: &[T], word: usize, out: &mut [u64], test: impl Fn(T) -> bool) {
    for (bit, value) in rest.iter().enumerate() {
        out[word] |= u64::from(test(*value)) << bit;
    }
}

/// Bytes of 0 and 1 as bits: a product gathers eight of them in its top byte.
#[inline(always)]
fn pack(bytes: &[u8; 64]) -> u64 {
    let (eights, _) = bytes.as_chunks::<8>();
    eights.iter().enumerate().fold(0, |word, (at, eight)| {
        word | u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56 << (at * 8)
    })
}

fn in_nibbles(codes: &[u8], low: &[u8; 16], high: &[u8; 16], table: &[bool; 256], out: &mut [u64]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the feature was found on this machine.
        unsafe { x86::in_nibbles(codes, low, high, table, out) };
        return;
    }
    let _ = (low, high);
    fill_each(codes, out, |code| table[usize::from(code)]);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! Plain loops on purpose: functions with a feature of their own take in neither closures that have it nor
    //! callers of such, so iterators would be called for every row.

    use std::arch::x86_64::*;

    use super::fill_rest;

    /// As [`super::fill`].
    ///
    /// # Safety
    /// The machine must have AVX2.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn fill<T: Copy>(values: &[T], out: &mut [u64], test: impl Fn(T) -> bool + Copy) {
        let (chunks, rest) = values.as_chunks::<64>();
        let (num, mut at) = (chunks.len().min(out.len()), 0);
        while at < num {
            let (chunk, word) = (&chunks[at], &mut out[at]);
            let (mut bytes, mut row) = ([0u8; 64], 0);
            while row < 64 {
                bytes[row] = u8::from(test(chunk[row]));
                row += 1;
            }
            // SAFETY: both loads lie inside the 64 bytes.
            let (first, second) = unsafe {
                (_mm256_loadu_si256(bytes.as_ptr().cast()), _mm256_loadu_si256(bytes.as_ptr().add(32).cast()))
            };
            let first = _mm256_movemask_epi8(_mm256_slli_epi16::<7>(first)) as u32;
            let second = _mm256_movemask_epi8(_mm256_slli_epi16::<7>(second)) as u32;
            *word |= u64::from(first) | u64::from(second) << 32;
            at += 1;
        }
        fill_rest(rest, chunks.len(), out, test);
    }

    /// Membership in any set of bytes by shuffles: the low half of a byte picks a row of high halves, of which
    /// the high half picks a bit.
    ///
    /// # Safety
    /// The machine must have AVX2.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn in_nibbles(
        codes: &[u8],
        low: &[u8; 16],
        high: &[u8; 16],
        table: &[bool; 256],
        out: &mut [u64],
    ) {
        const LOW_BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0];
        const HIGH_BITS: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128];
        // SAFETY: each load takes the 16 bytes of its array.
        let twice = |bytes: &[u8; 16]| unsafe { _mm256_broadcastsi128_si256(_mm_loadu_si128(bytes.as_ptr().cast())) };
        let (low, high, low_bits, high_bits) = (twice(low), twice(high), twice(&LOW_BITS), twice(&HIGH_BITS));
        let nibble = _mm256_set1_epi8(15);
        let (chunks, rest) = codes.as_chunks::<64>();
        let (num, mut at) = (chunks.len().min(out.len()), 0);
        while at < num {
            let chunk = &chunks[at];
            let (mut bits, mut half) = (0u64, 0);
            while half < 2 {
                // SAFETY: both loads lie inside the 64 bytes.
                let codes = unsafe { _mm256_loadu_si256(chunk.as_ptr().add(half * 32).cast()) };
                let first = _mm256_and_si256(codes, nibble);
                let second = _mm256_and_si256(_mm256_srli_epi16::<4>(codes), nibble);
                let in_low = _mm256_and_si256(_mm256_shuffle_epi8(low, first), _mm256_shuffle_epi8(low_bits, second));
                let in_high =
                    _mm256_and_si256(_mm256_shuffle_epi8(high, first), _mm256_shuffle_epi8(high_bits, second));
                let outside = _mm256_cmpeq_epi8(_mm256_or_si256(in_low, in_high), _mm256_setzero_si256());
                bits |= u64::from(!_mm256_movemask_epi8(outside) as u32) << (half * 32);
                half += 1;
            }
            out[at] |= bits;
            at += 1;
        }
        fill_rest(rest, chunks.len(), out, |code| table[usize::from(code)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_agrees_with_the_set() {
        for len in [3usize, 200, 256, 257, 1000, 1024, 1025, 65_536, 100_000] {
            let sets = [
                CodeSet::of([1], len),
                CodeSet::range(1..(len as u32 / 2).max(2), len),
                CodeSet::collect(len, |code| code % 3 == 1 || code + 1 == len as u32),
            ];
            let codes: Vec<u32> = (0..1_001u32).map(|row| row.wrapping_mul(2_654_435_761) % len as u32).collect();
            for set in &sets {
                let scan = CodeScan::new(set, len);
                let mut out = vec![0; codes.len().div_ceil(64)];
                let narrow_u8: Vec<u8> = codes.iter().map(|c| *c as u8).collect();
                let narrow_u16: Vec<u16> = codes.iter().map(|c| *c as u16).collect();
                let codes_in = match len {
                    0..=256 => Codes::U8(&narrow_u8),
                    257..=65_536 => Codes::U16(&narrow_u16),
                    _ => Codes::U32(&codes),
                };
                scan.fill(codes_in, &mut out);
                for keep in [u64::MAX, 0x8000_0001_0000_0010, 0x5555_5555_5555_5555, 0] {
                    let mut narrowed = vec![keep; out.len()];
                    if scan.narrow(codes_in, &mut narrowed) {
                        assert!(
                            narrowed.iter().zip(&out).all(|(narrowed, all)| *narrowed == all & keep),
                            "{len} {set:?}"
                        );
                    }
                }
                for (row, code) in codes.iter().enumerate() {
                    assert_eq!(out[row / 64] >> (row % 64) & 1 == 1, set.contains(*code), "{len} {set:?} {code}");
                }
            }
        }
    }

    #[test]
    fn portable_and_vector_loops_agree() {
        let values: Vec<i64> = (0..777).map(|i| (i * 7919) % 1000 - 500).collect();
        let test = |value: i64| value.wrapping_sub(-100) as u64 <= 300;
        let (mut a, mut b) = (vec![0; 13], vec![0; 13]);
        fill(&values, &mut a, test);
        fill_each(&values, &mut b, test);
        assert_eq!(a, b);
        assert!(a.iter().any(|word| *word != 0));
    }
}

//! Sums of narrow integers, masked or not, as they are stored.

use crate::input::{Codes, Rows};

/// The sum of what is stored in the rows that count, and how many these are. Bits past the last row are zero.
pub(crate) fn sum_stored(stored: Codes<'_>, rows: Rows<'_>) -> (u64, u64) {
    let sum = match stored {
        Codes::U8(stored) => sum(stored, rows),
        Codes::U16(stored) => sum(stored, rows),
        Codes::U32(stored) => sum(stored, rows),
    };
    (sum, rows.count(stored.len()) as u64)
}

fn sum<C: Stored>(stored: &[C], rows: Rows<'_>) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        if std::is_x86_feature_detected!("avx512f") && std::is_x86_feature_detected!("avx512bw") {
            // SAFETY: the processor has both.
            return unsafe { wide::sum(stored, rows) };
        }
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { x86::sum(stored, rows) };
        }
    }
    portable(stored, rows)
}

fn portable<C: Stored>(stored: &[C], rows: Rows<'_>) -> u64 {
    match rows {
        Rows::All => stored.iter().map(|&stored| stored.into()).sum(),
        Rows::Mask(words) => stored.chunks(64).zip(words).map(|(stored, &word)| walk(stored, word)).sum(),
    }
}

/// The sum of those whose bit is set, one by one.
#[inline(always)]
fn walk<C: Stored>(stored: &[C], mut word: u64) -> u64 {
    let mut sum = 0;
    while word != 0 {
        sum += stored[word.trailing_zeros() as usize].into();
        word &= word - 1;
    }
    sum
}

/// An integer of some width.
trait Stored: Copy + Into<u64> {
    /// Adds those of 64 whose bit is set to four sums.
    ///
    /// # Safety
    /// The machine must have AVX2.
    #[cfg(target_arch = "x86_64")]
    unsafe fn add(sums: std::arch::x86_64::__m256i, stored: &[Self; 64], word: u64) -> std::arch::x86_64::__m256i;

    /// As `add`, to eight sums.
    ///
    /// # Safety
    /// The machine must have AVX-512 BW.
    #[cfg(target_arch = "x86_64")]
    unsafe fn add_wide(sums: std::arch::x86_64::__m512i, stored: &[Self; 64], word: u64) -> std::arch::x86_64::__m512i;
}

#[cfg(target_arch = "x86_64")]
mod wide;

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Stored, walk, wide};
    use crate::aggregator::SPARSE_WORD;
    use crate::input::Rows;

    /// As [`super::portable`].
    ///
    /// # Safety
    /// The machine must have AVX2.
    #[target_feature(enable = "avx2")]
    pub unsafe fn sum<C: Stored>(stored: &[C], rows: Rows<'_>) -> u64 {
        let (chunks, rest) = stored.as_chunks::<64>();
        let (mut sums, mut total, mut at) = (_mm256_setzero_si256(), 0, 0);
        let word_at = |at: usize| match rows {
            Rows::All => u64::MAX,
            Rows::Mask(words) => words.get(at).copied().unwrap_or(0),
        };
        while at < chunks.len() {
            let word = word_at(at);
            if word.count_ones() >= SPARSE_WORD {
                // SAFETY: as of this function.
                sums = unsafe { C::add(sums, &chunks[at], word) };
            } else {
                total += walk(&chunks[at], word);
            }
            at += 1;
        }
        total += walk(rest, word_at(at) & !(u64::MAX << rest.len()));
        let mut lanes = [0u64; 4];
        // SAFETY: the lanes take 32 bytes.
        unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), sums) };
        total + lanes[0] + lanes[1] + lanes[2] + lanes[3]
    }

    impl Stored for u8 {
        #[inline]
        #[target_feature(enable = "avx512f,avx512bw")]
        unsafe fn add_wide(sums: __m512i, stored: &[u8; 64], word: u64) -> __m512i {
            // SAFETY: as of this function.
            unsafe { wide::add_bytes(sums, stored, word) }
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn add(mut sums: __m256i, stored: &[u8; 64], word: u64) -> __m256i {
            let spread = _mm256_setr_epi64x(0, 0x0101_0101_0101_0101, 0x0202_0202_0202_0202, 0x0303_0303_0303_0303);
            let bits = _mm256_set1_epi64x(0x8040_2010_0804_0201_u64 as i64);
            let mut half = 0;
            while half < 2 {
                let mask = _mm256_shuffle_epi8(_mm256_set1_epi32((word >> (half * 32)) as i32), spread);
                let mask = _mm256_cmpeq_epi8(_mm256_and_si256(mask, bits), bits);
                // SAFETY: the load lies inside the 64 bytes.
                let items = unsafe { _mm256_loadu_si256(stored.as_ptr().add(half * 32).cast()) };
                let items = _mm256_and_si256(items, mask);
                sums = _mm256_add_epi64(sums, _mm256_sad_epu8(items, _mm256_setzero_si256()));
                half += 1;
            }
            sums
        }
    }

    impl Stored for u16 {
        #[inline]
        #[target_feature(enable = "avx512f,avx512bw")]
        unsafe fn add_wide(sums: __m512i, stored: &[u16; 64], word: u64) -> __m512i {
            // SAFETY: as of this function.
            unsafe { wide::add_pairs(sums, stored, word) }
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn add(sums: __m256i, stored: &[u16; 64], word: u64) -> __m256i {
            let bits = _mm256_setr_epi16(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, -32768);
            let low = _mm256_set1_epi32(0xffff);
            let (mut words, mut part) = (_mm256_setzero_si256(), 0);
            while part < 4 {
                let mask = _mm256_and_si256(_mm256_set1_epi16((word >> (part * 16)) as i16), bits);
                let mask = _mm256_cmpeq_epi16(mask, bits);
                // SAFETY: the load lies inside the 128 bytes.
                let items = unsafe { _mm256_loadu_si256(stored.as_ptr().add(part * 16).cast()) };
                let items = _mm256_and_si256(items, mask);
                words = _mm256_add_epi32(words, _mm256_and_si256(items, low));
                words = _mm256_add_epi32(words, _mm256_srli_epi32::<16>(items));
                part += 1;
            }
            // Eight sums of eight each: far from what 32 bits hold.
            add_words(sums, words)
        }
    }

    impl Stored for u32 {
        #[inline]
        #[target_feature(enable = "avx512f,avx512bw")]
        unsafe fn add_wide(sums: __m512i, stored: &[u32; 64], word: u64) -> __m512i {
            // SAFETY: as of this function.
            unsafe { wide::add_words(sums, stored, word) }
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn add(mut sums: __m256i, stored: &[u32; 64], word: u64) -> __m256i {
            let bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
            let mut part = 0;
            while part < 8 {
                let mask = _mm256_and_si256(_mm256_set1_epi32((word >> (part * 8)) as i32), bits);
                let mask = _mm256_cmpeq_epi32(mask, bits);
                // SAFETY: the load lies inside the 256 bytes.
                let items = unsafe { _mm256_loadu_si256(stored.as_ptr().add(part * 8).cast()) };
                sums = add_words(sums, _mm256_and_si256(items, mask));
                part += 1;
            }
            sums
        }
    }

    /// Adds eight words to four sums.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn add_words(sums: __m256i, words: __m256i) -> __m256i {
        let low = _mm256_and_si256(words, _mm256_set1_epi64x(0xffff_ffff));
        _mm256_add_epi64(_mm256_add_epi64(sums, low), _mm256_srli_epi64::<32>(words))
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod portable_only {
    impl super::Stored for u8 {}
    impl super::Stored for u16 {}
    impl super::Stored for u32 {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_a_plain_loop() {
        for num_rows in [0usize, 1, 63, 64, 65, 1_000, 20_000] {
            let words: Vec<u32> =
                (0..num_rows as u32).map(|row| u32::MAX - row.wrapping_mul(2_654_435_761) / 3).collect();
            let middle: Vec<u16> = words.iter().map(|word| !(*word as u16 & 0x7f)).collect();
            let bytes: Vec<u8> = words.iter().map(|word| !(*word as u8 & 3)).collect();
            for step in [1, 2, 3, 50] {
                let kept = |row: &usize| step == 1 || row.is_multiple_of(step) != (step < 50);
                let mut mask = vec![0u64; num_rows.div_ceil(64)];
                (0..num_rows).filter(kept).for_each(|row| mask[row / 64] |= 1 << (row % 64));
                let rows = if step == 1 { Rows::All } else { Rows::Mask(&mask) };
                let count = (0..num_rows).filter(kept).count() as u64;
                let plain = |value: &dyn Fn(usize) -> u64| (0..num_rows).filter(kept).map(value).sum::<u64>();
                let all = [
                    (Codes::U8(&bytes), plain(&|row| bytes[row].into())),
                    (Codes::U16(&middle), plain(&|row| middle[row].into())),
                    (Codes::U32(&words), plain(&|row| words[row].into())),
                ];
                for (codes, expected) in all {
                    assert_eq!(sum_stored(codes, rows), (expected, count), "{num_rows} {step}");
                }
                assert_eq!(portable(&middle, rows), sum(&middle, rows));
                #[cfg(target_arch = "x86_64")]
                if std::is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has AVX2.
                    let sums = unsafe { (x86::sum(&bytes, rows), x86::sum(&middle, rows), x86::sum(&words, rows)) };
                    assert_eq!(sums, (portable(&bytes, rows), portable(&middle, rows), portable(&words, rows)));
                }
            }
        }
    }
}

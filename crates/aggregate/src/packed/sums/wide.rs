//! Sums where the processor takes 64 bytes at once and masks by bits.

use std::arch::x86_64::*;

use super::{Stored, walk};
use crate::input::Rows;

/// As [`super::portable`].
///
/// # Safety
/// The machine must have AVX-512 BW.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) unsafe fn sum<C: Stored>(stored: &[C], rows: Rows<'_>) -> u64 {
    let (chunks, rest) = stored.as_chunks::<64>();
    let (mut sums, mut at) = (_mm512_setzero_si512(), 0);
    let word_at = |at: usize| match rows {
        Rows::All => u64::MAX,
        Rows::Mask(words) => words.get(at).copied().unwrap_or(0),
    };
    while at < chunks.len() {
        let word = word_at(at);
        if word != 0 {
            // SAFETY: as of this function.
            sums = unsafe { C::add_wide(sums, &chunks[at], word) };
        }
        at += 1;
    }
    walk(rest, word_at(at) & !(u64::MAX << rest.len())) + _mm512_reduce_add_epi64(sums) as u64
}

/// # Safety
/// The machine must have AVX-512 BW.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) unsafe fn add_bytes(sums: __m512i, stored: &[u8; 64], word: u64) -> __m512i {
    // SAFETY: the load takes the 64 bytes.
    let items = unsafe { _mm512_maskz_loadu_epi8(word, stored.as_ptr().cast()) };
    _mm512_add_epi64(sums, _mm512_sad_epu8(items, _mm512_setzero_si512()))
}

/// # Safety
/// The machine must have AVX-512 BW.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) unsafe fn add_pairs(sums: __m512i, stored: &[u16; 64], word: u64) -> __m512i {
    // SAFETY: both loads lie inside the 128 bytes.
    let (first, second) = unsafe {
        (
            _mm512_maskz_loadu_epi16(word as u32, stored.as_ptr().cast()),
            _mm512_maskz_loadu_epi16((word >> 32) as u32, stored.as_ptr().add(32).cast()),
        )
    };
    let low = _mm512_set1_epi32(0xffff);
    // Sixteen sums of four each: far from what 32 bits hold.
    let even = _mm512_add_epi32(_mm512_and_si512(first, low), _mm512_and_si512(second, low));
    let odd = _mm512_add_epi32(_mm512_srli_epi32::<16>(first), _mm512_srli_epi32::<16>(second));
    add_halves(sums, _mm512_add_epi32(even, odd))
}

/// # Safety
/// The machine must have AVX-512 BW.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) unsafe fn add_words(mut sums: __m512i, stored: &[u32; 64], word: u64) -> __m512i {
    let mut lane = 0;
    while lane < 64 {
        // SAFETY: the load lies inside the 256 bytes.
        let items = unsafe { _mm512_maskz_loadu_epi32((word >> lane) as u16, stored.as_ptr().add(lane).cast()) };
        sums = add_halves(sums, items);
        lane += 16;
    }
    sums
}

/// Adds sixteen words to eight sums.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn add_halves(sums: __m512i, words: __m512i) -> __m512i {
    let low = _mm512_and_si512(words, _mm512_set1_epi64(0xffff_ffff));
    _mm512_add_epi64(_mm512_add_epi64(sums, low), _mm512_srli_epi64::<32>(words))
}

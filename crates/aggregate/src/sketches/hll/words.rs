//! Coupons of numbers, many at a time.

use crate::sketches::murmur;

use super::sieve::SLOT_BITS;

/// What the sketches of this family start their hashes from.
const SEED: u64 = 9_001;

/// The coupon, as its bits, of each eight bytes.
pub(super) fn coupons_of(words: &[u64], out: &mut [u32]) {
    #[cfg(target_arch = "x86_64")]
    {
        if std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512dq")
            && std::is_x86_feature_detected!("avx512cd")
        {
            // SAFETY: the features were found on this machine.
            return unsafe { wide(words, out) };
        }
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the feature was found on this machine.
            return unsafe { middle(words, out) };
        }
    }
    plain(words, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512cd")]
fn wide(words: &[u64], out: &mut [u32]) {
    plain(words, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn middle(words: &[u64], out: &mut [u32]) {
    plain(words, out);
}

#[inline(always)]
fn plain(words: &[u64], out: &mut [u32]) {
    for (word, out) in words.iter().zip(out) {
        let (low, high) = murmur::hash_word(*word, SEED);
        let value = high.leading_zeros().min(62) + 1;
        *out = value << SLOT_BITS | (low as u32 & ((1 << SLOT_BITS) - 1));
    }
}

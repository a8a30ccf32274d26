//! Coupons: a register and a value each, of numbers many at a time.

use std::hash::{Hash, Hasher};

use super::Coupon;
use crate::sketches::murmur;

/// Bits of a coupon that name a register; those above are its value.
pub(super) const SLOT_BITS: u32 = 26;

/// Values hashed before registers are looked at.
pub(super) const HASHED_TOGETHER: usize = 256;
/// Room for a list of as many.
pub(super) const LISTED: usize = HASHED_TOGETHER + LANES;
const LANES: usize = 16;

/// What the sketches of this family start their hashes from.
const SEED: u64 = 9_001;

/// The coupons, as their bits, of values that are hashed by eight bytes.
pub(super) fn coupons_of<T: Copy>(values: &[T], word: impl Fn(T) -> u64, out: &mut [u32]) {
    #[cfg(target_arch = "x86_64")]
    {
        if std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512dq")
            && std::is_x86_feature_detected!("avx512cd")
        {
            // SAFETY: the features were found on this machine.
            return unsafe { wide(values, word, out) };
        }
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the feature was found on this machine.
            return unsafe { middle(values, word, out) };
        }
    }
    plain(values, word, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512cd")]
fn wide<T: Copy>(values: &[T], word: impl Fn(T) -> u64, out: &mut [u32]) {
    plain(values, word, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn middle<T: Copy>(values: &[T], word: impl Fn(T) -> u64, out: &mut [u32]) {
    plain(values, word, out);
}

#[inline(always)]
fn plain<T: Copy>(values: &[T], word: impl Fn(T) -> u64, out: &mut [u32]) {
    for (value, out) in values.iter().zip(out) {
        let (low, high) = murmur::hash_word(word(*value), SEED);
        let value = high.leading_zeros().min(62) + 1;
        *out = value << SLOT_BITS | (low as u32 & ((1 << SLOT_BITS) - 1));
    }
}

/// Lists the coupons whose values are above one; what follows the list is anything.
pub(super) fn list_above(coupons: &[u32], value: u8, listed: &mut [u32; LISTED]) -> usize {
    let least = u32::from(value + 1) << SLOT_BITS;
    assert!(coupons.len() <= HASHED_TOGETHER);
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx512f") {
        // SAFETY: the feature was found on this machine.
        return unsafe { list_wide(coupons, least, listed) };
    }
    let mut num = 0;
    for &coupon in coupons {
        listed[num] = coupon;
        num += usize::from(coupon >= least);
    }
    num
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn list_wide(coupons: &[u32], least: u32, listed: &mut [u32; LISTED]) -> usize {
    use std::arch::x86_64::{
        _mm512_cmpge_epu32_mask, _mm512_loadu_si512, _mm512_maskz_compress_epi32, _mm512_set1_epi32,
        _mm512_storeu_si512,
    };
    let (whole, rest) = coupons.as_chunks::<LANES>();
    let (least_of_each, mut num) = (_mm512_set1_epi32(least as i32), 0);
    for coupons in whole {
        // SAFETY: there are as many coupons as lanes.
        let coupons = unsafe { _mm512_loadu_si512(coupons.as_ptr().cast()) };
        let above = _mm512_cmpge_epu32_mask(coupons, least_of_each);
        let room: &mut [u32; LANES] = listed[num..num + LANES].as_mut_array().expect("as many as lanes");
        // SAFETY: there is room for as many coupons as lanes.
        unsafe { _mm512_storeu_si512(room.as_mut_ptr().cast(), _mm512_maskz_compress_epi32(above, coupons)) };
        num += above.count_ones() as usize;
    }
    for &coupon in rest {
        listed[num] = coupon;
        num += usize::from(coupon >= least);
    }
    num
}

/// A coupon as it is stored.
#[inline(always)]
pub(super) fn bits(coupon: Coupon) -> u32 {
    let mut word = Word(0);
    coupon.hash(&mut word);
    word.0
}

/// Takes the one word that a coupon gives.
struct Word(u32);

impl Hasher for Word {
    #[inline(always)]
    fn write_u32(&mut self, word: u32) {
        self.0 = word;
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
    }

    fn finish(&self) -> u64 {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{canonical, double_coupon, long_coupon};
    use super::*;

    #[test]
    fn words_give_the_coupons_of_numbers() {
        let longs: Vec<u64> =
            (0..1_000u64).map(|at| at.wrapping_mul(0x9e37_79b9_7f4a_7c15)).chain([0, u64::MAX]).collect();
        let mut found = vec![0; longs.len()];
        coupons_of(&longs, |long| long, &mut found);
        let expected: Vec<u32> = longs.iter().map(|long| bits(long_coupon(*long as i64))).collect();
        assert_eq!(found, expected);
        for double in [0.0, -0.0, 1.5, f64::NAN, -f64::NAN, f64::INFINITY, -1e300] {
            let mut found = [0];
            coupons_of(&[double], canonical, &mut found);
            assert_eq!(found[0], bits(double_coupon(double)), "{double}");
        }
    }

    #[test]
    fn a_coupon_is_a_register_and_a_value() {
        let mut coupons: Vec<u32> = (0..1_000).map(|value| bits(long_coupon(value))).collect();
        assert!(coupons.iter().all(|bits| (1..=63).contains(&(bits >> SLOT_BITS))));
        coupons.sort_unstable();
        coupons.dedup();
        assert_eq!(coupons.len(), 1_000);
    }

    #[test]
    fn coupons_above_a_value_are_listed_in_their_order() {
        let coupons: Vec<u32> = (0..HASHED_TOGETHER as i64).map(|value| bits(long_coupon(value))).collect();
        for num in [0, 1, 15, 16, 17, 100, HASHED_TOGETHER] {
            for value in [0, 1, 3, 9, 62] {
                let mut listed = [0; LISTED];
                let num_above = list_above(&coupons[..num], value, &mut listed);
                let above = coupons[..num].iter().filter(|coupon| (*coupon >> SLOT_BITS) as u8 > value);
                assert!(above.eq(&listed[..num_above]), "{num} above {value}");
            }
        }
    }
}

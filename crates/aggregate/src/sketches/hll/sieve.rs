//! Registers beside a sketch: most coupons change nothing, which a look at one byte tells.

use std::hash::{Hash, Hasher};

use super::Coupon;
use super::words::coupons_of;

/// Bits of a coupon that name a register; those above are its value.
pub(super) const SLOT_BITS: u32 = 26;

/// Registers of a sketch of the usual size: that there are so many is then known when its places are looked at.
const USUAL_REGISTERS: usize = 1 << 12;

/// Words hashed before the registers are looked at.
const HASHED_TOGETHER: usize = 256;

/// The greatest value each register was given. Starts with a sketch that is empty or knows more than it.
#[derive(Default)]
pub struct HllSieve {
    registers: Vec<u8>,
    /// Registers that were given a value.
    num_set: usize,
    /// Registers below which the sketch is told of every coupon.
    num_kept: usize,
}

impl HllSieve {
    /// Visits the coupons that may change a sketch of `2^lg_k` registers, in their order.
    pub(super) fn sift(&mut self, lg_k: u8, coupons: &[Coupon], mut visit: impl FnMut(Coupon)) {
        self.begin(lg_k);
        for &coupon in coupons {
            if self.changes(bits(coupon)) {
                visit(coupon);
            }
        }
    }

    /// As `sift`, for numbers by the words that they are hashed by: visits these.
    pub(super) fn sift_words<T: Copy>(
        &mut self,
        lg_k: u8,
        values: &[T],
        word: impl Fn(T) -> u64,
        mut visit: impl FnMut(u64),
    ) {
        self.begin(lg_k);
        let (mut hashed, mut bits, mut listed) = ([0; HASHED_TOGETHER], [0; HASHED_TOGETHER], [0; HASHED_TOGETHER]);
        for values in values.chunks(HASHED_TOGETHER) {
            let (hashed, bits) = (&mut hashed[..values.len()], &mut bits[..values.len()]);
            hashed.iter_mut().zip(values).for_each(|(hashed, value)| *hashed = word(*value));
            coupons_of(hashed, bits);
            for &at in self.list(bits, &mut listed) {
                if self.changes(bits[usize::from(at)]) {
                    visit(hashed[usize::from(at)]);
                }
            }
        }
    }

    /// Which of the coupons may change the sketch.
    fn list<'a>(&self, coupons: &[u32], listed: &'a mut [u8; HASHED_TOGETHER]) -> &'a [u8] {
        if self.num_set < self.num_kept {
            listed.iter_mut().zip(0u32..).for_each(|(listed, at)| *listed = at as u8);
            return &listed[..coupons.len()];
        }
        let num = match <&[u8; USUAL_REGISTERS]>::try_from(self.registers.as_slice()) {
            Ok(registers) => list_rising(coupons, listed, |slot| registers[slot & (USUAL_REGISTERS - 1)]),
            Err(_) => list_rising(coupons, listed, |slot| self.registers[slot & (self.registers.len() - 1)]),
        };
        &listed[..num]
    }

    fn begin(&mut self, lg_k: u8) {
        if self.registers.is_empty() {
            self.registers.resize(1 << lg_k, 0);
            // Until a sketch has this many coupons it may keep them whole, in a list or a set.
            self.num_kept = (self.registers.len() / 8).max(8);
        }
    }

    /// Whether a coupon may change the sketch.
    #[inline(always)]
    fn changes(&mut self, bits: u32) -> bool {
        let (slot, value) = (bits & ((1 << SLOT_BITS) - 1), (bits >> SLOT_BITS) as u8);
        let at = slot as usize & (self.registers.len() - 1);
        let known = &mut self.registers[at];
        let old = *known;
        let changes = value > old || self.num_set < self.num_kept;
        if changes {
            *known = value.max(old);
            self.num_set += usize::from(old == 0);
        }
        changes
    }
}

/// Lists the coupons above their registers. There is no foreseeing them, so that no branch tries to.
#[inline(always)]
fn list_rising(coupons: &[u32], listed: &mut [u8; HASHED_TOGETHER], register: impl Fn(usize) -> u8) -> usize {
    let mut num = 0;
    for (at, &bits) in (0u32..).zip(coupons) {
        listed[num & (HASHED_TOGETHER - 1)] = at as u8;
        num += usize::from((bits >> SLOT_BITS) as u8 > register(bits as usize));
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
    use super::super::{Hll, HllShape, HllType, canonical, double_coupon, long_coupon};
    use super::*;

    #[test]
    fn a_sieve_leaves_the_sketch_as_it_would_be() {
        for lg_k in [4, 7, 8, 12, 16] {
            for target in [HllType::Hll4, HllType::Hll8] {
                let shape = HllShape { lg_k, target };
                let (mut sifted, mut fed) = (Hll::new(shape).unwrap(), Hll::new(shape).unwrap());
                let mut counted = Hll::new(shape).unwrap();
                let (mut sieve, mut by_words) = (HllSieve::default(), HllSieve::default());
                for start in [0, 3, 400, 9_000, 50_000] {
                    let coupons: Vec<Coupon> = (start..start + 20_000).map(long_coupon).collect();
                    sifted.add_all(&mut sieve, &coupons).unwrap();
                    coupons.iter().for_each(|coupon| fed.add(*coupon).unwrap());
                    let longs: Vec<i64> = (start..start + 20_000).collect();
                    counted.add_words(&mut by_words, &longs, |long| long as u64).unwrap();
                    let bytes = |hll: &Hll| {
                        let mut bytes = Vec::new();
                        hll.encode(&mut bytes);
                        bytes
                    };
                    assert!(bytes(&sifted) == bytes(&fed), "lgK {lg_k} from {start}");
                    assert!(bytes(&counted) == bytes(&fed), "words, lgK {lg_k} from {start}");
                }
            }
        }
    }

    #[test]
    fn words_give_the_coupons_of_numbers() {
        let longs: Vec<u64> =
            (0..1_000u64).map(|at| at.wrapping_mul(0x9e37_79b9_7f4a_7c15)).chain([0, u64::MAX]).collect();
        let mut found = vec![0; longs.len()];
        coupons_of(&longs, &mut found);
        let expected: Vec<u32> = longs.iter().map(|long| bits(long_coupon(*long as i64))).collect();
        assert_eq!(found, expected);
        for double in [0.0, -0.0, 1.5, f64::NAN, -f64::NAN, f64::INFINITY, -1e300] {
            let mut found = [0];
            coupons_of(&[canonical(double)], &mut found);
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
}

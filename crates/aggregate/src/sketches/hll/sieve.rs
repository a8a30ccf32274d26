//! Registers beside a sketch: most coupons change nothing, which a look at one byte tells.

use std::hash::{Hash, Hasher};

use super::Coupon;

/// Bits of a coupon that name a register; those above are its value.
const SLOT_BITS: u32 = 26;

/// The greatest value each register was given. Starts with a sketch that is empty or knows more than it.
#[derive(Default)]
pub struct HllSieve {
    registers: Vec<u8>,
    /// Registers that were given a value.
    num_set: usize,
}

impl HllSieve {
    /// Visits the coupons that may change a sketch of `2^lg_k` registers, in their order.
    pub(super) fn sift(&mut self, lg_k: u8, coupons: &[Coupon], mut visit: impl FnMut(Coupon)) {
        if self.registers.is_empty() {
            self.registers.resize(1 << lg_k, 0);
        }
        // Until a sketch has this many coupons it may keep them whole, in a list or a set.
        let num_kept = (self.registers.len() / 8).max(8);
        for &coupon in coupons {
            let bits = bits(coupon);
            let (slot, value) = (bits & ((1 << SLOT_BITS) - 1), (bits >> SLOT_BITS) as u8);
            let at = slot as usize & (self.registers.len() - 1);
            let known = &mut self.registers[at];
            let old = *known;
            if value > old || self.num_set < num_kept {
                *known = value.max(old);
                self.num_set += usize::from(old == 0);
                visit(coupon);
            }
        }
    }
}

/// A coupon as it is stored.
#[inline(always)]
fn bits(coupon: Coupon) -> u32 {
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
    use super::super::{Hll, HllShape, HllType, long_coupon};
    use super::*;

    #[test]
    fn a_sieve_leaves_the_sketch_as_it_would_be() {
        for lg_k in [4, 7, 8, 12, 16] {
            for target in [HllType::Hll4, HllType::Hll8] {
                let shape = HllShape { lg_k, target };
                let (mut sifted, mut fed) = (Hll::new(shape).unwrap(), Hll::new(shape).unwrap());
                let mut sieve = HllSieve::default();
                for start in [0, 3, 400, 9_000, 50_000] {
                    let coupons: Vec<Coupon> = (start..start + 20_000).map(long_coupon).collect();
                    sifted.add_all(&mut sieve, &coupons).unwrap();
                    coupons.iter().for_each(|coupon| fed.add(*coupon).unwrap());
                    let bytes = |hll: &Hll| {
                        let mut bytes = Vec::new();
                        hll.encode(&mut bytes);
                        bytes
                    };
                    assert!(bytes(&sifted) == bytes(&fed), "lgK {lg_k} from {start}");
                }
            }
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

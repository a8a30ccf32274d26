//! Many single numbers: a bit tells most others that they are none of them.

/// Bits for each number: three in a hundred of all others pass.
const BITS_A_NUMBER: usize = 32;
/// Most bits: two megabytes.
const MAX_BITS: usize = 1 << 24;

pub(super) struct Sieve {
    words: Vec<u64>,
    /// What is left of a product are as many bits as `words` has.
    shift: u32,
}

impl Sieve {
    /// `None` when the ranges are more than single numbers.
    pub fn new(ranges: &[(i64, i64)]) -> Option<Sieve> {
        if ranges.iter().any(|(first, last)| first != last) {
            return None;
        }
        let num_bits = (ranges.len() * BITS_A_NUMBER).next_power_of_two().clamp(1 << 12, MAX_BITS);
        let mut sieve = Sieve { words: vec![0; num_bits / 64], shift: 64 - num_bits.trailing_zeros() };
        for (number, _) in ranges {
            let bit = sieve.bit(*number);
            sieve.words[bit / 64] |= 1 << (bit % 64);
        }
        Some(sieve)
    }

    fn bit(&self, number: i64) -> usize {
        ((number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize
    }

    #[inline]
    pub fn may_hold(&self, number: i64) -> bool {
        let bit = self.bit(number);
        self.words[bit / 64] >> (bit % 64) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_passes_and_most_else_does_not() {
        for num in [5i64, 1_000, 700_000] {
            let ranges: Vec<_> = (0..num).map(|n| (n * 7 - 1_000, n * 7 - 1_000)).collect();
            let sieve = Sieve::new(&ranges).expect("single numbers");
            assert!(ranges.iter().all(|(number, _)| sieve.may_hold(*number)));
            let others = (0..10_000).filter(|n| sieve.may_hold(n * 7 + 6_000_001)).count();
            assert!(others < 1_500, "{num}: {others} of 10,000 others pass");
        }
        assert!(Sieve::new(&[(1, 1), (2, 3)]).is_none());
    }
}

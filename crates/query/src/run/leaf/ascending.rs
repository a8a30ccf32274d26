//! Groups by their keys: parts in one order are merged side by side, which is much quicker than by a table of keys.

/// Groups below which a table of keys stays in the processor's cache.
const MIN_GROUPS: usize = 4_096;
/// Bits that are sorted by at a time.
const DIGIT_BITS: u32 = 11;
/// Bits of a key beside the number of its group.
const MAX_BITS: u32 = 32;

/// Whether groups of keys of one word are to be sorted.
pub(super) fn pays(num_groups: usize, num_bits: u32) -> bool {
    num_groups >= MIN_GROUPS && num_bits <= MAX_BITS
}

/// The groups in the order of their keys, of which each has a different one of `num_bits` bits.
pub(super) fn order(keys: &[u64], num_bits: u32) -> Vec<u32> {
    let mut pairs: Vec<u64> = (0u64..).zip(keys).map(|(group, key)| key << MAX_BITS | group).collect();
    let mut sorted = vec![0; pairs.len()];
    for shift in (0..num_bits).step_by(DIGIT_BITS as usize) {
        let digit = |pair: u64| (pair >> (MAX_BITS + shift)) as usize & ((1 << DIGIT_BITS) - 1);
        let mut ends = [0usize; 1 << DIGIT_BITS];
        pairs.iter().for_each(|pair| ends[digit(*pair)] += 1);
        let mut start = 0;
        for end in &mut ends {
            start += std::mem::replace(end, start);
        }
        for pair in &pairs {
            let place = &mut ends[digit(*pair)];
            sorted[*place] = *pair;
            *place += 1;
        }
        std::mem::swap(&mut pairs, &mut sorted);
    }
    pairs.into_iter().map(|pair| pair as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_ascend_in_the_order() {
        for num_bits in [0, 1, 11, 12, 23, 32] {
            let num_groups = 5_000.min(1u64 << num_bits);
            let odd = |group: u64| group.wrapping_mul(0x9e37_79b1) & ((1 << num_bits) - 1);
            let keys: Vec<u64> = (0..num_groups).map(odd).collect();
            let order = order(&keys, num_bits);
            assert_eq!(order.len(), keys.len());
            assert!(order.is_sorted_by(|group, next| keys[*group as usize] < keys[*next as usize]), "{num_bits}");
        }
    }
}

//! Groups by their keys: parts in one order are merged side by side, which is much quicker than by a table of keys.

/// Groups below which a table of keys stays in the processor's cache.
const MIN_GROUPS: usize = 4_096;
/// Bits that are sorted by at a time: the ends of as many lists stay in the nearest cache.
const DIGIT_BITS: u32 = 10;
/// Bits beyond those that number the keys, with which most keys that have all of these in common are the same.
const SPARE_BITS: u32 = 4;
/// Of so many keys one that is below the one before: those that have so many first bits in common mostly ascend.
const KEYS_PER_DESCENT: usize = 64;
const NEAR_BITS: u32 = 16;
/// Bits of a key beside the number of its group.
const MAX_BITS: u32 = 32;

/// Whether groups of keys of one word are to be sorted.
pub(super) fn pays(num_groups: usize, num_bits: u32) -> bool {
    num_groups >= MIN_GROUPS && num_bits <= MAX_BITS
}

/// The groups in the order of their keys, of which each has a different one of `num_bits` bits.
pub(super) fn order(keys: &[u64], num_bits: u32) -> Vec<u32> {
    let mut sorting = Sorting::default();
    sorting.sort(keys.iter().copied(), num_bits);
    sorting.pairs.iter().map(|pair| *pair as u32).collect()
}

/// Keys ascending, and the memory to sort them in, for one list of them after the other.
#[derive(Default)]
pub(super) struct Sorting {
    /// A key above its place each.
    pairs: Vec<u64>,
    others: Vec<u64>,
}

impl Sorting {
    /// Sorts keys of `num_bits` bits; the places of equal keys ascend.
    fn sort(&mut self, keys: impl Iterator<Item = u64>, num_bits: u32) {
        let Sorting { pairs, others } = self;
        pairs.clear();
        pairs.extend((0u64..).zip(keys).map(|(at, key)| key << MAX_BITS | at));
        others.resize(pairs.len(), 0);
        let num_descents = pairs.windows(2).filter(|pair| pair[1] < pair[0]).count();
        if num_descents == 0 {
            return;
        }
        let are_near = num_descents < pairs.len() / KEYS_PER_DESCENT;
        let num_first = if are_near { NEAR_BITS } else { pairs.len().ilog2() + SPARE_BITS }.min(num_bits);
        let num_digits = num_first.div_ceil(DIGIT_BITS);
        let digit_bits = num_first.div_ceil(num_digits).min(DIGIT_BITS);
        let least = (MAX_BITS + num_bits - num_digits * digit_bits).max(MAX_BITS);
        for shift in (least..MAX_BITS + num_bits).step_by(digit_bits as usize) {
            let digit = |pair: u64| (pair >> shift) as usize & ((1 << digit_bits) - 1);
            let mut ends = [0usize; 1 << DIGIT_BITS];
            pairs.iter().for_each(|pair| ends[digit(*pair)] += 1);
            let mut start = 0;
            for end in &mut ends {
                start += std::mem::replace(end, start);
            }
            for pair in pairs.iter() {
                let place = &mut ends[digit(*pair)];
                others[*place] = *pair;
                *place += 1;
            }
            std::mem::swap(pairs, others);
        }
        settle(pairs, least);
    }
}

/// Sorts pairs that ascend already but for the bits below one.
fn settle(pairs: &mut [u64], bit: u32) {
    let mut at = 1;
    while at < pairs.len() {
        if pairs[at - 1] <= pairs[at] {
            at += 1;
            continue;
        }
        let is_like = |pair: &u64| *pair >> bit == pairs[at] >> bit;
        let start = at - pairs[..at].iter().rev().take_while(|pair| is_like(pair)).count();
        let end = at + pairs[at..].iter().take_while(|pair| is_like(pair)).count();
        pairs[start..end].sort_unstable();
        at = end;
    }
}

/// The least of the words, and the bits that the others are above it.
pub(super) fn span(words: &[u64]) -> (u64, u32) {
    let (least, most) = words.iter().fold((u64::MAX, 0), |(least, most), word| (least.min(*word), most.max(*word)));
    (least, u64::BITS - most.saturating_sub(least).leading_zeros())
}

/// The different words, ascending; writes which of them each one is.
pub(super) fn grouped(words: &[u64], sorting: &mut Sorting, groups: &mut Vec<u32>) -> Vec<u64> {
    let (least, num_bits) = span(words);
    if num_bits <= MAX_BITS {
        sorting.sort(words.iter().map(|word| word - least), num_bits);
        let pairs = sorting.pairs.iter();
        return runs(pairs.map(|pair| ((pair >> MAX_BITS) + least, *pair as u32)), words.len(), groups);
    }
    let mut order: Vec<u32> = (0..).take(words.len()).collect();
    order.sort_unstable_by_key(|at| words[*at as usize]);
    runs(order.into_iter().map(|at| (words[at as usize], at)), words.len(), groups)
}

/// Of ascending words and their places: each once, and for each place which of them is there.
fn runs(ascending: impl Iterator<Item = (u64, u32)>, len: usize, groups: &mut Vec<u32>) -> Vec<u64> {
    groups.clear();
    groups.resize(len, 0);
    let mut distinct = vec![0; len];
    let mut ascending = ascending.peekable();
    let mut last = ascending.peek().map_or(0, |(word, _)| *word);
    let mut group = 0;
    for (word, at) in ascending {
        // Whether a word is a new one cannot be foreseen, so that no branch tries to.
        group += usize::from(word != last);
        last = word;
        distinct[group] = word;
        groups[at as usize] = group as u32;
    }
    distinct.truncate(group + 1);
    distinct
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_that_ascend_nearly_are_settled() {
        let odd = |at: u64| at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        for (bit, shared) in [(0, 1), (3, 1), (12, 7), (24, 100), (63, 1)] {
            let mut pairs: Vec<u64> = (0..2_000).map(|at| odd(at / shared)).collect();
            pairs.sort_by_key(|pair| pair >> bit);
            settle(&mut pairs, bit);
            assert!(pairs.is_sorted(), "{bit}");
        }
    }

    #[test]
    fn keys_ascend_in_the_order() {
        let mut sorting = Sorting::default();
        for num_bits in [0, 1, 11, 12, 23, 32] {
            let num_groups = 5_000.min(1u64 << num_bits);
            let odd = |group: u64| group.wrapping_mul(0x9e37_79b1) & ((1 << num_bits) - 1);
            let keys: Vec<u64> = (0..num_groups).map(odd).collect();
            let order = order(&keys, num_bits);
            assert_eq!(order.len(), keys.len());
            assert!(order.is_sorted_by(|group, next| keys[*group as usize] < keys[*next as usize]), "{num_bits}");
            for stretch in [1, 1 << 31] {
                let wide: Vec<u64> = keys.iter().map(|key| key * stretch + 7).collect();
                let twice: Vec<u64> = wide.iter().chain(&wide).copied().collect();
                let mut groups = vec![9];
                let distinct = grouped(&twice, &mut sorting, &mut groups);
                assert!(distinct.iter().eq(order.iter().map(|at| &wide[*at as usize])));
                assert!(groups.iter().zip(&twice).all(|(group, word)| distinct[*group as usize] == *word));
            }
        }
    }
}

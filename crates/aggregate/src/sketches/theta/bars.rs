//! What the sketches of many groups still take, a byte a group.

use super::ThetaSet;

/// Bits of a hash below its rank; the topmost is never set.
const RANK_SHIFT: u32 = 55;

/// The first byte of a hash, at least one: a sketch takes nothing whose rank is above that of its threshold.
#[inline]
pub fn rank(hash: u64) -> u8 {
    ((hash >> RANK_SHIFT) as u8).max(1)
}

/// The rank of each sketch's threshold.
#[derive(Default)]
pub struct ThetaBars {
    bars: Vec<u8>,
}

impl ThetaBars {
    /// There are so many groups.
    pub fn grow(&mut self, num_groups: usize) {
        if num_groups > self.bars.len() {
            self.bars.resize(num_groups, u8::MAX);
        }
    }

    /// The group's sketch has the threshold that it has.
    pub fn lower(&mut self, group: usize, set: &ThetaSet) {
        self.bars[group] = rank(set.theta);
    }

    /// Appends which of the ranks, each of a group, its sketch may take. A rank of zero is none.
    pub fn pass(&self, groups: &[u32], ranks: &[u8], passed: &mut Vec<u32>) {
        let start = passed.len();
        passed.resize(start + groups.len(), 0);
        let out = &mut passed[start..];
        let mut num_passed = 0;
        for (row, (group, &rank)) in (0u32..).zip(groups.iter().zip(ranks)) {
            out[num_passed] = row;
            num_passed += usize::from(rank.wrapping_sub(1) < self.bars[*group as usize]);
        }
        passed.truncate(start + num_passed);
    }

    pub fn memory_bytes(&self) -> usize {
        self.bars.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::super::long_hash;
    use super::*;

    #[test]
    fn only_what_changes_nothing_is_left_out() {
        let mut sets = [ThetaSet::new(16), ThetaSet::new(1_024)];
        let mut bars = ThetaBars::default();
        bars.grow(2);
        let mut num_passed = 0;
        for start in (0..20_000_i64).step_by(100) {
            let hashes: Vec<u64> = (start..start + 100).map(long_hash).collect();
            let groups: Vec<u32> = (0..100).map(|row| row % 2).collect();
            let ranks: Vec<u8> = hashes.iter().map(|hash| rank(*hash)).collect();
            let mut passed = vec![77];
            bars.pass(&groups, &ranks, &mut passed);
            let passed = passed.split_off(1);
            num_passed += passed.len();
            for row in (0..100).filter(|row| !passed.contains(row)) {
                assert!(hashes[row as usize] >= sets[groups[row as usize] as usize].theta);
            }
            for row in passed {
                sets[groups[row as usize] as usize].add(hashes[row as usize]);
            }
            (0..2).for_each(|group| bars.lower(group, &sets[group]));
        }
        assert!((3_000..6_000).contains(&num_passed), "{num_passed}");
    }

    #[test]
    fn the_rank_of_no_hash_is_never_taken() {
        let mut bars = ThetaBars::default();
        bars.grow(1);
        let mut passed = Vec::new();
        bars.pass(&[0; 4], &[0, 1, 255, 0], &mut passed);
        assert_eq!(passed, [1, 2]);
    }
}

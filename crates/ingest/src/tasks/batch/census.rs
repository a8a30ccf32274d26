//! What a first reading learns of time chunks: how many rows they have, and where ranges of them begin.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use timeline::Interval;

use super::partition::{ChunkPlan, Key, KeyColumns, compare};
use super::tuning::Partitions;
use crate::Result;

/// Keys that are told apart in all time chunks together; beyond, a part of the rows stands for all.
const MAX_KEYS: usize = 1 << 20;
/// Buckets of one time chunk.
const MAX_BUCKETS: u64 = 10_000;

/// The counts of all time chunks.
#[derive(Debug)]
pub(crate) struct Census {
    chunks: BTreeMap<(i64, i64), ChunkCensus>,
    max_keys: usize,
}

impl Default for Census {
    fn default() -> Census {
        Census { chunks: BTreeMap::new(), max_keys: MAX_KEYS }
    }
}

#[derive(Debug, Default)]
struct ChunkCensus {
    rows: u64,
    /// Sampled rows by key.
    keys: BTreeMap<OrderedKey, u64>,
    /// One in `2^halvings` rows is in the sample.
    halvings: u32,
    chance: Chance,
}

/// A key in the order of segments: nulls first, then UTF-16 order.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OrderedKey(Key);

impl Ord for OrderedKey {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for OrderedKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Census {
    /// Counts rows of a time chunk.
    pub(crate) fn add(
        &mut self,
        interval: Interval,
        partitions: &Partitions,
        columns: &KeyColumns<'_>,
        rows: &[usize],
    ) -> Result<()> {
        let chunk = self.chunks.entry((interval.start, interval.end)).or_default();
        chunk.rows += rows.len() as u64;
        if matches!(partitions, Partitions::Range { .. }) {
            for (row, count) in columns.distinct(rows) {
                chunk.add(OrderedKey(columns.key(row)?), count);
            }
            while self.chunks.values().map(|chunk| chunk.keys.len()).sum::<usize>() > self.max_keys {
                if let Some(largest) = self.chunks.values_mut().max_by_key(|chunk| chunk.keys.len()) {
                    largest.halve();
                }
            }
        }
        Ok(())
    }

    /// How the chunks are cut.
    pub(crate) fn plans(&self, partitions: &Partitions) -> BTreeMap<(i64, i64), ChunkPlan> {
        self.chunks.iter().map(|(interval, chunk)| (*interval, chunk.plan(partitions))).collect()
    }
}

impl ChunkCensus {
    fn add(&mut self, key: OrderedKey, mut count: u64) {
        for _ in 0..self.halvings {
            count = self.chance.half(count);
        }
        if count > 0 {
            *self.keys.entry(key).or_insert(0) += count;
        }
    }

    /// Leaves out every other row, by chance.
    fn halve(&mut self) {
        let chance = &mut self.chance;
        self.keys.retain(|_, count| {
            *count = chance.half(*count);
            *count > 0
        });
        self.halvings += 1;
    }

    fn plan(&self, partitions: &Partitions) -> ChunkPlan {
        match partitions {
            Partitions::Dynamic { .. } => ChunkPlan::Whole,
            Partitions::Hashed { num_shards, target_rows, .. } => {
                let wanted = self.rows.div_ceil(target_rows.unsigned_abs().max(1)).max(1);
                let number = num_shards.map_or(wanted, i64::unsigned_abs).min(MAX_BUCKETS);
                ChunkPlan::Hashed(number as u32)
            }
            Partitions::Range { target_rows, .. } => ChunkPlan::Range(self.bounds(target_rows.unsigned_abs())),
        }
    }

    /// The first key of every range but the first.
    fn bounds(&self, target: u64) -> Vec<Key> {
        let target = (target >> self.halvings).max(1);
        let mut bounds = Vec::new();
        let mut held = 0;
        for (key, count) in &self.keys {
            if held > 0 && held + count > target {
                bounds.push(key.0.clone());
                held = 0;
            }
            held += count;
        }
        bounds
    }
}

/// Chance that is the same for the same input.
#[derive(Debug, Default)]
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    /// How many of `count` are left when each stays with a chance of one in two.
    fn half(&mut self, count: u64) -> u64 {
        let whole: u64 = (0..count / 64).map(|_| u64::from(self.next().count_ones())).sum();
        let rest = self.next() & ((1 << (count % 64)) - 1);
        whole + u64::from(rest.count_ones())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> OrderedKey {
        OrderedKey(vec![Some(text.to_owned())])
    }

    #[test]
    fn ranges_are_cut_at_the_target() {
        let mut chunk = ChunkCensus::default();
        chunk.add(OrderedKey(vec![None]), 2);
        for (text, count) in [("a", 3), ("b", 9), ("c", 1), ("d", 4)] {
            chunk.add(key(text), count);
        }
        assert_eq!(chunk.bounds(5), [vec![Some("b".to_owned())], vec![Some("c".to_owned())]]);
    }

    #[test]
    fn a_sample_cuts_nearly_where_all_rows_would() {
        let mut chunk = ChunkCensus::default();
        for number in 0..200_000 {
            chunk.add(key(&format!("{number:06}")), 1);
            if chunk.keys.len() > 10_000 {
                chunk.halve();
            }
        }
        chunk.add(key("1"), 50_000);
        assert!(chunk.halvings >= 4 && chunk.keys.len() <= 10_001, "{}", chunk.halvings);
        let bounds: Vec<i64> = chunk.bounds(50_000).iter().map(|k| k[0].as_ref().unwrap().parse().unwrap()).collect();
        assert!((4..=6).contains(&bounds.len()), "{bounds:?}");
        assert!((bounds[0] - 50_000).abs() < 5_000, "{bounds:?}");
    }
}

//! Merges of this process that are under way, for whoever looks at the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use timeline::Interval;

use super::Merge;

/// A merge under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningMerge {
    /// Datasource whose segments become one.
    pub datasource: String,
    /// Their time chunk.
    pub interval: Interval,
    /// How many become one.
    pub num_segments: usize,
    /// Their rows together.
    pub rows: i64,
    /// Bytes of their files together.
    pub bytes: i64,
    /// When it began, in ms since 1970.
    pub started_ms: i64,
}

impl RunningMerge {
    pub(super) fn new(datasource: &str, merge: &Merge, started_ms: i64) -> Option<RunningMerge> {
        let sum = |of: fn(&metastore::Segment) -> i64| merge.inputs.iter().map(of).fold(0i64, i64::saturating_add);
        Some(RunningMerge {
            datasource: datasource.to_owned(),
            interval: merge.inputs.first()?.interval(),
            num_segments: merge.inputs.len(),
            rows: sum(|segment| segment.rows),
            bytes: sum(|segment| segment.size),
            started_ms,
        })
    }
}

/// The merges that are under way.
#[derive(Debug, Default)]
pub struct RunningMerges(Arc<Mutex<Running>>);

#[derive(Debug, Default)]
struct Running {
    begun: u64,
    by_start: BTreeMap<u64, RunningMerge>,
}

/// A merge is under way while this is held.
pub(super) struct Entry {
    number: u64,
    of: Arc<Mutex<Running>>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.of.lock().by_start.remove(&self.number);
    }
}

impl RunningMerges {
    /// Those under way, the oldest first.
    pub fn list(&self) -> Vec<RunningMerge> {
        self.0.lock().by_start.values().cloned().collect()
    }

    pub(super) fn begin(&self, merge: RunningMerge) -> Entry {
        let mut running = self.0.lock();
        running.begun += 1;
        let number = running.begun;
        running.by_start.insert(number, merge);
        Entry { number, of: Arc::clone(&self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_is_listed_as_long_as_it_runs() {
        let merges = RunningMerges::default();
        let merge = |name: &str| RunningMerge {
            datasource: name.to_owned(),
            interval: Interval::new(0, 3_600_000).expect("an hour"),
            num_segments: 8,
            rows: 80,
            bytes: 800,
            started_ms: 5,
        };
        let first = merges.begin(merge("a"));
        let second = merges.begin(merge("b"));
        assert_eq!(merges.list(), [merge("a"), merge("b")]);
        drop(first);
        assert_eq!(merges.list(), [merge("b")]);
        drop(second);
        assert_eq!(merges.list(), []);
    }
}

//! Transactions that were given up: their records are in the log, and nobody may see them.

use std::collections::BTreeSet;

use super::records::Head;

/// Which producers have an open transaction that came to nothing, while batches go by in their order.
#[derive(Debug, Default)]
pub(super) struct Aborted {
    /// First offset and producer of transactions that have not begun yet, the next one last.
    coming: Vec<(i64, i64)>,
    open: BTreeSet<i64>,
}

impl Aborted {
    /// Of producers and first offsets, as brokers tell them beside the records.
    pub(super) fn new(told: Vec<(i64, i64)>) -> Aborted {
        let mut coming: Vec<(i64, i64)> = told.into_iter().map(|(producer, first)| (first, producer)).collect();
        coming.sort_unstable_by(|a, b| b.cmp(a));
        Aborted { coming, open: BTreeSet::new() }
    }

    /// Whether the records of the batch stay out. Every batch must be asked about.
    pub(super) fn hides(&mut self, head: &Head) -> bool {
        let begun = |coming: &mut Vec<(i64, i64)>| coming.pop_if(|(first, _)| *first < head.next_offset());
        while let Some((_, producer)) = begun(&mut self.coming) {
            self.open.insert(producer);
        }
        head.is_transactional() && self.open.contains(&head.producer)
    }

    /// The producer's transaction ends here.
    pub(super) fn end(&mut self, producer: i64) {
        self.open.remove(&producer);
    }
}

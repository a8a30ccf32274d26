//! Covers that were too long for a header, to be read for a while.

use parking_lot::Mutex;
use std::collections::VecDeque;

const KEEP_MS: u64 = 10 * 60_000;
const MAX_KEPT: usize = 1_000;

/// Covers by query id.
#[derive(Default)]
pub struct CoversStore {
    kept: Mutex<VecDeque<Kept>>,
}

struct Kept {
    query_id: String,
    json: String,
    until_ms: u64,
}

impl CoversStore {
    /// Keeps a text for ten minutes, or until a thousand newer ones came.
    pub fn keep(&self, query_id: &str, json: String, now_ms: u64) {
        let mut kept = self.kept.lock();
        while kept.len() >= MAX_KEPT || kept.front().is_some_and(|first| first.until_ms <= now_ms) {
            kept.pop_front();
        }
        kept.push_back(Kept { query_id: query_id.to_string(), json, until_ms: now_ms + KEEP_MS });
    }

    /// The newest text of a query.
    pub fn read(&self, query_id: &str, now_ms: u64) -> Option<String> {
        let kept = self.kept.lock();
        let found = kept.iter().rev().find(|kept| kept.query_id == query_id && kept.until_ms > now_ms)?;
        Some(found.json.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_are_readable_for_ten_minutes() {
        let store = CoversStore::default();
        store.keep("a", "{}".into(), 0);
        assert_eq!(store.read("a", KEEP_MS - 1).as_deref(), Some("{}"));
        assert_eq!(store.read("a", KEEP_MS), None);
        assert_eq!(store.read("b", 0), None);
    }

    #[test]
    fn there_is_a_limit() {
        let store = CoversStore::default();
        (0..=MAX_KEPT).for_each(|n| store.keep(&n.to_string(), "{}".into(), 0));
        assert_eq!((store.read("0", 1), store.kept.lock().len()), (None, MAX_KEPT));
    }
}

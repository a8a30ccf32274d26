//! Which queries run, so that they can be cancelled by their id.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

type Flags = Mutex<HashMap<String, Vec<Arc<AtomicBool>>>>;

/// Queries by id; several may carry the same.
#[derive(Default)]
pub struct RunningQueries {
    flags: Arc<Flags>,
}

/// One running query. It is told to stop when this is dropped: whoever waited for its answer is gone.
pub struct Ticket {
    id: String,
    cancelled: Arc<AtomicBool>,
    flags: Arc<Flags>,
}

impl RunningQueries {
    pub fn enter(&self, id: &str) -> Ticket {
        let cancelled = Arc::new(AtomicBool::new(false));
        self.flags.lock().entry(id.to_string()).or_default().push(Arc::clone(&cancelled));
        Ticket { id: id.to_string(), cancelled, flags: Arc::clone(&self.flags) }
    }

    /// Tells all queries of that id to stop; how many there were.
    pub fn cancel(&self, id: &str) -> usize {
        let flags = self.flags.lock();
        let found = flags.get(id).map(Vec::as_slice).unwrap_or_default();
        found.iter().for_each(|flag| flag.store(true, Ordering::Relaxed));
        found.len()
    }

    /// Ids of the queries that run.
    pub fn ids(&self) -> Vec<String> {
        self.flags.lock().keys().cloned().collect()
    }
}

impl Ticket {
    pub fn cancelled(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.cancelled)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.cancelled.store(true, Ordering::Relaxed);
        let mut flags = self.flags.lock();
        if let Some(of_id) = flags.get_mut(&self.id) {
            of_id.retain(|flag| !Arc::ptr_eq(flag, &self.cancelled));
            if of_id.is_empty() {
                flags.remove(&self.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_queries_of_an_id_are_cancelled_and_no_other() {
        let running = RunningQueries::default();
        let tickets = ["a", "a", "b"].map(|id| running.enter(id));
        assert_eq!(running.cancel("a"), 2);
        assert_eq!(tickets.each_ref().map(|ticket| ticket.cancelled.load(Ordering::Relaxed)), [true, true, false]);
        drop(tickets);
        assert_eq!((running.cancel("a"), running.ids().len()), (0, 0));
    }

    #[test]
    fn a_query_that_nobody_waits_for_stops() {
        let running = RunningQueries::default();
        let ticket = running.enter("a");
        let flag = ticket.cancelled();
        drop(ticket);
        assert!(flag.load(Ordering::Relaxed));
    }
}

//! Admission: how many queries run and wait at once, by lane. A full house is told so at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Where a query waits. Heavy scans go to `Low` by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryLane {
    High,
    Normal,
    Low,
}

impl QueryLane {
    /// A priority above zero is urgent, one below is not.
    pub fn of_priority(priority: i64) -> Self {
        match priority {
            1.. => Self::High,
            0 => Self::Normal,
            _ => Self::Low,
        }
    }
}

/// The house is full: come back later.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("too many queries: {num_running} run and {num_waiting} wait already")]
pub struct Full {
    pub num_running: usize,
    pub num_waiting: usize,
}

/// Permits for running queries. `High` has one place of its own, `Low` at most half of them.
pub struct Admission {
    all: Arc<Semaphore>,
    reserved: Arc<Semaphore>,
    low: Arc<Semaphore>,
    num_waiting: AtomicUsize,
    max_running: usize,
    max_waiting: usize,
}

/// Held while a query runs.
#[derive(Debug)]
pub struct Permit {
    _all: OwnedSemaphorePermit,
    _low: Option<OwnedSemaphorePermit>,
}

impl Admission {
    pub fn new(max_running: usize, max_waiting: usize) -> Self {
        let max_running = max_running.max(2);
        Self {
            all: Arc::new(Semaphore::new(max_running - 1)),
            reserved: Arc::new(Semaphore::new(1)),
            low: Arc::new(Semaphore::new((max_running / 2).max(1))),
            num_waiting: AtomicUsize::new(0),
            max_running,
            max_waiting,
        }
    }

    /// Waits for a place, or refuses when too many wait already.
    pub async fn enter(&self, lane: QueryLane) -> Result<Permit, Full> {
        let _waiting = self.wait_in_line()?;
        let low = match lane {
            QueryLane::Low => Some(self.acquire(&self.low).await?),
            QueryLane::Normal | QueryLane::High => None,
        };
        if lane == QueryLane::High {
            return tokio::select! {
                all = self.acquire(&self.all) => Ok(Permit { _all: all?, _low: low }),
                all = self.acquire(&self.reserved) => Ok(Permit { _all: all?, _low: None }),
            };
        }
        Ok(Permit { _all: self.acquire(&self.all).await?, _low: low })
    }

    /// Queries that may run at once.
    pub fn max_running(&self) -> usize {
        self.max_running
    }

    /// Queries that wait for a permit now.
    pub fn num_waiting(&self) -> usize {
        self.num_waiting.load(Ordering::SeqCst)
    }

    /// Queries that hold a permit now.
    pub fn num_running(&self) -> usize {
        self.max_running - self.all.available_permits() - self.reserved.available_permits()
    }

    async fn acquire(&self, semaphore: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Full> {
        Arc::clone(semaphore).acquire_owned().await.map_err(|_| self.full())
    }

    fn wait_in_line(&self) -> Result<InLine<'_>, Full> {
        let before = self.num_waiting.fetch_add(1, Ordering::SeqCst);
        let place = InLine(&self.num_waiting);
        if before >= self.max_waiting && self.all.available_permits() == 0 {
            return Err(self.full());
        }
        Ok(place)
    }

    fn full(&self) -> Full {
        Full { num_running: self.num_running(), num_waiting: self.max_waiting }
    }
}

struct InLine<'a>(&'a AtomicUsize);

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn urgent_queries_have_a_place_of_their_own() {
        let admission = Admission::new(3, 10);
        let held: Vec<_> = (0..2).map(|_| admission.enter(QueryLane::Normal).now_or_never()).collect();
        assert!(held.iter().all(|permit| matches!(permit, Some(Ok(_)))));
        assert!(admission.enter(QueryLane::Normal).now_or_never().is_none());
        assert!(matches!(admission.enter(QueryLane::High).now_or_never(), Some(Ok(_))));
    }

    #[test]
    fn heavy_queries_leave_room_for_others() {
        let admission = Admission::new(4, 10);
        let _first = admission.enter(QueryLane::Low).now_or_never();
        let _second = admission.enter(QueryLane::Low).now_or_never();
        assert!(admission.enter(QueryLane::Low).now_or_never().is_none());
        assert!(matches!(admission.enter(QueryLane::Normal).now_or_never(), Some(Ok(_))));
    }

    #[test]
    fn a_full_line_refuses() {
        let admission = Admission::new(2, 1);
        let _running = admission.enter(QueryLane::Normal).now_or_never();
        let mut waiting = Box::pin(admission.enter(QueryLane::Normal));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert!(matches!(admission.enter(QueryLane::Normal).now_or_never(), Some(Err(Full { .. }))));
    }
}

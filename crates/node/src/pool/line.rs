//! Who runs next: the line for turns on the cores.

use super::Job;
use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What runs looks so often for others that go before it.
pub(super) const SLICE: Duration = Duration::from_micros(500);
/// What a query has had of the cores when it falls behind those that have had less, in microseconds. Between two of them
/// first come is first served, for changing places costs more than it gives among queries that are alike.
const LEVELS: [u64; 2] = [32_000, 1_024_000];
/// What a query may have had when it is begun beside those that have the cores.
const FIRST_US: u64 = 2_000;
/// A query that has had less than this part of the time since it came is not held back for what it has had.
const FAIR_PART: u64 = 16;

/// What one query has had of the cores so far, on all its threads, and since when.
#[derive(Debug)]
pub struct Share {
    priority: i64,
    begun: Instant,
    used_us: AtomicU64,
}

impl Share {
    pub fn new(priority: i64) -> Arc<Self> {
        Arc::new(Self { priority, begun: Instant::now(), used_us: AtomicU64::new(0) })
    }

    pub(super) fn add(&self, used_us: u64) {
        self.used_us.fetch_add(used_us, Ordering::Relaxed);
    }

    fn level(&self, now: Instant) -> usize {
        let fair = micros(now.saturating_duration_since(self.begun)) / FAIR_PART;
        let used = self.used_us.load(Ordering::Relaxed).saturating_sub(fair);
        LEVELS.iter().filter(|level| used >= **level).count()
    }

    /// Whether it has had as much as is given before others are through.
    pub(super) fn has_had_first(&self) -> bool {
        self.used_us.load(Ordering::Relaxed) >= FIRST_US
    }

    /// Whether it stands still for another one.
    fn gives_way_to(&self, other: &Share, now: Instant) -> bool {
        (Reverse(other.priority), other.level(now)) < (Reverse(self.priority), self.level(now))
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// What a turn is for.
pub(super) enum Work {
    /// A job that has not begun: needs a thread.
    Begin(Job),
    /// A thread that stands still in the middle of one.
    GoOn(Arc<super::turn::Parked>),
}

pub(super) struct Waiting {
    pub share: Arc<Share>,
    pub work: Work,
    /// Whether its query can do without it.
    pub is_offer: bool,
}

impl Waiting {
    /// The least goes first. What can be done without goes last, for two threads on one query need more in all than one.
    fn place(&self, now: Instant) -> impl Ord {
        let share = &self.share;
        (Reverse(share.priority), self.is_offer, share.level(now), share.begun)
    }
}

/// Work that waits for a turn, in order of arrival: as much as the queries that are admitted have threads.
#[derive(Default)]
pub(super) struct Line {
    waiting: Vec<Waiting>,
}

impl Line {
    pub fn push(&mut self, waiting: Waiting) {
        self.waiting.push(waiting);
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Takes the next one out of the line; `can_begin`: whether there is a thread for a new job.
    pub fn take(&mut self, can_begin: bool) -> Option<Waiting> {
        let at = self.first(can_begin, Instant::now())?;
        Some(self.waiting.remove(at))
    }

    /// Takes who came first of those that have hardly begun.
    pub fn take_newcomer(&mut self) -> Option<Waiting> {
        let is_new = |waiting: &Waiting| matches!(waiting.work, Work::Begin(_)) && !waiting.is_offer;
        let (now, all) = (Instant::now(), self.waiting.iter().enumerate());
        let new = all.filter(|(_, waiting)| is_new(waiting) && !waiting.share.has_had_first());
        let (at, _) = new.min_by_key(|(_, waiting)| waiting.place(now))?;
        Some(self.waiting.remove(at))
    }

    /// Whether somebody waits for whom one that runs stands still; never for what can be done without.
    pub fn outranks(&self, running: &Share, can_begin: bool, now: Instant) -> bool {
        let mut fitting = self.fitting(can_begin);
        fitting.any(|(_, waiting)| !waiting.is_offer && running.gives_way_to(&waiting.share, now))
    }

    /// Takes back what a query offered and nobody began.
    pub fn withdraw(&mut self, share: &Arc<Share>) {
        self.waiting.retain(|waiting| !waiting.is_offer || !Arc::ptr_eq(&waiting.share, share));
    }

    pub fn drop_new(&mut self) {
        self.waiting.retain(|waiting| matches!(waiting.work, Work::GoOn(_)));
    }

    fn first(&self, can_begin: bool, now: Instant) -> Option<usize> {
        self.fitting(can_begin).min_by_key(|(_, waiting)| waiting.place(now)).map(|(at, _)| at)
    }

    fn fitting(&self, can_begin: bool) -> impl Iterator<Item = (usize, &Waiting)> {
        let fits = move |waiting: &Waiting| can_begin || matches!(waiting.work, Work::GoOn(_));
        self.waiting.iter().enumerate().filter(move |(_, waiting)| fits(waiting))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A query of so many milliseconds that has run for some of them.
    fn share(priority: i64, age_ms: u64, used_ms: u64) -> Arc<Share> {
        let begun = Instant::now() - Duration::from_millis(age_ms);
        Arc::new(Share { priority, begun, used_us: AtomicU64::new(used_ms * 1_000) })
    }

    fn line(shares: &[&Arc<Share>]) -> Line {
        Line { waiting: shares.iter().map(|share| new_job(share)).collect() }
    }

    fn new_job(share: &Arc<Share>) -> Waiting {
        Waiting { share: Arc::clone(share), work: Work::Begin(Box::new(|| {})), is_offer: false }
    }

    #[test]
    fn first_come_is_first_served_among_those_that_have_had_as_little() {
        let shares = [share(0, 99, 70), share(0, 40, 30), share(5, 10, 9), share(-1, 90, 0), share(0, 10, 0)];
        let mut line = line(&shares.each_ref());
        let at = |waiting: Waiting| shares.iter().position(|share| Arc::ptr_eq(share, &waiting.share));
        let order: Vec<_> = std::iter::from_fn(|| line.take(true)).filter_map(at).collect();
        assert_eq!(order, [2, 1, 4, 0, 3]);
    }

    #[test]
    fn a_long_query_is_not_held_back_for_ever() {
        assert_eq!(share(0, 2_000, 2_000).level(Instant::now()), 2);
        assert_eq!(share(0, 20_000, 2_000).level(Instant::now()), 1);
        assert_eq!(share(0, 32_000, 2_000).level(Instant::now()), 0);
    }

    #[test]
    fn what_runs_makes_room_for_those_that_have_had_less() {
        let waiting = |waiting: Arc<Share>, is_offer| Line { waiting: vec![Waiting { is_offer, ..new_job(&waiting) }] };
        let outranks = |line: Line| line.outranks(&share(0, 90, 60), true, Instant::now());
        assert!(outranks(waiting(share(0, 0, 0), false)));
        assert!(!outranks(waiting(share(0, 0, 0), true)));
        assert!(!outranks(waiting(share(0, 90, 70), false)));
        assert!(outranks(waiting(share(1, 50, 50), false)));
        assert!(!outranks(waiting(share(-1, 1_000, 0), false)));
    }

    #[test]
    fn what_was_offered_can_be_withdrawn() {
        let (one, other) = (share(0, 0, 0), share(0, 0, 0));
        let mut line = line(&[&one, &other]);
        line.push(Waiting { is_offer: true, ..new_job(&one) });
        line.withdraw(&other);
        assert_eq!(line.len(), 3);
        line.withdraw(&one);
        assert_eq!(line.len(), 2);
    }

    #[test]
    fn newcomers_are_those_that_have_hardly_begun() {
        let (long, short, urgent) = (share(5, 90, 30), share(0, 90, 1), share(1, 0, 0));
        let mut line = line(&[&long, &short, &urgent]);
        line.push(Waiting { is_offer: true, ..new_job(&share(9, 0, 0)) });
        let mut next = || line.take_newcomer().map(|waiting| waiting.share);
        assert!(next().is_some_and(|share| Arc::ptr_eq(&share, &urgent)));
        assert!(next().is_some_and(|share| Arc::ptr_eq(&share, &short)));
        assert!(next().is_none());
    }

    #[test]
    fn new_jobs_wait_for_a_thread() {
        let mut line = line(&[&share(0, 0, 0)]);
        assert!(line.take(false).is_none());
        assert!(line.take(true).is_some());
    }
}

//! One query's use of the pool: the thread that runs the query works too, so a full pool cannot stall it.

use super::{CpuTime, Pool, Share};
use parking_lot::{Condvar, Mutex};
use query::{Executor, Job};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What it takes until a thread that sleeps runs again, about.
const WAKE_UP: Duration = Duration::from_micros(100);

/// Runs the jobs of one query within its share.
pub struct PoolExecutor {
    pool: Arc<Pool>,
    share: Arc<Share>,
    /// Of the threads that help; the one that runs the query is measured by its caller.
    cpu: Arc<CpuTime>,
}

impl PoolExecutor {
    pub fn new(pool: Arc<Pool>, share: Arc<Share>, cpu: Arc<CpuTime>) -> Self {
        Self { pool, share, cpu }
    }
}

impl Executor for PoolExecutor {
    fn num_threads(&self) -> usize {
        self.pool.num_threads()
    }

    fn run(&self, jobs: Vec<Job>) {
        let num_helpers = self.pool.num_threads().min(jobs.len()).saturating_sub(1);
        let num_left = AtomicUsize::new(jobs.len());
        let work = Arc::new(Work { jobs: Mutex::new(jobs.into()), num_left, done: Condvar::new() });
        for _ in 0..num_helpers {
            let (work, cpu) = (Arc::clone(&work), Arc::clone(&self.cpu));
            self.pool.offer(&self.share, Box::new(move || cpu.measure(|| work.help())));
        }
        work.help();
        self.pool.withdraw(&self.share);
        if !work.is_soon_done() {
            self.pool.without_turn(&self.share, || work.wait());
        }
    }

    fn pause(&self) {
        self.pool.pause(&self.share);
    }
}

struct Work {
    jobs: Mutex<VecDeque<Job>>,
    /// Jobs that have not ended.
    num_left: AtomicUsize,
    done: Condvar,
}

impl Work {
    /// Takes jobs until none is left. A job that panics leaves its result empty, which its query sees.
    fn help(&self) {
        loop {
            let job = self.jobs.lock().pop_front();
            let Some(job) = job else { return };
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!("a fold ended in a panic");
            }
            if self.num_left.fetch_sub(1, Ordering::AcqRel) == 1 {
                // Whoever waits has looked at the number with the lock held.
                let _jobs = self.jobs.lock();
                self.done.notify_all();
            }
        }
    }

    fn is_done(&self) -> bool {
        self.num_left.load(Ordering::Acquire) == 0
    }

    /// Whether the last jobs end before a thread that waits for them would be awake again.
    fn is_soon_done(&self) -> bool {
        let begun = Instant::now();
        while !self.is_done() && begun.elapsed() < WAKE_UP {
            std::hint::spin_loop();
        }
        self.is_done()
    }

    fn wait(&self) {
        let mut jobs = self.jobs.lock();
        while !self.is_done() {
            self.done.wait(&mut jobs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_on_the_only_thread_still_ends() {
        let pool = Arc::new(Pool::start(1, 8).expect("a thread"));
        let (say, said) = std::sync::mpsc::channel();
        let inner = Arc::clone(&pool);
        pool.spawn(
            &Share::new(0),
            Box::new(move || {
                let sum = Arc::new(AtomicUsize::new(0));
                let jobs = (1..=10).map(|n| {
                    let sum = Arc::clone(&sum);
                    Box::new(move || {
                        sum.fetch_add(n, Ordering::Relaxed);
                    }) as Job
                });
                PoolExecutor::new(inner, Share::new(0), Arc::default()).run(jobs.collect());
                say.send(sum.load(Ordering::Relaxed)).expect("listened to");
            }),
        );
        assert_eq!(said.recv(), Ok(55));
        pool.close();
    }

    #[test]
    fn a_panic_in_a_job_does_not_stall_the_query() {
        let pool = Arc::new(Pool::start(2, 8).expect("threads"));
        let jobs: Vec<Job> = vec![Box::new(|| panic!("on purpose")), Box::new(|| {})];
        PoolExecutor::new(Arc::clone(&pool), Share::new(0), Arc::default()).run(jobs);
        pool.close();
    }
}

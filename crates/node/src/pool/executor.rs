//! One query's use of the pool: the thread that runs the query works too, so a full pool cannot stall it.

use super::{CpuTime, Pool, Share};
use parking_lot::{Condvar, Mutex};
use query::{Executor, Job};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

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
        let work =
            Arc::new(Work { state: Mutex::new(State { jobs: jobs.into(), num_running: 0 }), done: Condvar::new() });
        for _ in 0..num_helpers {
            let (work, cpu) = (Arc::clone(&work), Arc::clone(&self.cpu));
            self.pool.offer(&self.share, Box::new(move || cpu.measure(|| work.help())));
        }
        work.help();
        self.pool.withdraw(&self.share);
        if !work.state.lock().is_done() {
            self.pool.without_turn(&self.share, || work.wait());
        }
    }

    fn pause(&self) {
        self.pool.pause(&self.share);
    }
}

struct State {
    jobs: VecDeque<Job>,
    num_running: usize,
}

impl State {
    fn is_done(&self) -> bool {
        self.num_running == 0 && self.jobs.is_empty()
    }
}

struct Work {
    state: Mutex<State>,
    done: Condvar,
}

impl Work {
    /// Takes jobs until none is left. A job that panics leaves its result empty, which its query sees.
    fn help(&self) {
        while let Some(job) = self.take() {
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!("a fold ended in a panic");
            }
            let mut state = self.state.lock();
            state.num_running -= 1;
            if state.is_done() {
                self.done.notify_all();
            }
        }
    }

    fn take(&self) -> Option<Job> {
        let mut state = self.state.lock();
        let job = state.jobs.pop_front()?;
        state.num_running += 1;
        Some(job)
    }

    fn wait(&self) {
        let mut state = self.state.lock();
        while !state.is_done() {
            self.done.wait(&mut state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

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

//! The pool that folds: a fixed number of plain threads and one queue ordered by priority.

mod cpu;
mod executor;

pub use cpu::CpuTime;
pub use executor::PoolExecutor;

use parking_lot::{Condvar, Mutex};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

type Job = Box<dyn FnOnce() + Send>;

struct Waiting {
    priority: i64,
    number: u64,
    job: Job,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    /// Higher priorities first; among equals, first come first served.
    fn cmp(&self, other: &Self) -> Ordering {
        self.priority.cmp(&other.priority).then(other.number.cmp(&self.number))
    }
}

#[derive(Default)]
struct Queue {
    waiting: BinaryHeap<Waiting>,
    next_number: u64,
    closed: bool,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
}

/// Threads that run jobs by priority. Jobs look at their own cancellation; a job that panics takes no thread with it.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    num_threads: usize,
}

impl Pool {
    /// Starts `num_threads` threads, at least one.
    pub fn start(num_threads: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let num_threads = num_threads.max(1);
        let threads = (0..num_threads)
            .map(|number| {
                let shared = Arc::clone(&shared);
                std::thread::Builder::new().name(format!("fold-{number}")).spawn(move || work(&shared))
            })
            .collect::<std::io::Result<Vec<_>>>()?;
        Ok(Self { shared, threads: Mutex::new(threads), num_threads })
    }

    pub fn num_threads(&self) -> usize {
        self.num_threads
    }

    /// Puts a job in line. After `close` jobs are dropped, which their callers see as a closed channel.
    pub fn spawn(&self, priority: i64, job: Job) {
        let mut queue = self.shared.queue.lock();
        if queue.closed {
            return;
        }
        let number = queue.next_number;
        queue.next_number += 1;
        queue.waiting.push(Waiting { priority, number, job });
        drop(queue);
        self.shared.wake.notify_one();
    }

    /// Lets the running jobs end, drops the waiting ones and joins the threads.
    pub fn close(&self) {
        {
            let mut queue = self.shared.queue.lock();
            queue.closed = true;
            queue.waiting.clear();
        }
        self.shared.wake.notify_all();
        for thread in self.threads.lock().drain(..) {
            if thread.join().is_err() {
                tracing::error!("a folding thread ended in a panic");
            }
        }
    }
}

fn work(shared: &Shared) {
    loop {
        let job = {
            let mut queue = shared.queue.lock();
            loop {
                if let Some(next) = queue.waiting.pop() {
                    break next.job;
                }
                if queue.closed {
                    return;
                }
                shared.wake.wait(&mut queue);
            }
        };
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("a query's job ended in a panic");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn higher_priorities_overtake() {
        let pool = Pool::start(1).expect("a thread");
        let (hold, held) = mpsc::channel::<()>();
        let (say, said) = mpsc::channel();
        pool.spawn(0, Box::new(move || held.recv().expect("released")));
        for (priority, name) in [(0, "normal"), (10, "high"), (-5, "low"), (10, "high too")] {
            let say = say.clone();
            pool.spawn(priority, Box::new(move || say.send(name).expect("listened to")));
        }
        hold.send(()).expect("the first job waits");
        let order: Vec<&str> = (0..4).map(|_| said.recv().expect("four jobs")).collect();
        assert_eq!(order, ["high", "high too", "normal", "low"]);
        pool.close();
    }

    #[test]
    fn a_panic_takes_no_thread_with_it() {
        let pool = Pool::start(1).expect("a thread");
        let (say, said) = mpsc::channel();
        pool.spawn(0, Box::new(|| panic!("on purpose")));
        pool.spawn(0, Box::new(move || say.send(7).expect("listened to")));
        assert_eq!(said.recv(), Ok(7));
        pool.close();
    }

    #[test]
    fn a_closed_pool_drops_jobs() {
        let pool = Pool::start(1).expect("a thread");
        pool.close();
        let (say, said) = mpsc::channel::<()>();
        pool.spawn(0, Box::new(move || say.send(()).expect("never run")));
        assert!(said.recv().is_err());
    }
}

//! Threads that fold, shared as the store's pool shares them: the thread that asks works too, and jobs are taken one by
//! one, in order.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use query::{Executor, Job};

/// As long as the store's pool looks before it sleeps.
const WAKE_UP: Duration = Duration::from_micros(100);

/// The thread that asks and some that wait to help it.
pub struct Threads {
    helpers: Vec<Mutex<Sender<Arc<Work>>>>,
}

struct Work {
    jobs: Mutex<VecDeque<Job>>,
    num_left: AtomicUsize,
    done: Condvar,
}

impl Threads {
    pub fn start(num_threads: usize) -> Self {
        let helper = |_| {
            let (sender, receiver) = channel::<Arc<Work>>();
            std::thread::spawn(move || receiver.into_iter().for_each(|work| work.help()));
            Mutex::new(sender)
        };
        Self { helpers: (1..num_threads.max(1)).map(helper).collect() }
    }
}

impl Work {
    fn jobs(&self) -> MutexGuard<'_, VecDeque<Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn help(&self) {
        loop {
            let job = self.jobs().pop_front();
            let Some(job) = job else { return };
            job();
            if self.num_left.fetch_sub(1, Ordering::AcqRel) == 1 {
                let _jobs = self.jobs();
                self.done.notify_all();
            }
        }
    }

    fn is_done(&self) -> bool {
        self.num_left.load(Ordering::Acquire) == 0
    }

    fn wait(&self) {
        let begun = Instant::now();
        while !self.is_done() && begun.elapsed() < WAKE_UP {
            std::hint::spin_loop();
        }
        let mut jobs = self.jobs();
        while !self.is_done() {
            jobs = self.done.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Executor for Threads {
    fn num_threads(&self) -> usize {
        self.helpers.len() + 1
    }

    fn run(&self, jobs: Vec<Job>) {
        let num_helpers = self.helpers.len().min(jobs.len().saturating_sub(1));
        let num_left = AtomicUsize::new(jobs.len());
        let work = Arc::new(Work { jobs: Mutex::new(jobs.into()), num_left, done: Condvar::new() });
        for helper in &self.helpers[..num_helpers] {
            // A helper that is gone leaves its part to the others.
            let _ = helper.lock().map(|sender| sender.send(Arc::clone(&work)));
        }
        work.help();
        work.wait();
    }
}

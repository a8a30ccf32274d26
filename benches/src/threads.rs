//! Threads that fold, shared as the store's pool shares them: the thread that asks works too, and jobs are taken one by
//! one, in order.

use std::collections::VecDeque;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex};

use query::{Executor, Job};

/// The thread that asks and some that wait to help it.
pub struct Threads {
    helpers: Vec<Mutex<Sender<Arc<Work>>>>,
}

#[derive(Default)]
struct Work {
    jobs: Mutex<VecDeque<Job>>,
    num_left: Mutex<usize>,
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
    fn help(&self) {
        loop {
            let Some(job) = self.jobs.lock().ok().and_then(|mut jobs| jobs.pop_front()) else { return };
            job();
            if let Ok(mut left) = self.num_left.lock() {
                *left -= 1;
                if *left == 0 {
                    self.done.notify_all();
                }
            }
        }
    }
}

impl Executor for Threads {
    fn num_threads(&self) -> usize {
        self.helpers.len() + 1
    }

    fn run(&self, jobs: Vec<Job>) {
        let num_helpers = self.helpers.len().min(jobs.len().saturating_sub(1));
        let num_left = Mutex::new(jobs.len());
        let work = Arc::new(Work { jobs: Mutex::new(jobs.into()), num_left, done: Condvar::new() });
        for helper in &self.helpers[..num_helpers] {
            // A helper that is gone leaves its part to the others.
            let _ = helper.lock().map(|sender| sender.send(Arc::clone(&work)));
        }
        work.help();
        let mut left = work.num_left.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        while *left > 0 {
            left = work.done.wait(left).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    }
}

//! The pool that folds: as many turns as cores, and one line for them.
//!
//! Work runs on threads of the pool, each while it holds a turn. There are more threads than turns, for a query that has
//! had much stands still in the middle of its work and makes room for one that has just come.

mod cpu;
mod executor;
mod line;
mod slice;
mod turn;

pub use cpu::CpuTime;
pub use executor::PoolExecutor;
pub use line::Share;
pub use slice::Slice;

use line::{Line, Waiting, Work};
use parking_lot::{Mutex, MutexGuard};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use turn::{Kind, Parked};

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct State {
    line: Line,
    /// Jobs that have a turn, for the idle threads.
    given: VecDeque<(Arc<Share>, Kind, Job)>,
    /// Turns of each kind that are held.
    num_on_cores: usize,
    num_moments: usize,
    /// Threads that have no job, of which those that sleep are in `asleep`: who slept last is woken first, for its
    /// stack and its memory are still in the caches.
    num_idle: usize,
    asleep: Vec<Arc<Parked>>,
    threads: Vec<JoinHandle<()>>,
    max_threads: usize,
    closed: bool,
}

impl State {
    /// Whether there is a thread for one more new job.
    fn can_begin(&self) -> bool {
        self.num_idle > self.given.len() || self.threads.len() < self.max_threads
    }

    fn give_back(&mut self, kind: Kind) {
        match kind {
            Kind::Core => self.num_on_cores -= 1,
            Kind::Moment => self.num_moments -= 1,
        }
    }

    /// Who is next, with a turn.
    fn next(&mut self, num_cores: usize) -> Option<(Waiting, Kind)> {
        let can_begin = self.can_begin();
        if self.num_on_cores < num_cores
            && let Some(next) = self.line.take(can_begin)
        {
            self.num_on_cores += 1;
            return Some((next, Kind::Core));
        }
        if !can_begin || self.num_moments >= num_cores {
            return None;
        }
        let newcomer = self.line.take_newcomer()?;
        self.num_moments += 1;
        Some((newcomer, Kind::Moment))
    }
}

struct Shared {
    state: Mutex<State>,
    num_cores: usize,
    /// The length of the line, to be read without the lock.
    num_waiting: AtomicUsize,
}

/// Threads that run jobs by turns. Jobs look at their own cancellation; a job that panics takes no thread with it.
pub struct Pool {
    shared: Arc<Shared>,
}

impl Pool {
    /// With `num_threads` turns, at least one, and room for `max_standing` jobs that stand still.
    pub fn start(num_threads: usize, max_standing: usize) -> std::io::Result<Self> {
        let num_threads = num_threads.max(1);
        let state = Mutex::new(State { max_threads: num_threads + max_standing, ..State::default() });
        let shared = Arc::new(Shared { state, num_cores: num_threads, num_waiting: AtomicUsize::new(0) });
        {
            let mut state = shared.state.lock();
            state.threads = (0..num_threads).map(|number| shared.thread(number)).collect::<std::io::Result<_>>()?;
            state.num_idle = num_threads;
        }
        Ok(Self { shared })
    }

    /// Jobs that run at once.
    pub fn num_threads(&self) -> usize {
        self.shared.num_cores
    }

    /// Puts a job in line. After `close` jobs are dropped, which their callers see as a closed channel.
    pub fn spawn(&self, share: &Arc<Share>, job: Job) {
        self.push(Waiting { share: Arc::clone(share), work: Work::Begin(job), is_offer: false });
    }

    /// Puts a job in line that its query can do without.
    fn offer(&self, share: &Arc<Share>, job: Job) {
        self.push(Waiting { share: Arc::clone(share), work: Work::Begin(job), is_offer: true });
    }

    /// Takes back what a query offered and nobody began.
    fn withdraw(&self, share: &Arc<Share>) {
        if self.shared.num_waiting.load(Ordering::Relaxed) > 0 {
            let mut state = self.shared.state.lock();
            state.line.withdraw(share);
            self.shared.num_waiting.store(state.line.len(), Ordering::Relaxed);
        }
    }

    fn push(&self, waiting: Waiting) {
        let mut state = self.shared.state.lock();
        if !state.closed {
            state.line.push(waiting);
            self.shared.give_turns(&mut state, 0);
        }
    }

    /// Lets the begun jobs end, drops the others and joins the threads.
    pub fn close(&self) {
        let threads = {
            let mut state = self.shared.state.lock();
            state.closed = true;
            state.line.drop_new();
            state.asleep.drain(..).for_each(|thread| thread.resume());
            std::mem::take(&mut state.threads)
        };
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a folding thread ended in a panic");
            }
        }
    }
}

impl Shared {
    /// Gives the turns that are free to those in line, and wakes threads for them; the caller takes the first `own` of
    /// the new jobs itself.
    fn give_turns(self: &Arc<Self>, state: &mut State, own: usize) {
        let mut num_begun = 0;
        while let Some((next, kind)) = state.next(self.num_cores) {
            match next.work {
                Work::GoOn(parked) => parked.resume(),
                Work::Begin(job) => {
                    state.given.push_back((next.share, kind, job));
                    self.have_thread(state);
                    num_begun += 1;
                }
            }
        }
        self.num_waiting.store(state.line.len(), Ordering::Relaxed);
        // Who does not sleep looks for a job before it does.
        let first = state.asleep.len().saturating_sub(num_begun.max(own) - own);
        state.asleep.drain(first..).for_each(|thread| thread.resume());
    }

    /// Starts a thread when there are more jobs than idle ones.
    fn have_thread(self: &Arc<Self>, state: &mut State) {
        if state.num_idle >= state.given.len() {
            return;
        }
        match self.thread(state.threads.len()) {
            Ok(thread) => {
                state.threads.push(thread);
                state.num_idle += 1;
            }
            Err(why) => {
                // The job stays for the next thread that is idle; no more are asked for.
                tracing::warn!("no more threads for queries: {why}");
                state.max_threads = state.threads.len();
            }
        }
    }

    fn thread(self: &Arc<Self>, number: usize) -> std::io::Result<JoinHandle<()>> {
        let shared = Arc::clone(self);
        std::thread::Builder::new().name(format!("fold-{number}")).spawn(move || shared.work())
    }

    /// What a thread does, which is counted as idle when it starts.
    fn work(self: &Arc<Self>) {
        let mut state = self.state.lock();
        loop {
            if let Some((share, kind, job)) = state.given.pop_front() {
                state.num_idle -= 1;
                let held = MutexGuard::unlocked(&mut state, || turn::run(&share, kind, job));
                state.give_back(held);
                state.num_idle += 1;
                self.give_turns(&mut state, 1);
            } else if state.closed {
                return;
            } else {
                let parked = Parked::this();
                state.asleep.push(Arc::clone(&parked));
                MutexGuard::unlocked(&mut state, || parked.wait());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use query::Executor;
    use std::sync::mpsc;

    fn pool(num_threads: usize) -> Arc<Pool> {
        Arc::new(Pool::start(num_threads, 64).expect("threads"))
    }

    /// Takes a turn of the pool until what is returned is dropped.
    fn occupy(pool: &Pool) -> mpsc::Sender<()> {
        let (hold, held) = mpsc::channel::<()>();
        let (say, begun) = mpsc::channel();
        let wait = move || {
            say.send(()).expect("listened to");
            assert!(held.recv().is_err());
        };
        pool.spawn(&Share::new(0), Box::new(wait));
        begun.recv().expect("there is a turn");
        hold
    }

    #[test]
    fn higher_priorities_overtake() {
        let pool = pool(1);
        let (core, moment) = (occupy(&pool), occupy(&pool));
        let (say, said) = mpsc::channel();
        for (priority, name) in [(0, "normal"), (10, "high"), (-5, "low"), (10, "high too")] {
            let say = say.clone();
            pool.spawn(&Share::new(priority), Box::new(move || say.send(name).expect("listened to")));
        }
        drop(core);
        let order: Vec<&str> = (0..4).map(|_| said.recv().expect("four jobs")).collect();
        assert_eq!(order, ["high", "high too", "normal", "low"]);
        drop(moment);
        pool.close();
    }

    /// A job that ends only when another one of its priority or a higher one has had its turn.
    fn outlast(pool: &Arc<Pool>, priority: i64) {
        let (say, said) = mpsc::channel();
        let (share, inner) = (Share::new(0), Arc::clone(pool));
        let long = Arc::clone(&share);
        let job = move || {
            let begun = Arc::new(AtomicUsize::new(0));
            let newcomer = Arc::clone(&begun);
            inner.spawn(&Share::new(priority), Box::new(move || newcomer.store(1, Ordering::Release)));
            while begun.load(Ordering::Acquire) == 0 {
                inner.pause(&long);
            }
            say.send(()).expect("listened to");
        };
        pool.spawn(&share, Box::new(job));
        said.recv().expect("it ends");
    }

    #[test]
    fn a_newcomer_runs_beside_a_long_job() {
        let pool = pool(1);
        outlast(&pool, 0);
        pool.close();
    }

    #[test]
    fn a_long_job_makes_room_in_its_middle() {
        let pool = pool(1);
        let (core, moment) = (occupy(&pool), occupy(&pool));
        drop(core);
        outlast(&pool, 1);
        drop(moment);
        pool.close();
    }

    #[test]
    fn no_more_run_than_there_are_turns_of_both_kinds_and_all_end() {
        let pool = pool(2);
        let (num_running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (say, said) = mpsc::channel();
        for number in 0..40 {
            let share = Share::new(number % 3);
            let executor = PoolExecutor::new(Arc::clone(&pool), Arc::clone(&share), Arc::default());
            let (running, most, say) = (Arc::clone(&num_running), Arc::clone(&most), say.clone());
            let query = move || {
                let executor = Arc::new(executor);
                let jobs = (0..5).map(|_| {
                    let (running, most, executor) = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&executor));
                    Box::new(move || {
                        for _ in 0..200 {
                            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                            std::hint::black_box((0..2_000).fold(0u64, |sum, n| std::hint::black_box(sum ^ n)));
                            running.fetch_sub(1, Ordering::SeqCst);
                            executor.pause();
                        }
                    }) as Job
                });
                let jobs = jobs.collect();
                executor.run(jobs);
                say.send(()).expect("listened to");
            };
            pool.spawn(&share, Box::new(query));
        }
        (0..40).for_each(|_| said.recv().expect("every query ends"));
        assert!(most.load(Ordering::SeqCst) <= 4);
        pool.close();
    }

    #[test]
    fn a_panic_takes_no_thread_with_it() {
        let pool = pool(1);
        let (say, said) = mpsc::channel();
        pool.spawn(&Share::new(0), Box::new(|| panic!("on purpose")));
        pool.spawn(&Share::new(0), Box::new(move || say.send(7).expect("listened to")));
        assert_eq!(said.recv(), Ok(7));
        pool.close();
    }

    #[test]
    fn a_closed_pool_drops_jobs() {
        let pool = pool(1);
        pool.close();
        let (say, said) = mpsc::channel::<()>();
        pool.spawn(&Share::new(0), Box::new(move || say.send(()).expect("never run")));
        assert!(said.recv().is_err());
    }
}

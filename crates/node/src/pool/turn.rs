//! The turn that a thread of the pool holds while it runs, and how it gives it to others.

use super::cpu::thread_us;
use super::line::{SLICE, Share, Waiting, Work};
use super::slice::Slice;
use super::{Job, Pool, State};
use parking_lot::MutexGuard;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;
use std::time::Instant;

/// A thread that waits for its turn.
pub(super) struct Parked {
    thread: Thread,
    has_turn: AtomicBool,
}

impl Parked {
    pub fn this() -> Arc<Self> {
        Arc::new(Self { thread: std::thread::current(), has_turn: AtomicBool::new(false) })
    }

    pub fn resume(&self) {
        self.has_turn.store(true, Ordering::Release);
        self.thread.unpark();
    }

    pub fn wait(&self) {
        while !self.has_turn.load(Ordering::Acquire) {
            std::thread::park();
        }
    }
}

/// Of the turn that this thread holds: the thread's time that its share knows of, and when it looks for others again.
#[derive(Clone, Copy)]
struct Turn {
    kind: Kind,
    told_us: u64,
    looks_at: Instant,
}

/// What a turn is on.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// One of the cores, for as long as nobody goes before.
    Core,
    /// Beside those that have the cores, for a moment: who needs no more than that is through with it, and nobody had to
    /// stand still.
    Moment,
}

impl Turn {
    fn from(kind: Kind, share: &Share, now: Instant) -> Self {
        if share.has_had_first() { Slice::Usual } else { Slice::Short }.ask();
        Self { kind, told_us: thread_us(), looks_at: now + SLICE }
    }

    fn tell(self, share: &Share) {
        share.add(thread_us().saturating_sub(self.told_us));
    }
}

thread_local! {
    /// `None` on threads that are not the pool's.
    static TURN: Cell<Option<Turn>> = const { Cell::new(None) };
}

/// Runs a job that was given a turn; the kind that it holds at the end.
pub(super) fn run(share: &Share, kind: Kind, job: Job) -> Kind {
    TURN.set(Some(Turn::from(kind, share, Instant::now())));
    if catch_unwind(AssertUnwindSafe(job)).is_err() {
        tracing::error!("a query's job ended in a panic");
    }
    let Some(turn) = TURN.take() else { return kind };
    turn.tell(share);
    turn.kind
}

impl Pool {
    /// Asked often by what runs: lets those go first who have had less, once its slice is over.
    pub(super) fn pause(&self, share: &Arc<Share>) {
        let Some(turn) = TURN.get() else { return };
        let now = Instant::now();
        if now < turn.looks_at {
            return;
        }
        turn.tell(share);
        if turn.kind == Kind::Core && self.shared.num_waiting.load(Ordering::Relaxed) == 0 {
            TURN.set(Some(Turn::from(turn.kind, share, now)));
            return;
        }
        if turn.kind == Kind::Moment && !share.has_had_first() {
            TURN.set(Some(Turn::from(turn.kind, share, now)));
            return;
        }
        let state = self.shared.state.lock();
        if turn.kind == Kind::Core && !state.line.outranks(share, state.can_begin(), now) {
            TURN.set(Some(Turn::from(turn.kind, share, now)));
        } else {
            self.take_core(state, share, Some(turn.kind));
        }
    }

    /// Does something that takes no core, with the turn given to others meanwhile.
    pub(super) fn without_turn<T>(&self, share: &Arc<Share>, wait: impl FnOnce() -> T) -> T {
        let Some(turn) = TURN.get() else { return wait() };
        turn.tell(share);
        {
            let mut state = self.shared.state.lock();
            state.give_back(turn.kind);
            self.shared.give_turns(&mut state, 0);
        }
        let result = wait();
        self.take_core(self.shared.state.lock(), share, None);
        result
    }

    /// Stands in line until there is a core; gives back first what was `held`.
    fn take_core(&self, mut state: MutexGuard<'_, State>, share: &Arc<Share>, held: Option<Kind>) {
        let parked = Parked::this();
        let work = Work::GoOn(Arc::clone(&parked));
        state.line.push(Waiting { share: Arc::clone(share), work, is_offer: false });
        if let Some(kind) = held {
            state.give_back(kind);
        }
        self.shared.give_turns(&mut state, 0);
        drop(state);
        parked.wait();
        TURN.set(Some(Turn::from(Kind::Core, share, Instant::now())));
    }
}

//! Processor time, for the statistics of a query.

use rustix::time::{ClockId, clock_gettime};
use std::sync::atomic::{AtomicU64, Ordering};

/// Microseconds that threads spent on one query.
#[derive(Debug, Default)]
pub struct CpuTime(AtomicU64);

impl CpuTime {
    /// Runs work and adds what it took of this thread's time.
    pub fn measure<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = thread_us();
        let result = work();
        self.0.fetch_add(thread_us().saturating_sub(before), Ordering::Relaxed);
        result
    }

    pub fn us(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Microseconds that this thread has run so far.
pub(super) fn thread_us() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec * 1_000_000 + time.tv_nsec / 1_000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_on_any_thread_adds_up() {
        let cpu = CpuTime::default();
        let spin = || cpu.measure(|| (0..2_000_000u64).fold(0, |sum, n| std::hint::black_box(sum ^ n)));
        spin();
        let first = cpu.us();
        assert!(first > 0);
        std::thread::scope(|scope| scope.spawn(spin).join().map(drop)).expect("no panic");
        assert!(cpu.us() > first);
    }
}

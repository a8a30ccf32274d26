//! How long the system lets a thread run before another one: whoever asks for short slices is let in sooner.

use std::cell::Cell;
use std::time::Duration;

/// What a thread is about to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slice {
    /// Little: it should not wait behind long work.
    Short,
    /// What takes as long as it takes.
    Usual,
}

/// The shortest that Linux knows.
const SHORT: Duration = Duration::from_micros(100);

thread_local! {
    static PRESENT: Cell<Slice> = const { Cell::new(Slice::Usual) };
}

impl Slice {
    /// Asks for such slices for this thread. Takes effect from Linux 6.12 on and costs nothing elsewhere: the share of
    /// the processor stays the same, so there is no right to lose and nothing to report.
    pub fn ask(self) {
        if PRESENT.replace(self) != self {
            system::ask(if self == Slice::Short { SHORT } else { Duration::ZERO });
        }
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::time::Duration;

    /// As `sched_setattr(2)` has it, without what only other policies read.
    #[repr(C)]
    #[derive(Default)]
    struct Attributes {
        size: u32,
        policy: u32,
        flags: u64,
        nice: i32,
        priority: u32,
        runtime: u64,
        deadline: u64,
        period: u64,
    }

    /// Leave the policy as it is.
    const KEEP_POLICY: u64 = 8;

    pub fn ask(slice: Duration) {
        // SAFETY: reads the niceness of this thread, which cannot fail.
        let nice = unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
        let attributes = Attributes {
            size: size_of::<Attributes>() as u32,
            flags: KEEP_POLICY,
            nice,
            runtime: slice.as_nanos() as u64,
            ..Attributes::default()
        };
        // SAFETY: the struct has the layout and the size that it names, and outlives the call.
        unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub fn ask(_: std::time::Duration) {}
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_asks_keeps_its_niceness() {
        // SAFETY: sets and reads the niceness of this thread; being nicer is never refused.
        let nice = || unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
        let nicer = move || {
            // SAFETY: as above.
            unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 3) };
            for slice in [Slice::Short, Slice::Short, Slice::Usual, Slice::Short] {
                slice.ask();
                assert_eq!((nice(), PRESENT.get()), (3, slice));
            }
        };
        std::thread::spawn(nicer).join().expect("asked");
    }
}

//! Time and chance as given things. The real ones are built by the process, never below it.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Where the present comes from.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970-01-01T00:00Z; may jump.
    fn now_ms(&self) -> i64;
    /// Milliseconds since some fixed point; never goes back.
    fn monotonic_ms(&self) -> u64;
}

/// Where unpredictable numbers come from.
pub trait Random: Send + Sync {
    fn next_u64(&self) -> u64;
}

/// A clock that stands still until it is moved.
#[derive(Debug, Default)]
pub struct ManualClock {
    now_ms: AtomicI64,
    monotonic_ms: AtomicU64,
}

impl ManualClock {
    pub fn new(now_ms: i64) -> ManualClock {
        ManualClock { now_ms: AtomicI64::new(now_ms), monotonic_ms: AtomicU64::new(0) }
    }

    /// Moves both readings forward.
    pub fn advance_ms(&self, by_ms: u64) {
        let signed = i64::try_from(by_ms).unwrap_or(i64::MAX);
        self.now_ms.fetch_add(signed, Ordering::SeqCst);
        self.monotonic_ms.fetch_add(by_ms, Ordering::SeqCst);
    }

    /// Sets the wall reading alone, as a correction of the system's clock does.
    pub fn set_now_ms(&self, now_ms: i64) {
        self.now_ms.store(now_ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::SeqCst)
    }

    fn monotonic_ms(&self) -> u64 {
        self.monotonic_ms.load(Ordering::SeqCst)
    }
}

/// The same numbers for the same seed (SplitMix64).
#[derive(Debug)]
pub struct SeededRandom(AtomicU64);

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl SeededRandom {
    pub fn new(seed: u64) -> SeededRandom {
        SeededRandom(AtomicU64::new(seed))
    }
}

impl Random for SeededRandom {
    fn next_u64(&self) -> u64 {
        let mut z = self.0.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = ManualClock::new(1_000);
        assert_eq!((clock.now_ms(), clock.monotonic_ms()), (1_000, 0));
        clock.advance_ms(5);
        clock.set_now_ms(10);
        assert_eq!((clock.now_ms(), clock.monotonic_ms()), (10, 5));
    }

    #[test]
    fn seeds_repeat() {
        let draw = |seed| {
            let random = SeededRandom::new(seed);
            [random.next_u64(), random.next_u64()]
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert_eq!(draw(1234567)[0], 6457827717110365317, "published test vector");
    }
}

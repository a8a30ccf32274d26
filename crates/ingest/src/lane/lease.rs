//! How long the lanes of a supervisor are surely ours, by this process's own clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use timeline::Clock;

/// A lease is given up this part of its length before it ends: clocks differ, and requests take time.
const MARGIN_ONE_IN: u64 = 10;

/// The lease of all lanes of a supervisor. Once it is over nothing is published and no freshness is claimed, until
/// it is renewed; rows that were read stay readable.
pub(crate) struct Lease {
    clock: Arc<dyn Clock>,
    over_at_ms: AtomicU64,
    length_ms: u64,
}

impl Lease {
    pub(crate) fn new(clock: Arc<dyn Clock>, length: Duration) -> Lease {
        let length_ms = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        Lease { clock, over_at_ms: AtomicU64::new(0), length_ms }
    }

    /// The moment to hand to [`Lease::renewed`], taken before the request is sent.
    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.monotonic_ms()
    }

    /// The store extended the lease at `asked_ms` or later.
    pub(crate) fn renewed(&self, asked_ms: u64) {
        let safe_ms = self.length_ms - self.length_ms / MARGIN_ONE_IN;
        self.over_at_ms.fetch_max(asked_ms.saturating_add(safe_ms), Ordering::Relaxed);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.now_ms() >= self.over_at_ms.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use timeline::ManualClock;

    use super::*;

    #[test]
    fn a_lease_is_over_before_the_store_says_so() {
        let clock = Arc::new(ManualClock::new(0));
        let lease = Lease::new(clock.clone(), Duration::from_secs(10));
        assert!(lease.is_over(), "nothing was ever granted");
        let asked = lease.now_ms();
        clock.advance_ms(3_000);
        lease.renewed(asked);
        clock.advance_ms(5_999);
        assert!(!lease.is_over());
        clock.advance_ms(1);
        assert!(lease.is_over());
        lease.renewed(asked + 8_000);
        assert!(!lease.is_over());
    }
}

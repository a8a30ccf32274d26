//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

/// How long a test waits for what must happen. Far above what it takes, so that a loaded machine fails nothing, and
/// above what clients of Kafka wait before they ask again.
pub const PATIENCE: Duration = Duration::from_secs(150);

const PAUSE: Duration = Duration::from_millis(10);

/// Asks until there is an answer; panics with `what` after [`PATIENCE`].
pub fn until<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    until_by(PAUSE, what, ask)
}

/// As [`until`], with a pause of one's own: for whoever measures what asking costs too.
pub fn until_by<T>(pause: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        std::thread::sleep(pause);
    }
}

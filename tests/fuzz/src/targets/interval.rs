//! Intervals and instants; one that is read is written and read again.

use super::{Target, text};
use timeline::Interval;

pub const TARGET: Target = Target { name: "interval", run };

fn run(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let _ = Interval::parse_list(text);
    let Ok(interval) = Interval::parse(text) else { return };
    assert!(interval.start <= interval.end, "{interval}");
    let again = Interval::parse(&interval.to_string());
    assert_eq!(again.ok(), Some(interval), "{text}");
}

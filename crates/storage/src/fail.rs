//! Crash points: places in the code where a test can end the process.
//!
//! `DOLMEN_FAIL_POINT=B2` ends it at the first pass of `point("B2")`, `DOLMEN_FAIL_POINT=B2:3` at the
//! third, and `DOLMEN_FAIL_POINT=I6@57` at every pass of `point_in("I6", ..)` whose range holds 57. Unset, a
//! point costs one load.

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Name of the variable that arms a point.
pub const VARIABLE: &str = "DOLMEN_FAIL_POINT";

static ARMED: AtomicBool = AtomicBool::new(true);
static PLAN: OnceLock<Option<Plan>> = OnceLock::new();

#[derive(Debug)]
struct Plan {
    name: String,
    when: When,
}

#[derive(Debug)]
enum When {
    /// Passes until the end, from 1.
    Left(AtomicU64),
    /// At this place, always.
    At(i64),
}

/// `NAME`, `NAME:n` or `NAME@place`; a count that is not a number above zero arms nothing.
fn parse(text: &str) -> Option<Plan> {
    let (name, when) = match text.split_once('@') {
        Some((name, place)) => (name, When::At(place.parse().ok()?)),
        None => {
            let (name, count) = text.split_once(':').unwrap_or((text, "1"));
            (name, When::Left(AtomicU64::new(count.parse().ok().filter(|count| *count > 0)?)))
        }
    };
    let name = Some(name).filter(|name| !name.is_empty())?.to_owned();
    Some(Plan { name, when })
}

impl Plan {
    /// True at the pass or in the range that was asked for, and only then.
    fn is_due(&self, name: &str, range: Option<Range<i64>>) -> bool {
        self.name == name
            && match &self.when {
                When::Left(left) => left.fetch_sub(1, Ordering::Relaxed) == 1,
                When::At(place) => range.is_some_and(|range| range.contains(place)),
            }
    }
}

/// Ends the process here if the variable says so.
#[inline]
pub fn point(name: &'static str) {
    if ARMED.load(Ordering::Relaxed) {
        pass(name, None);
    }
}

/// As [`point`], for work on a range of records: with a place instead of a count, every pass over it ends the
/// process.
#[inline]
pub fn point_in(name: &'static str, range: Range<i64>) {
    if ARMED.load(Ordering::Relaxed) {
        pass(name, Some(range));
    }
}

#[cold]
fn pass(name: &'static str, range: Option<Range<i64>>) {
    let plan = PLAN.get_or_init(|| std::env::var(VARIABLE).ok().as_deref().and_then(parse));
    match plan {
        None => ARMED.store(false, Ordering::Relaxed),
        Some(plan) if plan.is_due(name, range) => std::process::abort(),
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_pass_is_due_once() {
        let plan = parse("B2:3").unwrap();
        assert!(!plan.is_due("B3", None));
        let passes: Vec<bool> = (0..5).map(|_| plan.is_due("B2", None)).collect();
        assert_eq!(passes, [false, false, true, false, false]);
        assert!(parse("U1").unwrap().is_due("U1", None));
    }

    #[test]
    fn a_place_is_due_at_every_pass_over_it() {
        let plan = parse("I6@57").unwrap();
        let passes: Vec<bool> = [0..57, 50..58, 57..58, 58..60].map(|range| plan.is_due("I6", Some(range))).into();
        assert_eq!(passes, [false, true, true, false]);
        assert!(!plan.is_due("I6", None));
    }

    #[test]
    fn nonsense_arms_nothing() {
        for text in ["", ":1", "B2:", "B2:0", "B2:x", "B2:-1", "@1", "I6@", "I6@x"] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_armed_point_ends_the_process() {
        if std::env::var("STORAGE_FAIL_CHILD").is_ok() {
            point("other");
            point("T1");
            println!("one pass");
            point("T1");
            println!("two passes");
            return;
        }
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "fail::tests::an_armed_point_ends_the_process", "--nocapture"]);
        let output = child.env("STORAGE_FAIL_CHILD", "1").env(VARIABLE, "T1:2").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success());
        assert!(text.contains("one pass") && !text.contains("two passes"), "{text}");
    }
}

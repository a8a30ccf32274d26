//! Crash points: places in the code where a test can end the process.
//!
//! `DOLMEN_FAIL_POINT=B2` ends it at the first pass of `point("B2")`, `DOLMEN_FAIL_POINT=B2:3` at the
//! third. Unset, a point costs one load.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Name of the variable that arms a point.
pub const VARIABLE: &str = "DOLMEN_FAIL_POINT";

static ARMED: AtomicBool = AtomicBool::new(true);
static PLAN: OnceLock<Option<Plan>> = OnceLock::new();

#[derive(Debug)]
struct Plan {
    name: String,
    /// Passes until the end, from 1.
    left: AtomicU64,
}

/// `NAME` or `NAME:n`; a count that is not a number above zero arms nothing.
fn parse(text: &str) -> Option<Plan> {
    let (name, count) = text.split_once(':').unwrap_or((text, "1"));
    let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
    let name = Some(name).filter(|name| !name.is_empty())?.to_owned();
    Some(Plan { name, left: AtomicU64::new(count) })
}

impl Plan {
    /// True at the pass that was asked for, and only then.
    fn is_due(&self, name: &str) -> bool {
        self.name == name && self.left.fetch_sub(1, Ordering::Relaxed) == 1
    }
}

/// Ends the process here if the variable says so.
#[inline]
pub fn point(name: &'static str) {
    if ARMED.load(Ordering::Relaxed) {
        pass(name);
    }
}

#[cold]
fn pass(name: &'static str) {
    let plan = PLAN.get_or_init(|| std::env::var(VARIABLE).ok().as_deref().and_then(parse));
    match plan {
        None => ARMED.store(false, Ordering::Relaxed),
        Some(plan) if plan.is_due(name) => std::process::abort(),
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_pass_is_due_once() {
        let plan = parse("B2:3").unwrap();
        assert!(!plan.is_due("B3"));
        let passes: Vec<bool> = (0..5).map(|_| plan.is_due("B2")).collect();
        assert_eq!(passes, [false, false, true, false, false]);
        assert!(parse("U1").unwrap().is_due("U1"));
    }

    #[test]
    fn nonsense_arms_nothing() {
        for text in ["", ":1", "B2:", "B2:0", "B2:x", "B2:-1"] {
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

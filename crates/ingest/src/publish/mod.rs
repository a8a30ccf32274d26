//! From closed chunks to live segments: fold, announce, upload, publish.

mod attempt;
mod fold;
pub(crate) mod image;
mod images;
mod plan;
mod totals;

pub(crate) use attempt::{Attempt, Ending, Progress};
pub(crate) use fold::{Sealed, rollup_of};
pub(crate) use images::Images;
pub(crate) use plan::{CutPart, CutPlan};
pub(crate) use totals::totals;

/// An id for an object or a cut: unique, sorted by time, made of letters and digits.
pub(crate) fn new_id(clock: &dyn timeline::Clock, random: &dyn timeline::Random) -> String {
    let now_ms = u64::try_from(clock.now_ms()).unwrap_or(0);
    let chance = (u128::from(random.next_u64()) << 64) | u128::from(random.next_u64());
    ulid::Ulid::from_parts(now_ms, chance).to_string()
}

//! Buckets of a calendar period in a zone.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::elapsed;
use crate::calendar::{DAY, Date, HOUR, MINUTE, SECOND, add_months};
use crate::{Error, Interval, Period, Result, TimeZone};

/// Compound calendar periods are counted one by one from the origin. Buckets further away than this
/// many are joined with the last one; of periods over a day that is beyond the year 12,000.
const MAX_STEPS: usize = 4_000_000;

/// A period, its zone, and an origin when one is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodGranularity {
    period: Period,
    zone: TimeZone,
    origin: Option<i64>,
    rule: Rule,
    reached: Reached,
}

/// Of the instants that were counted every so many-th is kept.
const MARK_STEPS: usize = 4_096;

/// How far buckets were counted, forwards and backwards. It saves counting from the origin for each bucket anew, and
/// changes no bucket.
#[derive(Clone, Debug, Default)]
struct Reached(Arc<Mutex<[Way; 2]>>);

/// What was counted in one direction.
#[derive(Debug, Default)]
struct Way {
    last: Option<Counted>,
    /// In the order of their numbers.
    marks: Vec<Counted>,
}

/// An instant and its number.
type Counted = (i64, usize);

impl Reached {
    /// The furthest known of a direction that does not lie beyond `t`.
    fn before(&self, t: i64, is_forward: bool) -> Option<Counted> {
        let ways = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let way = &ways[usize::from(is_forward)];
        let is_met = |(at, _): &Counted| if is_forward { *at <= t } else { *at > t };
        let mark = way.marks[..way.marks.partition_point(is_met)].last().copied();
        mark.into_iter().chain(way.last.filter(is_met)).max_by_key(|(_, number)| *number)
    }

    /// Where counting ended, and the marks on the way.
    fn keep(&self, last: Counted, marks: &[Counted], is_forward: bool) {
        let mut ways = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let way = &mut ways[usize::from(is_forward)];
        let known = way.marks.last().map_or(0, |(_, number)| *number);
        way.marks.extend(marks.iter().filter(|(_, number)| *number > known));
        way.last = Some(last);
    }
}

impl PartialEq for Reached {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Reached {}

/// What the period comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// Equal lengths from an instant.
    Elapsed { origin: i64, length: i64 },
    /// One hour, minute or second of the wall clock; a repeated hour is a bucket of its own.
    Clock { unit: i64 },
    /// Days of the wall clock counted from a local time.
    Days { origin_local: i64, length: i64 },
    /// Months of the wall clock counted from a local time.
    Months { origin_local: i64, months: i64 },
    /// The period added again and again to an instant.
    Steps { origin: i64 },
}

impl PeriodGranularity {
    pub fn new(period: Period, zone: TimeZone, origin: Option<i64>) -> Result<PeriodGranularity> {
        period.require_positive().map_err(|error| Error::Granularity(error.to_string()))?;
        let rule = rule(&period, &zone, origin);
        Ok(PeriodGranularity { period, zone, origin, rule, reached: Reached::default() })
    }

    pub fn period(&self) -> &Period {
        &self.period
    }

    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    pub fn origin(&self) -> Option<i64> {
        self.origin
    }

    /// The period, when zone and origin are the plain ones.
    pub(super) fn plain_utc(&self) -> Option<&Period> {
        (self.zone.is_utc() && self.origin.is_none()).then_some(&self.period)
    }

    /// Start of the bucket that holds `t`, and of the next one.
    pub(super) fn bounds(&self, t: i64) -> (i64, i64) {
        match self.rule {
            Rule::Elapsed { origin, length } => elapsed(t, origin, length),
            Rule::Clock { unit } => self.clock_bounds(t, unit),
            Rule::Days { origin_local, length } => {
                let count = (self.zone.to_local(t).saturating_sub(origin_local)).div_euclid(length);
                self.nth_bounds(t, count, |n| origin_local.saturating_add(n.saturating_mul(length)))
            }
            Rule::Months { origin_local, months } => {
                let index = |local| Date::of_local(local).0.month_index();
                let apart = index(self.zone.to_local(t)) - index(origin_local);
                let count = apart.div_euclid(months);
                self.nth_bounds(t, count, |n| add_months(origin_local, n.saturating_mul(months)))
            }
            Rule::Steps { origin } => self.step_bounds(t, origin),
        }
    }

    /// As `bounds(t)`, given the start of some bucket that is not far before `t`.
    pub(super) fn bounds_from(&self, start: i64, t: i64) -> (i64, i64) {
        const NEAR: usize = 16;
        if let Rule::Steps { origin } = self.rule
            && start >= origin
        {
            let mut start = start;
            for _ in 0..NEAR {
                let next = self.period.add_to(start, 1, &self.zone);
                if start <= t && t < next {
                    return (start, next);
                }
                start = next;
            }
        }
        self.bounds(t)
    }

    /// The wall clock floored with the offset of `t`, cut off where the offset changes.
    fn clock_bounds(&self, t: i64, unit: i64) -> (i64, i64) {
        let start = t.saturating_sub(self.zone.to_local(t).rem_euclid(unit));
        let end = start.saturating_add(unit);
        let changed = self.zone.previous_transition(t).filter(|at| *at > start);
        let changes = self.zone.next_transition(t).filter(|at| *at < end);
        (changed.unwrap_or(start), changes.unwrap_or(end))
    }

    /// The neighbours of `t` in a rising row of local times, searched from an estimate. Entries that
    /// fall on the same instant, because the zone skipped a day, are one.
    fn nth_bounds(&self, t: i64, estimate: i64, local: impl Fn(i64) -> i64) -> (i64, i64) {
        const REACH: usize = 4;
        let nth = |n: i64| self.zone.to_instant(local(n));
        let mut n = estimate;
        for _ in 0..REACH {
            if nth(n) <= t {
                break;
            }
            n -= 1;
        }
        let mut start = nth(n);
        for _ in 0..REACH {
            n += 1;
            let next = nth(n);
            if next > t {
                return (start, next);
            }
            start = next;
        }
        (start, Interval::ETERNITY.end.max(t.saturating_add(1)))
    }

    fn step_bounds(&self, t: i64, origin: i64) -> (i64, i64) {
        let is_forward = t >= origin;
        let direction = if is_forward { 1 } else { -1 };
        let (mut at, first) = self.reached.before(t, is_forward).unwrap_or((origin, 0));
        let mut marks = Vec::new();
        for number in first..MAX_STEPS {
            if number.is_multiple_of(MARK_STEPS) {
                marks.push((at, number));
            }
            let next = self.period.add_to(at, direction, &self.zone);
            if if is_forward { t < next } else { next <= t } {
                self.reached.keep((at, number), &marks, is_forward);
                return (at.min(next), at.max(next));
            }
            if next == at {
                break;
            }
            at = next;
        }
        // The end of counting is not counted to again.
        self.reached.keep((at, MAX_STEPS), &marks, is_forward);
        if is_forward { (at, i64::MAX) } else { (i64::MIN, at) }
    }
}

fn rule(period: &Period, zone: &TimeZone, origin: Option<i64>) -> Rule {
    let compound = period.num_parts() > 1;
    let origin_local = match origin {
        Some(origin) => zone.to_local(origin),
        // Single weeks begin on Monday, longer stretches of weeks count from the epoch's Thursday.
        None if !compound && period.weeks == 1 => -3 * DAY,
        None => 0,
    };
    let start = origin.unwrap_or_else(|| zone.to_instant(origin_local));
    if period.has_months() {
        if compound {
            return Rule::Steps { origin: start };
        }
        let months = period.years.saturating_mul(12).saturating_add(period.months);
        return Rule::Months { origin_local, months };
    }
    let length = period.fixed_ms().unwrap_or(i64::MAX);
    if zone.is_fixed() {
        return Rule::Elapsed { origin: start, length };
    }
    if period.has_days() {
        if compound {
            return Rule::Steps { origin: start };
        }
        return Rule::Days { origin_local, length };
    }
    if origin.is_none() && [HOUR, MINUTE, SECOND].contains(&length) && period.is_single_unit() {
        return Rule::Clock { unit: length };
    }
    Rule::Elapsed { origin: start, length }
}

impl fmt::Display for PeriodGranularity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.period)?;
        if !self.zone.is_utc() {
            write!(f, " in {}", self.zone)?;
        }
        Ok(())
    }
}

//! Granularities: how time is cut into buckets.

mod json;
mod period;
mod walk;

use std::fmt;

pub use period::PeriodGranularity;
pub use walk::{Buckets, BucketsOf};

use crate::{Error, Interval, Period, Result, TimeZone, instant};

/// A way to cut all time into buckets without gap or overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Granularity {
    /// One bucket.
    All,
    /// A bucket per millisecond.
    None,
    /// Buckets of equal length, counted from an origin.
    Duration(DurationGranularity),
    /// Buckets of a calendar period in a zone.
    Period(PeriodGranularity),
}

/// Buckets of a fixed number of milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DurationGranularity {
    duration_ms: i64,
    origin_ms: i64,
}

/// The named granularities, each a period in UTC. Quarters are three months from January.
const NAMES: [(&str, &str); 14] = [
    ("second", "PT1S"),
    ("minute", "PT1M"),
    ("five_minute", "PT5M"),
    ("ten_minute", "PT10M"),
    ("fifteen_minute", "PT15M"),
    ("thirty_minute", "PT30M"),
    ("hour", "PT1H"),
    ("six_hour", "PT6H"),
    ("eight_hour", "PT8H"),
    ("day", "P1D"),
    ("week", "P1W"),
    ("month", "P1M"),
    ("quarter", "P3M"),
    ("year", "P1Y"),
];

impl Granularity {
    /// A simple name in any case: `second` to `year`, `all`, `none`.
    pub fn named(name: &str) -> Result<Granularity> {
        if name.eq_ignore_ascii_case("all") {
            return Ok(Granularity::All);
        }
        if name.eq_ignore_ascii_case("none") {
            return Ok(Granularity::None);
        }
        let period = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let Some((_, period)) = period else {
            return Err(Error::UnknownGranularity(name.to_owned()));
        };
        Granularity::period(Period::parse(period)?, TimeZone::UTC, None)
    }

    /// Buckets of `duration_ms` (over zero), one of which begins at `origin_ms`.
    pub fn duration(duration_ms: i64, origin_ms: i64) -> Result<Granularity> {
        if duration_ms <= 0 {
            let reason = format!("duration must be over 0, not {duration_ms}");
            return Err(Error::Granularity(reason));
        }
        let origin_ms = origin_ms.rem_euclid(duration_ms);
        Ok(Granularity::Duration(DurationGranularity { duration_ms, origin_ms }))
    }

    /// Buckets of a period on the calendar of the zone; a zero or negative period is an error.
    pub fn period(period: Period, zone: TimeZone, origin: Option<i64>) -> Result<Granularity> {
        PeriodGranularity::new(period, zone, origin).map(Granularity::Period)
    }

    /// The start of the bucket that holds `t`; of `all` that is the start of eternity.
    pub fn bucket_start(&self, t: i64) -> i64 {
        self.bounds(t).0
    }

    /// The end of the bucket that holds `t`, which is the start of the next one.
    pub fn next_bucket(&self, t: i64) -> i64 {
        self.bounds(t).1
    }

    /// The bucket that holds `t`.
    pub fn bucket(&self, t: i64) -> Interval {
        let (start, end) = self.bounds(t);
        Interval { start, end }
    }

    fn bounds(&self, t: i64) -> (i64, i64) {
        match self {
            Granularity::All => (Interval::ETERNITY.start, Interval::ETERNITY.end),
            Granularity::None => (t, t.saturating_add(1)),
            Granularity::Duration(duration) => elapsed(t, duration.origin_ms, duration.duration_ms),
            Granularity::Period(period) => period.bounds(t),
        }
    }

    /// The buckets that overlap the interval, in order; after `limit` of them an error.
    pub fn buckets_of(&self, interval: Interval, limit: usize) -> BucketsOf<'_> {
        BucketsOf::new(self, interval, limit)
    }

    /// The zone in which bucket starts are printed.
    pub fn zone(&self) -> &TimeZone {
        const UTC: &TimeZone = &TimeZone::UTC;
        match self {
            Granularity::Period(period) => period.zone(),
            Granularity::All | Granularity::None | Granularity::Duration(_) => UTC,
        }
    }

    /// A bucket start as results show it: with the zone's offset at that instant.
    pub fn text(&self, bucket_start: i64) -> String {
        instant::text_in(bucket_start, self.zone())
    }

    pub fn is_all(&self) -> bool {
        matches!(self, Granularity::All)
    }

    pub fn is_none(&self) -> bool {
        matches!(self, Granularity::None)
    }

    /// Whether buckets are no longer than the other's, going by those that hold 1970-01-01T00:00Z.
    pub fn is_finer_or_equal(&self, other: &Granularity) -> bool {
        self.bucket(0).duration_ms() <= other.bucket(0).duration_ms()
    }

    /// The simple name, when this is what one stands for.
    pub fn name(&self) -> Option<&'static str> {
        match self {
            Granularity::All => Some("all"),
            Granularity::None => Some("none"),
            Granularity::Duration(_) => None,
            Granularity::Period(period) => {
                let text = period.plain_utc()?.to_string();
                NAMES.iter().find(|(_, known)| *known == text).map(|(name, _)| *name)
            }
        }
    }
}

/// Buckets of equal length; floors downwards before the origin too.
fn elapsed(t: i64, origin: i64, length: i64) -> (i64, i64) {
    let past = (i128::from(t) - i128::from(origin)).rem_euclid(i128::from(length));
    let start = t.saturating_sub(i64::try_from(past).unwrap_or(i64::MAX));
    (start, start.saturating_add(length))
}

impl DurationGranularity {
    pub fn duration_ms(&self) -> i64 {
        self.duration_ms
    }

    /// Reduced to less than the duration.
    pub fn origin_ms(&self) -> i64 {
        self.origin_ms
    }
}

impl fmt::Display for Granularity {
    /// The simple name, else the period or duration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name(), self) {
            (Some(name), _) => f.write_str(name),
            (None, Granularity::Duration(duration)) => write!(f, "{} ms", duration.duration_ms),
            (None, Granularity::Period(period)) => write!(f, "{period}"),
            (None, Granularity::All | Granularity::None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;

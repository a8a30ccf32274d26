//! Stretches of time, start inclusive, end exclusive.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::{Error, Period, Result, TimeZone, instant};

/// `start <= t < end` in milliseconds; `start == end` holds nothing. Ordered by start, then end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Interval {
    pub start: i64,
    pub end: i64,
}

impl Interval {
    /// All time that a row can have.
    pub const ETERNITY: Interval = Interval { start: i64::MIN / 2, end: i64::MAX / 2 };

    /// An error when `end` is before `start`.
    pub fn new(start: i64, end: i64) -> Result<Interval> {
        let interval = Interval { start, end };
        if end >= start {
            return Ok(interval);
        }
        let reason = "the end is before the start".to_owned();
        Err(Error::Interval { text: interval.to_string(), reason })
    }

    /// `start/end`, `start/period` or `period/end`, instants as [`instant::parse`] reads them.
    pub fn parse(text: &str) -> Result<Interval> {
        let refused = |reason: String| Error::Interval { text: text.to_owned(), reason };
        let Some((left, right)) = text.split_once('/') else {
            return Err(refused("it has no slash".to_owned()));
        };
        let bounds = || -> Result<(i64, i64)> {
            match (is_period(left), is_period(right)) {
                (false, false) => Ok((instant::parse(left)?, instant::parse(right)?)),
                (false, true) => {
                    let start = instant::parse(left)?;
                    Ok((start, Period::parse(right)?.add_to(start, 1, &TimeZone::UTC)))
                }
                (true, false) => {
                    let end = instant::parse(right)?;
                    Ok((Period::parse(left)?.add_to(end, -1, &TimeZone::UTC), end))
                }
                (true, true) => Err(refused("only one side can be a period".to_owned())),
            }
        };
        let (start, end) = bounds().map_err(|error| match error {
            Error::Interval { .. } => error,
            other => refused(other.to_string()),
        })?;
        Interval::new(start, end).map_err(|_| refused("the end is before the start".to_owned()))
    }

    /// Intervals separated by commas.
    pub fn parse_list(text: &str) -> Result<Vec<Interval>> {
        text.split(',').map(|one| Interval::parse(one.trim())).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.start >= self.end
    }

    pub fn duration_ms(&self) -> i64 {
        self.end.saturating_sub(self.start)
    }

    pub fn contains(&self, instant: i64) -> bool {
        self.start <= instant && instant < self.end
    }

    pub fn contains_interval(&self, other: &Interval) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether some instant is in both.
    pub fn overlaps(&self, other: &Interval) -> bool {
        self.start.max(other.start) < self.end.min(other.end)
    }

    /// What is in both; `None` when nothing is.
    pub fn intersect(&self, other: &Interval) -> Option<Interval> {
        let common = Interval { start: self.start.max(other.start), end: self.end.min(other.end) };
        (!common.is_empty()).then_some(common)
    }

    /// The smallest interval that holds both.
    pub fn span(&self, other: &Interval) -> Interval {
        Interval { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

fn is_period(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    unsigned.starts_with(['P', 'p'])
}

/// Sorts and merges intervals that overlap or touch, so that no instant is in two of them. Empty
/// ones are dropped.
pub fn condense(mut intervals: Vec<Interval>) -> Vec<Interval> {
    intervals.retain(|interval| !interval.is_empty());
    intervals.sort_unstable();
    let mut merged: Vec<Interval> = Vec::with_capacity(intervals.len());
    for interval in intervals {
        match merged.last_mut() {
            Some(last) if interval.start <= last.end => last.end = last.end.max(interval.end),
            _ => merged.push(interval),
        }
    }
    merged
}

impl FromStr for Interval {
    type Err = Error;

    fn from_str(text: &str) -> Result<Interval> {
        Interval::parse(text)
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", instant::text(self.start), instant::text(self.end))
    }
}

impl Serialize for Interval {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Interval::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;

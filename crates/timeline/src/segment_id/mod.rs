//! The names of segments.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::{Error, Interval, Result, instant};

/// `<datasource>_<start>_<end>_<version>[_<partition_num>]`, where partition 0 is left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentId {
    pub datasource: String,
    pub interval: Interval,
    /// Compared as plain text; usually an instant.
    pub version: String,
    pub partition_num: u32,
}

impl SegmentId {
    pub fn new(
        datasource: impl Into<String>,
        interval: Interval,
        version: impl Into<String>,
        partition_num: u32,
    ) -> SegmentId {
        let (datasource, version) = (datasource.into(), version.into());
        SegmentId { datasource, interval, version, partition_num }
    }

    /// Reads an id of the given datasource, whose name may itself contain underscores.
    pub fn parse(text: &str, datasource: &str) -> Result<SegmentId> {
        text.strip_prefix(datasource)
            .and_then(|rest| rest.strip_prefix('_'))
            .and_then(|rest| after_datasource(rest, datasource))
            .ok_or_else(|| Error::SegmentId(text.to_owned()))
    }

    /// Reads an id of an unknown datasource: its name is what stands before the first two instants.
    pub fn parse_any(text: &str) -> Result<SegmentId> {
        text.match_indices('_')
            .filter(|(at, _)| *at > 0)
            .find_map(|(at, _)| after_datasource(&text[at + 1..], &text[..at]))
            .ok_or_else(|| Error::SegmentId(text.to_owned()))
    }
}

fn after_datasource(rest: &str, datasource: &str) -> Option<SegmentId> {
    let mut parts = rest.splitn(3, '_');
    let start = exact_instant(parts.next()?)?;
    let end = exact_instant(parts.next()?)?;
    let tail = parts.next().filter(|tail| !tail.is_empty())?;
    let (version, partition_num) = match tail.rsplit_once('_') {
        Some((version, number)) => match partition(number) {
            Some(partition_num) => (version, partition_num),
            None => (tail, 0),
        },
        None => (tail, 0),
    };
    let interval = Interval::new(start, end).ok()?;
    Some(SegmentId::new(datasource, interval, version, partition_num))
}

/// Only the one form in which ids are printed, so that a part of a name is not taken for a time.
fn exact_instant(text: &str) -> Option<i64> {
    let instant = instant::parse(text).ok()?;
    (instant::text(instant) == text).then_some(instant)
}

fn partition(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

impl FromStr for SegmentId {
    type Err = Error;

    fn from_str(text: &str) -> Result<SegmentId> {
        SegmentId::parse_any(text)
    }
}

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, end) = (instant::text(self.interval.start), instant::text(self.interval.end));
        write!(f, "{}_{start}_{end}_{}", self.datasource, self.version)?;
        match self.partition_num {
            0 => Ok(()),
            number => write!(f, "_{number}"),
        }
    }
}

impl Serialize for SegmentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SegmentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        SegmentId::parse_any(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;

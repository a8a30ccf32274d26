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
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VERSION: &str = "2018-05-21T16:00:05.123Z";

    #[test]
    fn text_leaves_out_partition_zero() {
        let interval = Interval::parse("2018-05-21T16/PT1H").unwrap();
        let id = SegmentId::new("click_stream", interval, VERSION, 0);
        let text = "click_stream_2018-05-21T16:00:00.000Z_2018-05-21T17:00:00.000Z_2018-05-21T16:00:05.123Z";
        assert_eq!(id.to_string(), text);
        assert_eq!(SegmentId::parse(text, "click_stream"), Ok(id.clone()));
        let seventh = SegmentId { partition_num: 7, ..id };
        assert_eq!(seventh.to_string(), format!("{text}_7"));
        assert_eq!(seventh.to_string().parse(), Ok(seventh.clone()));
        let json = serde_json::to_string(&seventh).unwrap();
        assert_eq!(json, format!("\"{text}_7\""));
        assert_eq!(serde_json::from_str::<SegmentId>(&json).unwrap(), seventh);
    }

    #[test]
    fn refuses_other_texts() {
        let good = SegmentId::new("a", Interval::ETERNITY, "v", 0).to_string();
        assert!(SegmentId::parse(&good, "b").is_err());
        for bad in [
            "",
            "a",
            "_2018-05-21T16:00:00.000Z_2018-05-21T17:00:00.000Z_v",
            "a_2018_2019_v",
            "a_2018-05-21T16:00:00.000Z_2018-05-21T17:00:00.000Z",
            "a_2018-05-21T16:00:00.000Z_2018-05-21T17:00:00.000Z_",
            "a_2018-05-21T17:00:00.000Z_2018-05-21T16:00:00.000Z_v",
        ] {
            assert!(SegmentId::parse_any(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn reads_back(
            datasource in "[a-z][a-z0-9_.-]{0,12}",
            start in -4_000_000_000_000i64..4_000_000_000_000,
            length in 0i64..4_000_000_000_000,
            partition_num in any::<u32>(),
        ) {
            let interval = Interval { start, end: start + length };
            let id = SegmentId::new(datasource.clone(), interval, VERSION, partition_num);
            prop_assert_eq!(SegmentId::parse(&id.to_string(), &datasource), Ok(id.clone()));
            prop_assert_eq!(SegmentId::parse_any(&id.to_string()), Ok(id));
        }
    }
}

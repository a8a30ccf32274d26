//! Time zones: IANA names from the bundled database, and fixed offsets.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::tz::{Offset, TimeZoneDatabase};
use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::calendar::{HOUR, MINUTE, SECOND};
use crate::instant::write_offset;
use crate::{Error, Result};

/// The instants for which the database has rules; beyond them the outermost offset holds.
const RULES_FROM: i64 = -377_705_000_000_000;
const RULES_TO: i64 = 253_402_200_000_000;

/// A named zone with its history of offsets, or a fixed offset. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TimeZone(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Fixed { offset_ms: i64 },
    Named { name: Arc<str>, rules: jiff::tz::TimeZone },
}

impl TimeZone {
    pub const UTC: TimeZone = TimeZone(Repr::Fixed { offset_ms: 0 });

    /// An IANA name, `Z`, `UTC`, `GMT`, or an offset such as `+05:30`, `-0800`, `UTC+2`. An unknown
    /// name is an error.
    pub fn parse(name: &str) -> Result<TimeZone> {
        if let Some(offset_ms) = parse_offset_name(name) {
            return Ok(TimeZone(Repr::Fixed { offset_ms }));
        }
        let rules = TimeZoneDatabase::bundled().get(name).map_err(|_| Error::TimeZone(name.to_owned()))?;
        let Some(known) = rules.iana_name().filter(|known| *known != "Etc/Unknown") else {
            return Err(Error::TimeZone(name.to_owned()));
        };
        Ok(TimeZone(Repr::Named { name: known.into(), rules: rules.clone() }))
    }

    pub fn is_utc(&self) -> bool {
        matches!(self.0, Repr::Fixed { offset_ms: 0 })
    }

    /// Whether the offset never changes.
    pub fn is_fixed(&self) -> bool {
        matches!(self.0, Repr::Fixed { .. })
    }

    /// Local time minus UTC at the instant, in milliseconds.
    pub fn offset_ms(&self, instant: i64) -> i64 {
        match &self.0 {
            Repr::Fixed { offset_ms } => *offset_ms,
            Repr::Named { rules, .. } => i64::from(rules.to_offset(timestamp(instant)).seconds()) * SECOND,
        }
    }

    /// The wall clock's reading, as milliseconds of a clock in UTC that reads the same.
    pub fn to_local(&self, instant: i64) -> i64 {
        instant.saturating_add(self.offset_ms(instant))
    }

    /// The instant at which the wall clock reads `local`: the earlier one when there are two, and as
    /// far after the gap as the reading is inside it when there is none.
    pub fn to_instant(&self, local: i64) -> i64 {
        match &self.0 {
            Repr::Fixed { offset_ms } => local.saturating_sub(*offset_ms),
            Repr::Named { rules, .. } => {
                let known = (RULES_FROM..RULES_TO).contains(&local);
                let resolved = known.then(|| {
                    let reading = Offset::UTC.to_datetime(timestamp(local));
                    rules.to_ambiguous_timestamp(reading).compatible().ok()
                });
                match resolved.flatten() {
                    Some(found) => found.as_millisecond(),
                    None => local.saturating_sub(self.offset_ms(local)),
                }
            }
        }
    }

    /// The first instant after `instant` at which the offset changes.
    pub fn next_transition(&self, instant: i64) -> Option<i64> {
        let Repr::Named { rules, .. } = &self.0 else { return None };
        let mut offset = self.offset_ms(instant);
        for transition in rules.following(timestamp(instant)) {
            let new = i64::from(transition.offset().seconds()) * SECOND;
            if new != offset {
                return Some(transition.timestamp().as_millisecond());
            }
            offset = new;
        }
        None
    }

    /// The last instant at or before `instant` at which the offset changed.
    pub fn previous_transition(&self, instant: i64) -> Option<i64> {
        let Repr::Named { rules, .. } = &self.0 else { return None };
        let upto = timestamp(instant.saturating_add(1));
        rules
            .preceding(upto)
            .map(|transition| transition.timestamp().as_millisecond())
            .find(|at| self.offset_ms(at.saturating_sub(1)) != self.offset_ms(*at))
    }
}

fn timestamp(instant: i64) -> jiff::Timestamp {
    let clipped = instant.clamp(RULES_FROM, RULES_TO);
    jiff::Timestamp::from_millisecond(clipped).unwrap_or_default()
}

fn parse_offset_name(name: &str) -> Option<i64> {
    let rest = match name {
        "Z" | "z" => return Some(0),
        _ => match name.get(..3) {
            Some(prefix) if prefix.eq_ignore_ascii_case("UTC") => &name[3..],
            Some(prefix) if prefix.eq_ignore_ascii_case("GMT") => &name[3..],
            _ => name,
        },
    };
    if rest.is_empty() && !name.is_empty() { Some(0) } else { parse_offset(rest) }
}

/// `+hh`, `+hhmm`, `+hh:mm`, `+hh:mm:ss` as milliseconds; one digit of hours will do.
pub(crate) fn parse_offset(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let parts: Vec<&str> = match digits.len() {
        4 if !digits.contains(':') && digits.is_ascii() => vec![&digits[..2], &digits[2..]],
        _ => digits.split(':').collect(),
    };
    let limits = [(23, HOUR), (59, MINUTE), (59, SECOND)];
    if parts.len() > limits.len() {
        return None;
    }
    let mut total = 0;
    for (at, (part, (max, unit))) in parts.iter().zip(limits).enumerate() {
        let width_ok = part.len() == 2 || (at == 0 && part.len() == 1);
        if !width_ok || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let value: i64 = part.parse().ok().filter(|value| *value <= max)?;
        total += value * unit;
    }
    Some(sign * total)
}

impl PartialEq for TimeZone {
    fn eq(&self, other: &TimeZone) -> bool {
        match (&self.0, &other.0) {
            (Repr::Fixed { offset_ms: a }, Repr::Fixed { offset_ms: b }) => a == b,
            (Repr::Named { name: a, .. }, Repr::Named { name: b, .. }) => a == b,
            _ => false,
        }
    }
}

impl Eq for TimeZone {}

impl Default for TimeZone {
    fn default() -> TimeZone {
        TimeZone::UTC
    }
}

impl FromStr for TimeZone {
    type Err = Error;

    fn from_str(name: &str) -> Result<TimeZone> {
        TimeZone::parse(name)
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Fixed { offset_ms: 0 } => f.write_str("UTC"),
            Repr::Fixed { offset_ms } => {
                let mut text = Vec::with_capacity(9);
                write_offset(&mut text, *offset_ms);
                f.write_str(&String::from_utf8_lossy(&text))
            }
            Repr::Named { name, .. } => f.write_str(name),
        }
    }
}

impl Serialize for TimeZone {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeZone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        TimeZone::parse(&name).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;

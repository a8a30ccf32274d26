//! Buckets of time, by hand.

use crate::chance::Chance;
use crate::rows::{DAY_MS, HOUR_MS};
use serde_json::{Value as Json, json};

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Granularity {
    All,
    Hour,
    FifteenMinutes,
    Day,
    /// Two hours from half past an hour on.
    Duration,
    SixHours,
    /// Days of a place eight hours ahead.
    Shanghai,
}

const KINDS: [Granularity; 7] = [
    Granularity::All,
    Granularity::Hour,
    Granularity::FifteenMinutes,
    Granularity::Day,
    Granularity::Duration,
    Granularity::SixHours,
    Granularity::Shanghai,
];

impl Granularity {
    pub fn draw(chance: &Chance) -> Granularity {
        if chance.one_in(3) { Granularity::All } else { *chance.of(&KINDS) }
    }

    pub fn json(self) -> Json {
        match self {
            Granularity::All => json!("all"),
            Granularity::Hour => json!("hour"),
            Granularity::FifteenMinutes => json!("fifteen_minute"),
            Granularity::Day => json!("DAY"),
            Granularity::Duration => {
                json!({"type": "duration", "duration": 2 * HOUR_MS, "origin": "2012-01-01T00:30:00Z"})
            }
            Granularity::SixHours => json!({"type": "period", "period": "PT6H"}),
            Granularity::Shanghai => json!({"type": "period", "period": "P1D", "timeZone": "Asia/Shanghai"}),
        }
    }

    /// Length and offset of the buckets; none of `all`.
    fn step(self) -> Option<(i64, i64)> {
        match self {
            Granularity::All => None,
            Granularity::Hour => Some((HOUR_MS, 0)),
            Granularity::FifteenMinutes => Some((HOUR_MS / 4, 0)),
            Granularity::Day => Some((DAY_MS, 0)),
            Granularity::Duration => Some((2 * HOUR_MS, HOUR_MS / 2)),
            Granularity::SixHours => Some((6 * HOUR_MS, 0)),
            Granularity::Shanghai => Some((DAY_MS, -8 * HOUR_MS)),
        }
    }

    pub fn bucket(self, time: i64) -> Option<i64> {
        self.step().map(|(length, offset)| (time - offset).div_euclid(length) * length + offset)
    }

    pub fn length(self) -> Option<i64> {
        self.step().map(|(length, _)| length)
    }

    /// A bucket as answers print it.
    pub fn text(self, bucket: i64) -> String {
        match self {
            Granularity::Shanghai => crate::query::instant(bucket + 8 * HOUR_MS).replace('Z', "+08:00"),
            _ => crate::query::instant(bucket),
        }
    }
}

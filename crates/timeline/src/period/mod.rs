//! ISO-8601 periods: calendar amounts whose length depends on where they start.

use std::fmt::{self, Write};
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::calendar::{DAY, HOUR, MINUTE, SECOND, WEEK, add_months};
use crate::{Error, Result, TimeZone};

/// Each part as written: `P1Y2M3W4DT5H6M7.008S`. Parts may be negative; where that makes no sense
/// callers ask [`Period::require_positive`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Period {
    pub years: i64,
    pub months: i64,
    pub weeks: i64,
    pub days: i64,
    pub hours: i64,
    pub minutes: i64,
    pub seconds: i64,
    pub millis: i64,
}

impl Period {
    pub fn parse(text: &str) -> Result<Period> {
        parse(text).map_err(|reason| Error::Period { text: text.to_owned(), reason })
    }

    pub fn is_zero(&self) -> bool {
        *self == Period::default()
    }

    /// An error unless no part is negative and one is positive.
    pub fn require_positive(&self) -> Result<()> {
        let reason = if self.parts().iter().any(|part| *part < 0) {
            "it must not be negative"
        } else if self.is_zero() {
            "it must not be zero"
        } else {
            return Ok(());
        };
        Err(Error::Period { text: self.to_string(), reason })
    }

    fn parts(&self) -> [i64; 8] {
        [self.years, self.months, self.weeks, self.days, self.hours, self.minutes, self.seconds, self.millis]
    }

    /// How many parts are not zero.
    pub(crate) fn num_parts(&self) -> usize {
        self.parts().iter().filter(|part| **part != 0).count()
    }

    /// Whether it is one hour, one day or one of any other unit.
    pub(crate) fn is_single_unit(&self) -> bool {
        self.num_parts() == 1 && self.parts().contains(&1)
    }

    pub(crate) fn has_months(&self) -> bool {
        self.years != 0 || self.months != 0
    }

    pub(crate) fn has_days(&self) -> bool {
        self.weeks != 0 || self.days != 0
    }

    /// Hours and below in milliseconds.
    pub(crate) fn clock_ms(&self) -> i64 {
        let seconds = self.seconds.saturating_mul(SECOND).saturating_add(self.millis);
        let minutes = self.minutes.saturating_mul(MINUTE).saturating_add(seconds);
        self.hours.saturating_mul(HOUR).saturating_add(minutes)
    }

    /// The length with days of 24 hours; `None` with months or years, which have no length.
    pub fn fixed_ms(&self) -> Option<i64> {
        (!self.has_months()).then(|| self.date_ms().saturating_add(self.clock_ms()))
    }

    fn date_ms(&self) -> i64 {
        self.weeks.saturating_mul(WEEK).saturating_add(self.days.saturating_mul(DAY))
    }

    /// The instant `times` periods after (before, when negative) an instant, on the calendar of the
    /// zone: years first, then months (a missing day becomes the month's last), weeks and days keep
    /// the wall clock's reading, hours and below are elapsed time. Clipped to the range of `i64`.
    pub fn add_to(&self, instant: i64, times: i64, zone: &TimeZone) -> i64 {
        let mut moved = instant;
        if times != 0 && (self.has_months() || self.has_days()) {
            let local = zone.to_local(instant);
            let local = add_months(local, self.years.saturating_mul(times).saturating_mul(12));
            let local = add_months(local, self.months.saturating_mul(times));
            let local = local.saturating_add(self.date_ms().saturating_mul(times));
            moved = zone.to_instant(local);
        }
        moved.saturating_add(self.clock_ms().saturating_mul(times))
    }
}

/// The designators in the order in which they must stand; `true` for those after the `T`.
const DESIGNATORS: [(bool, u8); 7] =
    [(false, b'Y'), (false, b'M'), (false, b'W'), (false, b'D'), (true, b'H'), (true, b'M'), (true, b'S')];

fn parse(text: &str) -> std::result::Result<Period, &'static str> {
    let (sign, body) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut rest = body.strip_prefix(['P', 'p']).ok_or("it must begin with P")?;
    let mut period = Period::default();
    let (mut clock, mut next) = (false, 0);
    let mut found = false;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(['T', 't']).filter(|_| !clock) {
            (clock, rest, found) = (true, after, false);
            continue;
        }
        let end = rest.find(|c: char| c.is_ascii_alphabetic()).ok_or("an amount has no unit")?;
        let (amount, unit) = (&rest[..end], rest.as_bytes()[end].to_ascii_uppercase());
        let at = DESIGNATORS.iter().position(|known| *known == (clock, unit)).ok_or("unknown unit")?;
        if at < next {
            return Err("units are out of order");
        }
        set(&mut period, at, amount, sign)?;
        (rest, next, found) = (&rest[end + 1..], at + 1, true);
    }
    if found { Ok(period) } else { Err("no amount is given") }
}

fn set(period: &mut Period, designator: usize, amount: &str, sign: i64) -> std::result::Result<(), &'static str> {
    const SECONDS: usize = 6;
    let (whole, fraction) = match amount.split_once(['.', ',']) {
        Some((whole, fraction)) if designator == SECONDS => (whole, fraction),
        Some(_) => return Err("only seconds can have a fraction"),
        None => (amount, ""),
    };
    let negative = whole.starts_with('-');
    let value: i64 = whole.parse::<i32>().map_err(|_| "an amount is not an integer")?.into();
    let slot = match designator {
        0 => &mut period.years,
        1 => &mut period.months,
        2 => &mut period.weeks,
        3 => &mut period.days,
        4 => &mut period.hours,
        5 => &mut period.minutes,
        _ => &mut period.seconds,
    };
    *slot = value * sign;
    if amount.len() > whole.len() {
        if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return Err("a fraction is not a number");
        }
        let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(3);
        let millis = digits.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        period.millis = if negative { -millis * sign } else { millis * sign };
    }
    Ok(())
}

impl FromStr for Period {
    type Err = Error;

    fn from_str(text: &str) -> Result<Period> {
        Period::parse(text)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::from("P");
        let mut part = |value: i64, unit: char| {
            if value != 0 {
                let _ = write!(text, "{value}{unit}");
            }
        };
        part(self.years, 'Y');
        part(self.months, 'M');
        part(self.weeks, 'W');
        part(self.days, 'D');
        let clock = self.clock_text();
        if !clock.is_empty() || self.is_zero() {
            text.push('T');
        }
        text.push_str(&clock);
        if self.is_zero() {
            text.push_str("0S");
        }
        f.write_str(&text)
    }
}

impl Period {
    fn clock_text(&self) -> String {
        let mut text = String::new();
        if self.hours != 0 {
            let _ = write!(text, "{}H", self.hours);
        }
        if self.minutes != 0 {
            let _ = write!(text, "{}M", self.minutes);
        }
        if self.seconds != 0 || self.millis != 0 {
            let total = self.seconds.saturating_mul(SECOND).saturating_add(self.millis);
            let sign = if total < 0 { "-" } else { "" };
            let (whole, millis) = (total.unsigned_abs() / 1_000, total.unsigned_abs() % 1_000);
            let _ = match millis {
                0 => write!(text, "{sign}{whole}S"),
                _ => write!(text, "{sign}{whole}.{millis:03}S"),
            };
        }
        text
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Period::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;

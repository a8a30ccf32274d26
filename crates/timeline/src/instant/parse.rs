//! Reading instants: calendar, week and ordinal dates, any prefix of a time, optional offset.

use crate::calendar::{DAY, Date, HOUR, MINUTE, SECOND, days_in_month, first_monday, is_leap, local_ms};
use crate::zone::parse_offset;
use crate::{Error, Result, TimeZone};

type Parsed<T> = std::result::Result<T, &'static str>;

/// Reads `2021`, `2021-03`, `2021-03-04`, `2021-W09-4`, `2021-063`, each optionally with `T` and a
/// time down to any precision (fractions below milliseconds are cut), each time optionally with `Z`
/// or an offset. Without one the instant is in UTC. Years may have up to nine digits and a sign.
pub fn parse(text: &str) -> Result<i64> {
    parse_in(text, &TimeZone::UTC)
}

/// As [`parse`]; without an offset the reading is that of the zone's wall clock.
pub fn parse_in(text: &str, zone: &TimeZone) -> Result<i64> {
    read(text, |c| matches!(c, b'T' | b't'), zone).map_err(|reason| refused(text, reason))
}

/// As [`parse_in`]; a blank may stand for the `T`, and after another blank the text may end in the
/// name of a zone, which then wins over `zone`.
pub fn parse_loose(text: &str, zone: &TimeZone) -> Result<i64> {
    let separator = |c: u8| matches!(c, b'T' | b't' | b' ');
    let named = text.rsplit_once(' ').filter(|(_, name)| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '+' || c == '-') && !name.starts_with(['T', 't'])
            || name.contains('/')
    });
    match named {
        Some((reading, name)) => read(reading.trim_end(), separator, &TimeZone::parse(name)?),
        None => read(text, separator, zone),
    }
    .map_err(|reason| refused(text, reason))
}

fn refused(text: &str, reason: &'static str) -> Error {
    Error::Instant { text: text.to_owned(), reason }
}

fn read(text: &str, separator: impl Fn(u8) -> bool, zone: &TimeZone) -> Parsed<i64> {
    let mut cursor = Cursor(text.as_bytes());
    let day = match cursor.peek() {
        Some(b'T' | b't') => 0,
        Some(_) => date(&mut cursor)?,
        None => return Err("it is empty"),
    };
    let mut ms_of_day = 0;
    let mut offset = None;
    match cursor.peek() {
        None => {}
        Some(c) if separator(c) => {
            cursor.skip();
            ms_of_day = time(&mut cursor)?;
            offset = read_offset(&cursor)?;
        }
        Some(_) => return Err("unexpected text after the date"),
    }
    if day.unsigned_abs() > i64::MAX.unsigned_abs() / DAY.unsigned_abs() - 1 {
        return Err("the year is out of range");
    }
    let local = local_ms(day, ms_of_day);
    Ok(match offset {
        Some(offset) => local - offset,
        None => zone.to_instant(local),
    })
}

/// Days since 1970-01-01.
fn date(cursor: &mut Cursor<'_>) -> Parsed<i64> {
    let sign = match cursor.peek() {
        Some(b'-') => -1,
        _ => 1,
    };
    if matches!(cursor.peek(), Some(b'-' | b'+')) {
        cursor.skip();
    }
    let year = sign * cursor.number(1, 9).ok_or("it does not begin with a year")?.0;
    if !cursor.take(b'-') {
        return Ok(Date { year, month: 1, day: 1 }.to_day());
    }
    if cursor.take(b'W') || cursor.take(b'w') {
        return week_date(cursor, year);
    }
    let (value, digits) = cursor.number(1, 3).ok_or("the month is missing")?;
    if digits == 3 {
        let days = 365 + i64::from(is_leap(year));
        let first = Date { year, month: 1, day: 1 }.to_day();
        return in_range(value, 1, days, "no such day of the year").map(|day| first + day - 1);
    }
    let month = in_range(value, 1, 12, "no such month")?;
    let mut day = 1;
    if cursor.take(b'-') {
        let (value, _) = cursor.number(1, 2).ok_or("the day is missing")?;
        day = in_range(value, 1, days_in_month(year, month), "no such day of the month")?;
    }
    Ok(Date { year, month, day }.to_day())
}

fn week_date(cursor: &mut Cursor<'_>, year: i64) -> Parsed<i64> {
    let monday = first_monday(year);
    let weeks = (first_monday(year + 1) - monday) / 7;
    let (week, _) = cursor.number(1, 2).ok_or("the week is missing")?;
    let week = in_range(week, 1, weeks, "no such week")?;
    let mut day = 1;
    if cursor.take(b'-') {
        let (value, _) = cursor.number(1, 1).ok_or("the day of the week is missing")?;
        day = in_range(value, 1, 7, "no such day of the week")?;
    }
    Ok(monday + (week - 1) * 7 + day - 1)
}

/// Milliseconds since midnight: hour, minute, second, where the last one given may have a fraction.
fn time(cursor: &mut Cursor<'_>) -> Parsed<i64> {
    const UNITS: [(i64, i64, &str); 3] =
        [(HOUR, 23, "no such hour"), (MINUTE, 59, "no such minute"), (SECOND, 59, "no such second")];
    if !matches!(cursor.peek(), Some(b'0'..=b'9')) {
        return Ok(0);
    }
    let mut total = 0;
    for (at, (unit, max, reason)) in UNITS.into_iter().enumerate() {
        if at > 0 && !cursor.take(b':') {
            break;
        }
        let (value, _) = cursor.number(1, 2).ok_or("a part of the time is missing")?;
        total += in_range(value, 0, max, reason)? * unit;
        if cursor.take(b'.') || cursor.take(b',') {
            return Ok(total + fraction(cursor, unit)?);
        }
    }
    Ok(total)
}

/// A decimal fraction of `unit` in whole milliseconds, cut.
fn fraction(cursor: &mut Cursor<'_>, unit: i64) -> Parsed<i64> {
    let mut digits = cursor.digits();
    if digits.is_empty() {
        return Err("the fraction is missing");
    }
    // Twelve digits decide every millisecond of an hour.
    digits = &digits[..digits.len().min(12)];
    let mut value: i128 = 0;
    let mut scale: i128 = 1;
    for digit in digits {
        value = value * 10 + i128::from(digit - b'0');
        scale *= 10;
    }
    i64::try_from(value * i128::from(unit) / scale).map_err(|_| "the fraction is too long")
}

fn read_offset(cursor: &Cursor<'_>) -> Parsed<Option<i64>> {
    match cursor.0 {
        [] => Ok(None),
        b"Z" | b"z" => Ok(Some(0)),
        rest => {
            let text = std::str::from_utf8(rest).unwrap_or("");
            parse_offset(text).map(Some).ok_or("unexpected text after the time")
        }
    }
}

fn in_range(value: i64, min: i64, max: i64, reason: &'static str) -> Parsed<i64> {
    if (min..=max).contains(&value) { Ok(value) } else { Err(reason) }
}

/// What is left to read.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn skip(&mut self) {
        self.0 = self.0.get(1..).unwrap_or_default();
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.skip();
        }
        found
    }

    fn digits(&mut self) -> &'a [u8] {
        let count = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        digits
    }

    /// A run of digits, `None` when it has fewer or more than allowed; with the run's length.
    fn number(&mut self, min_digits: usize, max_digits: usize) -> Option<(i64, usize)> {
        let digits = self.digits();
        if digits.len() < min_digits || digits.len() > max_digits {
            return None;
        }
        let value = digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        Some((value, digits.len()))
    }
}

//! Instants as text: ISO-8601, printed in one exact form and read leniently.

mod parse;

pub use parse::{parse, parse_in, parse_loose};

use crate::TimeZone;
use crate::calendar::{Date, HOUR, MINUTE, SECOND};

/// Milliseconds since 1970-01-01T00:00Z.
pub type Timestamp = i64;

/// `yyyy-MM-ddTHH:mm:ss.SSSZ`, always three decimals. Years have at least four digits and a minus
/// sign before year 0.
pub fn text(instant: Timestamp) -> String {
    text_in(instant, &TimeZone::UTC)
}

/// As [`text`], on the wall clock of the zone, ending in its offset at that instant (`Z` in UTC,
/// else `+hh:mm`).
pub fn text_in(instant: Timestamp, zone: &TimeZone) -> String {
    let mut out = Vec::with_capacity(30);
    write(&mut out, instant, zone);
    String::from_utf8(out).unwrap_or_default()
}

/// Appends [`text_in`] to a buffer.
pub fn write(out: &mut Vec<u8>, instant: Timestamp, zone: &TimeZone) {
    let offset = zone.offset_ms(instant);
    let (date, ms_of_day) = Date::of_local(instant.saturating_add(offset));
    if date.year < 0 {
        out.push(b'-');
    }
    padded(out, date.year.unsigned_abs(), 4);
    for (mark, value, width) in [
        (b'-', date.month, 2),
        (b'-', date.day, 2),
        (b'T', ms_of_day / HOUR, 2),
        (b':', ms_of_day % HOUR / MINUTE, 2),
        (b':', ms_of_day % MINUTE / SECOND, 2),
        (b'.', ms_of_day % SECOND, 3),
    ] {
        out.push(mark);
        padded(out, value.unsigned_abs(), width);
    }
    match offset {
        0 => out.push(b'Z'),
        offset => write_offset(out, offset),
    }
}

/// Appends `+hh:mm`, with seconds when there are any.
pub(crate) fn write_offset(out: &mut Vec<u8>, offset_ms: i64) {
    let size = offset_ms.unsigned_abs();
    out.push(if offset_ms < 0 { b'-' } else { b'+' });
    padded(out, size / HOUR.unsigned_abs(), 2);
    out.push(b':');
    padded(out, size % HOUR.unsigned_abs() / MINUTE.unsigned_abs(), 2);
    let seconds = size % MINUTE.unsigned_abs() / SECOND.unsigned_abs();
    if seconds != 0 {
        out.push(b':');
        padded(out, seconds, 2);
    }
}

fn padded(out: &mut Vec<u8>, value: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    let mut rest = value;
    while rest > 0 {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let from = at.min(digits.len() - width);
    out.extend_from_slice(&digits[from..]);
}

#[cfg(test)]
mod tests;

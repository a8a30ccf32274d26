//! Instants as text: ISO-8601, printed in one exact form and read leniently.

mod parse;

pub use parse::{parse, parse_in, parse_loose};

use crate::TimeZone;
use crate::calendar::{Date, HOUR, MINUTE, SECOND};
use crate::zone::write_offset;

/// Milliseconds since 1970-01-01T00:00Z.
pub type Timestamp = i64;

/// `yyyy-MM-ddTHH:mm:ss.SSSZ`, always three decimals. Years have at least four digits and a minus
/// sign before year 0.
pub fn text(instant: Timestamp) -> String {
    let mut out = String::with_capacity(24);
    write(&mut out, instant, &TimeZone::UTC);
    out
}

/// As [`text`], on the wall clock of the zone, ending in its offset at that instant (`Z` in UTC,
/// else `+hh:mm`).
pub fn text_in(instant: Timestamp, zone: &TimeZone) -> String {
    let mut out = String::with_capacity(30);
    write(&mut out, instant, zone);
    out
}

/// Appends [`text_in`] to a buffer.
pub fn write(out: &mut String, instant: Timestamp, zone: &TimeZone) {
    let (date, ms_of_day) = Date::of_local(zone.to_local(instant));
    if date.year < 0 {
        out.push('-');
    }
    padded(out, date.year.unsigned_abs(), 4);
    for (mark, value, width) in [
        ('-', date.month, 2),
        ('-', date.day, 2),
        ('T', ms_of_day / HOUR, 2),
        (':', ms_of_day % HOUR / MINUTE, 2),
        (':', ms_of_day % MINUTE / SECOND, 2),
        ('.', ms_of_day % SECOND, 3),
    ] {
        out.push(mark);
        padded(out, value.unsigned_abs(), width);
    }
    match zone.offset_ms(instant) {
        0 => out.push('Z'),
        offset => write_offset(out, offset),
    }
}

fn padded(out: &mut String, value: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    let mut rest = value;
    while rest > 0 {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let from = at.min(digits.len() - width);
    out.extend(digits[from..].iter().map(|digit| char::from(*digit)));
}

#[cfg(test)]
mod tests;

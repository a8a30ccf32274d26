//! An instant through a pattern.

use std::fmt::Write;

use timeline::TimeZone;

use super::Names;
use super::civil::Civil;
use super::pattern::Item;

pub(super) fn write(items: &[Item], instant: i64, zone: &TimeZone, names: &Names, out: &mut String) {
    let local = Civil::of_local(zone.to_local(instant));
    for item in items {
        match item {
            Item::Text(text) => out.push_str(text),
            Item::Field('z' | 'Z', count) if *count > 2 => out.push_str(&zone.to_string()),
            Item::Field('z', _) => out.push_str(&zone.to_string()),
            Item::Field('Z', count) => offset(zone.offset_ms(instant), *count == 2, out),
            Item::Field(letter, count) => field(*letter, *count, &local, names, out),
        }
    }
}

fn field(letter: char, count: usize, at: &Civil, names: &Names, out: &mut String) {
    let (hour, minute, second) = (at.ms / 3_600_000, at.ms / 60_000 % 60, at.ms / 1_000 % 60);
    match letter {
        'G' => out.push_str(names.eras[usize::from(at.year > 0)]),
        'a' => out.push_str(names.halves[usize::from(hour >= 12)]),
        'E' if count >= 4 => out.push_str(names.weekdays[(at.weekday() - 1) as usize]),
        'E' => out.push_str(names.short_weekdays[(at.weekday() - 1) as usize]),
        'M' if count >= 4 => out.push_str(names.months[(at.month - 1) as usize]),
        'M' if count == 3 => out.push_str(names.short_months[(at.month - 1) as usize]),
        'S' => fraction(at.ms % 1_000, count, out),
        _ => {
            let value = match letter {
                'C' => at.year.abs() / 100,
                'Y' if at.year <= 0 => year(1 - at.year, count),
                'Y' | 'y' => year(at.year, count),
                'x' => year(at.week().0, count),
                'w' => at.week().1,
                'e' => at.weekday(),
                'D' => at.day_of_year(),
                'M' => at.month,
                'd' => at.day,
                'K' => hour % 12,
                'h' => (hour + 11) % 12 + 1,
                'H' => hour,
                'k' => (hour + 23) % 24 + 1,
                'm' => minute,
                _ => second,
            };
            number(value, count, out);
        }
    }
}

/// Two letters stand for the last two digits.
fn year(year: i64, count: usize) -> i64 {
    if count == 2 { year.rem_euclid(100) } else { year }
}

fn number(value: i64, count: usize, out: &mut String) {
    if value < 0 {
        out.push('-');
    }
    push(out, format_args!("{:0count$}", value.unsigned_abs()));
}

fn fraction(ms: i64, count: usize, out: &mut String) {
    let digits = format!("{ms:03}");
    out.extend(digits.chars().chain(std::iter::repeat('0')).take(count));
}

fn offset(offset_ms: i64, colon: bool, out: &mut String) {
    let minutes = offset_ms.abs() / 60_000;
    let (sign, colon) = (if offset_ms < 0 { '-' } else { '+' }, if colon { ":" } else { "" });
    push(out, format_args!("{sign}{:02}{colon}{:02}", minutes / 60, minutes % 60));
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}

//! A text through a pattern.

use timeline::TimeZone;

use super::civil::{DAY_MS, MONTHS, WEEKDAYS, days_in_month, days_to, first_monday};
use super::pattern::Item;

/// What the fields of a text said.
#[derive(Default)]
struct Fields {
    year: Option<i64>,
    week_year: Option<i64>,
    week: Option<i64>,
    weekday: Option<i64>,
    day_of_year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    hour: i64,
    half_day_hour: Option<i64>,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    ms: i64,
    before_christ: bool,
    zone: Option<TimeZone>,
}

pub(super) fn read(items: &[Item], text: &str, zone: &TimeZone) -> Option<i64> {
    let mut fields = Fields::default();
    let mut rest = text;
    for (at, item) in items.iter().enumerate() {
        rest = match item {
            Item::Text(wanted) => after_text(rest, wanted)?,
            Item::Field(letter, count) => {
                let digits_follow =
                    matches!(items.get(at + 1), Some(Item::Field(next, count)) if is_numeric(*next, *count));
                fields.read(*letter, *count, digits_follow, rest)?
            }
        };
    }
    if rest.is_empty() { fields.instant(zone) } else { None }
}

fn after_text<'a>(text: &'a str, wanted: &str) -> Option<&'a str> {
    let head = text.get(..wanted.len())?;
    head.eq_ignore_ascii_case(wanted).then(|| &text[wanted.len()..])
}

fn is_numeric(letter: char, count: usize) -> bool {
    match letter {
        'G' | 'a' | 'E' | 'z' | 'Z' => false,
        'M' => count < 3,
        _ => true,
    }
}

/// At most so many digits, at least one.
fn digits(text: &str, most: usize) -> Option<(i64, &str)> {
    let len = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    Some((text.get(..len)?.parse().ok()?, &text[len..]))
}

fn signed(text: &str, most: usize) -> Option<(i64, &str)> {
    match text.strip_prefix('-') {
        Some(rest) => digits(rest, most).map(|(value, rest)| (-value, rest)),
        None => digits(text.strip_prefix('+').unwrap_or(text), most),
    }
}

/// A name in full or by its first three letters, in any case: its place in the list from 1.
fn name<'a>(text: &'a str, names: &[&str]) -> Option<(i64, &'a str)> {
    let find = |length: fn(&str) -> usize| {
        names.iter().zip(1..).find_map(|(name, number)| {
            let rest = after_text(text, &name[..length(name)])?;
            Some((number, rest))
        })
    };
    find(str::len).or_else(|| find(|_| 3))
}

impl Fields {
    /// Takes one field off the text.
    fn read<'a>(&mut self, letter: char, count: usize, digits_follow: bool, text: &'a str) -> Option<&'a str> {
        let two = if digits_follow { count } else { count.max(2) };
        let rest = match letter {
            'y' | 'Y' | 'x' => return self.year(letter, count, digits_follow, text),
            'M' if count >= 3 => set(&mut self.month, name(text, &MONTHS)?),
            'E' => set(&mut self.weekday, name(text, &WEEKDAYS)?),
            'S' => {
                let len = text.bytes().take(count.max(1)).take_while(u8::is_ascii_digit).count();
                let fraction: String =
                    text.get(..len).filter(|d| !d.is_empty())?.chars().chain("00".chars()).take(3).collect();
                self.ms = fraction.parse().ok()?;
                &text[len..]
            }
            'a' => {
                let (half, rest) = [("AM", false), ("PM", true)]
                    .into_iter()
                    .find_map(|(mark, half)| Some((half, after_text(text, mark)?)))?;
                self.afternoon = Some(half);
                rest
            }
            'G' => match after_text(text, "BC") {
                Some(rest) => {
                    self.before_christ = true;
                    rest
                }
                None => after_text(text, "AD")?,
            },
            'z' | 'Z' => return self.zone(text),
            'M' => set(&mut self.month, digits(text, two)?),
            'd' => set(&mut self.day, digits(text, two)?),
            'D' => set(&mut self.day_of_year, digits(text, count.max(3))?),
            'w' => set(&mut self.week, digits(text, two)?),
            'e' => set(&mut self.weekday, digits(text, count.max(1))?),
            'C' => digits(text, 9)?.1,
            'H' => put(&mut self.hour, digits(text, two)?, 23)?,
            'k' => {
                let (hour, rest) = digits(text, two)?;
                put(&mut self.hour, (hour % 24, rest), 23)?
            }
            'h' | 'K' => {
                let (hour, rest) = digits(text, two)?;
                self.half_day_hour = Some(hour).filter(|hour| *hour <= 12);
                self.half_day_hour?;
                rest
            }
            'm' => put(&mut self.minute, digits(text, two)?, 59)?,
            _ => put(&mut self.second, digits(text, two)?, 59)?,
        };
        Some(rest)
    }

    fn year<'a>(&mut self, letter: char, count: usize, digits_follow: bool, text: &'a str) -> Option<&'a str> {
        let (year, rest) = signed(text, if digits_follow { count } else { 9 })?;
        // Two digits mean the years 1950 to 2049.
        let short = count == 2 && text.len() - rest.len() == 2;
        let year = if short { if year < 50 { 2000 + year } else { 1900 + year } } else { year };
        *(if letter == 'x' { &mut self.week_year } else { &mut self.year }) = Some(year);
        Some(rest)
    }

    /// `Z`, an offset, or the name of a zone.
    fn zone<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | ':' | '/' | '_');
        let mut end = text.find(|c| !is_part(c)).unwrap_or(text.len());
        while end > 0 {
            if let Ok(zone) = TimeZone::parse(&text[..end]) {
                self.zone = Some(zone);
                return Some(&text[end..]);
            }
            end -= 1;
        }
        None
    }

    fn instant(self, zone: &TimeZone) -> Option<i64> {
        let day = self.epoch_day()?;
        let hour = match (self.half_day_hour, self.afternoon) {
            (Some(hour), Some(afternoon)) => hour % 12 + if afternoon { 12 } else { 0 },
            (Some(hour), None) => hour % 12,
            (None, Some(true)) if self.hour < 12 => self.hour + 12,
            (None, _) => self.hour,
        };
        let local = day.checked_mul(DAY_MS)? + ((hour * 60 + self.minute) * 60 + self.second) * 1_000 + self.ms;
        Some(self.zone.as_ref().unwrap_or(zone).to_instant(local))
    }

    fn epoch_day(&self) -> Option<i64> {
        if self.week_year.is_some() || self.week.is_some() {
            let monday = first_monday(self.week_year.or(self.year).unwrap_or(1970));
            let (week, weekday) = (self.week.unwrap_or(1), self.weekday.unwrap_or(1));
            let valid = (1..=53).contains(&week) && (1..=7).contains(&weekday);
            return valid.then(|| monday + (week - 1) * 7 + weekday - 1);
        }
        let year = self.year.unwrap_or(1970);
        let year = if self.before_christ { 1 - year } else { year };
        if let Some(day) = self.day_of_year {
            return (1..=366).contains(&day).then(|| days_to(year, 1, 1) + day - 1);
        }
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        let valid = (1..=12).contains(&month) && (1..=days_in_month(year, month.clamp(1, 12))).contains(&day);
        valid.then(|| days_to(year, month, day))
    }
}

fn set<'a>(field: &mut Option<i64>, (value, rest): (i64, &'a str)) -> &'a str {
    *field = Some(value);
    rest
}

fn put<'a>(field: &mut i64, (value, rest): (i64, &'a str), most: i64) -> Option<&'a str> {
    *field = value;
    (value <= most).then_some(rest)
}

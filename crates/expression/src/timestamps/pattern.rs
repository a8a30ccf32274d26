//! Date patterns such as `yyyy-MM-dd HH:mm:ss`: letters are fields, the rest stands for itself.

use timeline::TimeZone;

use super::fixed::day_of;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Literal(String),
    /// A number of up to `most` digits; exactly `most` when another number follows at once.
    Number {
        field: Field,
        most: usize,
        fixed: bool,
    },
    TwoDigitYear,
    MonthName,
    Weekday,
    HalfDay,
    Era,
    Offset,
    ZoneId,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Field {
    Year,
    Month,
    Day,
    DayOfYear,
    Hour,
    /// 1 to 24.
    ClockHour,
    /// 0 to 11.
    HalfHour,
    /// 1 to 12.
    ClockHalfHour,
    Minute,
    Second,
    Fraction,
    WeekdayNumber,
}

/// What a text said so far.
struct Reading {
    year: i64,
    month: i64,
    day: i64,
    day_of_year: Option<i64>,
    hour: i64,
    half_hour: Option<i64>,
    afternoon: bool,
    before_christ: bool,
    minute: i64,
    second: i64,
    ms: i64,
    offset_ms: Option<i64>,
    zone: Option<TimeZone>,
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Pattern, String> {
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let taken = if first == '\'' {
                quoted(rest, &mut parts)?
            } else if first.is_ascii_alphabetic() {
                let count = rest.bytes().take_while(|&byte| byte == first as u8).count();
                parts.push(part(first, count)?);
                count
            } else {
                literal(&mut parts, &rest[..first.len_utf8()]);
                first.len_utf8()
            };
            rest = &rest[taken..];
        }
        if !parts.iter().any(|part| !matches!(part, Part::Literal(_))) {
            return Err("it has no field".to_owned());
        }
        fix_adjacent(&mut parts);
        Ok(Pattern { parts })
    }

    /// The time of a text, which must match as a whole; in UTC where the text has no zone.
    pub(super) fn read(&self, text: &str) -> Option<i64> {
        let mut reading = Reading::new();
        let mut rest = text;
        for part in &self.parts {
            rest = read_part(part, rest, &mut reading)?;
        }
        if rest.is_empty() { reading.instant() } else { None }
    }
}

fn literal(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        Some(Part::Literal(literal)) => literal.push_str(text),
        _ => parts.push(Part::Literal(text.to_owned())),
    }
}

/// A text in single quotes; two of them are one that stands for itself.
fn quoted(rest: &str, parts: &mut Vec<Part>) -> Result<usize, String> {
    let inner = &rest[1..];
    if inner.starts_with('\'') {
        literal(parts, "'");
        return Ok(2);
    }
    let end = inner.find('\'').ok_or("a quote is not closed")?;
    literal(parts, &inner[..end]);
    Ok(end + 2)
}

fn part(letter: char, count: usize) -> Result<Part, String> {
    let number = |field, least: usize| Ok(Part::Number { field, most: count.max(least), fixed: false });
    match letter {
        'y' | 'Y' | 'u' if count == 2 => Ok(Part::TwoDigitYear),
        'y' | 'Y' | 'u' => number(Field::Year, 9),
        'M' | 'L' if count >= 3 => Ok(Part::MonthName),
        'M' | 'L' => number(Field::Month, 2),
        'd' => number(Field::Day, 2),
        'D' => number(Field::DayOfYear, 3),
        'E' => Ok(Part::Weekday),
        'e' => number(Field::WeekdayNumber, 1),
        'H' => number(Field::Hour, 2),
        'k' => number(Field::ClockHour, 2),
        'K' => number(Field::HalfHour, 2),
        'h' => number(Field::ClockHalfHour, 2),
        'm' => number(Field::Minute, 2),
        's' => number(Field::Second, 2),
        'S' => Ok(Part::Number { field: Field::Fraction, most: count, fixed: false }),
        'a' => Ok(Part::HalfDay),
        'G' => Ok(Part::Era),
        'Z' if count >= 3 => Ok(Part::ZoneId),
        'Z' => Ok(Part::Offset),
        'z' | 'V' => Ok(Part::ZoneId),
        other => Err(format!("unknown pattern letter [{other}]")),
    }
}

/// A number that another number follows at once takes exactly its letters' count of digits.
fn fix_adjacent(parts: &mut [Part]) {
    for at in 1..parts.len() {
        let follows = matches!(parts[at], Part::Number { .. } | Part::TwoDigitYear);
        if let Part::Number { most, fixed, field } = &mut parts[at - 1]
            && follows
        {
            *fixed = true;
            *most = if *field == Field::Year { 4 } else { *most };
        }
    }
}

fn read_part<'a>(part: &Part, text: &'a str, into: &mut Reading) -> Option<&'a str> {
    match part {
        Part::Literal(literal) => strip_prefix_any_case(text, literal),
        Part::Number { field, most, fixed } => read_number(*field, *most, *fixed, text, into),
        Part::TwoDigitYear => read_two_digit_year(text, into),
        Part::MonthName => {
            let (index, rest) = name_of(text, &MONTHS)?;
            into.month = index + 1;
            Some(rest)
        }
        Part::Weekday => Some(name_of(text, &WEEKDAYS)?.1),
        Part::HalfDay => {
            let (index, rest) = name_of(text, &["am", "pm"])?;
            into.afternoon = index == 1;
            Some(rest)
        }
        Part::Era => {
            let (index, rest) = name_of(text, &["ad", "bc"])?;
            into.before_christ = index == 1;
            Some(rest)
        }
        Part::Offset => read_offset(text, into),
        Part::ZoneId => {
            let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "/_+-:".contains(c))).unwrap_or(text.len());
            into.zone = Some(TimeZone::parse(&text[..end]).ok()?);
            Some(&text[end..])
        }
    }
}

fn strip_prefix_any_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// The index of the name, in full or by its first three letters, that the text begins with.
fn name_of<'a>(text: &'a str, names: &[&str]) -> Option<(i64, &'a str)> {
    for (index, name) in names.iter().enumerate() {
        let short = &name[..name.len().min(3)];
        let rest = strip_prefix_any_case(text, name).or_else(|| strip_prefix_any_case(text, short));
        if let Some(rest) = rest {
            return Some((index as i64, rest));
        }
    }
    None
}

fn digits(text: &str, most: usize) -> Option<(i64, usize)> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    Some((text[..count].parse().ok()?, count))
}

fn read_number<'a>(field: Field, most: usize, fixed: bool, text: &'a str, into: &mut Reading) -> Option<&'a str> {
    let signed = field == Field::Year && text.starts_with(['-', '+']);
    let body = if signed { &text[1..] } else { text };
    let (value, count) = digits(body, most.min(18))?;
    if fixed && count != most {
        return None;
    }
    let value = if signed && text.starts_with('-') { -value } else { value };
    into.set(field, value, count)?;
    Some(&body[count..])
}

/// Two digits are the year nearest to 2000 within -50..+49; more or fewer digits are the year itself.
fn read_two_digit_year<'a>(text: &'a str, into: &mut Reading) -> Option<&'a str> {
    let (value, count) = digits(text, 9)?;
    into.year = match count {
        2 if value < 50 => 2000 + value,
        2 => 1900 + value,
        _ => value,
    };
    Some(&text[count..])
}

fn read_offset<'a>(text: &'a str, into: &mut Reading) -> Option<&'a str> {
    if let Some(rest) = text.strip_prefix(['Z', 'z']) {
        into.offset_ms = Some(0);
        return Some(rest);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let body = text.strip_prefix(['-', '+'])?;
    let (hours, count) = digits(body, 2)?;
    let rest = &body[count..];
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let (minutes, count) = digits(rest, 2).unwrap_or((0, 0));
    if hours > 23 || minutes > 59 {
        return None;
    }
    into.offset_ms = Some(sign * (hours * 60 + minutes) * 60_000);
    Some(&rest[count..])
}

impl Reading {
    fn new() -> Reading {
        Reading {
            year: 1970,
            month: 1,
            day: 1,
            day_of_year: None,
            hour: 0,
            half_hour: None,
            afternoon: false,
            before_christ: false,
            minute: 0,
            second: 0,
            ms: 0,
            offset_ms: None,
            zone: None,
        }
    }

    fn set(&mut self, field: Field, value: i64, count: usize) -> Option<()> {
        let bounds = match field {
            Field::Year => -9_999_999..=9_999_999,
            Field::Month => 1..=12,
            Field::Day => 1..=31,
            Field::DayOfYear => 1..=366,
            Field::Hour => 0..=23,
            Field::ClockHour => 1..=24,
            Field::HalfHour => 0..=11,
            Field::ClockHalfHour => 1..=12,
            Field::Minute | Field::Second => 0..=59,
            Field::WeekdayNumber => 1..=7,
            Field::Fraction => 0..=i64::MAX,
        };
        if !bounds.contains(&value) {
            return None;
        }
        match field {
            Field::Year => self.year = value,
            Field::Month => self.month = value,
            Field::Day => self.day = value,
            Field::DayOfYear => self.day_of_year = Some(value),
            Field::Hour => self.hour = value,
            Field::ClockHour => self.hour = value % 24,
            Field::HalfHour => self.half_hour = Some(value),
            Field::ClockHalfHour => self.half_hour = Some(value % 12),
            Field::Minute => self.minute = value,
            Field::Second => self.second = value,
            Field::WeekdayNumber => {}
            Field::Fraction => self.ms = milliseconds(value, count)?,
        }
        Some(())
    }

    fn instant(&self) -> Option<i64> {
        let year = if self.before_christ { 1 - self.year } else { self.year };
        let day = match self.day_of_year {
            Some(day_of_year) => day_of(year, 1, 1)? + day_of_year - 1,
            None => day_of(year, self.month, self.day)?,
        };
        let hour = self.half_hour.map_or(self.hour, |hour| hour + if self.afternoon { 12 } else { 0 });
        let local = ((day * 24 + hour) * 60 + self.minute) * 60_000 + self.second * 1000 + self.ms;
        Some(match (self.offset_ms, &self.zone) {
            (Some(offset), _) => local - offset,
            (None, Some(zone)) => zone.to_instant(local),
            (None, None) => local,
        })
    }
}

/// A fraction of `count` digits in ms, cut.
fn milliseconds(value: i64, count: usize) -> Option<i64> {
    let mut value = value;
    for _ in count..3 {
        value *= 10;
    }
    for _ in 3..count {
        value /= 10;
    }
    Some(value)
}

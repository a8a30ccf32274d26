//! A pattern cut into fields.

use timeline::TimeZone;

use super::{Names, parse, print};
use crate::steps::QUARTER_MS;
use crate::{Error, Result};

/// A date pattern, read once and used many times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    pub(super) items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Text(String),
    /// A letter and how often it stands there.
    Field(char, usize),
}

const LETTERS: &str = "GCYxweEyDMdaKhHkmsSzZ";
/// Longest pattern, in bytes.
const MAX_LENGTH: usize = 1024;

impl Pattern {
    /// Fails on a letter that has no meaning. A quote without end reaches to the end, as clients rely on.
    pub fn parse(text: &str) -> Result<Pattern> {
        let bad = |reason: String| Error::invalid(format!("date pattern '{text}': {reason}"));
        if text.is_empty() || text.len() > MAX_LENGTH {
            return Err(bad(format!("must have 1 to {MAX_LENGTH} bytes")));
        }
        let mut items: Vec<Item> = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let item = match c {
                '\'' if chars.next_if_eq(&'\'').is_some() => Item::Text("'".into()),
                '\'' => Item::Text(quoted(&mut chars)),
                c if c.is_ascii_alphabetic() && LETTERS.contains(c) => {
                    let mut count = 1;
                    while chars.next_if_eq(&c).is_some() {
                        count += 1;
                    }
                    Item::Field(c, count)
                }
                c if c.is_ascii_alphabetic() => return Err(bad(format!("unknown letter '{c}'"))),
                c => Item::Text(c.into()),
            };
            match (items.last_mut(), item) {
                (Some(Item::Text(before)), Item::Text(more)) => before.push_str(&more),
                (_, item) => items.push(item),
            }
        }
        Ok(Pattern { items })
    }

    /// Whether it shows names of months, weekdays, eras or halves of the day.
    pub fn has_names(&self) -> bool {
        let is_name = |item: &Item| match item {
            Item::Text(_) => false,
            Item::Field(letter, count) => matches!(letter, 'E' | 'G' | 'a') || (*letter == 'M' && *count >= 3),
        };
        self.items.iter().any(is_name)
    }

    /// Steps within which what it shows stays the same.
    pub(crate) fn step_ms(&self) -> i64 {
        let step = |item: &Item| match item {
            Item::Field('S', _) => 1,
            Item::Field('s', _) => 1_000,
            Item::Field('m', _) => 60_000,
            Item::Field(..) | Item::Text(_) => QUARTER_MS,
        };
        self.items.iter().map(step).min().unwrap_or(QUARTER_MS)
    }

    /// The instant that a text names, in milliseconds; `zone` counts where the text names none. `None` when the
    /// text does not fit.
    pub fn read(&self, text: &str, zone: &TimeZone) -> Option<i64> {
        parse::read(&self.items, text, zone)
    }

    /// Appends the instant as the wall clock of the zone shows it.
    pub fn write(&self, instant: i64, zone: &TimeZone, out: &mut String) {
        print::write(&self.items, instant, zone, &Names::ENGLISH, out);
    }

    /// As `text`, with the names of a language.
    pub fn text_in(&self, instant: i64, zone: &TimeZone, names: &Names) -> String {
        let mut out = String::new();
        print::write(&self.items, instant, zone, names, &mut out);
        out
    }

    /// As `write`, as a new text.
    pub fn text(&self, instant: i64, zone: &TimeZone) -> String {
        let mut out = String::new();
        self.write(instant, zone, &mut out);
        out
    }
}

/// After the first quote: the text up to the last one, or to the end; two quotes are one.
fn quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\'' if chars.next_if_eq(&'\'').is_some() => text.push('\''),
            '\'' => break,
            c => text.push(c),
        }
    }
    text
}

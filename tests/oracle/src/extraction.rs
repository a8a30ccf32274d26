//! Functions from text to text, as dimensions and filters name them; and patterns that texts fit.

use crate::chance::Chance;
use crate::rows::TEXTS;
use serde_json::{Value as Json, json};

/// What a text begins with, ends with, holds, or that it holds a digit.
#[derive(Debug, Clone)]
pub enum Pattern {
    Begins(&'static str),
    Ends(&'static str),
    Holds(&'static str),
    Digit,
}

impl Pattern {
    /// None of the texts means anything to a regular expression or to `like`.
    pub fn draw(chance: &Chance) -> Pattern {
        let text = chance.pick(&["", "a", "1", "9", "Z", "ü", "rich", "🎈"]);
        match chance.below(4) {
            0 => Pattern::Begins(text),
            1 => Pattern::Ends(text),
            2 => Pattern::Holds(text),
            _ => Pattern::Digit,
        }
    }

    pub fn fits(&self, text: &str) -> bool {
        match self {
            Pattern::Begins(part) => text.starts_with(part),
            Pattern::Ends(part) => text.ends_with(part),
            Pattern::Holds(part) => text.contains(part),
            Pattern::Digit => text.contains(|one: char| one.is_ascii_digit()),
        }
    }

    pub fn regex(&self) -> String {
        match self {
            Pattern::Begins(part) => format!("^{part}"),
            Pattern::Ends(part) => format!("{part}$"),
            Pattern::Holds(part) => (*part).to_owned(),
            Pattern::Digit => "[0-9]".to_owned(),
        }
    }

    /// Of `like`; a digit is any 1 there.
    pub fn like(&self) -> String {
        match self {
            Pattern::Begins(part) => format!("{part}%"),
            Pattern::Ends(part) => format!("%{part}"),
            Pattern::Holds(part) => format!("%{part}%"),
            Pattern::Digit => "%1%".to_owned(),
        }
    }

    pub fn is_like(&self, text: &str) -> bool {
        if matches!(self, Pattern::Digit) { text.contains('1') } else { self.fits(text) }
    }
}

/// A text that has to be found, in this case or in any.
#[derive(Debug, Clone)]
pub struct Search {
    part: &'static str,
    is_exact: bool,
}

impl Search {
    pub fn draw(chance: &Chance) -> Search {
        Search { part: chance.pick(&["", "A", "a", "1", "z", "Z", "0", "🎈"]), is_exact: chance.one_in(2) }
    }

    pub fn json(&self) -> Json {
        match self.is_exact {
            true => json!({"type": "contains", "value": self.part, "caseSensitive": true}),
            false => json!({"type": "insensitive_contains", "value": self.part}),
        }
    }

    pub fn finds(&self, text: &str) -> bool {
        if self.is_exact { text.contains(self.part) } else { text.to_lowercase().contains(&self.part.to_lowercase()) }
    }
}

/// What becomes of keys that a map does not have.
#[derive(Debug, Clone, Copy)]
pub enum Missing {
    Null,
    Kept,
    Replaced,
}

#[derive(Debug, Clone)]
pub enum Extraction {
    Upper,
    Lower,
    /// So many units from the first on.
    Head(usize),
    Length,
    /// What fits, else null.
    Partial(Pattern),
    Found(Search),
    /// The first digits, else the text or another.
    Digits(bool),
    /// By a map or a registered lookup of the same entries.
    Lookup(Missing, bool),
    /// Between brackets; and what null is then.
    Format(&'static str),
    /// Numbers are rounded down to a multiple, others are null.
    Bucket(i64),
    Cascade(Vec<Extraction>),
}

/// The lookup that every store has, by this name.
pub const LOOKUP: &str = "words";
pub const ENTRIES: [(&str, &str); 4] = [("a", "Anna"), ("10", "ten"), ("🎈", ""), ("Zürich", "a")];

pub fn entries() -> Json {
    Json::Object(ENTRIES.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect())
}

impl Extraction {
    pub fn draw(chance: &Chance) -> Extraction {
        match chance.below(11) {
            0 => Extraction::Upper,
            1 => Extraction::Lower,
            2 => Extraction::Head(2),
            3 => Extraction::Length,
            4 => Extraction::Partial(Pattern::draw(chance)),
            5 => Extraction::Found(Search::draw(chance)),
            6 => Extraction::Digits(chance.one_in(2)),
            7 => Extraction::Format(chance.pick(&["nullString", "emptyString", "returnNull"])),
            8 => Extraction::Bucket(chance.between(1, 4)),
            9 => Extraction::Cascade(vec![Extraction::Upper, Extraction::draw(chance)]),
            _ => {
                let missing = *chance.of(&[Missing::Null, Missing::Kept, Missing::Replaced]);
                Extraction::Lookup(missing, chance.one_in(2))
            }
        }
    }

    /// The registered one, as a dimension names it.
    pub fn lookup() -> Extraction {
        Extraction::Lookup(Missing::Null, false)
    }

    pub fn json(&self) -> Json {
        match self {
            Extraction::Upper => json!({"type": "upper"}),
            Extraction::Lower => json!({"type": "lower"}),
            Extraction::Head(length) => json!({"type": "substring", "index": 0, "length": length}),
            Extraction::Length => json!({"type": "strlen"}),
            Extraction::Partial(pattern) => json!({"type": "partial", "expr": pattern.regex()}),
            Extraction::Found(search) => json!({"type": "searchQuery", "query": search.json()}),
            Extraction::Digits(is_replaced) => json!({"type": "regex", "expr": "([0-9]+)",
                "replaceMissingValue": is_replaced, "replaceMissingValueWith": "none"}),
            Extraction::Lookup(missing, is_map) => {
                let mut out = match is_map {
                    true => json!({"type": "lookup", "lookup": {"type": "map", "map": entries()}}),
                    false => json!({"type": "registeredLookup", "lookup": LOOKUP}),
                };
                match missing {
                    Missing::Null => {}
                    Missing::Kept => out["retainMissingValue"] = json!(true),
                    Missing::Replaced => out["replaceMissingValueWith"] = json!("missing"),
                }
                out
            }
            Extraction::Format(handling) => json!({"type": "stringFormat", "format": "[%s]", "nullHandling": handling}),
            Extraction::Bucket(size) => json!({"type": "bucket", "size": size, "offset": 1}),
            Extraction::Cascade(all) => {
                json!({"type": "cascade", "extractionFns": all.iter().map(Extraction::json).collect::<Vec<_>>()})
            }
        }
    }

    pub fn of(&self, text: Option<&str>) -> Option<String> {
        match self {
            Extraction::Upper => text.map(str::to_uppercase),
            Extraction::Lower => text.map(str::to_lowercase),
            Extraction::Head(length) => text.and_then(|text| head(text, *length)),
            Extraction::Length => text.map(|text| text.encode_utf16().count().to_string()),
            Extraction::Partial(pattern) => text.filter(|text| pattern.fits(text)).map(str::to_owned),
            Extraction::Found(search) => text.filter(|text| search.finds(text)).map(str::to_owned),
            Extraction::Digits(is_replaced) => match text.map(digits) {
                Some(found) if !found.is_empty() => Some(found),
                _ if *is_replaced => Some("none".to_owned()),
                _ => text.map(str::to_owned),
            },
            Extraction::Lookup(missing, _) => {
                let found = ENTRIES.iter().find(|(key, _)| Some(*key) == text).map(|(_, value)| (*value).to_owned());
                found.or_else(|| match missing {
                    Missing::Null => None,
                    Missing::Kept => text.map(str::to_owned),
                    Missing::Replaced => Some("missing".to_owned()),
                })
            }
            Extraction::Format(handling) => match (text, *handling) {
                (Some(text), _) => Some(format!("[{text}]")),
                (None, "nullString") => Some("[null]".to_owned()),
                (None, "emptyString") => Some("[]".to_owned()),
                (None, _) => None,
            },
            Extraction::Bucket(size) => bucket(text?, *size as f64),
            Extraction::Cascade(all) => all.iter().fold(text.map(str::to_owned), |text, one| one.of(text.as_deref())),
        }
    }
}

/// Null of an empty text. A pair of units that is cut stays whole.
fn head(text: &str, length: usize) -> Option<String> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let is_cut = units.get(length).is_some_and(|unit| (0xDC00..0xE000).contains(unit));
    let end = units.len().min(length + usize::from(is_cut));
    if units.is_empty() { None } else { String::from_utf16(&units[..end]).ok() }
}

fn digits(text: &str) -> String {
    let tail = text.trim_start_matches(|one: char| !one.is_ascii_digit());
    tail.chars().take_while(char::is_ascii_digit).collect()
}

fn bucket(text: &str, size: f64) -> Option<String> {
    let number = text.parse::<f64>().ok()?;
    let value = ((number - 1.0) / size).floor() * size + 1.0;
    Some(format!("{}", value as i64))
}

/// A text that cells and constants hold, or null.
pub fn draw_text(chance: &Chance) -> Option<String> {
    (!chance.one_in(6)).then(|| (*chance.of(&TEXTS)).to_owned())
}

//! Records as trees: everything that JSON allows, through `serde_json`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::number::{self, Number};
use super::{MAX_DEPTH, MAX_FIELDS, depth};
use crate::parse::cell::Cell;
use crate::parse::reject::Reason;

/// Why a record is not an object that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unreadable {
    Syntax(String),
    TooDeep,
    TooManyFields,
    Number(String),
}

impl Unreadable {
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Unreadable::TooManyFields => Reason::TooManyDimensions,
            _ => Reason::Malformed,
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::Syntax(why) => f.write_str(why),
            Unreadable::TooDeep => write!(f, "nested deeper than {MAX_DEPTH} levels"),
            Unreadable::TooManyFields => write!(f, "more than {MAX_FIELDS} fields"),
            Unreadable::Number(text) => write!(f, "[{text}] is no number that can be held"),
        }
    }
}

/// The objects of a text, one after the other.
pub(crate) struct Objects<'a> {
    stream: serde_json::StreamDeserializer<'a, serde_json::de::SliceRead<'a>, &'a RawValue>,
    failed: bool,
}

impl<'a> Objects<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Objects<'a> {
        Objects { stream: serde_json::Deserializer::from_slice(text).into_iter(), failed: false }
    }

    /// The next object; after an error there is none.
    pub(crate) fn next_object(&mut self) -> Option<Result<Object<'a>, Unreadable>> {
        if self.failed {
            return None;
        }
        let read = match self.stream.next()? {
            Ok(raw) => Object::read(raw.get()),
            Err(error) => Err(Unreadable::Syntax(error.to_string())),
        };
        self.failed = read.is_err();
        Some(read)
    }
}

/// One object: its fields in order, values unread; a value that is none has no fields. Of fields with the same name the last one counts,
/// at the place of the first.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    fields: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> Object<'a> {
    fn read(text: &'a str) -> Result<Object<'a>, Unreadable> {
        if !text.starts_with('{') {
            return Ok(Object { fields: Vec::new() });
        }
        if !depth::is_shallow(text.as_bytes(), MAX_DEPTH) {
            return Err(Unreadable::TooDeep);
        }
        let Pairs(fields) = serde_json::from_str(text).map_err(|error| Unreadable::Syntax(error.to_string()))?;
        if fields.len() > MAX_FIELDS {
            return Err(Unreadable::TooManyFields);
        }
        Ok(Object { fields: last_of_each(fields) })
    }

    /// All fields with their values.
    pub(crate) fn cells(&self) -> Result<Vec<(Cow<'a, str>, Cell<'a>)>, Unreadable> {
        self.cells_of(|_| true)
    }

    /// The fields that are wanted, with their values.
    pub(crate) fn cells_of(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<(Cow<'a, str>, Cell<'a>)>, Unreadable> {
        let kept = self.fields.iter().filter(|(name, _)| wanted(name));
        kept.map(|(name, raw)| Ok((name.clone(), cell(raw)?))).collect()
    }
}

fn last_of_each<'a>(fields: Vec<(Cow<'a, str>, &'a RawValue)>) -> Vec<(Cow<'a, str>, &'a str)> {
    let mut at_of: hashbrown::HashMap<Cow<'a, str>, usize> = hashbrown::HashMap::with_capacity(fields.len());
    let mut kept: Vec<(Cow<'a, str>, &'a str)> = Vec::with_capacity(fields.len());
    for (name, raw) in fields {
        match at_of.get(&name) {
            Some(&at) => kept[at].1 = raw.get(),
            None => {
                at_of.insert(name.clone(), kept.len());
                kept.push((name, raw.get()));
            }
        }
    }
    kept
}

/// The value that a JSON text, known to be well formed, stands for.
pub(crate) fn cell(text: &str) -> Result<Cell<'_>, Unreadable> {
    let broken = |error: serde_json::Error| Unreadable::Syntax(error.to_string());
    match text.as_bytes().first() {
        Some(b'n') => Ok(Cell::Null),
        Some(b't') => Ok(Cell::Bool(true)),
        Some(b'f') => Ok(Cell::Bool(false)),
        Some(b'"') => {
            let Text(text) = serde_json::from_str(text).map_err(broken)?;
            Ok(Cell::Text(text))
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(broken)?;
            Ok(Cell::List(items.into_iter().map(|raw| cell(raw.get())).collect::<Result<_, _>>()?))
        }
        Some(b'{') => Ok(Cell::Map(Object::read(text)?.cells()?)),
        _ => match number::parse(text.as_bytes()) {
            Some((Number::Long(value), len)) if len == text.len() => Ok(Cell::Long(value)),
            Some((Number::Double(value), len)) if len == text.len() => Ok(Cell::Double(value)),
            _ => Err(Unreadable::Number(text.chars().take(64).collect())),
        },
    }
}

/// The value of a JSON text; a text that is none is null.
pub(crate) fn cell_of(text: &str) -> Cell<'_> {
    if !depth::is_shallow(text.as_bytes(), MAX_DEPTH) {
        return Cell::Null;
    }
    cell(text).unwrap_or(Cell::Null)
}

struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor).map(Text)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

struct Pairs<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor).map(Pairs)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(Text(name)) = map.next_key()? {
            pairs.push((name, map.next_value()?));
        }
        Ok(pairs)
    }
}

//! How strings compare.

mod alphanumeric;
mod version;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::{Decimal, Error, utf16};

/// Compares by UTF-16 code units, Java's order. It differs from the order of UTF-8 bytes only where
/// a supplementary character meets one of U+E000..U+FFFF.
pub fn compare(left: &str, right: &str) -> Ordering {
    let (l, r) = (left.as_bytes(), right.as_bytes());
    match first_difference(l, r) {
        None => l.len().cmp(&r.len()),
        Some(at) => unit_rank(l[at]).cmp(&unit_rank(r[at])),
    }
}

/// A number of the first bytes that sorts texts as [`compare`] does, but for those that it finds equal.
pub fn prefix(text: &str) -> u64 {
    let mut bytes = [0; WORD];
    let len = text.len().min(WORD);
    bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
    // Lead bytes that rank above all others stay below 0x100.
    let ranked = bytes.map(|byte| if matches!(byte, 0xEE | 0xEF) { byte + 0x10 } else { byte });
    u64::from_be_bytes(ranked)
}

/// The first position at which both have a byte and the bytes differ.
fn first_difference(left: &[u8], right: &[u8]) -> Option<usize> {
    let shared = left.len().min(right.len());
    let (left, right) = (&left[..shared], &right[..shared]);
    let (left_words, left_rest) = left.as_chunks::<WORD>();
    let (right_words, right_rest) = right.as_chunks::<WORD>();
    for (at, (l, r)) in left_words.iter().zip(right_words).enumerate() {
        if l != r {
            return Some(at * WORD + first_in_word(l, r));
        }
    }
    match (left.last_chunk::<WORD>(), right.last_chunk::<WORD>()) {
        // Its first bytes were seen and are the same.
        (Some(l), Some(r)) => (l != r).then(|| shared - WORD + first_in_word(l, r)),
        _ => left_rest.iter().zip(right_rest).position(|(l, r)| l != r),
    }
}

const WORD: usize = 8;

/// The first byte that differs of two words that do.
fn first_in_word(left: &[u8; WORD], right: &[u8; WORD]) -> usize {
    let differences = u64::from_le_bytes(*left) ^ u64::from_le_bytes(*right);
    differences.trailing_zeros() as usize / 8
}

/// Nulls first, then [`compare`].
pub fn compare_nullable(left: Option<&str>, right: Option<&str>) -> Ordering {
    nulls_first(left, right, compare)
}

/// Lead bytes of supplementary characters (0xF0 up) rank below those of U+E000..U+FFFF (0xEE, 0xEF),
/// for surrogates lie below U+E000. Continuation bytes never meet either.
fn unit_rank(byte: u8) -> u16 {
    match byte {
        0xEE | 0xEF => u16::from(byte) + 0x100,
        _ => u16::from(byte),
    }
}

fn nulls_first(left: Option<&str>, right: Option<&str>, order: impl FnOnce(&str, &str) -> Ordering) -> Ordering {
    match (left, right) {
        (Some(l), Some(r)) => order(l, r),
        (l, r) => l.is_some().cmp(&r.is_some()),
    }
}

/// The named string orders of queries. Two different strings may compare equal (`1` and `1.0` in
/// `Numeric`); callers that need a total order break ties by [`compare`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StringOrder {
    /// UTF-16 code unit order.
    #[default]
    Lexicographic,
    /// Digit runs by value, everything else ignoring case.
    Alphanumeric,
    /// By exact decimal value; texts that are no numbers come first, in lexicographic order.
    Numeric,
    /// By length in UTF-16 code units, then lexicographic.
    Strlen,
    /// By the parts of a software version.
    Version,
    /// The order of the column's own type; over strings lexicographic.
    Natural,
}

const NAMES: [(StringOrder, &str); 6] = [
    (StringOrder::Lexicographic, "lexicographic"),
    (StringOrder::Alphanumeric, "alphanumeric"),
    (StringOrder::Numeric, "numeric"),
    (StringOrder::Strlen, "strlen"),
    (StringOrder::Version, "version"),
    (StringOrder::Natural, "natural"),
];

impl StringOrder {
    pub fn name(self) -> &'static str {
        match self {
            StringOrder::Lexicographic => "lexicographic",
            StringOrder::Alphanumeric => "alphanumeric",
            StringOrder::Numeric => "numeric",
            StringOrder::Strlen => "strlen",
            StringOrder::Version => "version",
            StringOrder::Natural => "natural",
        }
    }

    pub fn compare(self, left: &str, right: &str) -> Ordering {
        match self {
            StringOrder::Lexicographic | StringOrder::Natural => compare(left, right),
            StringOrder::Alphanumeric => alphanumeric::compare(left, right),
            StringOrder::Numeric => numeric(left, right),
            StringOrder::Strlen => utf16::len(left).cmp(&utf16::len(right)).then_with(|| compare(left, right)),
            StringOrder::Version => version::compare(left, right),
        }
    }

    /// Nulls first in every order.
    pub fn compare_nullable(self, left: Option<&str>, right: Option<&str>) -> Ordering {
        nulls_first(left, right, |l, r| self.compare(l, r))
    }
}

fn numeric(left: &str, right: &str) -> Ordering {
    match (Decimal::parse(left), Decimal::parse(right)) {
        (Some(l), Some(r)) => l.compare(&r),
        (None, None) => compare(left, right),
        (l, r) => l.is_some().cmp(&r.is_some()),
    }
}

impl FromStr for StringOrder {
    type Err = Error;

    /// Names in any case.
    fn from_str(name: &str) -> Result<StringOrder, Error> {
        NAMES
            .iter()
            .find(|(_, known)| known.eq_ignore_ascii_case(name))
            .map(|(order, _)| *order)
            .ok_or_else(|| Error::UnknownOrder(name.to_owned()))
    }
}

impl fmt::Display for StringOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for StringOrder {
    /// The object form, `{"type":"numeric"}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("StringOrder", 1)?;
        object.serialize_field("type", self.name())?;
        object.end()
    }
}

impl<'de> Deserialize<'de> for StringOrder {
    /// A name, or an object whose `type` is a name.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<StringOrder, D::Error> {
        deserializer.deserialize_any(OrderVisitor)
    }
}

struct OrderVisitor;

impl<'de> Visitor<'de> for OrderVisitor {
    type Value = StringOrder;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a string order or an object with its `type`")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<StringOrder, E> {
        name.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StringOrder, A::Error> {
        let mut order = None;
        while let Some(key) = map.next_key::<String>()? {
            if key == "type" {
                order = Some(map.next_value::<String>()?);
            } else {
                map.next_value::<de::IgnoredAny>()?;
            }
        }
        order.ok_or_else(|| de::Error::missing_field("type"))?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;

//! Stored form of an accumulated value: a tag, then the value.

use std::sync::Arc;

use aggregate::Error;

use crate::expr::{ArrayValue, Kind, Scalar};

const NULL: u8 = 0;
const LONG: u8 = 1;
const DOUBLE: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const JSON: u8 = 5;

/// Appends the form: numbers in 8 bytes, little endian; texts and arrays after their length in 4 bytes, arrays with
/// the tag of their kind before it.
pub(super) fn encode(value: &Scalar<'_>, out: &mut Vec<u8>) {
    match value {
        Scalar::Null => out.push(NULL),
        Scalar::Long(value) => {
            out.push(LONG);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Scalar::Double(value) => {
            out.push(DOUBLE);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Scalar::Text(text) => {
            out.push(TEXT);
            length(text.len(), out);
            out.extend_from_slice(text.as_bytes());
        }
        Scalar::Json(text) => {
            out.push(JSON);
            length(text.len(), out);
            out.extend_from_slice(text.as_bytes());
        }
        Scalar::Array(array) => {
            out.extend_from_slice(&[ARRAY, tag_of(array.kind)]);
            length(array.items.len(), out);
            array.items.iter().for_each(|item| encode(item, out));
        }
    }
}

/// Bytes of the form.
pub(super) fn size_bytes(value: &Scalar<'_>) -> usize {
    match value {
        Scalar::Null => 1,
        Scalar::Long(_) | Scalar::Double(_) => 9,
        Scalar::Text(text) | Scalar::Json(text) => 5 + text.len(),
        Scalar::Array(array) => 6 + array.items.iter().map(size_bytes).sum::<usize>(),
    }
}

pub(super) fn decode(bytes: &[u8]) -> aggregate::Result<Scalar<'static>> {
    let mut rest = bytes;
    let value = read(&mut rest).filter(|_| rest.is_empty());
    value.ok_or_else(|| Error::Corrupt { what: "expression", reason: "is no accumulated value".into() })
}

fn read(rest: &mut &[u8]) -> Option<Scalar<'static>> {
    Some(match take::<1>(rest)? {
        [NULL] => Scalar::Null,
        [LONG] => Scalar::Long(i64::from_le_bytes(take(rest)?)),
        [DOUBLE] => Scalar::Double(f64::from_le_bytes(take(rest)?)),
        [TEXT] => Scalar::text(text(rest)?.to_owned()),
        [JSON] => Scalar::Json(text(rest)?.to_owned().into()),
        [ARRAY] => {
            let kind = kind_of(take::<1>(rest)?)?;
            let num_items = u32::from_le_bytes(take(rest)?);
            // An item has at least one byte, so what is cut short ends early.
            let items = (0..num_items).map(|_| read(rest).filter(|item| !matches!(item, Scalar::Array(_))));
            Scalar::Array(Arc::new(ArrayValue { kind, items: items.collect::<Option<_>>()? }))
        }
        _ => return None,
    })
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let length = u32::from_le_bytes(take(rest)?) as usize;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    std::str::from_utf8(text).ok()
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*taken)
}

fn length(length: usize, out: &mut Vec<u8>) {
    // Sizes are held below `maxSizeBytes`, which fits.
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

fn tag_of(kind: Kind) -> u8 {
    match kind {
        Kind::Long => LONG,
        Kind::Double => DOUBLE,
        Kind::Text => TEXT,
        Kind::Json => JSON,
    }
}

fn kind_of(tag: [u8; 1]) -> Option<Kind> {
    match tag {
        [LONG] => Some(Kind::Long),
        [DOUBLE] => Some(Kind::Double),
        [TEXT] => Some(Kind::Text),
        [JSON] => Some(Kind::Json),
        _ => None,
    }
}

//! Strings with escapes.

use crate::parse::short::special;

/// Position, from `at` on, of the first byte that ends a string or is not plain, or of the end of the text.
#[inline]
pub(super) fn plain_end(text: &[u8], mut at: usize) -> usize {
    while let Some(bytes) = text.get(at..).and_then(|rest| rest.first_chunk()) {
        let found = special(u64::from_le_bytes(*bytes));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20).unwrap_or(rest.len())
}

/// Length of the rest of a string, its closing quote included; `None` when it is not well formed or not UTF-8.
pub(super) fn len(text: &[u8]) -> Option<usize> {
    let mut at = plain_end(text, 0);
    loop {
        at = match *text.get(at)? {
            b'"' => break,
            b'\\' => match *text.get(at + 1)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => plain_end(text, at + 2),
                b'u' if text.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => plain_end(text, at + 6),
                _ => return None,
            },
            _ => return None,
        }
    }
    std::str::from_utf8(text.get(..at)?).ok().map(|_| at + 1)
}

/// Appends the rest of a string to `out` and answers its length as [`len`] does. `None` also when it has half a
/// surrogate pair; bytes beyond ASCII are copied as they are.
pub(super) fn unescape(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let mut at = 0;
    loop {
        let end = plain_end(text, at);
        out.extend_from_slice(text.get(at..end)?);
        match *text.get(end)? {
            b'"' => return Some(end + 1),
            b'\\' => {}
            _ => return None,
        }
        at = end + 2;
        out.push(match *text.get(end + 1)? {
            plain @ (b'"' | b'\\' | b'/') => plain,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let (character, len) = unicode(text.get(at..)?)?;
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                at += len;
                continue;
            }
            _ => return None,
        });
    }
}

/// The character behind `\u`, which may be written as two escapes, and its length.
fn unicode(text: &[u8]) -> Option<(char, usize)> {
    let first = hex(text)?;
    if !(0xd800..0xdc00).contains(&first) {
        return Some((char::from_u32(first)?, 4));
    }
    let second = hex(text.get(4..)?.strip_prefix(b"\\u")?).filter(|unit| (0xdc00..0xe000).contains(unit))?;
    Some((char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))?, 10))
}

fn hex(text: &[u8]) -> Option<u32> {
    text.first_chunk::<4>()?.iter().try_fold(0, |unit, &byte| Some(unit << 4 | char::from(byte).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;

    use super::*;

    const PARTS: [&str; 20] = [
        "a",
        "\\n",
        "\\\"",
        "\\u00e4",
        "\\u00g4",
        "\\ud800",
        "\\udc00",
        "\\uD83d\\uDE00",
        "\\u0000",
        "\\x",
        "\\",
        "\n",
        "\u{7f}",
        "ä",
        "\"",
        "\\/\\b\\f\\r\\t",
        "plain words",
        "\\u+123",
        "\\uffff",
        "\u{1f600}",
    ];

    fn strings() -> impl Iterator<Item = String> {
        let of_three = |a| PARTS.iter().flat_map(move |b| PARTS.iter().map(move |c| format!("{a}{b}{c}\"")));
        PARTS.iter().flat_map(of_three)
    }

    #[test]
    fn a_string_with_escapes_ends_where_the_other_way_finds_its_end() {
        for text in strings() {
            let whole = format!("\"{text}");
            let mut other = serde_json::Deserializer::from_str(&whole).into_iter::<IgnoredAny>();
            let wanted = other.next().and_then(Result::ok).map(|_| other.byte_offset() - 1);
            assert_eq!(len(text.as_bytes()), wanted, "{whole}");
        }
        assert_eq!(len(b"\xff\""), None);
    }

    #[test]
    fn a_string_with_escapes_is_what_the_other_way_makes_of_it() {
        let mut out = Vec::new();
        for text in strings() {
            out.clear();
            let whole = format!("\"{text}");
            let mut other = serde_json::Deserializer::from_str(&whole).into_iter::<String>();
            let wanted = other.next().and_then(Result::ok).map(|text| (text.into_bytes(), other.byte_offset() - 1));
            assert_eq!(unescape(text.as_bytes(), &mut out).map(|len| (out.clone(), len)), wanted, "{whole}");
        }
    }
}

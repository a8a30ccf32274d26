//! Passing over values that no column wants.

/// Whether no value of a well-formed text is nested deeper than `most` levels.
pub(crate) fn is_shallow(text: &[u8], most: usize) -> bool {
    let mut depth = 0usize;
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'"' => at = end_of_string(text, at + 1),
            b'{' | b'[' => {
                depth += 1;
                if depth > most {
                    return false;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    true
}

/// Position of the quote that ends a string.
fn end_of_string(text: &[u8], mut at: usize) -> usize {
    while let Some(found) = memchr::memchr2(b'"', b'\\', text.get(at..).unwrap_or_default()) {
        at += found;
        if text[at] == b'"' {
            return at;
        }
        at += 2;
    }
    text.len()
}

/// Length of the rest of a string, its closing quote included, that may have escapes; `None` when it is not well formed
/// or not UTF-8.
pub(super) fn escaped(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match *text.get(at)? {
            b'"' => break,
            b'\\' => match *text.get(at + 1)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at += 2,
                b'u' if text.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => at += 6,
                _ => return None,
            },
            0..0x20 => return None,
            _ => at += 1,
        }
    }
    std::str::from_utf8(text.get(..at)?).ok().map(|_| at + 1)
}

/// Length of the nested value that the text begins with; `None` when it is not well formed, not
/// UTF-8, or nested deeper than `most` levels.
pub(super) fn nested(text: &[u8], most: usize) -> Option<usize> {
    let mut stream = serde_json::Deserializer::from_slice(text).into_iter::<serde::de::IgnoredAny>();
    stream.next()?.ok()?;
    let len = stream.byte_offset();
    let value = &text[..len];
    (std::str::from_utf8(value).is_ok() && is_shallow(value, most)).then_some(len)
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;

    use super::*;

    #[test]
    fn a_string_with_escapes_ends_where_the_other_way_finds_its_end() {
        let parts = ["a", "\\n", "\\\"", "\\u00e4", "\\u00g4", "\\ud800", "\\x", "\\", "\n", "\u{7f}", "ä", "\""];
        for (a, b, c) in parts.iter().flat_map(|a| parts.iter().flat_map(move |b| parts.map(|c| (*a, *b, c)))) {
            let text = format!("{a}{b}{c}");
            let whole = format!("\"{text}");
            let mut other = serde_json::Deserializer::from_str(&whole).into_iter::<IgnoredAny>();
            let wanted = other.next().and_then(Result::ok).map(|_| other.byte_offset() - 1);
            assert_eq!(escaped(text.as_bytes()), wanted, "{whole}");
        }
        assert_eq!(escaped(b"\xff\""), None);
    }
}

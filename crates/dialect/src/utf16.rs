//! Text measured in UTF-16 code units, as Java does, over UTF-8 strings.

/// Bytes of code units that need no memory of their own.
const SHORT: usize = 256;

/// Hands on the UTF-16 code units of a text, each low byte first.
pub fn with_bytes<T>(text: &str, take: impl FnOnce(&[u8]) -> T) -> T {
    if !text.is_ascii() {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        return take(&bytes);
    }
    let (mut short, mut long) = ([0; SHORT], Vec::new());
    let num_bytes = text.len() * 2;
    let bytes = match short.get_mut(..num_bytes) {
        Some(bytes) => bytes,
        None => {
            long.resize(num_bytes, 0);
            &mut long[..]
        }
    };
    bytes.as_chunks_mut::<2>().0.iter_mut().zip(text.bytes()).for_each(|(unit, byte)| *unit = [byte, 0]);
    take(bytes)
}

/// Number of UTF-16 code units.
pub fn len(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.chars().map(char::len_utf16).sum()
}

/// The part of `text` from code unit `start` to code unit `end` (exclusive), both clipped to the
/// text. A character whose surrogate pair is cut by a bound is kept whole when its first half is
/// inside, and left out otherwise, because half a pair cannot be written.
pub fn slice(text: &str, start: usize, end: usize) -> &str {
    if start >= end {
        return "";
    }
    let from = byte_of(text, start);
    let to = byte_of(text, end);
    text.get(from..to).unwrap_or("")
}

/// Byte position of the first character that begins at or after code unit `unit`.
pub fn byte_of(text: &str, unit: usize) -> usize {
    if text.is_ascii() {
        return unit.min(text.len());
    }
    let mut units = 0;
    for (byte, c) in text.char_indices() {
        if units >= unit {
            return byte;
        }
        units += c.len_utf16();
    }
    text.len()
}

/// Code unit position of the character at byte `byte` (a character boundary).
pub fn unit_of(text: &str, byte: usize) -> usize {
    text.get(..byte).map_or_else(|| len(text), len)
}

/// Position in code units of `needle` in `text`, searched from code unit `from`.
pub fn find(text: &str, needle: &str, from: usize) -> Option<usize> {
    let start = byte_of(text, from);
    let at = text.get(start..)?.find(needle)?;
    Some(unit_of(text, start + at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_cuts_by_code_unit() {
        assert_eq!(len("abc"), 3);
        assert_eq!(len("é😀x"), 4);
        assert_eq!(slice("hello", 1, 3), "el");
        assert_eq!(slice("é😀x", 1, 3), "😀");
        assert_eq!(slice("é😀x", 3, 9), "x");
        assert_eq!(slice("é😀x", 2, 3), "", "the second half alone");
        assert_eq!(slice("é😀x", 0, 2), "é😀", "the first half keeps it whole");
        assert_eq!(slice("abc", 5, 9), "");
        assert_eq!(slice("abc", 2, 1), "");
    }

    #[test]
    fn code_units_are_handed_on_low_byte_first() {
        for text in ["", "abc", "é😀x", &"a".repeat(127), &"b".repeat(128), &"c".repeat(129), &"é".repeat(200)] {
            let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert_eq!(with_bytes(text, <[u8]>::to_vec), units, "{text}");
        }
    }

    #[test]
    fn finds_in_code_units() {
        assert_eq!(find("😀ab", "b", 0), Some(3));
        assert_eq!(find("abab", "ab", 1), Some(2));
        assert_eq!(find("abab", "x", 0), None);
        assert_eq!(find("ab", "", 9), Some(2));
        assert_eq!(unit_of("é😀x", 6), 3);
    }
}

//! A place in a text of JSON.

use super::{escape, number, tree};
use crate::parse::cell::Cell;
use crate::parse::short::Short;

/// Where the scanner stands in a record.
pub(super) struct Cursor<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
}

/// The record needs the other way.
pub(super) struct GiveUp;

/// A string without escapes, not checked to be UTF-8.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) bytes: &'a [u8],
    /// The same, where it is short.
    pub(crate) short: Option<Short>,
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.text[self.at..]
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline]
    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    #[inline]
    pub(super) fn white(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    pub(super) fn word(&mut self, word: &[u8]) -> Result<(), GiveUp> {
        if !self.rest().starts_with(word) {
            return Err(GiveUp);
        }
        self.at += word.len();
        Ok(())
    }

    /// Nothing may follow the object.
    pub(super) fn end(&mut self) -> Result<(), GiveUp> {
        self.white();
        if self.at == self.text.len() { Ok(()) } else { Err(GiveUp) }
    }

    /// A string without escapes, up to its closing quote, which is passed.
    #[inline(always)]
    pub(super) fn string(&mut self) -> Result<Text<'a>, GiveUp> {
        let rest = self.rest();
        let found = match rest.first_chunk() {
            Some(window) => Short::scan(window),
            None => {
                let mut window = [0; Short::MAX];
                window[..rest.len()].copy_from_slice(rest);
                Short::scan(&window)
            }
        };
        let Some(short) = found else { return self.long_string() };
        if rest.get(short.len()) != Some(&b'"') {
            return Err(GiveUp);
        }
        self.at += short.len() + 1;
        Ok(Text { bytes: &rest[..short.len()], short: Some(short) })
    }

    fn long_string(&mut self) -> Result<Text<'a>, GiveUp> {
        let start = self.at;
        let end = escape::plain_end(self.text, start + Short::MAX);
        self.close(start, end)
    }

    fn close(&mut self, start: usize, end: usize) -> Result<Text<'a>, GiveUp> {
        if self.text.get(end) != Some(&b'"') {
            return Err(GiveUp);
        }
        self.at = end + 1;
        Ok(Text { bytes: &self.text[start..end], short: None })
    }

    /// A string, up to its closing quote, which is passed; one with escapes is written to `out`.
    #[inline(always)]
    pub(super) fn any_string<'o>(&mut self, out: &'o mut Vec<u8>) -> Result<Text<'o>, GiveUp>
    where
        'a: 'o,
    {
        match self.string() {
            Ok(text) => Ok(text),
            Err(GiveUp) => self.string_with_escapes(out),
        }
    }

    #[inline(never)]
    fn string_with_escapes<'o>(&mut self, out: &'o mut Vec<u8>) -> Result<Text<'o>, GiveUp> {
        out.clear();
        self.at += escape::unescape(self.rest(), out).ok_or(GiveUp)?;
        Ok(Text { bytes: out, short: Short::of(out) })
    }

    /// Passes over a string that no column wants, behind its opening quote.
    pub(super) fn rest_of_string(&mut self) -> Result<(), GiveUp> {
        let Ok(text) = self.string() else {
            self.at += escape::len(self.rest()).ok_or(GiveUp)?;
            return Ok(());
        };
        check(&text)
    }

    /// The value from `start` to here, which was passed over.
    pub(super) fn cell(&self, start: usize) -> Result<Cell<'a>, GiveUp> {
        let text = std::str::from_utf8(&self.text[start..self.at]).map_err(|_| GiveUp)?;
        tree::cell(text).map_err(|_| GiveUp)
    }

    /// The name of a field behind a comma, with its colon, when there is no white space around them.
    #[inline(always)]
    pub(super) fn next_name(&mut self) -> Option<Text<'a>> {
        let rest = self.rest();
        let short = Short::scan(rest.get(2..)?.first_chunk()?)?;
        let end = short.len() + 2;
        let &[quote, colon, first] = rest.get(end..)?.first_chunk()?;
        if rest[..2] != *b",\"" || [quote, colon] != *b"\":" || first <= b' ' {
            return None;
        }
        self.at += end + 2;
        Some(Text { bytes: &rest[2..end], short: Some(short) })
    }

    /// The name of a field, its colon and the white space around it. A name with escapes needs the other way.
    pub(super) fn name(&mut self) -> Result<Text<'a>, GiveUp> {
        if self.next() != Some(b'"') {
            return Err(GiveUp);
        }
        let name = self.string()?;
        self.colon()?;
        Ok(name)
    }

    fn colon(&mut self) -> Result<(), GiveUp> {
        self.white();
        if self.next() != Some(b':') {
            return Err(GiveUp);
        }
        self.white();
        Ok(())
    }

    /// Goes into a list or object, before its first item; false when it has none, and then it is passed.
    pub(super) fn open(&mut self) -> bool {
        let end = if self.peek() == Some(b'{') { b'}' } else { b']' };
        self.at += 1;
        self.white();
        let is_empty = self.peek() == Some(end);
        self.at += usize::from(is_empty);
        !is_empty
    }

    /// Goes on behind an item to the next one; false when what has the item ends, by `end`, and is passed.
    pub(super) fn another(&mut self, end: u8) -> Result<bool, GiveUp> {
        self.white();
        match self.next() {
            Some(b',') => {
                self.white();
                Ok(true)
            }
            Some(byte) if byte == end => Ok(false),
            _ => Err(GiveUp),
        }
    }

    /// Passes over a value that no column wants, nested so deep at most; it must be well formed all the same.
    pub(super) fn skip_value(&mut self, most: usize) -> Result<(), GiveUp> {
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                self.rest_of_string()
            }
            Some(b'0'..=b'9' | b'-') => {
                self.at += number::parse(self.rest()).ok_or(GiveUp)?.1;
                Ok(())
            }
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b'[') => self.skip_list(most.checked_sub(1).ok_or(GiveUp)?),
            Some(b'{') => self.skip_object(most.checked_sub(1).ok_or(GiveUp)?),
            _ => Err(GiveUp),
        }
    }

    fn skip_list(&mut self, most: usize) -> Result<(), GiveUp> {
        let mut goes_on = self.open();
        while goes_on {
            self.skip_value(most)?;
            goes_on = self.another(b']')?;
        }
        Ok(())
    }

    fn skip_object(&mut self, most: usize) -> Result<(), GiveUp> {
        let mut goes_on = self.open();
        while goes_on {
            if self.next() != Some(b'"') {
                return Err(GiveUp);
            }
            self.rest_of_string()?;
            self.colon()?;
            self.skip_value(most)?;
            goes_on = self.another(b'}')?;
        }
        Ok(())
    }
}

/// The bytes must be UTF-8.
#[inline]
pub(super) fn check(text: &Text<'_>) -> Result<(), GiveUp> {
    if text.short.is_some_and(|short| short.is_ascii()) {
        return Ok(());
    }
    std::str::from_utf8(text.bytes).map(|_| ()).map_err(|_| GiveUp)
}

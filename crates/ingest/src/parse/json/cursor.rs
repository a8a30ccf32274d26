//! A place in a text of JSON.

use super::{MAX_DEPTH, number, skip};
use crate::parse::short::{Short, special};

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
        let mut at = start + Short::MAX;
        while let Some(chunk) = self.text.get(at..at + 8) {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            let found = special(u64::from_le_bytes(word));
            if found != 0 {
                return self.close(start, at + found.trailing_zeros() as usize / 8);
            }
            at += 8;
        }
        while let Some(&byte) = self.text.get(at) {
            if byte == b'"' || byte == b'\\' || byte < 0x20 {
                return self.close(start, at);
            }
            at += 1;
        }
        Err(GiveUp)
    }

    fn close(&mut self, start: usize, end: usize) -> Result<Text<'a>, GiveUp> {
        if self.text[end] != b'"' {
            return Err(GiveUp);
        }
        self.at = end + 1;
        Ok(Text { bytes: &self.text[start..end], short: None })
    }

    /// Passes over a string that no column wants, behind its opening quote.
    pub(super) fn rest_of_string(&mut self) -> Result<(), GiveUp> {
        let Ok(text) = self.string() else {
            self.at += skip::escaped(self.rest()).ok_or(GiveUp)?;
            return Ok(());
        };
        std::str::from_utf8(text.bytes).map(|_| ()).map_err(|_| GiveUp)
    }

    /// Passes over a value that no column wants; it must be well formed all the same.
    pub(super) fn skip_value(&mut self) -> Result<(), GiveUp> {
        self.skip_value_within(MAX_DEPTH - 1)
    }

    /// The same for a value that may be nested so deep.
    pub(super) fn skip_value_within(&mut self, most: usize) -> Result<(), GiveUp> {
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
            Some(b'[') if self.flat_list().is_some() => Ok(()),
            Some(b'[' | b'{') => {
                self.at += skip::nested(self.rest(), most).ok_or(GiveUp)?;
                Ok(())
            }
            _ => Err(GiveUp),
        }
    }

    /// Passes over a list without lists or objects in it; stays where it is when there is none.
    fn flat_list(&mut self) -> Option<()> {
        let mut ahead = Cursor { text: self.text, at: self.at + 1 };
        ahead.white();
        if ahead.peek() == Some(b']') {
            self.at = ahead.at + 1;
            return Some(());
        }
        loop {
            ahead.white();
            if matches!(ahead.peek(), Some(b'[' | b'{')) {
                return None;
            }
            ahead.skip_value().ok()?;
            ahead.white();
            match ahead.next()? {
                b',' => {}
                b']' => {
                    self.at = ahead.at;
                    return Some(());
                }
                _ => return None,
            }
        }
    }
}

//! An answer as JSON bytes, a chunk at a time.

use crate::Result;

/// Bytes after which a chunk is handed on.
pub(crate) const CHUNK_BYTES: usize = 64 * 1024;

/// Elements of the JSON array that every answer is.
pub(crate) trait Rows: Send {
    /// Writes some elements; false when there are no more.
    fn write(&mut self, out: &mut Elements<'_>) -> Result<bool>;
}

/// The array being written. `next` puts the comma where one is due.
pub(crate) struct Elements<'a> {
    bytes: &'a mut Vec<u8>,
    started: &'a mut bool,
}

impl<'a> Elements<'a> {
    pub fn new(bytes: &'a mut Vec<u8>, started: &'a mut bool) -> Self {
        Self { bytes, started }
    }

    /// Where the next element goes.
    pub fn next(&mut self) -> &mut Vec<u8> {
        if std::mem::replace(self.started, true) {
            self.bytes.push(b',');
        }
        self.bytes
    }

    pub fn is_full(&self) -> bool {
        self.bytes.len() >= CHUNK_BYTES
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Start,
    Inside,
    End,
}

/// An answer being written. Work may still happen while it is: an error then leaves the array open, which is
/// how clients learn of it.
pub struct Answer {
    rows: Box<dyn Rows>,
    at: At,
    started: bool,
}

impl Answer {
    pub(crate) fn new(rows: impl Rows + 'static) -> Self {
        Self { rows: Box::new(rows), at: At::Start, started: false }
    }

    /// Appends the next bytes, about 64 KiB. False, and nothing appended, when the answer is complete.
    pub fn next_chunk(&mut self, out: &mut Vec<u8>) -> Result<bool> {
        if self.at == At::End {
            return Ok(false);
        }
        let before = out.len();
        let mut chunk = Vec::with_capacity(1024);
        if self.at == At::Start {
            chunk.push(b'[');
        }
        loop {
            let mut elements = Elements::new(&mut chunk, &mut self.started);
            if !self.rows.write(&mut elements)? {
                chunk.push(b']');
                self.at = At::End;
                break;
            }
            self.at = At::Inside;
            if chunk.len() >= CHUNK_BYTES {
                break;
            }
        }
        out.append(&mut chunk);
        Ok(out.len() > before)
    }

    /// The whole answer.
    pub fn to_json(mut self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        while self.next_chunk(&mut out)? {}
        Ok(out)
    }

    /// Only the elements, for answers that nest others.
    pub(crate) fn into_rows(self) -> Box<dyn Rows> {
        self.rows
    }
}

/// Elements that are ready.
pub(crate) struct Ready(pub std::vec::IntoIter<Vec<u8>>);

impl Ready {
    pub fn new(elements: Vec<Vec<u8>>) -> Self {
        Self(elements.into_iter())
    }
}

impl Rows for Ready {
    fn write(&mut self, out: &mut Elements<'_>) -> Result<bool> {
        for element in self.0.by_ref() {
            out.next().extend_from_slice(&element);
            if out.is_full() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

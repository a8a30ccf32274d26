//! Codes of rows, as narrow as each block of them allows.

use std::ops::Range;
use std::sync::Arc;

use aggregate::Codes;
use arrow_array::{ArrayRef, UInt8Array, UInt16Array, UInt32Array};
use arrow_buffer::ScalarBuffer;

use super::open::Open;
use crate::VECTOR_ROWS;
use crate::codes::CodeWidth;
use crate::pieces::{Piece, narrowed};

/// Set in a row's code when it stands for a list of values.
pub(crate) const LIST: u32 = 1 << 31;

/// Integers of one, two or four bytes.
#[derive(Clone, Debug)]
enum Narrow {
    U8(ScalarBuffer<u8>),
    U16(ScalarBuffer<u16>),
    U32(ScalarBuffer<u32>),
}

impl Narrow {
    fn of(codes: &[u32]) -> Self {
        let max = codes.iter().fold(0, |max, code| *code.max(&max));
        match CodeWidth::for_len((max as usize).saturating_add(1)) {
            CodeWidth::One => Narrow::U8(codes.iter().map(|&code| code as u8).collect()),
            CodeWidth::Two => Narrow::U16(codes.iter().map(|&code| code as u16).collect()),
            CodeWidth::Four => Narrow::U32(codes.to_vec().into()),
        }
    }

    fn codes(&self) -> Codes<'_> {
        match self {
            Narrow::U8(codes) => Codes::U8(codes),
            Narrow::U16(codes) => Codes::U16(codes),
            Narrow::U32(codes) => Codes::U32(codes),
        }
    }

    fn width(&self) -> CodeWidth {
        match self {
            Narrow::U8(_) => CodeWidth::One,
            Narrow::U16(_) => CodeWidth::Two,
            Narrow::U32(_) => CodeWidth::Four,
        }
    }

    /// Without copying.
    fn array(&self, rows: Range<usize>) -> ArrayRef {
        match self {
            Narrow::U8(codes) => Arc::new(UInt8Array::new(codes.slice(rows.start, rows.len()), None)),
            Narrow::U16(codes) => Arc::new(UInt16Array::new(codes.slice(rows.start, rows.len()), None)),
            Narrow::U32(codes) => Arc::new(UInt32Array::new(codes.slice(rows.start, rows.len()), None)),
        }
    }
}

/// The codes of `VECTOR_ROWS` rows that do not change any more.
#[derive(Clone)]
struct Block {
    codes: Narrow,
    /// Of rows of which some have lists: twice the code, and one more for a list.
    is_marked: bool,
}

impl Block {
    fn of(codes: Vec<u32>) -> Self {
        let is_marked = codes.iter().fold(0, |all, code| all | code) & LIST != 0;
        if !is_marked {
            return Self { codes: Narrow::of(&codes), is_marked };
        }
        Self { codes: Narrow::of(&codes.iter().map(|code| marked(*code)).collect::<Vec<u32>>()), is_marked }
    }

    #[inline]
    fn get(&self, at: usize) -> u32 {
        let code = self.codes.codes().get(at);
        if self.is_marked { unmarked(code) } else { code }
    }

    fn extend(&self, rows: Range<usize>, out: &mut Vec<u32>) {
        let is_marked = self.is_marked;
        let code = |code: u32| if is_marked { unmarked(code) } else { code };
        match self.codes.codes().slice(rows.start, rows.end) {
            Codes::U8(codes) => out.extend(codes.iter().map(|&one| code(one.into()))),
            Codes::U16(codes) => out.extend(codes.iter().map(|&one| code(one.into()))),
            Codes::U32(codes) => out.extend(codes.iter().map(|&one| code(one))),
        }
    }
}

/// The mark of a list moves from the highest bit to the lowest.
fn marked(code: u32) -> u32 {
    code.rotate_left(1)
}

fn unmarked(code: u32) -> u32 {
    code.rotate_right(1)
}

/// Full blocks and an open one. Clones see the rows of their moment; only one of them may go on to write.
pub(crate) struct CodeRows {
    full: Arc<Vec<Block>>,
    open: Open<u32>,
    len: usize,
}

impl CodeRows {
    pub(crate) fn new() -> Self {
        Self { full: Arc::default(), open: Open::default(), len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn extend(&mut self, mut codes: impl ExactSizeIterator<Item = u32>) {
        while codes.len() > 0 {
            let at = self.len % VECTOR_ROWS;
            if at == self.open.num_cells() {
                self.open.grow(self.full.is_empty(), VECTOR_ROWS);
            }
            self.len += self.open.write(at, &mut codes);
            if self.len.is_multiple_of(VECTOR_ROWS) {
                self.close();
            }
        }
    }

    #[cold]
    fn close(&mut self) {
        Arc::make_mut(&mut self.full).push(Block::of(self.open.read(0..VECTOR_ROWS).collect()));
        self.open = Open::default();
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let full: usize = self.full.iter().map(|block| block.codes.width().bytes() * VECTOR_ROWS).sum();
        full + self.open.memory_bytes()
    }

    /// What readers keep: the rows of now.
    pub(crate) fn view(&self) -> Self {
        Self { full: self.full.clone(), open: self.open.clone(), len: self.len }
    }

    /// Panics when the row is out of bounds.
    pub(crate) fn get(&self, row: usize) -> u32 {
        assert!(row < self.len, "row {row} of {}", self.len);
        match self.full.get(row / VECTOR_ROWS) {
            Some(block) => block.get(row % VECTOR_ROWS),
            None => self.open.get(row % VECTOR_ROWS),
        }
    }

    /// Panics when the rows are out of bounds.
    pub(crate) fn read(&self, rows: Range<usize>) -> Vec<u32> {
        assert!(rows.start <= rows.end && rows.end <= self.len, "rows {rows:?} of {}", self.len);
        let mut codes = Vec::with_capacity(rows.len());
        let mut at = rows.start;
        while at < rows.end {
            let start = at % VECTOR_ROWS;
            let end = VECTOR_ROWS.min(start + rows.end - at);
            match self.full.get(at / VECTOR_ROWS) {
                Some(block) => block.extend(start..end, &mut codes),
                None => codes.extend(self.open.read(start..end)),
            }
            at += end - start;
        }
        codes
    }

    /// Codes that no row has for a list, at a width that holds all; without copying when they lie in one full block
    /// that is as wide. Panics when the rows are out of bounds.
    pub(super) fn read_at(&self, rows: Range<usize>, width: CodeWidth) -> ArrayRef {
        if let Some(block) = self.full.get(rows.start / VECTOR_ROWS) {
            let start = rows.start % VECTOR_ROWS;
            if start + rows.len() <= VECTOR_ROWS && block.codes.width() == width && !block.is_marked {
                return block.codes.array(start..start + rows.len());
            }
        }
        narrowed(&self.read(rows), width, None)
    }

    pub(crate) fn take(&self, rows: &[u32]) -> Vec<u32> {
        rows.iter().map(|&row| self.get(row as usize)).collect()
    }

    /// The codes of all rows, marked in the lowest bit.
    pub(super) fn marked(&self) -> Vec<Piece> {
        let full = self.full.iter().map(|block| {
            let times = if block.is_marked { 1 } else { 2 };
            Piece { stored: block.codes.array(0..VECTOR_ROWS), times, plus: 0 }
        });
        let open: Vec<u32> = self.open.read(0..self.len % VECTOR_ROWS).map(marked).collect();
        let open = (!open.is_empty()).then(|| Piece::plain(Narrow::of(&open).array(0..open.len())));
        full.chain(open).collect()
    }
}

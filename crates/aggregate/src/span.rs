//! A range of rows of one vector, with their groups and mask.

use crate::input::{Groups, Rows};

/// Rows `start..end` of a vector. `start` is a multiple of 64.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    /// Group that id 0 stands for.
    pub base: usize,
    /// Ids of the whole vector.
    pub groups: Groups<'a>,
    /// Mask of the whole vector.
    pub rows: Rows<'a>,
    pub start: usize,
    pub end: usize,
    /// Whether this pass should load the records ahead of use.
    pub prefetch: bool,
}

impl<'a> Span<'a> {
    pub fn num_rows(&self) -> usize {
        self.end - self.start
    }

    /// The mask of the span's own rows: bit 0 is row `start`.
    pub fn local_rows(&self) -> Rows<'a> {
        match self.rows {
            Rows::All => Rows::All,
            Rows::Mask(words) => Rows::Mask(&words[self.start / 64..self.end.div_ceil(64)]),
        }
    }

    /// The ids of the span's own rows.
    pub fn local_groups(&self) -> Groups<'a> {
        let range = self.start..self.end;
        match self.groups {
            Groups::One => Groups::One,
            Groups::U8(ids) => Groups::U8(&ids[range]),
            Groups::U16(ids) => Groups::U16(&ids[range]),
            Groups::U32(ids) => Groups::U32(&ids[range]),
        }
    }
}

/// Calls `visit` with every row below `num_rows` that counts.
#[inline]
pub fn for_each_row(num_rows: usize, rows: Rows<'_>, mut visit: impl FnMut(usize)) {
    match rows {
        Rows::All => (0..num_rows).for_each(visit),
        Rows::Mask(words) => {
            for (at, &word) in words.iter().enumerate() {
                let mut word = word;
                while word != 0 {
                    visit(at * 64 + word.trailing_zeros() as usize);
                    word &= word - 1;
                }
            }
        }
    }
}

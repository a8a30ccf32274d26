//! Integers of rows, in one piece or in blocks.

use std::ops::Range;
use std::sync::Arc;

use aggregate::Codes;
use arrow_array::{Array, ArrayRef, UInt8Array, UInt16Array, UInt32Array};
use arrow_buffer::NullBuffer;

use crate::VECTOR_ROWS;
use crate::batch_view::take_rows;
use crate::codes::{CodeWidth, codes_of};

/// A block: its integers stand for `times * stored + plus`.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub stored: ArrayRef,
    pub times: u32,
    pub plus: u32,
}

impl Piece {
    pub fn plain(stored: ArrayRef) -> Self {
        Self { stored, times: 1, plus: 0 }
    }
}

/// `UInt8Array`, `UInt16Array` or `UInt32Array`, with Arrow nulls; blocks may be narrower than others.
#[derive(Clone, Debug)]
pub(crate) enum Pieces {
    One(ArrayRef),
    /// All of `VECTOR_ROWS` but the last. `width` holds every integer.
    Blocks {
        blocks: Arc<[Piece]>,
        len: usize,
        width: CodeWidth,
        has_nulls: bool,
    },
}

impl Pieces {
    /// Blocks of `VECTOR_ROWS`, the last of which may be shorter; no integer is above `max`.
    pub fn blocks(blocks: Vec<Piece>, max: u32) -> Self {
        let len = blocks.iter().map(|piece| piece.stored.len()).sum();
        let has_nulls = blocks.iter().any(|piece| piece.stored.null_count() > 0);
        let width = CodeWidth::for_len((max as usize).saturating_add(1));
        Pieces::Blocks { blocks: blocks.into(), len, width, has_nulls }
    }

    pub fn len(&self) -> usize {
        match self {
            Pieces::One(array) => array.len(),
            Pieces::Blocks { len, .. } => *len,
        }
    }

    pub fn has_nulls(&self) -> bool {
        match self {
            Pieces::One(array) => array.null_count() > 0,
            Pieces::Blocks { has_nulls, .. } => *has_nulls,
        }
    }

    /// What holds every integer.
    pub fn width(&self) -> CodeWidth {
        match self {
            Pieces::Blocks { width, .. } => *width,
            Pieces::One(array) => match codes_of(array.as_ref()) {
                Some(Codes::U8(_)) => CodeWidth::One,
                Some(Codes::U16(_)) => CodeWidth::Two,
                Some(Codes::U32(_)) | None => CodeWidth::Four,
            },
        }
    }

    /// The integer of a row. Panics when it is out of bounds.
    pub fn get(&self, row: usize) -> u32 {
        match self {
            Pieces::One(array) => codes_of(array.as_ref()).map_or(0, |stored| stored.get(row)),
            Pieces::Blocks { blocks, .. } => {
                let Piece { stored, times, plus } = &blocks[row / VECTOR_ROWS];
                let stored = codes_of(stored.as_ref()).map_or(0, |stored| stored.get(row % VECTOR_ROWS));
                stored.wrapping_mul(*times).wrapping_add(*plus)
            }
        }
    }

    /// A range of rows, without copying where they lie in one plain block. Panics when it is out of bounds.
    pub fn read(&self, rows: Range<usize>) -> ArrayRef {
        let (blocks, width) = match self {
            Pieces::One(array) => return array.slice(rows.start, rows.len()),
            Pieces::Blocks { blocks, width, .. } => (blocks, *width),
        };
        let start = rows.start % VECTOR_ROWS;
        if let Some(Piece { stored, times: 1, plus: 0 }) = blocks.get(rows.start / VECTOR_ROWS)
            && start + rows.len() <= stored.len()
        {
            return stored.slice(start, rows.len());
        }
        let mut all = Vec::with_capacity(rows.len());
        let mut nulls = Vec::new();
        let mut at = rows.start;
        while at < rows.end {
            let Piece { stored, times, plus } = &blocks[at / VECTOR_ROWS];
            let start = at % VECTOR_ROWS;
            let part = stored.slice(start, (stored.len() - start).min(rows.end - at));
            moved(codes_of(part.as_ref()).unwrap_or(Codes::U8(&[])), *times, *plus, &mut all);
            if self.has_nulls() {
                nulls.extend((0..part.len()).map(|row| part.is_valid(row)));
            }
            at += part.len();
        }
        narrowed(&all, width, self.has_nulls().then(|| nulls.into()))
    }

    /// Scattered rows. Panics when one is out of bounds.
    pub fn take(&self, rows: &[u32]) -> ArrayRef {
        let (blocks, width) = match self {
            Pieces::One(array) => return take_rows(array, rows),
            Pieces::Blocks { blocks, width, .. } => (blocks, *width),
        };
        let pieces: Vec<(Codes<'_>, &Piece)> =
            blocks.iter().map(|piece| (codes_of(piece.stored.as_ref()).unwrap_or(Codes::U8(&[])), piece)).collect();
        let place = |row: &u32| (*row as usize / VECTOR_ROWS, *row as usize % VECTOR_ROWS);
        let integer = |row: &u32| {
            let (block, at) = place(row);
            let (codes, piece) = pieces[block];
            codes.get(at).wrapping_mul(piece.times).wrapping_add(piece.plus)
        };
        let all: Vec<u32> = rows.iter().map(integer).collect();
        let is_valid = |row: &u32| blocks[place(row).0].stored.is_valid(place(row).1);
        narrowed(&all, width, self.has_nulls().then(|| rows.iter().map(is_valid).collect()))
    }

    /// All rows in one piece.
    pub fn whole(&self) -> ArrayRef {
        self.read(0..self.len())
    }
}

fn moved(stored: Codes<'_>, times: u32, plus: u32, out: &mut Vec<u32>) {
    let moved = |stored: u32| stored.wrapping_mul(times).wrapping_add(plus);
    match stored {
        Codes::U8(stored) => out.extend(stored.iter().map(|&stored| moved(stored.into()))),
        Codes::U16(stored) => out.extend(stored.iter().map(|&stored| moved(stored.into()))),
        Codes::U32(stored) => out.extend(stored.iter().map(|&stored| moved(stored))),
    }
}

/// Integers at a width that holds them.
pub(crate) fn narrowed(all: &[u32], width: CodeWidth, nulls: Option<NullBuffer>) -> ArrayRef {
    match width {
        CodeWidth::One => Arc::new(UInt8Array::new(all.iter().map(|&one| one as u8).collect(), nulls)),
        CodeWidth::Two => Arc::new(UInt16Array::new(all.iter().map(|&one| one as u16).collect(), nulls)),
        CodeWidth::Four => Arc::new(UInt32Array::new(all.to_vec().into(), nulls)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::widen;

    #[test]
    fn blocks_read_as_one_piece() {
        let len = 2 * VECTOR_ROWS + 700;
        let all: Vec<u32> = (0..len as u32).map(|row| row.wrapping_mul(2_654_435_761) % 200).collect();
        let (first, second) = (&all[..VECTOR_ROWS], &all[VECTOR_ROWS..2 * VECTOR_ROWS]);
        let third: Vec<Option<u32>> =
            all[2 * VECTOR_ROWS..].iter().map(|&one| Some(one).filter(|one| one % 3 > 0)).collect();
        let blocks = vec![
            Piece { stored: narrowed(first, CodeWidth::One, None), times: 10, plus: 5 },
            Piece::plain(narrowed(second, CodeWidth::One, None)),
            Piece::plain(Arc::new(third.iter().map(|one| one.map(|one| one as u16)).collect::<UInt16Array>())),
        ];
        let expected: Vec<Option<u32>> = (0..len)
            .map(|row| match row / VECTOR_ROWS {
                0 => Some(all[row] * 10 + 5),
                1 => Some(all[row]),
                _ => third[row - 2 * VECTOR_ROWS],
            })
            .collect();
        let pieces = Pieces::blocks(blocks, 2_000);
        assert!(pieces.has_nulls() && pieces.len() == len && pieces.width() == CodeWidth::Two);
        let same = |array: ArrayRef, expected: &[Option<u32>]| {
            let codes = widen(array.as_ref()).unwrap();
            (0..array.len()).all(|row| expected[row] == array.is_valid(row).then(|| codes[row]))
                && array.len() == expected.len()
        };
        for rows in [0..len, 0..10, 16_000..17_000, 16_384..32_768, 20_000..20_000, 32_700..len, len..len] {
            assert!(same(pieces.read(rows.clone()), &expected[rows]));
        }
        let rows = [0, 16_383, 16_384, 40, len as u32 - 1, 32_768];
        let taken: Vec<_> = rows.iter().map(|row| expected[*row as usize]).collect();
        assert!(same(pieces.take(&rows), &taken));
        assert!((0..len).all(|row| expected[row].is_none_or(|one| one == pieces.get(row))));
        let one = Pieces::One(pieces.whole());
        assert!(same(one.read(3..20_000), &expected[3..20_000]) && same(one.take(&rows), &taken));
    }
}

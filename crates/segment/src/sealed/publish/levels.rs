//! Which rows have a value, none or several: Parquet's levels.

use std::ops::Range;

use aggregate::Codes;
use arrow_buffer::{NullBuffer, OffsetBuffer};

use super::hybrid;

/// What rows hold beside codes.
pub(super) enum Levels {
    /// A value each, always.
    Required,
    /// A value each, or this code, which stands for null.
    NullCode(Option<u32>),
    /// A value each, or null.
    Nulls(Option<NullBuffer>),
    /// Lists, whose ends these are. A list of nothing but the code of null is a null itself.
    Lists { ends: OffsetBuffer<i32>, null: Option<u32> },
}

/// Levels of a list: null, empty, of a null, of a value.
const LISTS: [u32; 4] = [0, 1, 2, 3];

impl Levels {
    /// The codes of a range of rows that are values.
    pub(super) fn present(&self, codes: Codes<'_>, rows: Range<usize>) -> Vec<u32> {
        let null = match self {
            Levels::Required => None,
            Levels::Nulls(nulls) => match nulls.as_ref().filter(|nulls| nulls.null_count() > 0) {
                Some(nulls) => return rows.filter(|&row| nulls.is_valid(row)).map(|row| codes.get(row)).collect(),
                None => None,
            },
            Levels::NullCode(null) | Levels::Lists { null, .. } => *null,
        };
        let held = match self {
            Levels::Lists { ends, .. } => ends[rows.start] as usize..ends[rows.end] as usize,
            _ => rows,
        };
        let mut out = match codes {
            Codes::U8(codes) => codes[held].iter().map(|&code| code.into()).collect(),
            Codes::U16(codes) => codes[held].iter().map(|&code| code.into()).collect(),
            Codes::U32(codes) => codes[held].to_vec(),
        };
        if let Some(null) = null {
            out.retain(|code| *code != null);
        }
        out
    }

    /// The rows that are not null, of rows that are no lists and without a code of null.
    pub(super) fn valid(&self, rows: Range<usize>) -> impl Iterator<Item = usize> {
        let nulls = if let Levels::Nulls(nulls) = self { nulls.as_ref() } else { None };
        rows.filter(move |&row| nulls.is_none_or(|nulls| nulls.is_valid(row)))
    }

    /// Where a page of about so many values ends that starts at a row.
    pub(super) fn page_end(&self, start: usize, end: usize, num_values: usize) -> usize {
        match self {
            Levels::Lists { ends, .. } => {
                let most = ends[start].saturating_add(i32::try_from(num_values).unwrap_or(i32::MAX));
                let fit = ends[start + 1..=end].partition_point(|&at| at <= most).min(num_values);
                start + fit.max(1)
            }
            _ => end.min(start + num_values),
        }
    }

    /// Appends the levels of a page's rows; answers how many there are, and how many are of values.
    pub(super) fn write(&self, codes: Codes<'_>, rows: Range<usize>, out: &mut Vec<u8>) -> (usize, usize) {
        let num_rows = rows.len();
        match self {
            Levels::Required => (num_rows, num_rows),
            Levels::NullCode(None) | Levels::Nulls(None) => all_present(num_rows, out),
            Levels::NullCode(Some(null)) => single(rows.map(|row| u32::from(codes.get(row) != *null)), out),
            Levels::Nulls(Some(nulls)) => single(rows.map(|row| u32::from(nulls.is_valid(row))), out),
            Levels::Lists { ends, null } => lists(codes, &ends[rows.start..=rows.end], *null, out),
        }
    }
}

/// Appends what `write` does behind its length.
fn measured(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let len = (out.len() - at - 4) as u32;
    out[at..at + 4].copy_from_slice(&len.to_le_bytes());
}

fn all_present(num_rows: usize, out: &mut Vec<u8>) -> (usize, usize) {
    measured(out, |out| hybrid::repeat(1, num_rows, 1, out));
    (num_rows, num_rows)
}

fn single(levels: impl Iterator<Item = u32>, out: &mut Vec<u8>) -> (usize, usize) {
    let levels: Vec<u32> = levels.collect();
    measured(out, |out| hybrid::encode(&levels, 1, out));
    (levels.len(), levels.iter().sum::<u32>() as usize)
}

fn lists(codes: Codes<'_>, ends: &[i32], null: Option<u32>, out: &mut Vec<u8>) -> (usize, usize) {
    let [of_null, of_empty, of_null_item, of_value] = LISTS;
    let most = ends.len() + ends.last().zip(ends.first()).map_or(0, |(last, first)| (last - first) as usize);
    let (mut repeated, mut defined) = (Vec::with_capacity(most), Vec::with_capacity(most));
    let mut num_present = 0;
    for pair in ends.windows(2) {
        let (start, end) = (pair[0] as usize, pair[1] as usize);
        let is_null = |at: usize| Some(codes.get(at)) == null;
        if end - start <= 1 {
            repeated.push(0);
            defined.push(match end - start {
                0 => of_empty,
                _ if is_null(start) => of_null,
                _ => of_value,
            });
        } else {
            repeated.extend((start..end).map(|at| u32::from(at > start)));
            defined.extend((start..end).map(|at| if is_null(at) { of_null_item } else { of_value }));
        }
    }
    num_present += defined.iter().filter(|&&level| level == of_value).count();
    measured(out, |out| hybrid::encode(&repeated, 1, out));
    measured(out, |out| hybrid::encode(&defined, 2, out));
    (defined.len(), num_present)
}

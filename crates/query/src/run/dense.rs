//! Dense tables: lists whose codes are the groups, and which groups have met a row.

use aggregate::{Codes, Groups, Rows};
use arrow_array::ListArray;
use segment::codes_of;

/// Longest list that is expanded by stamping.
const LONGEST_STAMP: usize = 8;

/// Marks the groups that rows fall into.
pub(super) fn touch(touched: &mut [u8], groups: Groups<'_>, num_rows: usize, rows: Rows<'_>) {
    match groups {
        Groups::One => {
            let some = match rows {
                Rows::All => num_rows > 0,
                Rows::Mask(words) => words.iter().any(|word| *word != 0),
            };
            touched[0] |= u8::from(some);
        }
        Groups::U8(ids) => touch_ids(touched, ids, rows),
        Groups::U16(ids) => touch_ids(touched, ids, rows),
        Groups::U32(ids) => touch_ids(touched, ids, rows),
    }
}

fn touch_ids<I: Copy + Into<u32>>(touched: &mut [u8], ids: &[I], rows: Rows<'_>) {
    match rows {
        Rows::All => ids.iter().for_each(|&id| touched[id.into() as usize] = 1),
        Rows::Mask(words) => {
            for (ids, &word) in ids.chunks(64).zip(words) {
                let mut word = word;
                while word != 0 {
                    touched[ids[word.trailing_zeros() as usize].into() as usize] = 1;
                    word &= word - 1;
                }
            }
        }
    }
}

/// Whether every group of a small part of the table has met a row, so that none needs marking.
pub(super) fn is_full(touched: &[u8], num_rows: usize) -> bool {
    touched.len() <= num_rows && !touched.contains(&0)
}

/// The codes of all lists one after the other, and the row of each in `rows`. `None` when a list is empty: its
/// row would need a code of its own.
pub(super) fn expand<'a>(lists: &'a ListArray, rows: &mut Vec<u32>) -> Option<Codes<'a>> {
    let offsets = lists.value_offsets();
    let (&first, &last) = (offsets.first()?, offsets.last()?);
    let (mut shortest, mut longest) = (usize::MAX, 0);
    for ends in offsets.windows(2) {
        let len = (ends[1] - ends[0]) as usize;
        (shortest, longest) = (shortest.min(len), longest.max(len));
    }
    if shortest == 0 || longest > LONGEST_STAMP {
        return None;
    }
    let (first, last) = (first as usize, last as usize);
    rows.clear();
    rows.resize(last - first + LONGEST_STAMP, 0);
    let mut stamp = |row: u32, at: usize, len: usize| {
        if let Some(room) = rows.get_mut(at..at + len) {
            room.fill(row);
        }
    };
    // Each row is written as often as the longest list asks for; what is too much the next row overwrites.
    for (row, &start) in (0u32..).zip(&offsets[..offsets.len() - 1]) {
        let at = start as usize - first;
        match longest {
            1 => stamp(row, at, 1),
            2 => stamp(row, at, 2),
            3 | 4 => stamp(row, at, 4),
            _ => stamp(row, at, LONGEST_STAMP),
        }
    }
    rows.truncate(last - first);
    Some(match codes_of(lists.values().as_ref())? {
        Codes::U8(codes) => Codes::U8(&codes[first..last]),
        Codes::U16(codes) => Codes::U16(&codes[first..last]),
        Codes::U32(codes) => Codes::U32(&codes[first..last]),
    })
}

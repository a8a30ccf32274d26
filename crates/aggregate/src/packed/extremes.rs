//! The smallest and the greatest of narrow integers, masked or not, as they are stored.

use crate::input::{Codes, Rows};
use crate::span::for_each_row;

/// The smallest (`GREATEST` false) or greatest of what is stored in the rows that count; `None` if there are none. Bits
/// past the last row are zero.
pub(crate) fn extreme_stored<const GREATEST: bool>(stored: Codes<'_>, rows: Rows<'_>) -> Option<u32> {
    match stored {
        Codes::U8(stored) => extreme::<GREATEST, u8>(stored, rows).map(u32::from),
        Codes::U16(stored) => extreme::<GREATEST, u16>(stored, rows).map(u32::from),
        Codes::U32(stored) => extreme::<GREATEST, u32>(stored, rows),
    }
}

fn extreme<const GREATEST: bool, C: Copy + Ord>(stored: &[C], rows: Rows<'_>) -> Option<C> {
    let Rows::Mask(words) = rows else { return of_all::<GREATEST, C>(stored) };
    let mut best = None;
    for (stored, &word) in stored.chunks(64).zip(words) {
        let found = if word == u64::MAX { of_all::<GREATEST, C>(stored) } else { walk::<GREATEST, C>(stored, word) };
        best = match (best, found) {
            (Some(one), Some(other)) => Some(better::<GREATEST, C>(one, other)),
            (best, found) => best.or(found),
        };
    }
    best
}

#[inline(always)]
fn better<const GREATEST: bool, C: Ord>(one: C, other: C) -> C {
    if GREATEST { one.max(other) } else { one.min(other) }
}

/// Of those whose bit is set.
#[inline(always)]
fn walk<const GREATEST: bool, C: Copy + Ord>(stored: &[C], word: u64) -> Option<C> {
    let mut best = *stored.get(word.trailing_zeros() as usize)?;
    for_each_row(stored.len(), Rows::Mask(&[word & (word - 1)]), |at| best = better::<GREATEST, C>(best, stored[at]));
    Some(best)
}

fn of_all<const GREATEST: bool, C: Copy + Ord>(stored: &[C]) -> Option<C> {
    let first = *stored.first()?;
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return Some(unsafe { of_all_wide::<GREATEST, C>(stored, first) });
    }
    Some(stored.iter().fold(first, |best, item| better::<GREATEST, C>(best, *item)))
}

/// In lanes.
///
/// # Safety
/// The machine must have AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn of_all_wide<const GREATEST: bool, C: Copy + Ord>(stored: &[C], first: C) -> C {
    let (mut best, mut at) = (first, 0);
    while at < stored.len() {
        best = better::<GREATEST, C>(best, stored[at]);
        at += 1;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extremes_are_those_of_the_rows_that_count() {
        let stored: Vec<u32> = (0..1_000u32).map(|row| row.wrapping_mul(0x9e37_79b1) >> 7 & 0xff).collect();
        let (bytes, shorts): (Vec<u8>, Vec<u16>) = stored.iter().map(|one| (*one as u8, *one as u16)).unzip();
        let full = (0..16).map(|at| if at == 15 { (1 << 40) - 1 } else { u64::MAX }).collect();
        let masks = [vec![0; 16], full, (0..16).map(|at| 0b1001 << at & ((1 << 40) - 1)).collect()];
        for words in &masks {
            for rows in [Rows::All, Rows::Mask(words)] {
                let kept = || (0..1_000).filter(|row| rows.contains(*row)).map(|row| stored[row]);
                let (least, most) = (kept().min(), kept().max());
                for codes in [Codes::U8(&bytes), Codes::U16(&shorts), Codes::U32(&stored)] {
                    assert_eq!(extreme_stored::<false>(codes, rows), least);
                    assert_eq!(extreme_stored::<true>(codes, rows), most);
                }
            }
        }
        assert_eq!(extreme_stored::<true>(Codes::U8(&[]), Rows::All), None);
    }
}

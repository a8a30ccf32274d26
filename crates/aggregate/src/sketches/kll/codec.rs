//! The bytes of the sketch, as all DataSketches libraries read them.
//!
//! Little endian: ints of preamble (2 if empty or of one item, else 5), serial version (2 of one item, else 1), family
//! 15, flags, `k` (2 bytes), 8, 0. Of one item, that item; of more `n` (8 bytes), least `k` (2), number of levels, 0,
//! where each level starts in an array of full capacity (4 each), smallest, greatest, and the levels from the lowest.

use crate::error::{Error, Result};
use crate::sketches::number_sketch::NumberSketch;
use crate::sketches::quantile_sketch::QuantileSketch;

use super::{Kll, KllItem, MAX_LEVELS, MIN_CAPACITY, capacity};

const SHORT: u8 = 2;
const FULL: u8 = 5;
const FAMILY: u8 = 15;
const EMPTY: u8 = 1;
const SINGLE: u8 = 4;

pub(super) fn encode<T: KllItem>(sketch: &Kll<T>, out: &mut Vec<u8>) {
    let (ints, version, flags) = match sketch.n {
        0 => (SHORT, 1, EMPTY),
        1 => (SHORT, 2, SINGLE),
        _ => (FULL, 1, 0),
    };
    out.extend_from_slice(&[ints, version, FAMILY, flags]);
    out.extend_from_slice(&(sketch.k as u16).to_le_bytes());
    out.extend_from_slice(&[MIN_CAPACITY as u8, 0]);
    if sketch.n > 1 {
        out.extend_from_slice(&sketch.n.to_le_bytes());
        out.extend_from_slice(&(sketch.min_k as u16).to_le_bytes());
        out.extend_from_slice(&[sketch.levels.len() as u8, 0]);
        let mut start = sketch.room - sketch.num_retained;
        for level in &sketch.levels {
            out.extend_from_slice(&(start as u32).to_le_bytes());
            start += level.len();
        }
        sketch.min.put(out);
        sketch.max.put(out);
    }
    sketch.levels.iter().flatten().for_each(|item| item.put(out));
}

pub(super) fn decode<T: KllItem>(bytes: &[u8]) -> Result<Kll<T>> {
    let corrupt = |reason: &str| Error::corrupt(T::NAME, reason);
    let [ints, version, family, flags, k_low, k_high, room, _, rest @ ..] = bytes else {
        return Err(corrupt("is cut short"));
    };
    if *family != FAMILY || u64::from(*room) != MIN_CAPACITY || !matches!((ints, version), (2, 1 | 2) | (5, 1)) {
        return Err(corrupt("has an unknown version or family"));
    }
    let mut sketch = Kll::with_k(usize::from(u16::from_le_bytes([*k_low, *k_high])))?;
    match (flags & EMPTY != 0, flags & SINGLE != 0) {
        (true, _) => {}
        (false, true) => {
            let item = T::get(rest).ok_or(corrupt("is cut short"))?;
            sketch.add(item);
        }
        (false, false) => fill(&mut sketch, rest).ok_or(corrupt("is cut short or holds what cannot be"))?,
    }
    Ok(sketch)
}

fn fill<T: KllItem>(sketch: &mut Kll<T>, bytes: &[u8]) -> Option<()> {
    let (n, rest) = bytes.split_first_chunk::<8>()?;
    let ([min_k_low, min_k_high, num_levels, _], rest) = rest.split_first_chunk::<4>()?;
    let num_levels = usize::from(*num_levels);
    if !(1..=MAX_LEVELS).contains(&num_levels) {
        return None;
    }
    let (starts, rest) = rest.split_at_checked(num_levels * 4)?;
    let (starts, _) = starts.as_chunks::<4>();
    let mut starts: Vec<usize> = starts.iter().map(|start| u32::from_le_bytes(*start) as usize).collect();
    starts.push(capacity(sketch.k, num_levels));
    let items: Option<Vec<T>> = rest.chunks(T::SIZE).map(T::get).collect();
    let items = items.filter(|items| items.iter().all(|item| !item.is_nan()))?;
    let [min, max, items @ ..] = items.as_slice() else { return None };
    let first = starts[0];
    let level = |ends: &[usize]| Some(items.get(ends[0].checked_sub(first)?..ends[1].checked_sub(first)?)?.to_vec());
    let mut levels: Vec<Vec<T>> = starts.windows(2).map(level).collect::<Option<_>>()?;
    levels.iter_mut().skip(1).for_each(|items| items.sort_unstable_by(T::order));
    sketch.n = u64::from_le_bytes(*n);
    sketch.min_k = usize::from(u16::from_le_bytes([*min_k_low, *min_k_high]));
    (sketch.min, sketch.max) = (*min, *max);
    sketch.num_retained = items.len();
    sketch.levels = levels;
    sketch.room = capacity(sketch.k, num_levels);
    let weight = (0..)
        .zip(&sketch.levels)
        .try_fold(0_u64, |sum, (level, items)| sum.checked_add((items.len() as u64).checked_mul(1_u64 << level)?));
    (weight == Some(sketch.n) && sketch.levels.iter().map(Vec::len).sum::<usize>() == items.len()).then_some(())
}

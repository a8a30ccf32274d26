//! Cells of several tables under one numbering, which ascends with what their codes stand for: dictionaries are merged
//! as lists, and no group is looked up.

use std::ops::Range;
use std::sync::Arc;

use aggregate::Dictionary;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{ArrayRef, Float64Array, Int64Array};

use super::super::keys::{Domain, Key};
use super::super::merge::{merge_all, union_of};
use super::super::shown::{Shown, show};
use super::frame::{Digits, Frame};
use crate::finalize::Values;
use crate::partial::{Chunks, FoldPartial};

/// One frame for the cells of several.
pub(super) struct United {
    num_codes: Vec<usize>,
    starts: Vec<i64>,
    shows: Shows,
    /// How the cells of each table are told.
    tables: Vec<Translated>,
}

enum Shows {
    /// What the tables show, which is the same.
    Alike(Vec<Shown>),
    /// Keys by their places.
    Keys(Vec<(usize, Numbered)>),
}

/// What new codes stand for.
#[derive(Clone)]
enum Numbered {
    /// What they stand for in every table.
    Same(Key),
    Texts(Arc<dyn Dictionary>),
    Longs(Arc<Vec<i64>>),
    Doubles(Arc<Vec<f64>>),
}

/// New codes for old ones; none where they stay.
type Map = Option<Arc<Vec<u32>>>;

/// The cells of one table among those of the united frame, in the same order.
pub(super) struct Translated {
    /// Of the buckets and of each key.
    digits: Vec<Digit>,
}

struct Digit {
    map: Map,
    num_own: usize,
    num_new: usize,
}

impl United {
    /// Of so many tables whose cells mean the same.
    pub fn alike(frame: &mut Frame, num_tables: usize) -> United {
        let shows = Shows::Alike(std::mem::take(&mut frame.shown));
        let nums = || [frame.starts.len()].into_iter().chain(frame.num_codes.iter().copied());
        let same =
            || Translated { digits: nums().map(|num| Digit { map: None, num_own: num, num_new: num }).collect() };
        let tables = (0..num_tables).map(|_| same()).collect();
        United { num_codes: frame.num_codes.clone(), starts: frame.starts.clone(), shows, tables }
    }

    /// `None` where keys are neither texts nor numbers, or show others that follow from them.
    pub fn of(frames: &[&Frame]) -> Option<United> {
        let (first, num_keys) = (frames.first()?, frames.first()?.keys.len());
        let is_plain = |frame: &&Frame| frame.keys.len() == num_keys && frame.shown.iter().all(Shown::is_same);
        if !frames.iter().all(is_plain) {
            return None;
        }
        let (starts, of_starts) = merged_starts(frames)?;
        let digit = |map, num_own, num_new| Digit { map, num_own, num_new };
        let buckets = frames.iter().zip(of_starts).map(|(frame, map)| digit(map, frame.starts.len(), starts.len()));
        let mut tables: Vec<Translated> = buckets.map(|buckets| Translated { digits: vec![buckets] }).collect();
        let (mut num_codes, mut numbered) = (Vec::new(), Vec::new());
        for at in 0..num_keys {
            let keys: Vec<&Key> = frames.iter().map(|frame| &frame.keys[at]).collect();
            let (codes, num_new, maps) = numbering(&keys)?;
            for ((table, frame), map) in tables.iter_mut().zip(frames).zip(maps) {
                table.digits.push(digit(map, frame.num_codes[at], num_new));
            }
            num_codes.push(num_new);
            numbered.push(codes);
        }
        let shown = first.shown.iter().map(|shown| (shown.from(), numbered[shown.from()].clone()));
        Some(United { num_codes, starts, shows: Shows::Keys(shown.collect()), tables })
    }

    /// `None` where there are more than can be told apart.
    pub fn num_cells(&self) -> Option<usize> {
        let num_cells = self.num_codes.iter().try_fold(self.starts.len(), |cells, num| cells.checked_mul(*num))?;
        (num_cells <= u32::MAX as usize).then_some(num_cells)
    }

    pub fn table(&self, at: usize) -> &Translated {
        &self.tables[at]
    }

    /// Groups by their cells and states.
    pub fn groups(&self, cells: Vec<u32>, states: Vec<ArrayRef>) -> FoldPartial {
        let digits = Digits::of(&self.num_codes, self.starts.len());
        let times = digits.times(&self.starts, &cells);
        let word = |at: usize, cell: u32| Some(u64::from(if digits.is_one() { cell } else { digits.of_key(at, cell) }));
        let (times, keys) = match &self.shows {
            Shows::Alike(shown) => {
                let (times, keys, _) = show(shown, times, cells, word);
                (times, keys)
            }
            Shows::Keys(keys) => {
                let values = |(at, key): &(usize, Numbered)| key.values(cells.iter().map(|cell| word(*at, *cell)));
                (times, keys.iter().map(values).collect())
            }
        };
        FoldPartial { times, keys, states, chunks: Chunks::default() }
    }
}

impl Translated {
    /// The new cell of an old one.
    pub fn cell(&self, mut cell: usize) -> usize {
        let (mut new, mut stride) = (0, 1);
        for digit in self.digits.iter().rev() {
            let code = cell % digit.num_own;
            new += stride * digit.map.as_ref().map_or(code, |map| map[code] as usize);
            cell /= digit.num_own;
            stride *= digit.num_new;
        }
        new
    }

    /// The first of so many cells that is none before `end` in the new frame.
    pub fn place(&self, num_cells: usize, end: usize) -> usize {
        let (mut low, mut high) = (0, num_cells);
        while low < high {
            let middle = low.midpoint(high);
            if self.cell(middle) < end { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// The new cells of some old ones, counted from one of them.
    pub fn places(&self, cells: Range<usize>, from: usize, out: &mut Vec<u32>) {
        out.clear();
        let Some(last) = self.digits.last() else { return };
        let mut cell = cells.start;
        while cell < cells.end {
            // Codes of the last key run fastest.
            let code = cell % last.num_own;
            let codes = code..last.num_own.min(code + cells.end - cell);
            let first = self.cell(cell);
            match &last.map {
                None => out.extend((first - from) as u32..(first - from + codes.len()) as u32),
                Some(map) => {
                    let above = (first - from) as u32;
                    out.extend(map[codes.clone()].iter().map(|new| above + (new - map[code])));
                }
            }
            cell += codes.len();
        }
    }
}

impl Numbered {
    fn values(&self, codes: impl Iterator<Item = Option<u64>>) -> Values {
        let number = |code: Option<u64>| code.unwrap_or(0) as usize;
        match self {
            Numbered::Same(key) => key.values(codes),
            Numbered::Texts(dictionary) => {
                let codes = codes.map(|code| number(code) as u32).collect();
                Values::Coded { codes, dictionary: dictionary.clone() }
            }
            Numbered::Longs(longs) => Values::Long(Int64Array::from_iter_values(codes.map(|code| longs[number(code)]))),
            Numbered::Doubles(doubles) => {
                Values::Double(Float64Array::from_iter_values(codes.map(|code| doubles[number(code)])))
            }
        }
    }
}

/// The starts of all buckets, ascending, and the new buckets of each frame.
fn merged_starts(frames: &[&Frame]) -> Option<(Vec<i64>, Vec<Map>)> {
    let first = &frames.first()?.starts;
    if frames.iter().any(|frame| !frame.starts.is_sorted_by(|start, next| start < next)) {
        return None;
    }
    if frames.iter().all(|frame| frame.starts == *first) {
        return Some((first.clone(), vec![None; frames.len()]));
    }
    let (starts, maps) = merge_all(frames.iter().map(|frame| frame.starts.as_slice()).collect());
    Some((starts, maps.into_iter().map(|map| Some(Arc::new(map))).collect()))
}

/// Codes for what those of some keys stand for, how many there are, and the new codes of each.
fn numbering(keys: &[&Key]) -> Option<(Numbered, usize, Vec<Map>)> {
    let first = keys.first()?;
    let mut different: Vec<&Key> = Vec::new();
    let mut which = Vec::with_capacity(keys.len());
    for key in keys {
        which.push(different.iter().position(|other| key.is_like(other)).unwrap_or_else(|| {
            different.push(key);
            different.len() - 1
        }));
    }
    if let [only] = different.as_slice() {
        return Some((Numbered::Same((*only).clone()), only.num_codes()?, vec![None; keys.len()]));
    }
    let are_alike = |key: &&&Key| (key.is_multi, key.drop_empty) == (first.is_multi, first.drop_empty);
    if !keys.iter().all(|key| are_alike(&key) && !key.joins_codes()) {
        return None;
    }
    let (numbered, num_codes, maps) = match &first.domain {
        Domain::Codes { .. } => {
            let (dictionary, maps) = union_of(different.iter().map(|key| dictionary_of(key)).collect::<Option<_>>()?)?;
            (Numbered::Texts(dictionary.clone()), dictionary.len(), maps)
        }
        Domain::Numbers(_) => merged_numbers(&different)?,
        _ => return None,
    };
    let maps: Vec<Map> = maps.into_iter().map(|map| Some(Arc::new(map))).collect();
    Some((numbered, num_codes, which.into_iter().map(|which| maps[which].clone()).collect()))
}

/// The dictionary whose entries all codes of a key are.
fn dictionary_of(key: &Key) -> Option<Arc<dyn Dictionary>> {
    match &key.domain {
        Domain::Codes { dictionary, num_codes, .. } if *num_codes == dictionary.len() => Some(dictionary.clone()),
        _ => None,
    }
}

fn merged_numbers(keys: &[&Key]) -> Option<(Numbered, usize, Vec<Vec<u32>>)> {
    let values = |key: &&Key| match &key.domain {
        Domain::Numbers(numbers) => Some(numbers.values().clone()),
        _ => None,
    };
    let all: Vec<ArrayRef> = keys.iter().map(values).collect::<Option<_>>()?;
    if let Some(longs) = all.iter().map(|array| array.as_primitive_opt::<Int64Type>()).collect::<Option<Vec<_>>>() {
        let (longs, maps) = merge_all(longs.iter().map(|longs| longs.values().as_ref()).collect());
        let num_longs = longs.len();
        return Some((Numbered::Longs(Arc::new(longs)), num_longs, maps));
    }
    let doubles = all.iter().map(|array| array.as_primitive_opt::<Float64Type>()).collect::<Option<Vec<_>>>()?;
    let ranks: Vec<Vec<i64>> = doubles.iter().map(|doubles| doubles.values().iter().map(rank).collect()).collect();
    let (ranks, maps) = merge_all(ranks.iter().map(Vec::as_slice).collect());
    let doubles: Vec<f64> = ranks.into_iter().map(|rank| f64::from_bits(turned(rank).cast_unsigned())).collect();
    let num_doubles = doubles.len();
    Some((Numbered::Doubles(Arc::new(doubles)), num_doubles, maps))
}

/// A long that ascends as doubles do in their total order.
fn rank(double: &f64) -> i64 {
    turned(double.to_bits().cast_signed())
}

/// The bits of negative doubles the other way round, and back.
fn turned(bits: i64) -> i64 {
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three buckets of five and two codes among four of eight and two.
    fn table() -> Translated {
        let digit = |map: Option<&[u32]>, num_own, num_new| {
            let map = map.map(|map| Arc::new(map.to_vec()));
            Digit { map, num_own, num_new }
        };
        let digits = vec![digit(Some(&[0, 2, 3]), 3, 4), digit(Some(&[1, 2, 4, 6, 7]), 5, 8), digit(None, 2, 2)];
        Translated { digits }
    }

    #[test]
    fn cells_keep_their_order_under_new_codes() {
        let table = table();
        let all: Vec<usize> = (0..30).map(|cell| table.cell(cell)).collect();
        assert!(all.is_sorted_by(|cell, next| cell < next));
        assert_eq!(all[..5], [2, 3, 4, 5, 8]);
        assert_eq!((all[10], all[29]), (34, 63));
        for (start, end) in [(0, 30), (3, 4), (5, 23), (7, 7), (29, 30)] {
            let mut places = vec![9];
            let from = all[start.min(29)];
            table.places(start..end, from, &mut places);
            let expected: Vec<u32> = all[start..end].iter().map(|cell| (cell - from) as u32).collect();
            assert_eq!(places, expected, "{start}..{end}");
        }
        for end in 0..64 {
            assert_eq!(table.place(30, end), all.iter().filter(|cell| **cell < end).count(), "{end}");
        }
    }

    #[test]
    fn ranks_ascend_with_doubles() {
        let doubles = [f64::NEG_INFINITY, -2.5, -1e-300, -0.0, 0.0, 1e-300, 2.5, f64::INFINITY];
        let ranks: Vec<i64> = doubles.iter().map(rank).collect();
        assert!(ranks.is_sorted_by(|rank, next| rank < next));
        let back = ranks.iter().map(|rank| turned(*rank).cast_unsigned());
        assert!(back.eq(doubles.iter().map(|double| double.to_bits())));
    }
}

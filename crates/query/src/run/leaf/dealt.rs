//! Rows of which nearly each is a group of its own: they are dealt to parts of the keys before they are folded, so that
//! the table and the states of a part stay in the processor's cache, and groups come in the order of their keys.

use std::ops::Range;
use std::sync::Arc;

use aggregate::{Groups, listed};
use arrow_array::{Array, ArrayRef, UInt32Array};
use segment::VECTOR_ROWS;

use super::super::selection::Selected;
use super::super::{inputs, mask, unexpected};
use super::ascending::{self, Sorting};
use super::batches::buckets_of;
use super::{Batch, Grouper, Leaf, looks};
use crate::exec::Reservation;
use crate::partial::{Chunks, FoldPartial};
use crate::spill::SpillFile;
use crate::{Error, Result};

/// Rows below which a table of all groups is near enough.
const MIN_ROWS: usize = 1 << 19;
/// Rows of a part.
const PART_ROWS: usize = 1 << 15;
const MAX_PARTS: usize = 256;
/// Of so many rows of a sample at least so many groups.
const ROWS_PER_NEW: (usize, usize) = (8, 5);
/// Places that the span of the keys has, of which parts are made.
const NUM_PLACES: u64 = 1 << 14;
/// Part of the budget that rows may take while they wait.
const ROWS_SHARE: u64 = 4;

/// Which part of the keys a word belongs to; parts ascend with the words.
pub(super) struct Parts {
    least: u64,
    shift: u32,
    /// The part of each place.
    of: Vec<u8>,
    num_parts: usize,
}

impl Parts {
    /// About as many rows each, as far as some of the words tell.
    fn of_sample(sample: &[u64], num_rows: usize) -> Self {
        let (least, span_bits) = ascending::span(sample);
        let shift = span_bits.saturating_sub(NUM_PLACES.ilog2());
        let mut counts = vec![0usize; NUM_PLACES as usize];
        sample.iter().for_each(|word| counts[((word - least) >> shift) as usize] += 1);
        let num_parts = num_rows.div_ceil(PART_ROWS).clamp(1, MAX_PARTS);
        let mut before = 0;
        let part = |count: &usize| {
            let part = (before * num_parts / sample.len().max(1)).min(num_parts - 1);
            before += count;
            part as u8
        };
        Self { least, shift, of: counts.iter().map(part).collect(), num_parts }
    }

    fn part(&self, word: u64) -> usize {
        let place = (word.saturating_sub(self.least) >> self.shift).min(NUM_PLACES - 1);
        usize::from(self.of[place as usize])
    }
}

/// Rows of a vector in the order of their parts: keys, what aggregators read, and whether filtered ones take them.
struct Dealt {
    words: Vec<u64>,
    arrays: Vec<Option<ArrayRef>>,
    filters: Vec<Vec<bool>>,
    /// Where the rows of each part end.
    ends: Vec<u32>,
}

/// About how many different words there are, a few too few: each has a bit, of which there are many.
fn num_different(words: &[u64]) -> usize {
    const BITS_PER_WORD: usize = 8;
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let num_bits = (words.len() * BITS_PER_WORD).next_power_of_two().max(64);
    let shift = u64::BITS - num_bits.ilog2();
    let mut met = vec![0u64; num_bits / 64];
    for word in words {
        // The upper half tells apart what the lower one has in common.
        let bit = ((word ^ word >> 32).wrapping_mul(FACTOR) >> shift) as usize;
        met[bit / 64] |= 1 << (bit % 64);
    }
    listed::count(&met)
}

/// Words in the order of their parts, the place that each had, and where parts end.
fn in_parts(parts: &Parts, words: &[u64]) -> (Vec<u64>, Vec<u32>, Vec<u32>) {
    let mut ends = vec![0u32; parts.num_parts];
    let part = |word: &u64| {
        let part = parts.part(*word);
        ends[part] += 1;
        part as u8
    };
    let part_of: Vec<u8> = words.iter().map(part).collect();
    let mut start = 0;
    for end in &mut ends {
        start += std::mem::replace(end, start);
    }
    let (mut sorted, mut order) = (vec![0; words.len()], vec![0; words.len()]);
    for ((at, word), part) in (0u32..).zip(words).zip(part_of) {
        let end = &mut ends[usize::from(part)];
        (sorted[*end as usize], order[*end as usize]) = (*word, at);
        *end += 1;
    }
    (sorted, order, ends)
}

impl Dealt {
    fn part(&self, part: usize) -> Range<usize> {
        let start = part.checked_sub(1).map_or(0, |before| self.ends[before]);
        start as usize..self.ends[part] as usize
    }
}

/// Groups of the parts so far, ascending: words and states of each.
#[derive(Default)]
struct Collected {
    parts: Vec<(Vec<u64>, Vec<ArrayRef>)>,
    num_bytes: usize,
}

impl Leaf<'_> {
    /// Where the rows of these vectors are to be dealt to. `None` where they are few, or groups seem to be.
    pub(super) fn parts_for(&mut self, vectors: &[Range<usize>]) -> Result<Option<(Parts, Reservation)>> {
        let Grouper::Hash { layout, .. } = &self.grouper else { return Ok(None) };
        let num_rows: usize = vectors.iter().map(Range::len).sum();
        let are_numbers = self.plan.specs.iter().all(|spec| spec.state_type().is_number());
        let is_plain = layout.width == 1 && self.leading.is_none() && !self.joins_codes && are_numbers;
        if !is_plain || num_rows < MIN_ROWS || self.keys.iter().any(|key| key.is_multi) {
            return Ok(None);
        }
        let (mut sample, mut num_looked) = (Vec::new(), 0);
        for rows in looks(vectors) {
            num_looked += rows.len();
            if let Some(selected) = self.select(rows)? {
                sample.extend(self.words_of(&selected)?.0);
            }
        }
        let expected = num_rows / num_looked.max(1) * sample.len();
        let memory = &self.exec.memory;
        let num_bytes = num_rows * (size_of::<u64>() * (1 + self.inputs.len()) + self.masks.len());
        let has_room = num_bytes as u64 <= memory.limit_bytes() / ROWS_SHARE && !memory.is_tight();
        let mut held = Reservation::new(memory);
        if expected < MIN_ROWS || !has_room || held.resize(num_bytes).is_err() {
            return Ok(None);
        }
        let are_many = num_different(&sample) * ROWS_PER_NEW.0 >= sample.len() * ROWS_PER_NEW.1;
        Ok(are_many.then(|| (Parts::of_sample(&sample, expected), held)))
    }

    /// The words of the selected rows, and these, counted from the start of the vector.
    fn words_of(&self, selected: &Selected) -> Result<(Vec<u64>, Vec<u32>)> {
        let Grouper::Hash { layout, .. } = &self.grouper else { return Err(Error::internal("no table of keys")) };
        let mut rows = selected.positions();
        let keys: Vec<ArrayRef> = self.keys.iter().map(|key| key.read(selected.rows.clone())).collect();
        let words = self.words(&keys, &mut rows)?;
        Ok((layout.pack(buckets_of(selected, &rows).into_iter(), words, rows.len()), rows))
    }

    /// Folds the selected rows of the vectors part by part, in memory that is held; false when there are none.
    pub(super) fn fold_dealt(
        &mut self,
        vectors: Vec<Range<usize>>,
        (parts, _held): (Parts, Reservation),
    ) -> Result<bool> {
        let mut dealt = Vec::with_capacity(vectors.len());
        for rows in vectors {
            self.exec.check()?;
            if let Some(selected) = self.select(rows)? {
                dealt.push(self.deal(&selected, &parts)?);
            }
        }
        let mut collected = Collected::default();
        let (mut words, mut sorting, mut groups) = (Vec::new(), Sorting::default(), Vec::new());
        for part in 0..parts.num_parts {
            self.exec.check()?;
            words.clear();
            dealt.iter().for_each(|dealt| words.extend_from_slice(&dealt.words[dealt.part(part)]));
            if words.is_empty() {
                continue;
            }
            let words = ascending::grouped(&words, &mut sorting, &mut groups);
            self.fold.grow(words.len());
            self.fold_part(&dealt, part, &groups)?;
            self.collect(words, &mut collected)?;
        }
        let met = !collected.parts.is_empty() || self.spilled.is_some();
        if !collected.parts.is_empty() {
            self.dealt = Some(self.groups_of(collected)?);
        }
        Ok(met)
    }

    fn deal(&mut self, selected: &Selected, parts: &Parts) -> Result<Dealt> {
        let (words, rows) = self.words_of(selected)?;
        let (words, order, ends) = in_parts(parts, &words);
        let rows = UInt32Array::from_iter_values(order.iter().map(|at| rows[*at as usize]));
        let arrays = inputs::take(&self.inputs.read(selected.rows.clone()), &rows)?;
        let mut filters = Vec::with_capacity(self.masks.len());
        for mask in &mut self.masks {
            mask.filter.mask(selected.rows.clone(), false, &mut mask.words)?;
            filters.push(rows.values().iter().map(|row| mask::bit(&mask.words, *row as usize)).collect());
        }
        Ok(Dealt { words, arrays, filters, ends })
    }

    /// Folds the rows of a part, of which these are the groups.
    fn fold_part(&mut self, dealt: &[Dealt], part: usize, groups: &[u32]) -> Result<()> {
        let slices = |array: usize| -> Vec<ArrayRef> {
            let slice = |dealt: &Dealt| {
                let rows = dealt.part(part);
                Some(dealt.arrays[array].as_ref()?.slice(rows.start, rows.len()))
            };
            dealt.iter().filter(|dealt| !dealt.part(part).is_empty()).filter_map(slice).collect()
        };
        let array = |array: usize| -> Result<Option<ArrayRef>> {
            let slices = slices(array);
            Ok(if slices.is_empty() { None } else { Some(strung(&slices)?) })
        };
        let num_arrays = dealt.first().map_or(0, |dealt| dealt.arrays.len());
        let arrays = (0..num_arrays).map(array).collect::<Result<Vec<_>>>()?;
        let filter = |filter: usize| dealt.iter().flat_map(move |dealt| &dealt.filters[filter][dealt.part(part)]);
        let filters: Vec<Vec<bool>> = (0..self.masks.len()).map(|at| filter(at).copied().collect()).collect();
        for (at, groups) in groups.chunks(VECTOR_ROWS).enumerate() {
            let rows = at * VECTOR_ROWS..at * VECTOR_ROWS + groups.len();
            let filters: Vec<Vec<u64>> = filters.iter().map(|filter| bits(&filter[rows.clone()])).collect();
            let batch =
                Batch { num_rows: groups.len(), arrays: &inputs::slice(&arrays, &rows), mask: None, filters: &filters };
            self.fold_batch(0, Groups::U32(groups), &batch)?;
        }
        Ok(())
    }

    /// Takes the groups of a part. They go to disk where memory has no room for them.
    fn collect(&mut self, words: Vec<u64>, collected: &mut Collected) -> Result<()> {
        self.settle()?;
        let order: Vec<u32> = (0..).take(words.len()).collect();
        let states = self.fold.states(&order)?;
        let num_states: usize = states.iter().map(|states| states.get_array_memory_size()).sum();
        collected.num_bytes += num_states + words.len() * size_of::<u64>();
        collected.parts.push((words, states));
        self.begin_anew()?;
        let is_due = self.held.resize(collected.num_bytes).is_err() || self.is_worth_a_file(collected.num_bytes);
        if is_due && self.spilled.is_none() {
            self.spilled = SpillFile::create(self.exec)?;
        }
        if self.spilled.is_some() {
            let groups = self.groups_of(std::mem::take(collected))?;
            self.spilled.iter_mut().try_for_each(|file| groups.iter().try_for_each(|groups| file.deal_all(groups)))?;
            self.held.resize(0)?;
        }
        Ok(())
    }

    /// The groups of each part, or all of them where they are to be merged with others.
    fn groups_of(&self, collected: Collected) -> Result<Vec<FoldPartial>> {
        if self.is_only {
            return collected.parts.into_iter().map(|(words, states)| self.groups_by(&words, states)).collect();
        }
        let words = collected.parts.iter().map(|(words, _)| words.as_slice()).collect::<Vec<_>>().concat();
        let num_states = collected.parts.first().map_or(0, |(_, states)| states.len());
        let column = |at: usize| {
            let parts: Vec<&dyn Array> = collected.parts.iter().map(|(_, states)| states[at].as_ref()).collect();
            Ok(arrow_select::concat::concat(&parts)?)
        };
        Ok(vec![self.groups_by(&words, (0..num_states).map(column).collect::<Result<_>>()?)?])
    }

    fn groups_by(&self, words: &[u64], states: Vec<ArrayRef>) -> Result<FoldPartial> {
        let Grouper::Hash { layout, .. } = &self.grouper else { return Err(Error::internal("no table of keys")) };
        let order: Vec<u32> = (0..).take(words.len()).collect();
        let (times, keys, _) = self.keys_by_words(layout, words, order);
        Ok(FoldPartial { times, keys, states, chunks: Chunks::default() })
    }
}

/// Arrays one behind the other: a live column holds each vector in integers as narrow as they can be.
fn strung(slices: &[ArrayRef]) -> Result<ArrayRef> {
    let is_alike = |slices: &[ArrayRef]| slices[0].data_type() == slices[1].data_type();
    let wide = |slice: &ArrayRef| -> Result<ArrayRef> {
        let integers = segment::widen(slice.as_ref()).ok_or_else(|| unexpected("integers of several widths"))?;
        Ok(Arc::new(UInt32Array::new(integers.into(), slice.nulls().cloned())))
    };
    let widened = match slices.windows(2).all(is_alike) {
        true => slices.to_vec(),
        false => slices.iter().map(wide).collect::<Result<_>>()?,
    };
    let arrays: Vec<&dyn Array> = widened.iter().map(AsRef::as_ref).collect();
    Ok(arrow_select::concat::concat(&arrays)?)
}

fn bits(verdicts: &[bool]) -> Vec<u64> {
    let word = |verdicts: &[bool]| (0..).zip(verdicts).fold(0, |word, (at, verdict)| word | u64::from(*verdict) << at);
    verdicts.chunks(64).map(word).collect()
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;

    use super::*;

    #[test]
    fn integers_of_several_widths_are_strung_together() {
        let narrow: ArrayRef = Arc::new(arrow_array::UInt8Array::from(vec![Some(7), None, Some(255)]));
        let middle: ArrayRef = Arc::new(arrow_array::UInt16Array::from(vec![1, 60_000]));
        let expected = [Some(7), None, Some(255), Some(60_000), None, Some(255)];
        let all = strung(&[narrow.clone(), middle.slice(1, 1), narrow.slice(1, 2)]).unwrap();
        assert!(all.as_primitive::<arrow_array::types::UInt32Type>().iter().eq(expected));
        let alike = strung(&[narrow.clone(), narrow.slice(0, 1)]).unwrap();
        assert_eq!((alike.data_type(), alike.len()), (narrow.data_type(), 4));
        let other: ArrayRef = Arc::new(arrow_array::StringArray::from(vec!["a"]));
        assert!(strung(&[narrow, other]).is_err());
    }

    #[test]
    fn different_words_are_counted_roughly() {
        let near = |words: Vec<u64>, expected: usize| {
            let found = num_different(&words);
            assert!((expected * 7 / 8..=expected).contains(&found), "{found} of {expected}");
        };
        near((0..100_000).collect(), 100_000);
        near((0..100_000).map(|word| word % 1_000).collect(), 1_000);
        near((0..50_000).map(|word| word << 40).collect(), 50_000);
        near((0..50_000u64).map(|word| word * 1_000_003 + (word << 33)).collect(), 50_000);
        near(vec![7; 10], 1);
        assert_eq!(num_different(&[]), 0);
    }

    #[test]
    fn parts_ascend_and_hold_about_as_many() {
        for words in [
            (0..100_000u64).map(|word| word * word).collect::<Vec<_>>(),
            vec![7; 1_000],
            vec![0, u64::MAX],
            (0..70_000).map(|word| u64::MAX - word % 3).collect(),
        ] {
            let parts = Parts::of_sample(&words, PART_ROWS * 40);
            // Words that no sample had lie anywhere.
            let mut sorted: Vec<u64> = words.iter().copied().chain([0, 1 << 40, u64::MAX]).collect();
            sorted.sort_unstable();
            let dealt: Vec<usize> = sorted.iter().map(|word| parts.part(*word)).collect();
            assert!(dealt.is_sorted() && dealt.iter().all(|part| *part < parts.num_parts));
        }
        let words: Vec<u64> = (0..400_000).map(|word| word * 3 + 1_000).collect();
        let parts = Parts::of_sample(&words[1_000..300_000], PART_ROWS * 40);
        let (sorted, order, ends) = in_parts(&parts, &words);
        assert!(order.iter().zip(&sorted).all(|(at, word)| words[*at as usize] == *word));
        assert!(sorted.is_sorted_by_key(|word| parts.part(*word)) && ends.last() == Some(&400_000));
        assert!(ends[..35].windows(2).all(|ends| (6_000..9_000).contains(&(ends[1] - ends[0]))));
    }
}

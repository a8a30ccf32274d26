//! Rows behind the last key that an answer cut short can hold are left out while they are read.
//!
//! Of an answer whose order begins with a key, only groups among the first so many values of that key can be seen. The
//! values that were met so far bound them: whatever lies behind is nobody's group.

use std::cmp::Ordering;

use aggregate::Codes;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use dialect::order::{self, StringOrder};
use expression::words;
use hashbrown::HashSet;
use segment::codes_of;

use super::keys::{Domain, Key};
use super::selection::Selected;
use super::unexpected;
use crate::Result;
use crate::finalize::Values;
use crate::order::How;
use crate::plan::FirstKeys;

const SIGN: u64 = 1 << 63;
/// Values for each one that is asked for, below which nothing is gained.
const MIN_SHARE: usize = 4;

/// The values of a key that are among the first so far.
pub(super) struct Leading {
    key: Key,
    /// How many of them there may be.
    most: usize,
    descending: bool,
    met: Met,
    /// Values met.
    num: usize,
    /// Values from which on the bound is looked for again.
    due: usize,
    /// Whether every row lies behind the bound.
    is_out: bool,
}

/// The first numbers of the segments before, as integers that ascend in the order asked for.
#[derive(Default)]
pub(super) struct Carried(Vec<u64>);

impl Carried {
    /// Whether bounds of the key go from segment to segment.
    fn is_for(key: &Key, first: &FirstKeys) -> bool {
        let is_number = !matches!(key.domain, Domain::Codes { .. } | Domain::Lists(_));
        is_number && matches!(first.how, How::Natural)
    }

    /// The last number that can be among the first, where it is known.
    fn last(&self, first: &FirstKeys) -> Option<u64> {
        self.0.last().copied().filter(|_| self.0.len() >= first.most)
    }

    /// The last code that can be among the first, `None` where that is not known yet; an error where none can.
    fn bound(&self, numbers: &ArrayRef, first: &FirstKeys) -> std::result::Result<Option<u32>, Out> {
        let Some(last) = self.last(first) else { return Ok(None) };
        let Some(number) = ordered(numbers, first.descending) else { return Ok(None) };
        let is_in = |code: usize| number(code).is_some_and(|number| number <= last);
        let (mut start, mut end) = (0, numbers.len());
        while start < end {
            let middle = start.midpoint(end);
            if is_in(middle) == first.descending { end = middle } else { start = middle + 1 }
        }
        let bound = if first.descending { Some(start).filter(|at| *at < numbers.len()) } else { start.checked_sub(1) };
        bound.and_then(|bound| u32::try_from(bound).ok()).map(Some).ok_or(Out)
    }
}

/// No row can be in the answer.
struct Out;

enum Met {
    /// Codes that ascend as their values do: a bit for each that was met.
    Sorted { bits: Vec<u64>, bound: Option<u32>, null: Option<u32> },
    /// Codes in any order.
    Ranked { compare: Compare, known: Vec<Known>, codes: Vec<u32>, bound: Option<u32>, null: Option<u32> },
    /// Numbers, as integers that ascend in the order asked for.
    Numbers { values: HashSet<u64>, bound: Option<u64> },
}

type Compare = Box<dyn Fn(u32, u32) -> Ordering + Send>;

#[derive(Clone, Copy, PartialEq)]
enum Known {
    Nothing,
    In,
    Out,
}

impl Leading {
    /// `None` where no row could be left out.
    pub fn of(first: &FirstKeys, key: &Key, num_rows: usize, carried: Option<&Carried>) -> Option<Self> {
        let carried = carried.filter(|_| Carried::is_for(key, first));
        let num_codes = key.num_codes().filter(|_| carried.is_none());
        let num_values = num_codes.unwrap_or(num_rows).min(num_rows);
        if key.is_multi || key.number.is_some() || first.most == 0 || num_values / MIN_SHARE < first.most {
            return None;
        }
        let (mut met, mut is_out) = (met_of(key, first)?, false);
        match (carried, &key.domain, &mut met) {
            (Some(carried), Domain::Numbers(numbers), Met::Sorted { bound, .. }) => {
                match carried.bound(numbers.values(), first) {
                    Ok(known) => *bound = known,
                    Err(Out) => is_out = true,
                }
            }
            (Some(carried), _, Met::Numbers { bound, .. }) => *bound = carried.last(first),
            _ => {}
        }
        let (most, descending) = (first.most, first.descending);
        Some(Self { key: key.clone(), most, descending, met, num: 0, due: most, is_out })
    }

    /// Hands the values that were met on to the next segment.
    pub fn hand_on(self, carried: &mut Carried) {
        let before = carried.0.len();
        match (&self.key.domain, &self.met) {
            (Domain::Numbers(numbers), Met::Sorted { bits, .. }) => {
                let Some(number) = ordered(numbers.values(), self.descending) else { return };
                carried.0.extend(words::rows(bits, 0).filter_map(number));
            }
            (_, Met::Numbers { values, .. }) => carried.0.extend(values),
            _ => return,
        }
        if carried.0.len() > before {
            carried.0.sort_unstable();
            carried.0.dedup();
            carried.0.truncate(self.most);
        }
    }

    /// Leaves the rows out that cannot be in the answer. False if none is left.
    pub fn narrow(&mut self, selected: &mut Selected) -> Result<bool> {
        if self.is_out {
            return Ok(false);
        }
        let array = self.key.read(selected.rows.clone());
        let num_rows = selected.num_rows();
        let mut mask = Vec::new();
        words::reset(&mut mask, num_rows);
        self.fill(&array, &mut mask)?;
        if let Some(passing) = selected.passing() {
            words::and(&mut mask, &passing);
        }
        self.meet(&array, &mut mask)?;
        if self.num >= self.due {
            self.tighten();
            self.due = self.num + self.num / 4 + 256;
        }
        let some = !words::is_empty(&mask);
        selected.mask = Some(mask);
        Ok(some)
    }

    /// The rows whose value is not known to lie behind the bound.
    fn fill(&self, array: &ArrayRef, mask: &mut [u64]) -> Result<()> {
        if let Met::Sorted { bound: Some(bound), null, .. } = &self.met {
            let codes = codes_of(array.as_ref()).ok_or_else(|| unexpected("codes"))?;
            if self.descending {
                words::set_codes(codes, *bound, u32::MAX, mask);
                null.iter().for_each(|null| words::set_codes(codes, *null, *null, mask));
            } else {
                words::set_codes(codes, 0, *bound, mask);
            }
            return Ok(());
        }
        if let (Met::Numbers { bound: Some(bound), .. }, Some(longs)) =
            (&self.met, array.as_primitive_opt::<Int64Type>())
            && longs.null_count() == 0
        {
            match self.descending {
                false => words::set_longs(longs.values(), i64::MIN, (*bound ^ SIGN) as i64, mask),
                true => words::set_longs(longs.values(), (!*bound ^ SIGN) as i64, i64::MAX, mask),
            }
            return Ok(());
        }
        words::set_range(mask, 0..array.len());
        Ok(())
    }

    /// Takes note of the values of the rows, and leaves those out that now are known to lie behind the bound.
    fn meet(&mut self, array: &ArrayRef, mask: &mut [u64]) -> Result<()> {
        match &mut self.met {
            Met::Numbers { values, bound } => {
                let number = ordered(array, self.descending).ok_or_else(|| unexpected("numbers"))?;
                keep(mask, |row| {
                    let Some(number) = number(row) else { return true };
                    let is_in = bound.is_none_or(|bound| number <= bound);
                    self.num += usize::from(is_in && values.insert(number));
                    is_in
                });
            }
            Met::Sorted { bits, null, .. } => {
                let codes = codes_of(array.as_ref()).ok_or_else(|| unexpected("codes"))?;
                for row in words::rows(mask, 0) {
                    let code = codes.get(row);
                    let word = &mut bits[code as usize / 64];
                    let bit = 1 << (code % 64);
                    self.num += usize::from(*word & bit == 0 && *null != Some(code));
                    *word |= if *null == Some(code) { 0 } else { bit };
                }
            }
            Met::Ranked { compare, known, codes: met, bound, null } => {
                let codes: Codes<'_> = codes_of(array.as_ref()).ok_or_else(|| unexpected("codes"))?;
                keep(mask, |row| {
                    let code = codes.get(row);
                    if known[code as usize] == Known::Nothing {
                        let is_in = bound.is_none_or(|bound| compare(code, bound).is_le());
                        known[code as usize] = if is_in { Known::In } else { Known::Out };
                        if is_in && *null != Some(code) {
                            met.push(code);
                            self.num += 1;
                        }
                    }
                    known[code as usize] == Known::In
                });
            }
        }
        Ok(())
    }

    /// Finds the last of the first values again and forgets those behind it.
    fn tighten(&mut self) {
        let most = self.most;
        match &mut self.met {
            Met::Sorted { bits, bound, .. } => {
                *bound = nth_bit(bits, most, self.descending).or(*bound);
                self.num = words::count(bits);
            }
            Met::Ranked { compare, known, codes, bound, .. } if codes.len() >= most => {
                let (_, last, _) = codes.select_nth_unstable_by(most - 1, |a, b| compare(*a, *b));
                let last = *last;
                codes.retain(|code| {
                    let is_in = compare(*code, last).is_le();
                    known[*code as usize] = if is_in { Known::In } else { Known::Out };
                    is_in
                });
                (*bound, self.num) = (Some(last), codes.len());
            }
            Met::Numbers { values, bound } if values.len() >= most => {
                let mut all: Vec<u64> = values.iter().copied().collect();
                let (_, last, _) = all.select_nth_unstable(most - 1);
                let last = *last;
                values.retain(|value| *value <= last);
                (*bound, self.num) = (Some(last), values.len());
            }
            Met::Ranked { .. } | Met::Numbers { .. } => {}
        }
    }
}

fn met_of(key: &Key, first: &FirstKeys) -> Option<Met> {
    let bits = |num_codes: usize| vec![0; num_codes.div_ceil(64)];
    let ranked = |compare: Box<dyn Fn(u32, u32) -> Ordering + Send>, num_codes: usize, null: Option<u32>| {
        let compare: Compare = if first.descending { Box::new(move |a, b| compare(b, a)) } else { compare };
        Met::Ranked { compare, known: vec![Known::Nothing; num_codes], codes: Vec::new(), bound: None, null }
    };
    match (&key.domain, first.how) {
        (Domain::Codes { dictionary, num_codes, .. }, how) => {
            let order = match how {
                How::Natural => StringOrder::Lexicographic,
                How::Text(order) => order,
                How::NumericFirst => return None,
            };
            if dictionary.keys_of().is_some() {
                return None;
            }
            let null = dictionary.code_of(None);
            if order == StringOrder::Lexicographic && dictionary.is_sorted() {
                return Some(Met::Sorted { bits: bits(*num_codes), bound: None, null });
            }
            let dictionary = dictionary.clone();
            let text = move |code, other| {
                let (text, other) = (dictionary.get(code).unwrap_or(""), dictionary.get(other).unwrap_or(""));
                if order == StringOrder::Lexicographic {
                    order::compare(text, other)
                } else {
                    order.compare(text, other)
                }
            };
            Some(ranked(Box::new(text), *num_codes, null))
        }
        (Domain::Numbers(numbers), How::Natural) => {
            Some(Met::Sorted { bits: bits(numbers.values().len()), bound: None, null: None })
        }
        (Domain::Numbers(numbers), How::Text(order)) => {
            let values = match numbers.values().as_primitive_opt::<Int64Type>() {
                Some(longs) => Values::Long(longs.clone()),
                None => Values::Double(numbers.values().as_primitive_opt::<Float64Type>()?.clone()),
            };
            let len = values.len();
            let text = move |code: u32, other: u32| {
                let text = |code: u32| values.text(code as usize).unwrap_or_default();
                order.compare(&text(code), &text(other))
            };
            Some(ranked(Box::new(text), len, None))
        }
        (Domain::Long | Domain::Double | Domain::Float, How::Natural) => {
            Some(Met::Numbers { values: HashSet::new(), bound: None })
        }
        _ => None,
    }
}

/// Keeps the rows of the mask for which the test holds.
fn keep(mask: &mut [u64], mut test: impl FnMut(usize) -> bool) {
    for (at, word) in mask.iter_mut().enumerate() {
        let mut left = *word;
        while left != 0 {
            let bit = left.trailing_zeros() as usize;
            left &= left - 1;
            if !test(at * 64 + bit) {
                *word &= !(1 << bit);
            }
        }
    }
}

/// The numbers of rows as integers that ascend in an order, `None` for null.
fn ordered(array: &ArrayRef, descending: bool) -> Option<Box<dyn Fn(usize) -> Option<u64> + '_>> {
    let turn = move |key: u64| if descending { !key } else { key };
    let of_double = |value: f64| {
        let bits = if value.is_nan() { f64::NAN } else { value }.to_bits();
        if bits & SIGN == 0 { bits | SIGN } else { !bits }
    };
    if let Some(longs) = array.as_primitive_opt::<Int64Type>() {
        return Some(Box::new(move |row| longs.is_valid(row).then(|| turn(longs.value(row) as u64 ^ SIGN))));
    }
    if let Some(doubles) = array.as_primitive_opt::<Float64Type>() {
        return Some(Box::new(move |row| doubles.is_valid(row).then(|| turn(of_double(doubles.value(row))))));
    }
    let floats = array.as_primitive_opt::<Float32Type>()?;
    Some(Box::new(move |row| floats.is_valid(row).then(|| turn(of_double(floats.value(row).into())))))
}

/// The place of the n-th bit from one end, counted from 1; clears those behind it. `None` when there are fewer.
fn nth_bit(bits: &mut [u64], n: usize, from_end: bool) -> Option<u32> {
    let mut left = n;
    let len = bits.len();
    for step in 0..len {
        let at = if from_end { len - 1 - step } else { step };
        let ones = bits[at].count_ones() as usize;
        if ones < left {
            left -= ones;
            continue;
        }
        let mut word = bits[at];
        for _ in 1..left {
            word &= !(1 << if from_end { 63 - word.leading_zeros() } else { word.trailing_zeros() });
        }
        let bit = if from_end { 63 - word.leading_zeros() } else { word.trailing_zeros() };
        if from_end {
            bits[at] &= u64::MAX << bit;
            bits[..at].fill(0);
        } else {
            bits[at] &= u64::MAX >> (63 - bit);
            bits[at + 1..].fill(0);
        }
        return u32::try_from(at * 64).ok().map(|start| start + bit);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_bit_from_either_end() {
        let all = || vec![0b1010_u64, 0, 1 << 63, 0b11];
        for (n, first, last) in [(1, Some(1), Some(193)), (2, Some(3), Some(192)), (3, Some(191), Some(191))] {
            let mut bits = all();
            assert_eq!(nth_bit(&mut bits, n, false), first);
            assert_eq!(words::count(&bits), n);
            let mut bits = all();
            assert_eq!(nth_bit(&mut bits, n, true), last);
            assert_eq!(words::count(&bits), n);
        }
        assert_eq!(nth_bit(&mut all(), 6, false), None);
    }
}

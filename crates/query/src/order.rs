//! Sorting rows of an answer: one integer key per value, nulls apart, ties by what follows.

use std::cmp::Ordering;

use aggregate::Dictionary;
use arrow_array::UInt32Array;
use dialect::order::{self, StringOrder};

use crate::finalize::Values;

/// How values of a column compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// Numbers as numbers, text by UTF-16 units.
    Natural,
    /// Doubles with every finite value above every other one.
    NumericFirst,
    /// The string form under an order.
    Text(StringOrder),
}

impl How {
    /// Dimensions compare by their string form unless they are numbers in numeric order.
    pub fn of_dimension(is_number: bool, order: StringOrder) -> How {
        match order {
            StringOrder::Numeric | StringOrder::Natural if is_number => How::Natural,
            _ => How::Text(order),
        }
    }
}

/// Precomputed keys of one column.
pub(crate) struct SortKey {
    keys: Vec<u64>,
    nulls: Option<Vec<bool>>,
    descending: bool,
    nulls_last: bool,
}

impl SortKey {
    /// Ascending, nulls first.
    pub fn new(values: &Values, how: How) -> Self {
        let n = values.len();
        let keys = match (values, how) {
            (_, How::Text(order)) => text_ranks(values, |a, b| order.compare(a, b)),
            (Values::Long(a), _) => a.values().iter().map(|&v| long_key(v)).collect(),
            (Values::Double(a), _) => double_keys(a.values().iter().copied(), how),
            (Values::Float(a), _) => double_keys(a.values().iter().map(|&v| f64::from(v)), how),
            (Values::Coded { codes, dictionary }, _) if dictionary.is_sorted() => {
                codes.iter().map(|&c| u64::from(c)).collect()
            }
            (Values::Null(_), _) => vec![0; n],
            (Values::Json(a), _) if a.iter().all(|v| v.is_number() || v.is_null()) => {
                a.iter().map(|v| double_key(v.as_f64().unwrap_or(0.0), how)).collect()
            }
            _ => text_ranks(values, order::compare),
        };
        let nulls: Option<Vec<bool>> = values.may_have_nulls().then(|| (0..n).map(|row| values.is_null(row)).collect());
        let nulls = nulls.filter(|nulls| nulls.contains(&true));
        Self { keys, nulls, descending: false, nulls_last: false }
    }

    /// Turns the order round, nulls with it.
    pub fn descending(mut self, descending: bool) -> Self {
        self.descending = descending;
        self.nulls_last = descending;
        self
    }

    /// Puts nulls behind every value whatever the direction.
    pub fn nulls_last(mut self, last: bool) -> Self {
        self.nulls_last = last;
        self
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        self.compare_to(a, self, b)
    }

    /// A row against one of another table, whose keys mean the same.
    pub fn compare_to(&self, row: usize, other: &SortKey, other_row: usize) -> Ordering {
        let is_null = |key: &SortKey, row: usize| key.nulls.as_ref().is_some_and(|nulls| nulls[row]);
        let nulls = (is_null(self, row), is_null(other, other_row));
        nulls_apart(nulls, self.nulls_last).unwrap_or_else(|| {
            let ascending = self.keys[row].cmp(&other.keys[other_row]);
            if self.descending { ascending.reverse() } else { ascending }
        })
    }
}

/// The order where one of two is null.
fn nulls_apart(nulls: (bool, bool), nulls_last: bool) -> Option<Ordering> {
    match nulls {
        (true, true) => Some(Ordering::Equal),
        (true, false) => Some(if nulls_last { Ordering::Greater } else { Ordering::Less }),
        (false, true) => Some(if nulls_last { Ordering::Less } else { Ordering::Greater }),
        (false, false) => None,
    }
}

/// A column to order by, and how.
#[derive(Clone)]
pub(crate) struct OrderBy {
    values: Values,
    how: How,
    descending: bool,
}

impl OrderBy {
    /// Ascending, nulls first.
    pub fn new(values: Values, how: How) -> Self {
        Self { values, how, descending: false }
    }

    /// Turns the order round, nulls with it.
    pub fn descending(mut self, descending: bool) -> Self {
        self.descending = descending;
        self
    }

    /// Of some of the rows.
    pub fn take(&self, rows: &UInt32Array) -> crate::Result<Self> {
        Ok(Self { values: self.values.take(rows)?, how: self.how, descending: self.descending })
    }

    pub fn key(&self) -> SortKey {
        SortKey::new(&self.values, self.how).descending(self.descending)
    }

    /// Whether the keys mean the same in every table.
    pub fn is_number(&self) -> bool {
        let is_number = matches!(self.values, Values::Long(_) | Values::Double(_) | Values::Float(_));
        is_number && !matches!(self.how, How::Text(_))
    }

    /// Whether the keys of both mean the same.
    pub fn is_like(&self, other: &OrderBy) -> bool {
        matches!(self.values, Values::Long(_)) == matches!(other.values, Values::Long(_))
    }

    /// A row against one of another table: as numbers when both are, else as texts.
    pub fn compare_to(&self, row: usize, other: &OrderBy, other_row: usize) -> Ordering {
        let nulls = (self.values.is_null(row), other.values.is_null(other_row));
        nulls_apart(nulls, self.descending).unwrap_or_else(|| {
            let ascending = if self.is_number() && other.is_number() {
                let key = |by: &OrderBy, row| by.values.double(row).map(|number| double_key(number, by.how));
                key(self, row).cmp(&key(other, other_row))
            } else {
                let (one, two) =
                    (self.values.text(row).unwrap_or_default(), other.values.text(other_row).unwrap_or_default());
                match self.how {
                    How::Text(order) => order.compare(&one, &two),
                    How::Natural | How::NumericFirst => order::compare(&one, &two),
                }
            };
            if self.descending { ascending.reverse() } else { ascending }
        })
    }
}

fn long_key(value: i64) -> u64 {
    (value as u64) ^ (1 << 63)
}

/// Keeps the order of `Double.compare`: -0.0 below 0.0, one NaN above all.
#[inline(always)]
fn natural_key(value: f64) -> u64 {
    let bits = if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() };
    let is_negative = bits >> 63;
    bits ^ (is_negative.wrapping_neg() | 1 << 63)
}

fn double_key(value: f64, how: How) -> u64 {
    let key = natural_key(value);
    if how != How::NumericFirst || value.is_finite() {
        return key;
    }
    // -Infinity is the smallest of all keys; descending order must list finite, NaN, Infinity, -Infinity.
    match value {
        v if v.is_nan() => 2,
        f64::INFINITY => 1,
        _ => 0,
    }
}

/// The keys of many, those of finite ones without a branch.
fn double_keys(values: impl Iterator<Item = f64> + Clone, how: How) -> Vec<u64> {
    let are_finite = values.clone().fold(true, |finite, value| finite & value.is_finite());
    match how {
        How::NumericFirst if !are_finite => values.map(|value| double_key(value, how)).collect(),
        _ => values.map(natural_key).collect(),
    }
}

/// The rank of each row's string form among the distinct ones; equal under `compare` is equal in rank.
fn text_ranks(values: &Values, compare: impl Fn(&str, &str) -> Ordering) -> Vec<u64> {
    if let Values::Coded { codes, dictionary } = values {
        return code_ranks(codes, dictionary.as_ref(), compare);
    }
    let texts: Vec<_> = (0..values.len()).map(|row| values.text(row)).collect();
    let text = |row: u32| texts[row as usize].as_deref().unwrap_or("");
    let mut rows: Vec<u32> = (0..).take(texts.len()).collect();
    rows.sort_unstable_by(|&a, &b| compare(text(a), text(b)));
    let mut ranks = vec![0; texts.len()];
    let mut rank = 0;
    for at in 0..rows.len() {
        if at > 0 && compare(text(rows[at - 1]), text(rows[at])) != Ordering::Equal {
            rank += 1;
        }
        ranks[rows[at] as usize] = rank;
    }
    ranks
}

fn code_ranks(codes: &[u32], dictionary: &dyn Dictionary, compare: impl Fn(&str, &str) -> Ordering) -> Vec<u64> {
    let text = |code: u32| dictionary.get(code).unwrap_or("");
    let mut used = codes.to_vec();
    used.sort_unstable();
    used.dedup();
    let mut sorted = used.clone();
    sorted.sort_unstable_by(|&a, &b| compare(text(a), text(b)));
    let mut rank_of = hashbrown::HashMap::with_capacity(sorted.len());
    let mut rank = 0u64;
    for at in 0..sorted.len() {
        if at > 0 && compare(text(sorted[at - 1]), text(sorted[at])) != Ordering::Equal {
            rank += 1;
        }
        rank_of.insert(sorted[at], rank);
    }
    codes.iter().map(|code| rank_of[code]).collect()
}

/// The rows that may be among the first `limit` by this key, whatever decides between equals; ascending.
pub(crate) fn leading(key: &SortKey, num_rows: usize, limit: usize) -> UInt32Array {
    if limit == 0 || limit >= num_rows {
        return (0u32..).take(num_rows).collect::<Vec<_>>().into();
    }
    if key.nulls.is_none() {
        let turned = if key.descending { u64::MAX } else { 0 };
        let last = nth(key.keys.iter().map(|key| key ^ turned), limit);
        let rows = (0u32..).zip(&key.keys).filter(|(_, key)| *key ^ turned <= last);
        return rows.map(|(row, _)| row).collect::<Vec<_>>().into();
    }
    let mut rows: Vec<u32> = (0..).take(num_rows).collect();
    let compare = |a: &u32, b: &u32| key.compare(*a as usize, *b as usize);
    let (_, last, _) = rows.select_nth_unstable_by(limit - 1, compare);
    let last = *last;
    (0u32..).take(num_rows).filter(|row| compare(row, &last).is_le()).collect::<Vec<_>>().into()
}

/// The greatest of the `limit` least keys. There are as many.
fn nth(keys: impl Iterator<Item = u64>, limit: usize) -> u64 {
    let most = limit.saturating_mul(2).max(1_024);
    let (mut near, mut last) = (Vec::with_capacity(most), u64::MAX);
    for key in keys {
        if key < last || near.len() < limit {
            near.push(key);
        }
        if near.len() == most {
            last = *near.select_nth_unstable(limit - 1).1;
            near.truncate(limit);
        }
    }
    *near.select_nth_unstable(limit - 1).1
}

/// The rows in order, without the first `offset` and no more than `limit`. Rows that all keys hold equal keep
/// their order.
pub(crate) fn sort(keys: &[SortKey], num_rows: usize, offset: usize, limit: Option<usize>) -> UInt32Array {
    let mut rows: Vec<u32> = (0..).take(num_rows).collect();
    let compare = |a: &u32, b: &u32| {
        let first = keys.iter().map(|key| key.compare(*a as usize, *b as usize)).find(|o| *o != Ordering::Equal);
        first.unwrap_or_else(|| a.cmp(b))
    };
    let end = limit.map_or(num_rows, |limit| offset.saturating_add(limit).min(num_rows));
    if end < num_rows && end > 0 {
        rows.select_nth_unstable_by(end - 1, compare);
    }
    rows.truncate(end);
    rows.sort_unstable_by(compare);
    rows.drain(..offset.min(end));
    rows.into()
}

/// The rows that are kept, ascending. There is no foreseeing them, so that no branch tries to.
pub(crate) fn kept(keep: &[bool]) -> UInt32Array {
    let (mut rows, mut num_rows) = (vec![0; keep.len()], 0);
    for (row, keep) in (0u32..).zip(keep) {
        rows[num_rows] = row;
        num_rows += usize::from(*keep);
    }
    rows.truncate(num_rows);
    rows.into()
}

/// The rows at some places of a list of rows.
pub(crate) fn rows_at(rows: &UInt32Array, places: &UInt32Array) -> UInt32Array {
    places.values().iter().map(|at| rows.value(*at as usize)).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_rows_hold_all_that_may_come_first() {
        let values = Values::Long(vec![5, 9, 7, 9, 1, 7, 7].into());
        let key = || SortKey::new(&values, How::Natural).descending(true);
        assert_eq!(leading(&key(), 7, 3).values(), &[1, 2, 3, 5, 6], "equals of the third stay");
        assert_eq!(leading(&key(), 7, 2).values(), &[1, 3]);
        assert_eq!(leading(&key(), 7, 7).len(), 7);
        assert_eq!(leading(&key(), 7, 100).len(), 7);
    }
}

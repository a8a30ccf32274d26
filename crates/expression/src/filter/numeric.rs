//! A leaf over a column of numbers.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use segment::{Bounds, ColumnRef, SegmentRef, codes_of};
use timeline::Interval;

use super::bound_filter::{BoundFilter, Same};
use super::is_time;
use super::leaf::Leaf;
use super::predicate::{NumberType, Numbers, Predicate};
use super::scan::{CodeScan, fill};
use super::{sieve::Sieve, stored};
use crate::extraction::ExtractionFn;
use crate::numbers::key;
use crate::{Result, Truth, words};

/// Up to so many ranges are tested one after the other, each in a loop of its own.
const MAX_LOOPS: usize = 4;

pub(super) fn bind(
    leaf: &Leaf,
    segment: &SegmentRef,
    column: ColumnRef,
    number_type: NumberType,
) -> Box<dyn BoundFilter> {
    let null = match &leaf.extraction {
        Some(extraction) => leaf.predicate.extracted_null_number(extraction.apply(None).as_deref()),
        None => leaf.predicate.null_number(number_type),
    };
    let null = if column.has_nulls() { null } else { Truth::False };
    let ranges = match (&leaf.extraction, leaf.predicate.numbers(number_type)) {
        (None, Numbers::Ranges(ranges)) => ranges,
        (extraction, _) => {
            let (predicate, extraction) = (leaf.predicate.clone(), extraction.clone());
            return Box::new(TextLeaf { column, number_type, predicate, extraction, null });
        }
    };
    if is_time(&leaf.column)
        && let Some(runs) = segment.sorted_times()
    {
        let rows = ranges.iter().map(|(first, last)| {
            // The end of time is out of every row's reach.
            runs.rows_within(Interval { start: *first, end: last.saturating_add(1) })
        });
        return time_leaf(rows.filter(|rows| !rows.is_empty()).collect(), segment.num_rows());
    }
    if ranges.is_empty() && !column.has_nulls() {
        return Box::new(Same(Truth::False));
    }
    let scans = stored::scans(&column, &ranges);
    let sieve = if scans.is_none() && ranges.len() > MAX_LOOPS { Sieve::new(&ranges) } else { None };
    Box::new(RangeLeaf { column, number_type, ranges, null, scans, sieve })
}

fn time_leaf(rows: Vec<Range<usize>>, num_rows: usize) -> Box<dyn BoundFilter> {
    match rows.as_slice() {
        [] => Box::new(Same(Truth::False)),
        [all] if *all == (0..num_rows) => Box::new(Same(Truth::True)),
        _ => Box::new(RowRanges { rows }),
    }
}

/// Ranges of rows sorted by time; nothing is looked at.
struct RowRanges {
    rows: Vec<Range<usize>>,
}

impl BoundFilter for RowRanges {
    fn mask(&self, rows: Range<usize>, _unknown: bool, out: &mut Vec<u64>) -> Result<()> {
        words::reset(out, rows.len());
        for range in &self.rows {
            let (start, end) = (range.start.max(rows.start), range.end.min(rows.end));
            if start < end {
                words::set_range(out, start - rows.start..end - rows.start);
            }
        }
        Ok(())
    }

    fn row_range(&self, _num_rows: usize) -> Range<usize> {
        self.rows.first().map_or(0, |first| first.start)..self.rows.last().map_or(0, |last| last.end)
    }

    fn estimate(&self, _num_rows: usize) -> usize {
        self.rows.iter().map(Range::len).sum()
    }

    fn cost(&self) -> f64 {
        0.0
    }
}

/// Numbers within ranges of keys.
struct RangeLeaf {
    column: ColumnRef,
    number_type: NumberType,
    ranges: Vec<(i64, i64)>,
    null: Truth,
    /// The ranges as tests of codes or narrow integers, where the column keeps these.
    scans: Option<Vec<CodeScan>>,
    sieve: Option<Sieve>,
}

impl RangeLeaf {
    /// `Some` when the bounds of the rows decide: all rows inside one range, or none in any.
    fn by_bounds(&self, bounds: Bounds) -> Option<bool> {
        let (min, max) = match bounds {
            Bounds::Long { min, max } => (min, max),
            Bounds::Double { min, max } => (key(min), key(max)),
        };
        if self.ranges.iter().any(|(first, last)| *first <= min && max <= *last) {
            return Some(true);
        }
        self.ranges.iter().all(|(first, last)| max < *first || *last < min).then_some(false)
    }

    fn fill(&self, array: &ArrayRef, out: &mut [u64]) {
        if self.ranges.len() > MAX_LOOPS {
            return self.search(array, out);
        }
        for &(first, last) in &self.ranges {
            let span = last.wrapping_sub(first) as u64;
            let inside = move |value: i64| value.wrapping_sub(first) as u64 <= span;
            match self.number_type {
                NumberType::Long => fill(array.as_primitive::<Int64Type>().values(), out, inside),
                NumberType::Double => fill(array.as_primitive::<Float64Type>().values(), out, move |v| inside(key(v))),
                NumberType::Float => {
                    fill(array.as_primitive::<Float32Type>().values(), out, move |v| inside(key(f64::from(v))));
                }
            }
        }
    }

    fn search(&self, array: &ArrayRef, out: &mut [u64]) {
        let ranges = self.ranges.as_slice();
        let inside = move |value: i64| {
            if self.sieve.as_ref().is_some_and(|sieve| !sieve.may_hold(value)) {
                return false;
            }
            let at = ranges.partition_point(|(_, last)| *last < value);
            ranges.get(at).is_some_and(|(first, _)| *first <= value)
        };
        match self.number_type {
            NumberType::Long => fill(array.as_primitive::<Int64Type>().values(), out, inside),
            NumberType::Double => fill(array.as_primitive::<Float64Type>().values(), out, move |v| inside(key(v))),
            NumberType::Float => {
                fill(array.as_primitive::<Float32Type>().values(), out, move |v| inside(key(f64::from(v))));
            }
        }
    }
}

impl BoundFilter for RangeLeaf {
    fn mask(&self, rows: Range<usize>, unknown: bool, out: &mut Vec<u64>) -> Result<()> {
        words::reset(out, rows.len());
        let decided = self.column.zone(rows.clone()).and_then(|bounds| self.by_bounds(bounds));
        let nullable = self.column.has_nulls();
        if decided == Some(false) && !(nullable && self.null.keep(unknown)) {
            return Ok(());
        }
        if decided == Some(true) && !nullable {
            words::set_range(out, 0..rows.len());
            return Ok(());
        }
        if let Some(scans) = &self.scans {
            let Some(stored) = stored::read(&self.column, rows) else { return Ok(()) };
            if let Some(codes) = codes_of(&*stored) {
                scans.iter().for_each(|scan| scan.fill(codes, out));
            }
            set_nulls(stored.nulls(), self.null.keep(unknown), out);
            return Ok(());
        }
        let array = self.column.read(rows);
        self.fill(&array, out);
        set_nulls(array.nulls(), self.null.keep(unknown), out);
        Ok(())
    }

    fn constant(&self) -> Option<Truth> {
        let stats = self.column.stats()?;
        if stats.num_nulls > 0 {
            return None;
        }
        stats.bounds.and_then(|bounds| self.by_bounds(bounds)).map(Truth::from)
    }

    fn is_always_false(&self) -> bool {
        let nothing = self.ranges.is_empty() || self.scans.as_ref().is_some_and(Vec::is_empty);
        let never = nothing && self.null != Truth::True;
        never || self.constant() == Some(Truth::False)
    }

    fn cost(&self) -> f64 {
        let width = match (self.column.packed(), self.column.number_codes()) {
            (Some(packed), _) => packed.width() as f64,
            (None, Some(_)) => 4.0,
            (None, None) => {
                if self.number_type == NumberType::Float {
                    4.0
                } else {
                    8.0
                }
            }
        };
        width * self.ranges.len().clamp(1, MAX_LOOPS) as f64
    }
}

/// Sets or clears the rows that are null.
pub(super) fn set_nulls(nulls: Option<&NullBuffer>, keep: bool, out: &mut [u64]) {
    let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else { return };
    let chunks = nulls.inner().bit_chunks();
    for (valid, word) in chunks.iter_padded().zip(out.iter_mut()) {
        *word = if keep { *word | !valid } else { *word & valid };
    }
    words::clear_tail(out, nulls.len());
}

/// Numbers looked at as text, or through an extraction function.
struct TextLeaf {
    column: ColumnRef,
    number_type: NumberType,
    predicate: Arc<dyn Predicate>,
    extraction: Option<ExtractionFn>,
    null: Truth,
}

impl TextLeaf {
    fn test(&self, array: &ArrayRef, row: usize, bits: i64) -> Truth {
        if self.extraction.is_none()
            && let Some(truth) = self.predicate.number(self.number_type, bits)
        {
            return truth;
        }
        let text = match self.number_type {
            NumberType::Long => {
                let value = array.as_primitive::<Int64Type>().value(row);
                match &self.extraction {
                    Some(extraction) => return self.predicate.extracted(extraction.apply_long(value).as_deref()),
                    None => value.to_string(),
                }
            }
            NumberType::Double => dialect::print::double_text(array.as_primitive::<Float64Type>().value(row)),
            NumberType::Float => dialect::print::float_text(array.as_primitive::<Float32Type>().value(row)),
        };
        match &self.extraction {
            Some(extraction) => self.predicate.extracted(extraction.apply(Some(&text)).as_deref()),
            None => self.predicate.text(Some(&text)),
        }
    }
}

impl BoundFilter for TextLeaf {
    fn mask(&self, rows: Range<usize>, unknown: bool, out: &mut Vec<u64>) -> Result<()> {
        words::reset(out, rows.len());
        let array = self.column.read(rows);
        let mut last: Option<(i64, Truth)> = None;
        for row in 0..array.len() {
            let truth = match number_key(&array, self.number_type, row) {
                None => self.null,
                // Times come in runs: ask once for each.
                Some(key) => match last {
                    Some((before, truth)) if before == key => truth,
                    _ => {
                        let truth = self.test(&array, row, key);
                        last = Some((key, truth));
                        truth
                    }
                },
            };
            out[row / 64] |= u64::from(truth.keep(unknown)) << (row % 64);
        }
        Ok(())
    }

    fn cost(&self) -> f64 {
        400.0
    }
}

fn number_key(array: &ArrayRef, number_type: NumberType, row: usize) -> Option<i64> {
    array.is_valid(row).then(|| match number_type {
        NumberType::Long => array.as_primitive::<Int64Type>().value(row),
        NumberType::Double => array.as_primitive::<Float64Type>().value(row).to_bits() as i64,
        NumberType::Float => i64::from(array.as_primitive::<Float32Type>().value(row).to_bits()),
    })
}

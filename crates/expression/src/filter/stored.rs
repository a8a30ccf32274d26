//! Ranges of numbers as tests of what a column stores for them: codes, or narrow integers.

use std::ops::Range;

use aggregate::Scale;
use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use segment::{ColumnRef, NumberCodes, PackedNumbers};

use super::codes::CodeSet;
use super::scan::CodeScan;
use crate::numbers::key;

/// Up to so many ranges are tested one after the other; more are one set.
const MAX_SPANS: usize = 16;
/// Most stored values that a set may be of: two megabytes of bits.
const MAX_SET: usize = 1 << 24;

type Test<'a> = &'a dyn Fn(i64) -> bool;

/// `None` where the column stores numbers as they are, and for more ranges than one set can hold.
pub(super) fn scans(column: &ColumnRef, ranges: &[(i64, i64)]) -> Option<Vec<CodeScan>> {
    let (spans, num_stored) = match (column.packed(), column.number_codes()) {
        (Some(packed), _) => (packed_spans(packed, ranges), usize::try_from(packed.max()).ok()? + 1),
        (None, Some(codes)) => (coded_spans(codes, ranges), codes.values().len()),
        (None, None) => return None,
    };
    if spans.len() <= MAX_SPANS {
        return Some(spans.into_iter().map(|(first, last)| CodeScan::Span(first, last)).collect());
    }
    (num_stored <= MAX_SET).then(|| {
        let stored = spans.into_iter().flat_map(|(first, last)| first..=last);
        vec![CodeScan::new(&CodeSet::of(stored, num_stored), num_stored)]
    })
}

/// What is stored for some rows of a column that `scans` tests.
pub(super) fn read(column: &ColumnRef, rows: Range<usize>) -> Option<ArrayRef> {
    match column.packed() {
        Some(packed) => Some(packed.read_stored(rows)),
        None => column.number_codes().map(|numbers| numbers.read(rows)),
    }
}

fn packed_spans(packed: &PackedNumbers, ranges: &[(i64, i64)]) -> Vec<(u32, u32)> {
    let scale = packed.scale();
    let key_of = |stored: u32| match scale {
        Scale::Long { .. } => scale.long(stored),
        Scale::Double { .. } => key(scale.double(stored)),
    };
    let num_below = |test: Test<'_>| {
        let (mut start, mut end) = (0u64, u64::from(packed.max()) + 1);
        while start < end {
            let middle = start.midpoint(end);
            if test(key_of(middle as u32)) { start = middle + 1 } else { end = middle }
        }
        start
    };
    spans(ranges, num_below)
}

fn coded_spans(codes: &NumberCodes, ranges: &[(i64, i64)]) -> Vec<(u32, u32)> {
    let values = codes.values();
    let longs = values.as_primitive_opt::<Int64Type>();
    let doubles = values.as_primitive_opt::<Float64Type>();
    let num_below = |test: Test<'_>| match (longs, doubles) {
        (Some(longs), _) => longs.values().partition_point(|long| test(*long)) as u64,
        (None, Some(doubles)) => doubles.values().partition_point(|double| test(key(*double))) as u64,
        (None, None) => 0,
    };
    spans(ranges, num_below)
}

/// First and last of what is stored inside each range; `num_below` counts what comes before a key.
fn spans(ranges: &[(i64, i64)], num_below: impl Fn(Test<'_>) -> u64) -> Vec<(u32, u32)> {
    let span = |(first, last): &(i64, i64)| {
        let (start, end) = (num_below(&|key| key < *first), num_below(&|key| key <= *last));
        Some((u32::try_from(start).ok()?, u32::try_from(end.checked_sub(1)?).ok()?)).filter(|_| start < end)
    };
    ranges.iter().filter_map(span).collect()
}

//! `columnComparison`: columns hold the same text, or are all null; multi-value rows share a value.

use std::collections::BTreeSet;
use std::ops::Range;

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use segment::widen;
use segment::{ColumnRef, SegmentRef};

use super::bound_filter::{BoundFilter, Same};
use super::{Filter, FilterKind, FilterSpec, Parsing};
use crate::dimension_spec::DimensionSpec;
use crate::json::Object;
use crate::{Result, Truth, words};

pub(super) const KIND: FilterKind = FilterKind { tag: "columnComparison", parse };

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<Filter> {
    let dimensions = object.array("dimensions")?.iter();
    let dimensions = dimensions.map(|json| DimensionSpec::parse_with(json, parsing.environment));
    let dimensions = dimensions.collect::<Result<Vec<_>>>()?;
    if dimensions.is_empty() {
        return Err(object.error("'dimensions' must not be empty"));
    }
    Ok(Filter::new(Comparison { dimensions }))
}

#[derive(Debug)]
struct Comparison {
    dimensions: Vec<DimensionSpec>,
}

impl FilterSpec for Comparison {
    fn required_columns(&self, out: &mut BTreeSet<String>) {
        out.extend(self.dimensions.iter().map(|dimension| dimension.dimension().to_string()));
    }

    fn bind(&self, segment: &SegmentRef) -> Result<Box<dyn BoundFilter>> {
        let mut columns = Vec::new();
        for dimension in &self.dimensions {
            columns.push(dimension.bind_text(segment)?);
        }
        let Some((first, others)) = columns.split_first() else { return Ok(Box::new(Same(Truth::True))) };
        let Some(dictionary) = first.dictionary() else { return Ok(Box::new(Same(Truth::False))) };
        let null = dictionary.code_of(None).unwrap_or(u32::MAX);
        let mut parts = Vec::with_capacity(others.len());
        for column in others {
            let Some(other) = column.dictionary() else { return Ok(Box::new(Same(Truth::False))) };
            // A code that stands for nothing in the first dictionary equals no row of it.
            let code = |code: u32| match other.get(code) {
                Some(value) => dictionary.code_of(Some(value)).unwrap_or(u32::MAX - 1),
                None => null,
            };
            parts.push((column.clone(), (0u32..).take(other.len()).map(code).collect()));
        }
        Ok(Box::new(BoundComparison { first: first.clone(), parts, null }))
    }
}

struct BoundComparison {
    first: ColumnRef,
    /// The other columns, and their codes as those of the first.
    parts: Vec<(ColumnRef, Vec<u32>)>,
    null: u32,
}

/// The codes of each row; a row without value has the null code.
fn lists(column: &ColumnRef, array: &ArrayRef, null: u32) -> Vec<Vec<u32>> {
    if !column.is_multi_value() {
        return widen(&**array).unwrap_or_default().into_iter().map(|code| vec![code]).collect();
    }
    let lists = array.as_list::<i32>();
    let codes = widen(&**lists.values()).unwrap_or_default();
    let row = |ends: &[i32]| match ends[0] == ends[1] {
        true => vec![null],
        false => codes[ends[0] as usize..ends[1] as usize].to_vec(),
    };
    lists.value_offsets().windows(2).map(row).collect()
}

impl BoundFilter for BoundComparison {
    fn mask(&self, rows: Range<usize>, _unknown: bool, out: &mut Vec<u64>) -> Result<()> {
        words::reset(out, rows.len());
        words::set_range(out, 0..rows.len());
        let first = lists(&self.first, &self.first.read(rows.clone()), self.null);
        for (column, codes) in &self.parts {
            let array = column.read(rows.clone());
            let code = |code: &u32| codes.get(*code as usize).copied().unwrap_or(self.null);
            for (row, others) in lists(column, &array, u32::MAX).iter().enumerate() {
                let equal = others.iter().map(code).any(|other| first[row].contains(&other));
                if !equal {
                    out[row / 64] &= !(1 << (row % 64));
                }
            }
        }
        Ok(())
    }

    fn cost(&self) -> f64 {
        200.0
    }
}

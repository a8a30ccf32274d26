//! A filter of one column: a predicate, perhaps behind an extraction function.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use aggregate::{ColumnType, Dictionary, Shape};
use dialect::value::Value;
use segment::{ColumnRef, SegmentRef};
use timeline::Interval;

use super::bound_filter::{BoundFilter, Same};
use super::codes::CodeSet;
use super::lazy::LazyLeaf;
use super::predicate::{NumberType, Numbers, Predicate};
use super::strategy::CodeLeaf;
use super::{Filter, FilterSpec, Parsing, is_time, numeric};
use crate::extraction::ExtractionFn;
use crate::json::Object;
use crate::{Error, Result, Truth, values, words};

#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub column: String,
    pub extraction: Option<ExtractionFn>,
    pub predicate: Arc<dyn Predicate>,
}

impl Leaf {
    pub fn filter(column: String, predicate: impl Predicate + 'static) -> Filter {
        Filter::new(Leaf { column, extraction: None, predicate: Arc::new(predicate) })
    }

    /// Reads `dimension` and `extractionFn` of the filter.
    pub fn parse(object: Object<'_>, parsing: &Parsing<'_>, predicate: impl Predicate + 'static) -> Result<Filter> {
        let column = object.text("dimension")?;
        let extraction = object.get("extractionFn");
        let extraction = extraction.map(|json| ExtractionFn::parse_with(json, parsing.environment)).transpose()?;
        Ok(Filter::new(Leaf { column, extraction, predicate: Arc::new(predicate) }))
    }

    /// Of a text or null, through the extraction function.
    pub(super) fn text(&self, value: Option<&str>) -> Truth {
        match &self.extraction {
            Some(extraction) => self.predicate.extracted(extraction.apply(value).as_deref()),
            None => self.predicate.text(value),
        }
    }

    fn missing(&self) -> Truth {
        if self.extraction.is_some() { self.text(None) } else { self.predicate.missing() }
    }

    fn time_ranges(&self) -> Option<Vec<(i64, i64)>> {
        match self.predicate.numbers(NumberType::Long) {
            Numbers::Ranges(ranges) if is_time(&self.column) && self.extraction.is_none() => Some(ranges),
            _ => None,
        }
    }

    /// Arrays and nested data: each entry of the dictionary is asked about once.
    fn bind_values(&self, column: ColumnRef, shape: Shape, num_rows: usize) -> Result<Box<dyn BoundFilter>> {
        if shape.is_array() && !(self.extraction.is_none() && self.predicate.reads_arrays()) {
            return Err(Error::unsupported(format!(
                "column '{}' is of type {}: only the filters equals, range, inType, null and arrayContainsElement \
                 read arrays",
                self.column,
                shape.name()
            )));
        }
        let Some(dictionary) = column.dictionary() else { return Ok(Box::new(Same(self.missing()))) };
        let truth = |code| match values::of_key(dictionary.get(code)) {
            Value::Null => self.text(None),
            value if shape.is_array() => self.predicate.array(&value, shape),
            value => match values::scalar_text(value.clone()) {
                Some(text) => self.text(Some(&text)),
                None if self.extraction.is_none() => self.predicate.nested(&value),
                None => self.predicate.state(),
            },
        };
        let len = dictionary.len();
        let truths: Vec<Truth> = (0u32..).take(len).map(truth).collect();
        let set = |unknown| CodeSet::collect(len, |code| truths[code as usize].keep(unknown));
        let null = self.text(None);
        Ok(CodeLeaf::bind(column, len, dictionary.code_of(None), set(false), set(true), null, num_rows))
    }

    fn bind_text(&self, column: ColumnRef, dictionary: &Arc<dyn Dictionary>, num_rows: usize) -> Box<dyn BoundFilter> {
        let len = dictionary.len();
        let null = self.text(None);
        let quick = if self.extraction.is_none() { self.predicate.codes(&**dictionary) } else { None };
        let (yes, maybe) = match quick {
            Some(codes) => {
                let null_code = dictionary.code_of(None);
                let with_null = |codes: CodeSet, keep: bool| match null_code {
                    Some(code) if keep => codes.with(code, len),
                    Some(code) if codes.contains(code) => {
                        let others: Vec<u32> = codes.iter(len).filter(|other| *other != code).collect();
                        CodeSet::of(others, len)
                    }
                    _ => codes,
                };
                (with_null(codes.clone(), null.keep(false)), with_null(codes, null.keep(true)))
            }
            None if LazyLeaf::is_worth_it(&column, &**dictionary, num_rows) => {
                return Box::new(LazyLeaf::new(self.clone(), column, dictionary.clone()));
            }
            None => {
                let truths: Vec<Truth> = (0u32..).take(len).map(|code| self.text(dictionary.get(code))).collect();
                let set = |unknown| CodeSet::collect(len, |code| truths[code as usize].keep(unknown));
                (set(false), set(true))
            }
        };
        CodeLeaf::bind(column, len, dictionary.code_of(None), yes, maybe, null, num_rows)
    }
}

impl FilterSpec for Leaf {
    fn required_columns(&self, out: &mut BTreeSet<String>) {
        out.insert(self.column.clone());
    }

    fn bind(&self, segment: &SegmentRef) -> Result<Box<dyn BoundFilter>> {
        let Some(column) = segment.column(&self.column) else { return Ok(Box::new(Same(self.missing()))) };
        if let ColumnType::Value(shape) = column.column_type()
            && (shape.is_array() || shape == Shape::Json)
        {
            return self.bind_values(column, shape, segment.num_rows());
        }
        let column = values::plain(column)?;
        Ok(match (column.column_type(), column.dictionary()) {
            (ColumnType::Value(_), _) => Box::new(Same(self.text(None))),
            (ColumnType::Long, _) => numeric::bind(self, segment, column, NumberType::Long),
            (ColumnType::Double, _) => numeric::bind(self, segment, column, NumberType::Double),
            (ColumnType::Float, _) => numeric::bind(self, segment, column, NumberType::Float),
            (ColumnType::String, Some(dictionary)) => {
                self.extraction.as_ref().map_or(Ok(()), |extraction| extraction.check_all(&*dictionary))?;
                self.bind_text(column, &dictionary, segment.num_rows())
            }
            // A state is no value that could be compared.
            (ColumnType::State(_), _) => {
                Box::new(StateLeaf { column, null: self.text(None), state: self.predicate.state() })
            }
            (ColumnType::String, None) => Box::new(Same(self.text(None))),
        })
    }

    fn time_intervals(&self) -> Option<Vec<Interval>> {
        let ranges = self.time_ranges()?.into_iter();
        Some(ranges.map(|(first, last)| Interval { start: first, end: last.saturating_add(1) }).collect())
    }

    fn time_intervals_of_not(&self) -> Option<Vec<Interval>> {
        let mut gaps = Vec::new();
        let mut next = i64::MIN;
        for (first, last) in self.time_ranges()? {
            gaps.push(Interval { start: next, end: first });
            next = last.saturating_add(1);
        }
        gaps.push(Interval { start: next, end: i64::MAX });
        Some(gaps)
    }
}

/// A column of states: only whether there is one can be told.
struct StateLeaf {
    column: ColumnRef,
    null: Truth,
    state: Truth,
}

impl BoundFilter for StateLeaf {
    fn mask(&self, rows: Range<usize>, unknown: bool, out: &mut Vec<u64>) -> Result<()> {
        words::reset(out, rows.len());
        let array = self.column.read(rows);
        for row in 0..array.len() {
            let truth = if array.is_null(row) { self.null } else { self.state };
            out[row / 64] |= u64::from(truth.keep(unknown)) << (row % 64);
        }
        Ok(())
    }

    fn cost(&self) -> f64 {
        20.0
    }
}

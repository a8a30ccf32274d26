//! Columns that aggregators read, each loaded once per vector.

use std::ops::Range;
use std::sync::Arc;

use aggregate::{AggregatorSpec, ColumnType, Dictionary, Fold, Input, InputSpec, NumberValues, Shape};
use arrow_array::{Array, ArrayRef, BinaryArray, Float32Array, Float64Array, Int64Array, ListArray, UInt32Array};
use expression::Environment;
use segment::{ColumnRef, NumberCodes, PackedNumbers, SegmentRef, codes_of};

use super::unexpected;
use crate::{Error, Result};

struct Bound {
    column: Option<ColumnRef>,
    dictionary: Option<Arc<dyn Dictionary>>,
    /// What is read instead of the column's numbers.
    form: Form,
    is_read: bool,
}

/// The form in which numbers are read.
enum Form {
    Plain,
    /// Codes of numbers that repeat.
    Coded(NumberCodes),
    /// Narrow integers as they are stored.
    Packed(PackedNumbers),
}

impl Bound {
    fn read(&self, rows: Range<usize>) -> Option<ArrayRef> {
        match &self.form {
            Form::Coded(numbers) => Some(numbers.read(rows)),
            Form::Packed(packed) => Some(packed.read_stored(rows)),
            Form::Plain => self.column.as_ref().filter(|_| self.is_read).map(|column| column.read(rows)),
        }
    }

    fn take(&self, rows: &UInt32Array) -> Option<ArrayRef> {
        match &self.form {
            Form::Coded(numbers) => Some(numbers.take(rows.values())),
            Form::Packed(packed) => Some(packed.take_stored(rows.values())),
            Form::Plain => self.column.as_ref().filter(|_| self.is_read).map(|column| column.take(rows.values())),
        }
    }
}

/// Distinct input columns, and which of them each aggregator reads.
pub(crate) struct Inputs {
    specs: Vec<InputSpec>,
    columns: Vec<Bound>,
    uses: Vec<Vec<usize>>,
}

impl Inputs {
    pub fn bind(specs: &[Arc<dyn AggregatorSpec>], segment: &SegmentRef, env: &Environment) -> Result<Self> {
        let mut inputs = Self { specs: Vec::new(), columns: Vec::new(), uses: Vec::new() };
        for spec in specs {
            let uses = spec.inputs().into_iter().map(|input| inputs.find_or_bind(input, segment, env));
            let uses = uses.collect::<Result<Vec<_>>>()?;
            inputs.check(spec.as_ref(), &uses)?;
            inputs.uses.push(uses);
        }
        Ok(inputs)
    }

    /// A query's `hyperUnique` reads sketches only; roll-up makes them.
    fn check(&self, spec: &dyn AggregatorSpec, uses: &[usize]) -> Result<()> {
        let types = uses.iter().filter_map(|at| self.columns[*at].column.as_ref().map(|column| column.column_type()));
        for column_type in types {
            if spec.type_tag() == "hyperUnique" && !matches!(column_type, ColumnType::State(_)) {
                let name = spec.name();
                return Err(Error::invalid(format!(
                    "aggregator '{name}' of type hyperUnique reads a column of sketches, not of type {column_type}: \
                     cardinality counts the values of any column"
                )));
            }
        }
        Ok(())
    }

    fn find_or_bind(&mut self, spec: InputSpec, segment: &SegmentRef, env: &Environment) -> Result<usize> {
        if let Some(at) = self.specs.iter().position(|known| *known == spec) {
            return Ok(at);
        }
        let column = match &spec {
            InputSpec::Column(name) => segment.column(name),
            InputSpec::Expression(text) => crate::expressions::expression_column(text, segment, env)?,
            InputSpec::Dimension(json) => crate::expressions::dimension_column(json, segment, env)?,
        };
        if let Some(ColumnType::Value(Shape::Json)) = column.as_ref().map(|column| column.column_type()) {
            return Err(Error::invalid(format!("{spec:?} is of type COMPLEX<json>, which cannot be aggregated")));
        }
        let column = column.map(expression::plain_column).transpose()?;
        let dictionary = column.as_ref().and_then(|column| column.dictionary());
        self.specs.push(spec);
        self.columns.push(Bound { column, dictionary, form: Form::Plain, is_read: true });
        Ok(self.columns.len() - 1)
    }

    /// Feeds the accumulators of the fold that want it with codes or narrow integers, where columns keep these.
    pub fn prefer_narrow(&mut self, fold: &Fold) {
        let mut bound: Vec<(usize, bool, Option<usize>)> = Vec::new();
        for (nth, accumulator) in fold.accumulators().iter().enumerate() {
            if !accumulator.wants_codes() && !accumulator.wants_packed() {
                continue;
            }
            for place in 0..self.uses[nth].len() {
                let (at, coded) = (self.uses[nth][place], accumulator.wants_codes());
                let known = bound.iter().find(|(of, form, _)| (*of, *form) == (at, coded)).map(|(_, _, to)| *to);
                let to = known.unwrap_or_else(|| {
                    let to = self.bind_narrow(at, coded);
                    bound.push((at, coded, to));
                    to
                });
                self.uses[nth][place] = to.unwrap_or(at);
            }
        }
        for (at, bound) in self.columns.iter_mut().enumerate() {
            bound.is_read = self.uses.iter().any(|uses| uses.contains(&at));
        }
    }

    fn bind_narrow(&mut self, at: usize, coded: bool) -> Option<usize> {
        let column = self.columns[at].column.as_ref()?;
        let form = match coded {
            true => Form::Coded(column.number_codes()?.clone()),
            false => Form::Packed(column.packed()?.clone()),
        };
        self.columns.push(Bound { column: None, dictionary: None, form, is_read: true });
        Some(self.columns.len() - 1)
    }

    /// Whether the first input of an aggregator is a number in every row.
    pub fn is_number_everywhere(&self, aggregator: usize) -> bool {
        let first = self.uses[aggregator].first().map(|at| &self.columns[*at]);
        first.is_some_and(|bound| match (&bound.form, &bound.column) {
            (Form::Coded(_), _) => true,
            (Form::Packed(packed), _) => !packed.has_nulls(),
            (Form::Plain, Some(column)) => column.column_type().is_number() && !column.has_nulls(),
            (Form::Plain, None) => false,
        })
    }

    /// The numbers that the only input of an aggregator has, where it is read by codes and some row has each.
    pub fn values_met(&self, aggregator: usize) -> Option<NumberValues<'_>> {
        let [at] = self.uses[aggregator].as_slice() else { return None };
        let Form::Coded(numbers) = &self.columns[*at].form else { return None };
        number_values(numbers.values().as_ref()).filter(|_| numbers.are_all_met())
    }

    /// Columns that are read.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// The types of each aggregator's inputs, `None` where the column is missing.
    pub fn types(&self) -> Vec<Vec<Option<ColumnType>>> {
        let type_of = |at: &usize| self.columns[*at].column.as_ref().map(|column| column.column_type());
        self.uses.iter().map(|uses| uses.iter().map(type_of).collect()).collect()
    }

    pub fn read(&self, rows: Range<usize>) -> Vec<Option<ArrayRef>> {
        self.columns.iter().map(|bound| bound.read(rows.clone())).collect()
    }

    /// Scattered rows, as `read` gives them.
    pub fn take(&self, rows: &UInt32Array) -> Vec<Option<ArrayRef>> {
        self.columns.iter().map(|bound| bound.take(rows)).collect()
    }

    /// The arrays as each aggregator wants them.
    pub fn of<'a>(&'a self, arrays: &'a [Option<ArrayRef>]) -> Result<Vec<Vec<Input<'a>>>> {
        let inputs = self.columns.iter().zip(arrays).map(|(bound, array)| match array {
            None => Ok(Input::Absent),
            Some(array) => input_of(bound, array.as_ref()),
        });
        let inputs: Vec<Input<'a>> = inputs.collect::<Result<_>>()?;
        Ok(self.uses.iter().map(|uses| uses.iter().map(|at| inputs[*at]).collect()).collect())
    }
}

/// Some rows of each array.
pub(crate) fn slice(arrays: &[Option<ArrayRef>], rows: &Range<usize>) -> Vec<Option<ArrayRef>> {
    arrays.iter().map(|array| array.as_ref().map(|array| array.slice(rows.start, rows.len()))).collect()
}

/// Scattered rows of each array.
pub(crate) fn take(arrays: &[Option<ArrayRef>], rows: &UInt32Array) -> Result<Vec<Option<ArrayRef>>> {
    let take = |array: &Option<ArrayRef>| match array {
        None => Ok(None),
        Some(array) => Ok(Some(arrow_select::take::take(array, rows, None)?)),
    };
    arrays.iter().map(take).collect()
}

fn input_of<'a>(bound: &'a Bound, array: &'a dyn Array) -> Result<Input<'a>> {
    match &bound.form {
        Form::Plain => {}
        Form::Coded(numbers) => {
            let codes = codes_of(array).ok_or_else(|| unexpected("numbers"))?;
            let values = number_values(numbers.values().as_ref()).ok_or_else(|| unexpected("numbers"))?;
            return Ok(Input::Numbers { codes, values });
        }
        Form::Packed(packed) => {
            return PackedNumbers::packed_of(array, packed.scale(), packed.max())
                .map(Input::Packed)
                .ok_or_else(|| unexpected("numbers"));
        }
    }
    let any = array.as_any();
    if let Some(longs) = any.downcast_ref::<Int64Array>() {
        return Ok(Input::Long(longs));
    }
    if let Some(doubles) = any.downcast_ref::<Float64Array>() {
        return Ok(Input::Double(doubles));
    }
    if let Some(floats) = any.downcast_ref::<Float32Array>() {
        return Ok(Input::Float(floats));
    }
    if let Some(states) = any.downcast_ref::<BinaryArray>() {
        return Ok(Input::State(states));
    }
    let dictionary = bound.dictionary.as_deref().ok_or_else(|| Error::internal("codes without a dictionary"))?;
    if let Some(lists) = any.downcast_ref::<ListArray>() {
        let codes = codes_of(lists.values().as_ref()).ok_or_else(|| unexpected("list"))?;
        return Ok(Input::Texts { offsets: lists.value_offsets(), codes, dictionary });
    }
    let codes = codes_of(array).ok_or_else(|| unexpected("text"))?;
    Ok(Input::Text { codes, dictionary })
}

fn number_values(values: &dyn Array) -> Option<NumberValues<'_>> {
    if let Some(longs) = values.as_any().downcast_ref::<Int64Array>() {
        return Some(NumberValues::Longs(longs.values()));
    }
    values.as_any().downcast_ref::<Float64Array>().map(|doubles| NumberValues::Doubles(doubles.values()))
}

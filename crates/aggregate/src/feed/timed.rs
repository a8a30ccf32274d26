//! One item a row, nulls included: a number, with or without a time.

use arrow_array::Array;

use crate::error::{Error, Result};
use crate::feed::{Feed, Mask, Number, NumberReader, Sink};
use crate::input::{ColumnType, Input};
use crate::span::Span;

/// A row's time and number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimedItem<T> {
    pub time: i64,
    pub value: Option<T>,
}

/// Reads a number and, as second input, a time. Rows without time are left out.
#[derive(Default)]
pub(crate) struct Timed<T> {
    reader: NumberReader<T>,
    values: Vec<Option<T>>,
    items: Vec<TimedItem<T>>,
    mask: Mask,
}

impl<T: Number> Feed for Timed<T> {
    type Item = TimedItem<T>;

    fn begin_segment(&mut self, _columns: &[Option<ColumnType>]) -> Result<()> {
        self.reader.begin_segment();
        Ok(())
    }

    fn feed(&mut self, span: &Span<'_>, inputs: &[Input<'_>], sink: &mut Sink<'_, TimedItem<T>>) -> Result<()> {
        let times = match inputs.get(1) {
            Some(Input::Long(times)) => *times,
            Some(Input::Absent) => return Ok(()),
            _ => return Err(Error::Internal { reason: "a time input is not fed longs".into() }),
        };
        self.values.clear();
        self.reader.read(span, inputs.first(), &mut self.values)?;
        let pairs = times.values()[span.start..span.end].iter().zip(&self.values);
        self.items.clear();
        self.items.extend(pairs.map(|(&time, &value)| TimedItem { time, value }));
        sink(&self.items, self.mask.valid(span, times.nulls()))
    }

    fn memory_bytes(&self) -> usize {
        self.reader.memory_bytes()
            + self.values.capacity() * size_of::<Option<T>>()
            + self.items.capacity() * size_of::<TimedItem<T>>()
    }
}

/// Reads a number a row, null or not.
#[derive(Default)]
pub(crate) struct Single<T> {
    reader: NumberReader<T>,
    values: Vec<Option<T>>,
}

impl<T: Number> Feed for Single<T> {
    type Item = Option<T>;

    fn begin_segment(&mut self, _columns: &[Option<ColumnType>]) -> Result<()> {
        self.reader.begin_segment();
        Ok(())
    }

    fn feed(&mut self, span: &Span<'_>, inputs: &[Input<'_>], sink: &mut Sink<'_, Option<T>>) -> Result<()> {
        self.values.clear();
        self.reader.read(span, inputs.first(), &mut self.values)?;
        sink(&self.values, span.local_rows())
    }

    fn memory_bytes(&self) -> usize {
        self.reader.memory_bytes() + self.values.capacity() * size_of::<Option<T>>()
    }
}

//! Numeric inputs, whatever the column's type.

use arrow_array::{Array, Float32Array, Float64Array, Int64Array};

use crate::error::{Error, Result};
use crate::feed::{Feed, Mask, Sink};
use crate::input::{Codes, ColumnType, Dictionary, Input, Rows};
use crate::packed::{Packed, Scale};
use crate::span::Span;

/// A number type that any column can be read as, with Java's conversions: doubles truncate toward
/// zero into longs, NaN is 0, infinities clamp.
pub trait Number: Copy + Default + Send + Sync + 'static {
    /// Reads a column of any type as such numbers.
    type Feed: Feed<Item = Self> + Default;
    fn from_long(value: i64) -> Self;
    fn from_double(value: f64) -> Self;
    fn from_float(value: f32) -> Self;
    fn parse(text: &str) -> Option<Self>;
    /// One packed number.
    fn of_packed(stored: u32, scale: Scale) -> Self {
        match scale {
            Scale::Long { .. } => Self::from_long(scale.long(stored)),
            Scale::Double { .. } => Self::from_double(scale.double(stored)),
        }
    }
    /// Appends packed numbers.
    fn unpack(stored: Codes<'_>, scale: Scale, out: &mut Vec<Self>);
}

impl Number for i64 {
    type Feed = Numbers<i64>;

    fn from_long(value: i64) -> i64 {
        value
    }
    fn from_double(value: f64) -> i64 {
        value as i64
    }
    fn from_float(value: f32) -> i64 {
        value as i64
    }
    fn parse(text: &str) -> Option<i64> {
        text.parse().ok().or_else(|| dialect::read::double(text).map(|value| value as i64))
    }
    fn unpack(stored: Codes<'_>, scale: Scale, out: &mut Vec<i64>) {
        scale.unpack_longs(stored, out);
    }
}

impl Number for f64 {
    type Feed = Numbers<f64>;

    fn from_long(value: i64) -> f64 {
        value as f64
    }
    fn from_double(value: f64) -> f64 {
        value
    }
    fn from_float(value: f32) -> f64 {
        value.into()
    }
    fn parse(text: &str) -> Option<f64> {
        dialect::read::double(text)
    }
    fn unpack(stored: Codes<'_>, scale: Scale, out: &mut Vec<f64>) {
        scale.unpack_doubles(stored, out);
    }
}

impl Number for f32 {
    type Feed = Numbers<f32>;

    fn from_long(value: i64) -> f32 {
        value as f32
    }
    fn from_double(value: f64) -> f32 {
        value as f32
    }
    fn from_float(value: f32) -> f32 {
        value
    }
    fn parse(text: &str) -> Option<f32> {
        dialect::read::float(text)
    }
    fn unpack(stored: Codes<'_>, scale: Scale, out: &mut Vec<f32>) {
        out.extend((0..stored.len()).map(|at| f32::of_packed(stored.get(at), scale)));
    }
}

/// Reads single numbers of a column, whatever its type; of a multi-value text the first.
#[derive(Default)]
pub(crate) struct NumberReader<T> {
    parsed: Vec<Option<T>>,
}

impl<T: Number> NumberReader<T> {
    pub fn begin_segment(&mut self) {
        self.parsed.clear();
    }

    pub fn memory_bytes(&self) -> usize {
        self.parsed.capacity() * size_of::<Option<T>>()
    }

    /// Appends the number of each row of the span; `None` for null.
    pub fn read(&mut self, span: &Span<'_>, input: Option<&Input<'_>>, out: &mut Vec<Option<T>>) -> Result<()> {
        let rows = span.start..span.end;
        match input {
            Some(Input::Long(column)) => {
                out.extend(rows.map(|row| valid(*column, row, |row| column.value(row)).map(T::from_long)))
            }
            Some(Input::Double(column)) => {
                out.extend(rows.map(|row| valid(*column, row, |row| column.value(row)).map(T::from_double)));
            }
            Some(Input::Float(column)) => {
                out.extend(rows.map(|row| valid(*column, row, |row| column.value(row)).map(T::from_float)));
            }
            Some(Input::Text { codes, dictionary }) => {
                parse_entries(&mut self.parsed, *dictionary, None);
                out.extend(rows.map(|row| self.parsed[codes.get(row) as usize]));
            }
            Some(Input::Texts { offsets, codes, dictionary }) => {
                parse_entries(&mut self.parsed, *dictionary, None);
                let first = |row: usize| (offsets[row] < offsets[row + 1]).then(|| codes.get(offsets[row] as usize));
                out.extend(rows.map(|row| first(row).and_then(|code| self.parsed[code as usize])));
            }
            Some(Input::Absent) | None => out.extend(rows.map(|_| None)),
            Some(Input::State(_) | Input::Numbers { .. } | Input::Packed(_)) => return Err(no_numbers()),
        }
        Ok(())
    }
}

fn no_numbers() -> Error {
    Error::Internal { reason: "a number input is fed no numbers".into() }
}

fn valid<V>(column: &dyn Array, row: usize, read: impl Fn(usize) -> V) -> Option<V> {
    if column.is_null(row) { None } else { Some(read(row)) }
}

/// Parses the entries that the dictionary has gained.
fn parse_entries<T: Number>(parsed: &mut Vec<Option<T>>, dictionary: &dyn Dictionary, unparsed: Option<T>) {
    for code in parsed.len()..dictionary.len() {
        let text = u32::try_from(code).ok().and_then(|code| dictionary.get(code));
        parsed.push(text.and_then(|text| T::parse(text).or(unparsed)));
    }
}

/// Columns as slices of the number type they are stored in, where that is the wanted one.
trait Native<T> {
    fn native(&self) -> Option<&[T]>;
}

/// Reads one column of numbers. Nulls are left out, and so are texts that are no numbers unless they
/// are to count as something; every value of a multi-value text counts.
#[derive(Default)]
pub struct Numbers<T> {
    /// What a text counts as that is no number; nothing, unless set.
    unparsed: Option<T>,
    /// The number of each dictionary entry, as far as asked for.
    parsed: Vec<Option<T>>,
    scratch: Vec<T>,
    valid: Vec<bool>,
    mask: Mask,
}

impl<T: Number> Numbers<T> {
    /// Numbers where a text that is none counts as `value`.
    pub(crate) fn with_unparsed(value: T) -> Self {
        Numbers { unparsed: Some(value), ..Self::default() }
    }

    /// Sets the item of each row of the span from `read`, and sends those that are not `None`.
    fn send_each(
        &mut self,
        span: &Span<'_>,
        sink: &mut Sink<'_, T>,
        read: impl Fn(&[Option<T>], usize) -> Option<T>,
    ) -> Result<()> {
        self.scratch.clear();
        self.valid.clear();
        for row in span.start..span.end {
            let item = read(&self.parsed, row);
            self.scratch.push(item.unwrap_or_default());
            self.valid.push(item.is_some());
        }
        let valid = &self.valid;
        sink(&self.scratch, self.mask.select(span, |row| valid[row]))
    }

    fn send_texts(&mut self, span: &Span<'_>, offsets: &[i32], codes: Codes<'_>, sink: &mut Sink<'_, T>) -> Result<()> {
        let bounds = |row: usize| (offsets[row] as usize, offsets[row + 1] as usize);
        let longest = (span.start..span.end).map(|row| bounds(row).1 - bounds(row).0).max().unwrap_or(0);
        for nth in 0..longest {
            self.send_each(span, sink, |parsed, row| {
                let (start, end) = bounds(row);
                if start + nth < end { parsed[codes.get(start + nth) as usize] } else { None }
            })?;
        }
        Ok(())
    }

    fn send_native(
        &mut self,
        span: &Span<'_>,
        values: &[T],
        nulls: Option<&arrow_buffer::NullBuffer>,
        sink: &mut Sink<'_, T>,
    ) -> Result<()> {
        sink(&values[span.start..span.end], self.mask.valid(span, nulls))
    }

    fn send_converted<V: Copy>(
        &mut self,
        span: &Span<'_>,
        values: &[V],
        nulls: Option<&arrow_buffer::NullBuffer>,
        convert: impl Fn(V) -> T,
        sink: &mut Sink<'_, T>,
    ) -> Result<()> {
        self.scratch.clear();
        self.scratch.extend(values[span.start..span.end].iter().map(|&value| convert(value)));
        sink(&self.scratch, self.mask.valid(span, nulls))
    }
}

impl<T: Number> Feed for Numbers<T>
where
    Int64Array: Native<T>,
    Float64Array: Native<T>,
    Float32Array: Native<T>,
{
    type Item = T;

    fn begin_segment(&mut self, _columns: &[Option<ColumnType>]) -> Result<()> {
        self.parsed.clear();
        Ok(())
    }

    fn reads_packed(&self) -> bool {
        true
    }

    fn leave_out_unparsed(&mut self) {
        self.unparsed = None;
    }

    fn feed(&mut self, span: &Span<'_>, inputs: &[Input<'_>], sink: &mut Sink<'_, T>) -> Result<()> {
        match inputs.first() {
            Some(Input::Long(column)) => match column.native() {
                Some(values) => self.send_native(span, values, column.nulls(), sink),
                None => self.send_converted(span, column.values(), column.nulls(), T::from_long, sink),
            },
            Some(Input::Double(column)) => match column.native() {
                Some(values) => self.send_native(span, values, column.nulls(), sink),
                None => self.send_converted(span, column.values(), column.nulls(), T::from_double, sink),
            },
            Some(Input::Float(column)) => match column.native() {
                Some(values) => self.send_native(span, values, column.nulls(), sink),
                None => self.send_converted(span, column.values(), column.nulls(), T::from_float, sink),
            },
            Some(Input::Text { codes, dictionary }) => {
                parse_entries(&mut self.parsed, *dictionary, self.unparsed);
                self.send_each(span, sink, |parsed, row| parsed[codes.get(row) as usize])
            }
            Some(Input::Texts { offsets, codes, dictionary }) => {
                parse_entries(&mut self.parsed, *dictionary, self.unparsed);
                self.send_texts(span, offsets, *codes, sink)
            }
            Some(Input::Packed(packed)) => {
                let rows = self.mask.valid(span, packed.nulls);
                self.scratch.clear();
                unpack(packed, span, rows, &mut self.scratch);
                sink(&self.scratch, rows)
            }
            Some(Input::Absent) => Ok(()),
            Some(Input::State(_) | Input::Numbers { .. }) | None => Err(no_numbers()),
        }
    }

    fn memory_bytes(&self) -> usize {
        self.parsed.capacity() * size_of::<Option<T>>() + self.scratch.capacity() * size_of::<T>()
    }
}

/// Rows of a word up to which each is unpacked by itself.
const FEW_ROWS: u32 = 16;

/// Appends the numbers of the span, or under a mask that leaves out whole words those that count, with others between.
fn unpack<T: Number>(packed: &Packed<'_>, span: &Span<'_>, rows: Rows<'_>, out: &mut Vec<T>) {
    let numbers = |start, end, out: &mut Vec<T>| T::unpack(packed.stored.slice(start, end), packed.scale, out);
    let is_sparse = |words: &[u64]| words.iter().filter(|word| **word != 0).count() * 2 < words.len();
    let Rows::Mask(words) = rows else { return numbers(span.start, span.end, out) };
    if !is_sparse(words) {
        return numbers(span.start, span.end, out);
    }
    for (start, word) in (span.start..span.end).step_by(64).zip(words) {
        let end = span.end.min(start + 64);
        if word.count_ones() > FEW_ROWS {
            numbers(start, end, out);
            continue;
        }
        let (first, mut rest) = (out.len(), word & u64::MAX >> (64 - (end - start)));
        out.resize(first + end - start, T::default());
        while rest != 0 {
            let row = rest.trailing_zeros() as usize;
            out[first + row] = T::of_packed(packed.stored.get(start + row), packed.scale);
            rest &= rest - 1;
        }
    }
}

macro_rules! native {
    ($($array:ty, $number:ty, $same:expr;)*) => {$(
        impl Native<$number> for $array {
            fn native(&self) -> Option<&[$number]> {
                let read: fn(&$array) -> Option<&[$number]> = $same;
                read(self)
            }
        }
    )*};
}

native! {
    Int64Array, i64, |array| Some(array.values());
    Int64Array, f64, |_| None;
    Int64Array, f32, |_| None;
    Float64Array, i64, |_| None;
    Float64Array, f64, |array| Some(array.values());
    Float64Array, f32, |_| None;
    Float32Array, i64, |_| None;
    Float32Array, f64, |_| None;
    Float32Array, f32, |array| Some(array.values());
}

#[cfg(test)]
mod tests {
    use arrow_buffer::NullBuffer;
    use proptest::prelude::*;

    use super::*;
    use crate::input::Groups;

    proptest! {
        #[test]
        fn packed_numbers_are_those_that_count(
            words in prop::collection::vec(prop_oneof![Just(0u64), (0..64u32).prop_map(|bit| 1 << bit), any::<u64>()], 1..9),
            num_rows in 1..600usize,
            digits in 0..4u8,
        ) {
            let num_rows = num_rows.min(words.len() * 64);
            let words = &words[..num_rows.div_ceil(64)];
            let stored: Vec<u16> = (0..num_rows).map(|row| (row * 7_919) as u16).collect();
            let nulls: NullBuffer = (0..num_rows).map(|row| !row.is_multiple_of(5)).collect();
            let scale = Scale::Double { base: -300, digits };
            let packed = Packed { stored: Codes::U16(&stored), nulls: Some(&nulls), scale, max: u16::MAX.into() };
            let span = Span { base: 0, groups: Groups::One, rows: Rows::Mask(words), start: 0, end: num_rows, prefetch: false };
            let mut fed = Vec::new();
            let mut numbers = Numbers::<f64>::default();
            numbers
                .feed(&span, &[Input::Packed(packed)], &mut |items, rows| {
                    crate::span::for_each_row(items.len(), rows, |row| fed.push((row, items[row])));
                    Ok(())
                })
                .unwrap();
            let counts = |row: &usize| words[row / 64] >> (row % 64) & 1 == 1 && !row.is_multiple_of(5);
            let expected: Vec<(usize, f64)> =
                (0..num_rows).filter(counts).map(|row| (row, scale.double(stored[row].into()))).collect();
            prop_assert_eq!(fed, expected);
        }
    }
}

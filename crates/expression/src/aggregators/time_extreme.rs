//! The least or the greatest of the times that a column holds: numbers are milliseconds, texts are in a format.

use std::sync::Arc;

use aggregate::{
    Accumulator, Aggregator, AggregatorSpec, ColumnType, Dictionary, Error, Feed, Finalized, Inline, Input, InputSpec,
    Lane, Properties, Result, Seen, Sink, Span, check_numbers, lanes,
};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Int64Array, StringArray};
use serde_json::{Value, json};

use crate::TimestampFormat;

/// `{type, name, fieldName, timeFormat}`.
#[derive(Clone, Debug)]
pub(super) struct TimeSpec<const GREATEST: bool> {
    tag: &'static str,
    name: String,
    column: String,
    format: TimestampFormat,
}

impl<const GREATEST: bool> TimeSpec<GREATEST> {
    pub fn parse(json: &Value, tag: &'static str) -> Result<Arc<dyn AggregatorSpec>> {
        let properties = Properties::new(json)?;
        let format = properties.text("timeFormat")?.unwrap_or_else(|| "auto".to_owned());
        let format = TimestampFormat::parse(&format).map_err(|why| properties.invalid("timeFormat", why))?;
        let (name, column) = (properties.name().to_owned(), properties.required_text("fieldName")?);
        Ok(Arc::new(TimeSpec::<GREATEST> { tag, name, column, format }))
    }
}

impl<const GREATEST: bool> AggregatorSpec for TimeSpec<GREATEST> {
    fn name(&self) -> &str {
        &self.name
    }

    fn type_tag(&self) -> &'static str {
        self.tag
    }

    fn to_json(&self) -> Value {
        json!({"type": self.tag, "name": self.name, "fieldName": self.column, "timeFormat": self.format.text()})
    }

    fn inputs(&self) -> Vec<InputSpec> {
        vec![InputSpec::Column(self.column.clone())]
    }

    fn accumulator(&self, columns: &[Option<ColumnType>]) -> Result<Box<dyn Accumulator>> {
        check_numbers(&self.name, &self.inputs(), columns)?;
        Ok(Inline::boxed(TimeExtreme::<GREATEST> { format: self.format.clone() }, lanes(columns, Lane::Long)))
    }

    fn merging(&self) -> Arc<dyn AggregatorSpec> {
        Arc::new(TimeSpec::<GREATEST> { column: self.name.clone(), ..self.clone() })
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::Long
    }

    fn output_type(&self, finalized: bool) -> ColumnType {
        if finalized { ColumnType::String } else { ColumnType::Long }
    }

    /// The times as ISO texts.
    fn finalize(&self, states: &ArrayRef) -> Result<Finalized> {
        let times = times(states.as_ref())?;
        Ok(Finalized::Text(times.iter().map(|time| time.map(timeline::instant::text)).collect::<StringArray>()))
    }

    fn sort_keys(&self, states: &ArrayRef) -> Result<Finalized> {
        self.unfinalized(states)
    }

    fn unfinalized(&self, states: &ArrayRef) -> Result<Finalized> {
        Ok(Finalized::Long(times(states.as_ref())?.clone()))
    }
}

fn times(states: &dyn Array) -> Result<&Int64Array> {
    let wrong = || Error::Corrupt { what: "timeMin/Max", reason: "is no long column".into() };
    states.as_primitive_opt::<Int64Type>().ok_or_else(wrong)
}

#[derive(Clone, Debug)]
struct TimeExtreme<const GREATEST: bool> {
    format: TimestampFormat,
}

impl<const GREATEST: bool> Aggregator for TimeExtreme<GREATEST> {
    type State = Seen<i64>;
    type Item = Option<i64>;
    type Feed = Times<GREATEST>;

    const COMMUTES: bool = true;

    fn feed(&self) -> Times<GREATEST> {
        Times { format: self.format.clone(), read: Vec::new(), items: Vec::new() }
    }

    fn empty(&self) -> Seen<i64> {
        Seen { value: 0, seen: false }
    }

    #[inline]
    fn update(&self, state: &mut Seen<i64>, item: Option<i64>) {
        if let Some(value) = better::<GREATEST>([state.get(), item]) {
            *state = Seen { value, seen: true };
        }
    }

    fn merge(&self, state: &mut Seen<i64>, other: &Seen<i64>) {
        self.update(state, other.get());
    }

    fn to_column(&self, states: Vec<Seen<i64>>) -> ArrayRef {
        Arc::new(states.iter().map(|state| state.get()).collect::<Int64Array>())
    }

    fn read_column(&self, column: &dyn Array) -> Result<Vec<Seen<i64>>> {
        let state = |time: Option<i64>| Seen { value: time.unwrap_or(0), seen: time.is_some() };
        Ok(times(column)?.iter().map(state).collect())
    }
}

fn better<const GREATEST: bool>(times: impl IntoIterator<Item = Option<i64>>) -> Option<i64> {
    let times = times.into_iter().flatten();
    if GREATEST { times.max() } else { times.min() }
}

/// The time of each row, of several values that which counts.
struct Times<const GREATEST: bool> {
    format: TimestampFormat,
    /// The times of the dictionary's entries.
    read: Vec<Option<i64>>,
    items: Vec<Option<i64>>,
}

impl<const GREATEST: bool> Times<GREATEST> {
    fn read(&mut self, dictionary: &dyn Dictionary) {
        let codes = self.read.len()..dictionary.len();
        let time = |code: usize| dictionary.get(u32::try_from(code).ok()?).and_then(|text| self.format.read_text(text));
        let times: Vec<Option<i64>> = codes.map(time).collect();
        self.read.extend(times);
    }
}

impl<const GREATEST: bool> Feed for Times<GREATEST> {
    type Item = Option<i64>;

    fn begin_segment(&mut self, _columns: &[Option<ColumnType>]) -> Result<()> {
        self.read.clear();
        Ok(())
    }

    fn feed(&mut self, span: &Span<'_>, inputs: &[Input<'_>], sink: &mut Sink<'_, Option<i64>>) -> Result<()> {
        let rows = span.start..span.end;
        self.items.clear();
        match inputs.first() {
            Some(Input::Long(column)) => {
                self.items.extend(rows.map(|row| column.is_valid(row).then(|| column.value(row))));
            }
            Some(Input::Double(column)) => {
                self.items.extend(rows.map(|row| column.is_valid(row).then(|| column.value(row) as i64)));
            }
            Some(Input::Float(column)) => {
                self.items.extend(rows.map(|row| column.is_valid(row).then(|| column.value(row) as i64)));
            }
            Some(Input::Text { codes, dictionary }) => {
                self.read(*dictionary);
                self.items.extend(rows.map(|row| self.read[codes.get(row) as usize]));
            }
            Some(Input::Texts { offsets, codes, dictionary }) => {
                self.read(*dictionary);
                let values = |row: usize| offsets[row] as usize..offsets[row + 1] as usize;
                let time = |at: usize| self.read[codes.get(at) as usize];
                self.items.extend(rows.map(|row| better::<GREATEST>(values(row).map(time))));
            }
            _ => return Ok(()),
        }
        sink(&self.items, span.local_rows())
    }

    fn memory_bytes(&self) -> usize {
        (self.read.capacity() + self.items.capacity()) * size_of::<Option<i64>>()
    }
}

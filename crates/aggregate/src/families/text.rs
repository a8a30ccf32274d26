//! Texts of single rows: first, last and any.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::GenericBinaryType;
use arrow_array::{Array, ArrayRef, StringArray};
use serde_json::{Value, json};

use crate::accumulator::Accumulator;
use crate::aggregator::OwnedAggregator;
use crate::error::{Error, Result};
use crate::families::timed::{PairCodec, TimedProperties};
use crate::input::{ColumnType, Input, InputSpec, Lane};
use crate::owned::{Owned, States};
use crate::properties::{Properties, lanes};
use crate::span::{Span, for_each_row};
use crate::spec::{AggregatorSpec, Finalized};

const DEFAULT_MAX_BYTES: i64 = 1024;
const STATE_TYPE: &str = "serializablePairLongString";

/// Which row's text is kept.
pub(crate) trait Choice: Clone + std::fmt::Debug + Send + Sync + 'static {
    /// Whether rows have a time.
    const TIMED: bool;
    /// The time shown before the first row.
    const NO_TIME: i64;
    /// Whether a row of time `time` takes the place of one of time `held`.
    fn replaces(time: i64, held: i64) -> bool;
}

#[derive(Clone, Debug)]
pub(crate) struct First;
#[derive(Clone, Debug)]
pub(crate) struct Last;
#[derive(Clone, Debug)]
pub(crate) struct Any;

impl Choice for First {
    const TIMED: bool = true;
    const NO_TIME: i64 = i64::MAX / 2;
    fn replaces(time: i64, held: i64) -> bool {
        time < held
    }
}

impl Choice for Last {
    const TIMED: bool = true;
    const NO_TIME: i64 = i64::MIN / 2;
    fn replaces(time: i64, held: i64) -> bool {
        time >= held
    }
}

impl Choice for Any {
    const TIMED: bool = false;
    const NO_TIME: i64 = 0;
    fn replaces(_time: i64, _held: i64) -> bool {
        false
    }
}

/// The text of one row, cut to a number of bytes.
#[derive(Clone, Debug)]
struct ChosenText<C> {
    max_bytes: usize,
    /// Whether a list of values is taken whole, else its first value.
    multiple: bool,
    /// Roll-up passes over rows without a text, and an empty text is none once it is stored.
    in_roll_up: bool,
    choice: PhantomData<C>,
}

#[derive(Clone, Debug, PartialEq)]
struct TextState {
    /// `None` before the first row.
    time: Option<i64>,
    text: Option<Box<str>>,
}

impl<C: Choice> ChosenText<C> {
    fn wants(state: Option<&TextState>, time: i64) -> bool {
        match state.and_then(|state| state.time) {
            None => true,
            Some(held) => C::replaces(time, held),
        }
    }

    fn put(&self, states: &mut States<'_, Self>, group: usize, time: i64, text: Option<String>) {
        let text = text.map(|text| cut(&text, self.max_bytes).into());
        states.update(group, |state| *state = TextState { time: Some(time), text });
    }
}

impl<C: Choice> OwnedAggregator for ChosenText<C> {
    type State = TextState;
    type Caches = ();

    fn empty(&self) -> TextState {
        TextState { time: None, text: None }
    }

    fn fold(
        &self,
        _caches: &mut (),
        span: &Span<'_>,
        inputs: &[Input<'_>],
        states: &mut States<'_, Self>,
    ) -> Result<()> {
        let Some(value) = inputs.first() else { return Ok(()) };
        let times = match inputs.get(1) {
            Some(Input::Long(times)) => Some(*times),
            _ if C::TIMED => return Ok(()),
            _ => None,
        };
        let groups = span.local_groups();
        for_each_row(span.num_rows(), span.local_rows(), |row| {
            let (group, row) = (span.base + groups.get(row), span.start + row);
            if times.is_some_and(|times| times.is_null(row)) {
                return;
            }
            let time = times.map_or(0, |times| times.value(row));
            if Self::wants(states.get(group), time) {
                let text = text_of(value, row, self.multiple);
                if text.is_some() || !self.in_roll_up {
                    self.put(states, group, time, text);
                }
            }
        });
        Ok(())
    }

    fn merge(&self, state: &mut TextState, other: &TextState) -> Result<()> {
        if other.time.is_some_and(|time| Self::wants(Some(state), time)) {
            *state = other.clone();
        }
        Ok(())
    }

    fn state_bytes(&self, state: &TextState) -> usize {
        size_of::<TextState>() + state.text.as_ref().map_or(0, |text| text.len())
    }

    fn encode(&self, state: &TextState, out: &mut Vec<u8>) -> Result<()> {
        let text = state.text.as_deref().filter(|text| !(self.in_roll_up && text.is_empty()));
        PairCodec::encode(state.time.unwrap_or_default(), text.is_some(), out);
        out.extend_from_slice(text.unwrap_or_default().as_bytes());
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Option<TextState>> {
        let (time, text) = PairCodec::decode(bytes)?;
        let text = match text.map(std::str::from_utf8) {
            None => None,
            Some(Ok(text)) => Some(cut(text, self.max_bytes).into()),
            Some(Err(_)) => return Err(Error::corrupt(STATE_TYPE, "is no UTF-8")),
        };
        Ok(Some(TextState { time: Some(time), text }))
    }
}

/// The longest beginning of a text that has at most so many bytes and ends with a whole character.
fn cut(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

/// The text of a row, as it would be printed; a list of several values in brackets.
pub(crate) fn text_of(input: &Input<'_>, row: usize, multiple: bool) -> Option<String> {
    match input {
        Input::Text { codes, dictionary } => dictionary.get(codes.get(row)).map(str::to_owned),
        Input::Texts { offsets, codes, dictionary } => {
            let value = |at: i32| dictionary.get(codes.get(at as usize));
            match (offsets[row], offsets[row + 1]) {
                (start, end) if start == end => None,
                (start, end) if start + 1 == end || !multiple => value(start).map(str::to_owned),
                (start, end) => {
                    let values: Vec<&str> = (start..end).map(|at| value(at).unwrap_or("null")).collect();
                    Some(format!("[{}]", values.join(", ")))
                }
            }
        }
        Input::Long(column) => column.is_valid(row).then(|| column.value(row).to_string()),
        Input::Double(column) => column.is_valid(row).then(|| dialect::print::double_text(column.value(row))),
        Input::Float(column) => column.is_valid(row).then(|| dialect::print::float_text(column.value(row))),
        Input::Numbers { .. } | Input::Packed(_) | Input::State(_) | Input::Absent => None,
    }
}

/// `{type, name, fieldName, timeColumn, maxStringBytes}`.
#[derive(Clone, Debug)]
pub(crate) struct TextSpec<C> {
    tag: &'static str,
    properties: TimedProperties,
    aggregator: ChosenText<C>,
}

impl<C: Choice> TextSpec<C> {
    pub fn parse(json: &Value, tag: &'static str) -> Result<Arc<dyn AggregatorSpec>> {
        let properties = Properties::new(json)?;
        let max_bytes = properties.integer("maxStringBytes", DEFAULT_MAX_BYTES, 0..=i64::from(i32::MAX))?;
        let max_bytes = usize::try_from(max_bytes).unwrap_or(usize::MAX);
        let multiple = properties.flag("aggregateMultipleValues", true)?;
        let aggregator = ChosenText { max_bytes, multiple, in_roll_up: false, choice: PhantomData };
        Ok(Arc::new(TextSpec::<C> { tag, properties: TimedProperties::parse(json)?, aggregator }))
    }

    fn states(&self, column: &ArrayRef) -> Result<Vec<TextState>> {
        let column = column.as_bytes_opt::<GenericBinaryType<i32>>();
        let column = column.ok_or(Error::corrupt(STATE_TYPE, "is no binary column"))?;
        let state = |bytes: Option<&[u8]>| match bytes {
            None => Ok(self.aggregator.empty()),
            Some(bytes) => Ok(self.aggregator.decode(bytes)?.unwrap_or_else(|| self.aggregator.empty())),
        };
        column.iter().map(state).collect()
    }
}

impl<C: Choice> AggregatorSpec for TextSpec<C> {
    fn name(&self) -> &str {
        &self.properties.name
    }

    fn type_tag(&self) -> &'static str {
        self.tag
    }

    fn to_json(&self) -> Value {
        let mut json = match C::TIMED {
            true => self.properties.to_json(self.tag),
            false => json!({"type": self.tag, "name": self.properties.name, "fieldName": self.properties.column,
                "aggregateMultipleValues": self.aggregator.multiple}),
        };
        json["maxStringBytes"] = self.aggregator.max_bytes.into();
        json
    }

    fn inputs(&self) -> Vec<InputSpec> {
        let mut inputs = self.properties.inputs();
        inputs.truncate(if C::TIMED { 2 } else { 1 });
        inputs
    }

    fn accumulator(&self, columns: &[Option<ColumnType>]) -> Result<Box<dyn Accumulator>> {
        self.properties.check(columns, &ColumnType::state(STATE_TYPE))?;
        let mut lanes = lanes(columns, Lane::Text);
        lanes.truncate(1);
        if C::TIMED {
            lanes.push(Lane::Long);
        }
        Ok(Owned::boxed(self.aggregator.clone(), lanes))
    }

    fn merging(&self) -> Arc<dyn AggregatorSpec> {
        Arc::new(TextSpec::<C> { properties: self.properties.merging(), ..self.clone() })
    }

    fn in_roll_up(&self) -> Option<Arc<dyn AggregatorSpec>> {
        let aggregator = ChosenText { in_roll_up: C::TIMED, ..self.aggregator.clone() };
        Some(Arc::new(TextSpec::<C> { aggregator, ..self.clone() }))
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state(STATE_TYPE)
    }

    fn output_type(&self, finalized: bool) -> ColumnType {
        if finalized || !C::TIMED { ColumnType::String } else { self.state_type() }
    }

    fn finalize(&self, states: &ArrayRef) -> Result<Finalized> {
        let states = self.states(states)?;
        Ok(Finalized::Text(states.iter().map(|state| state.text.as_deref()).collect::<StringArray>()))
    }

    fn unfinalized(&self, states: &ArrayRef) -> Result<Finalized> {
        if !C::TIMED {
            return self.finalize(states);
        }
        let pair = |state: TextState| json!({"lhs": state.time.unwrap_or(C::NO_TIME), "rhs": state.text});
        Ok(Finalized::Json(self.states(states)?.into_iter().map(pair).collect()))
    }
}

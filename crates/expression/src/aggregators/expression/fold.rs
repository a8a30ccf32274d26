//! Folding rows by an expression. A row needs what the row before it in its group left, so rows are taken in rounds:
//! the first of every group, then the second of every group, each round a vector. Where an expression is one
//! function of what is accumulated and of the row, what it reads of the rows is one vector.

use std::collections::HashMap;
use std::sync::Arc;

use aggregate::{Codes, Dictionary, Error, Input, OwnedAggregator, Span, States, for_each_row};
use arrow_array::Array;

use super::properties::Properties;
use super::typed::mixed;
use super::values::{decode, encode, size_bytes};
use crate::expr::{ExprType, Kind, Scalar, Terms, Vector, expand};

#[derive(Clone, Debug)]
pub(super) struct ExpressionFold {
    properties: Arc<Properties>,
    columns: Arc<[String]>,
    /// What is accumulated is cast to it, if it is a number.
    number: Option<Kind>,
}

/// Rows to be folded: the group of each, and the columns that the expression reads.
struct Items {
    groups: Vec<usize>,
    columns: Vec<Vector>,
}

impl ExpressionFold {
    pub fn new(properties: Arc<Properties>, columns: Vec<String>, accumulated: Option<ExprType>) -> Self {
        let number = match accumulated {
            Some(ExprType::Scalar(kind @ (Kind::Long | Kind::Double))) => Some(kind),
            _ => None,
        };
        Self { properties, columns: columns.into(), number }
    }

    fn failed(&self, error: &crate::Error) -> Error {
        self.properties.failed("fold", error)
    }

    /// The rows that count; several for a row of several values that the expression reads one by one.
    fn items(&self, span: &Span<'_>, inputs: &[Input<'_>]) -> aggregate::Result<Items> {
        let mut rows = Vec::with_capacity(span.num_rows());
        for_each_row(span.num_rows(), span.local_rows(), |row| rows.extend(u32::try_from(row)));
        let expr = self.properties.folded();
        let columns = self.columns.iter().zip(inputs);
        let columns = columns.map(|(name, input)| vector(input, span.start, &rows, !expr.reads_scalar(name)));
        let mut columns: Vec<Vector> = columns.collect::<aggregate::Result<_>>()?;
        if !self.properties.takes_nulls() {
            let kept = |at: &u32| columns.iter().all(|column| !column.get(*at as usize).is_null());
            let kept: Vec<u32> = (0..).take(rows.len()).filter(kept).collect();
            columns = columns.iter().map(|column| column.take(&kept)).collect();
            rows = kept.iter().map(|at| rows[*at as usize]).collect();
        }
        let lists = |at: &usize| expr.reads_scalar(&self.columns[*at]) && columns[*at].has_arrays();
        let lists: Vec<usize> = (0..columns.len()).filter(lists).collect();
        let mut picked: Vec<u32> = rows;
        if !lists.is_empty() {
            let several: Vec<Vector> = lists.iter().map(|at| columns[*at].clone()).collect();
            let expanded = expand(&several, picked.len(), true).map_err(|error| self.failed(&error))?;
            picked = expanded.rows.iter().map(|at| picked[*at as usize]).collect();
            columns = columns.iter().map(|column| column.take(&expanded.rows)).collect();
            lists.iter().zip(expanded.values).for_each(|(at, values)| columns[*at] = values);
        }
        let ids = span.local_groups();
        let groups = picked.iter().map(|row| span.base + ids.get(*row as usize)).collect();
        Ok(Items { groups, columns })
    }

    /// Folds the rows one after the other, if what the accumulator meets can be computed for all of them before.
    fn run(&self, items: &Items, states: &mut States<'_, Self>) -> aggregate::Result<bool> {
        let Some(running) = self.properties.running() else { return Ok(false) };
        let column = |name: &str| {
            let at = self.columns.iter().position(|column| column == name)?;
            Some(items.columns[at].clone())
        };
        // A row that cannot be computed is told by the rounds, in their order.
        let Ok(Terms { rows, terms }) = running.terms(items.groups.len(), column) else { return Ok(false) };
        let mut met = rows.iter().enumerate().peekable();
        for (row, group) in (0u32..).zip(&items.groups) {
            let value = states.get(*group).unwrap_or(self.properties.initial());
            let value = match met.next_if(|(_, met)| **met == row) {
                Some((at, _)) => running.step(value.borrow(), &terms, at).map_err(|error| self.failed(&error))?,
                None => value.clone(),
            };
            let value = self.accumulable(value)?;
            states.update(*group, |state| *state = value);
        }
        Ok(true)
    }

    fn round(&self, items: &Items, rows: &[u32], states: &mut States<'_, Self>) -> aggregate::Result<()> {
        let initial = self.properties.initial();
        let held = |row: &u32| states.get(items.groups[*row as usize]).unwrap_or(initial).clone();
        let accumulated = mixed(rows.iter().map(held).collect());
        let result = self.properties.folded().eval_whole(rows.len(), |name| {
            if name == self.properties.accumulator {
                return Some(accumulated.clone());
            }
            let at = self.columns.iter().position(|column| column == name)?;
            Some(items.columns[at].take(rows))
        });
        let result = result.map_err(|error| self.failed(&error))?;
        for (at, row) in rows.iter().enumerate() {
            let value = self.accumulable(result.get(at).into_owned())?;
            states.update(items.groups[*row as usize], |state| *state = value);
        }
        Ok(())
    }

    /// The value as it is kept; fails where it is larger than allowed.
    fn accumulable(&self, value: Scalar<'static>) -> aggregate::Result<Scalar<'static>> {
        let value = match self.number {
            Some(kind) => value.cast(kind),
            None => value,
        };
        match size_bytes(&value) <= self.properties.max_size_bytes {
            true => Ok(value),
            false => Err(Error::LimitExceeded {
                what: "what an expression aggregator accumulates, 'maxSizeBytes'",
                limit: self.properties.max_size_bytes,
            }),
        }
    }
}

impl OwnedAggregator for ExpressionFold {
    type State = Scalar<'static>;
    type Caches = ();

    fn empty(&self) -> Scalar<'static> {
        self.properties.initial().clone()
    }

    fn fold(
        &self,
        _caches: &mut (),
        span: &Span<'_>,
        inputs: &[Input<'_>],
        states: &mut States<'_, Self>,
    ) -> aggregate::Result<()> {
        let items = self.items(span, inputs)?;
        if self.run(&items, states)? {
            return Ok(());
        }
        let mut met: HashMap<usize, usize> = HashMap::new();
        let mut rounds: Vec<Vec<u32>> = Vec::new();
        for (row, group) in (0u32..).zip(&items.groups) {
            let round = met.entry(*group).or_default();
            if *round == rounds.len() {
                rounds.push(Vec::new());
            }
            rounds[*round].push(row);
            *round += 1;
        }
        rounds.iter().try_for_each(|rows| self.round(&items, rows, states))
    }

    fn merge(&self, state: &mut Scalar<'static>, other: &Scalar<'static>) -> aggregate::Result<()> {
        let Properties { combine, accumulator, name, .. } = &*self.properties;
        let result = combine.eval_whole(1, |column| match column {
            column if column == accumulator => Some(mixed(vec![state.clone()])),
            column if column == name => Some(mixed(vec![other.clone()])),
            _ => None,
        });
        let result = result.map_err(|error| self.properties.failed("combine", &error))?;
        *state = self.accumulable(result.get(0).into_owned())?;
        Ok(())
    }

    fn state_bytes(&self, state: &Scalar<'static>) -> usize {
        size_of::<Scalar<'_>>() + size_bytes(state) * 4
    }

    fn encode(&self, state: &Scalar<'static>, out: &mut Vec<u8>) -> aggregate::Result<()> {
        encode(state, out);
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> aggregate::Result<Option<Scalar<'static>>> {
        Ok(Some(decode(bytes)?))
    }
}

/// The rows of an input, which are counted from `start`. Lists of texts are arrays; read `whole`, a list without a
/// value is null.
fn vector(input: &Input<'_>, start: usize, rows: &[u32], whole: bool) -> aggregate::Result<Vector> {
    let at = |row: &u32| start + *row as usize;
    Ok(match input {
        Input::Long(a) => Vector::Long(rows.iter().map(|r| a.is_valid(at(r)).then(|| a.value(at(r)))).collect()),
        Input::Double(a) => Vector::Double(rows.iter().map(|r| a.is_valid(at(r)).then(|| a.value(at(r)))).collect()),
        Input::Float(a) => {
            Vector::Double(rows.iter().map(|r| a.is_valid(at(r)).then(|| f64::from(a.value(at(r))))).collect())
        }
        Input::Text { codes, dictionary } => {
            Vector::Text(rows.iter().map(|row| dictionary.get(codes.get(at(row)))).collect())
        }
        Input::Texts { offsets, codes, dictionary } => {
            let list = |row: &u32| list(offsets[at(row)], offsets[at(row) + 1], *codes, *dictionary, whole);
            mixed(rows.iter().map(list).collect())
        }
        Input::State(a) => {
            let value = |row: &u32| a.is_valid(at(row)).then(|| decode(a.value(at(row)))).transpose();
            let values: aggregate::Result<Vec<_>> = rows.iter().map(value).collect();
            mixed(values?.into_iter().map(|value| value.unwrap_or(Scalar::Null)).collect())
        }
        Input::Numbers { .. } | Input::Packed(_) => {
            return Err(Error::Internal { reason: "an expression is fed no values".into() });
        }
        Input::Absent => Vector::nulls(rows.len()),
    })
}

fn list(start: i32, end: i32, codes: Codes<'_>, dictionary: &dyn Dictionary, whole: bool) -> Scalar<'static> {
    let text = |at: i32| dictionary.get(codes.get(at as usize)).map_or(Scalar::Null, |t| Scalar::text(t.to_owned()));
    let items: Vec<Scalar<'static>> = (start..end).map(text).collect();
    match items.as_slice() {
        [] | [Scalar::Null] if whole => Scalar::Null,
        _ => Scalar::array_of(Kind::Text, items),
    }
}

//! The states of all sources, folded by group.

use std::sync::Arc;

use aggregate::{AggregatorSpec, ColumnType, Fold, Groups, Rows};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Int64Array, StringArray, UInt32Array};
use serde_json::json;

use super::adapt::adapted;
use super::order::Order;
use super::{Part, ReadColumn};
use crate::codes::widen;
use crate::{Error, Result, RollupSchema, WEIGHT_COLUMN};

/// State columns by group: one for each aggregator, then the weights.
pub(super) struct Metrics {
    pub(super) states: Vec<ArrayRef>,
    pub(super) weights: Int64Array,
}

pub(super) fn fold(parts: &[Part<'_>], schema: &RollupSchema, order: &Order) -> Result<Metrics> {
    let mut specs = schema.aggregators.clone();
    let weight = json!({"type": "longSum", "name": WEIGHT_COLUMN, "fieldName": WEIGHT_COLUMN});
    specs.push(aggregate::parse_aggregator(&weight, &[])?);
    let empty = empty_states(&specs)?;
    let columns = parts
        .iter()
        .map(|part| {
            let states = schema.aggregators.iter().zip(&empty).map(|(spec, empty)| states_of(part, spec, empty));
            states.chain([weights_of(part)]).collect::<Result<Vec<_>>>()
        })
        .collect::<Result<Vec<_>>>()?;
    let mut states = if order.is_permutation() {
        gathered(&columns, &empty, &order.firsts)?
    } else {
        folded(&columns, &specs, order)?
    };
    let weights = states.pop().and_then(|w| w.as_primitive_opt::<Int64Type>().cloned());
    let weights = weights.ok_or_else(|| Error::invalid("weights are longs"))?;
    Ok(Metrics { states, weights })
}

/// What each aggregator answers of no rows at all, as columns of one row.
pub(crate) fn empty_states(specs: &[Arc<dyn AggregatorSpec>]) -> Result<Vec<ArrayRef>> {
    let mut fold = Fold::merging(specs)?;
    fold.grow(1);
    Ok(fold.states(&[0])?)
}

fn folded(columns: &[Vec<ArrayRef>], specs: &[Arc<dyn AggregatorSpec>], order: &Order) -> Result<Vec<ArrayRef>> {
    let mut fold = Fold::merging(specs)?;
    fold.grow(order.firsts.len());
    let mut at = 0;
    for states in columns {
        let num_rows = states.last().map_or(0, |weights| weights.len());
        let groups = &order.groups[at..at + num_rows];
        fold.merge(0, Groups::U32(groups), num_rows, Rows::All, states)?;
        at += num_rows;
    }
    let all: Vec<u32> = (0..order.firsts.len() as u32).collect();
    Ok(fold.states(&all)?)
}

fn gathered(columns: &[Vec<ArrayRef>], empty: &[ArrayRef], rows: &[u32]) -> Result<Vec<ArrayRef>> {
    let rows = UInt32Array::from(rows.to_vec());
    let gather = |at: usize| {
        let parts: Vec<&dyn Array> = columns.iter().map(|states| states[at].as_ref()).collect();
        let all = match parts[..] {
            [] => empty[at].slice(0, 0),
            _ => arrow_select::concat::concat(&parts).map_err(|e| Error::Encode(e.to_string()))?,
        };
        arrow_select::take::take(all.as_ref(), &rows, None).map_err(|e| Error::Encode(e.to_string()))
    };
    (0..empty.len()).map(gather).collect()
}

/// A source's states of an aggregator; empty ones when it has no such column.
fn states_of(part: &Part<'_>, spec: &Arc<dyn AggregatorSpec>, empty: &ArrayRef) -> Result<ArrayRef> {
    let Some(column) = part.read(spec.name()) else {
        let rows = UInt32Array::from(vec![0; part.len()]);
        return arrow_select::take::take(empty.as_ref(), &rows, None).map_err(|e| Error::Encode(e.to_string()));
    };
    let column = match adapted(column, &spec.state_type()) {
        Ok(column) => column,
        Err(error) => return Err(Error::Unsupported(format!("metric '{}': {error}", spec.name()))),
    };
    match spec.state_type() {
        ColumnType::String => decoded(&column),
        _ => Ok(column.array),
    }
}

fn decoded(column: &ReadColumn) -> Result<ArrayRef> {
    let codes = widen(column.array.as_ref()).filter(|codes| codes.len() == column.len());
    let (Some(codes), Some(dictionary)) = (codes, &column.dictionary) else {
        return Err(Error::Unsupported("a multi-value column as a metric".into()));
    };
    Ok(Arc::new(codes.iter().map(|&code| dictionary.get(code)).collect::<StringArray>()))
}

/// Records folded into each row of a source: its own weights, its count, or 1.
fn weights_of(part: &Part<'_>) -> Result<ArrayRef> {
    let count = || {
        let counts = part.segment.metadata().aggregators.iter().filter(|a| a["type"] == "count");
        counts.filter_map(|a| a["name"].as_str()).next()
    };
    let column = part.read(WEIGHT_COLUMN).or_else(|| part.read(count()?));
    match column {
        Some(column) => Ok(adapted(column, &ColumnType::Long)?.array),
        None => Ok(Arc::new(Int64Array::from(vec![1; part.len()]))),
    }
}

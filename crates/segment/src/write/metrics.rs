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
    let mut states = match Shared::of(order) {
        Some(shared) => shared.states(columns, &specs, &empty, order)?,
        None => folded(&columns, &specs, order)?,
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

/// The groups of more than one row, where most have one, which keep their states.
struct Shared {
    /// Groups that have several rows.
    num_groups: usize,
    /// Rows of such groups, and which of these each is in.
    rows: Vec<u32>,
    groups: Vec<u32>,
    /// The row of each group, or past all rows the number of the group among those with several.
    firsts: Vec<u32>,
}

impl Shared {
    /// `None` where most rows share their group.
    fn of(order: &Order) -> Option<Self> {
        let num_rows = order.groups.len() as u32;
        let (mut firsts, mut num_groups) = (order.firsts.clone(), 0);
        if order.firsts.len() * 2 < order.groups.len() {
            return None;
        }
        if order.is_permutation() {
            return Some(Self { num_groups, rows: Vec::new(), groups: Vec::new(), firsts });
        }
        for (row, &group) in (0u32..).zip(&order.groups) {
            let first = &mut firsts[group as usize];
            if *first != row && *first < num_rows {
                *first = num_rows.checked_add(num_groups as u32)?;
                num_groups += 1;
            }
        }
        let place = |group: u32| firsts[group as usize].checked_sub(num_rows);
        let rows = (0u32..).zip(&order.groups).filter_map(|(row, &group)| Some((row, place(group)?)));
        let (rows, groups) = rows.unzip();
        Some(Self { num_groups, rows, groups, firsts })
    }

    /// The states of all groups.
    fn states(
        &self,
        mut columns: Vec<Vec<ArrayRef>>,
        specs: &[Arc<dyn AggregatorSpec>],
        empty: &[ArrayRef],
        order: &Order,
    ) -> Result<Vec<ArrayRef>> {
        if self.num_groups > 0 {
            let folded = self.folded(&columns, specs)?;
            let alike =
                |states: &Vec<ArrayRef>| states.iter().zip(&folded).all(|(a, b)| a.data_type() == b.data_type());
            if !columns.iter().all(alike) {
                return self::folded(&columns, specs, order);
            }
            columns.push(folded);
        }
        gathered(&columns, empty, &self.firsts)
    }

    /// The states of the groups with several rows.
    fn folded(&self, columns: &[Vec<ArrayRef>], specs: &[Arc<dyn AggregatorSpec>]) -> Result<Vec<ArrayRef>> {
        let mut fold = Fold::merging(specs)?;
        fold.grow(self.num_groups);
        let (mut at, mut rest) = (0, 0..self.rows.len());
        for states in columns {
            let num_rows = states.last().map_or(0, |weights| weights.len());
            let end = rest.start + self.rows[rest.clone()].partition_point(|&row| (row as usize) < at + num_rows);
            let held = rest.start..end;
            let rows = self.rows[held.clone()].iter().map(|&row| row - at as u32).collect();
            let states = taken(states, &UInt32Array::new(rows, None))?;
            fold.merge(0, Groups::U32(&self.groups[held.clone()]), held.len(), Rows::All, &states)?;
            (at, rest.start) = (at + num_rows, end);
        }
        let all: Vec<u32> = (0..self.num_groups as u32).collect();
        Ok(fold.states(&all)?)
    }
}

fn taken(states: &[ArrayRef], rows: &UInt32Array) -> Result<Vec<ArrayRef>> {
    let take = |states: &ArrayRef| arrow_select::take::take(states.as_ref(), rows, None).map_err(Error::encode);
    states.iter().map(take).collect()
}

fn gathered(columns: &[Vec<ArrayRef>], empty: &[ArrayRef], rows: &[u32]) -> Result<Vec<ArrayRef>> {
    let rows = UInt32Array::from(rows.to_vec());
    let gather = |at: usize| {
        let parts: Vec<&dyn Array> = columns.iter().map(|states| states[at].as_ref()).collect();
        let all = match parts[..] {
            [] => empty[at].slice(0, 0),
            _ => arrow_select::concat::concat(&parts).map_err(Error::encode)?,
        };
        arrow_select::take::take(all.as_ref(), &rows, None).map_err(Error::encode)
    };
    (0..empty.len()).map(gather).collect()
}

/// A source's states of an aggregator; empty ones when it has no such column.
fn states_of(part: &Part<'_>, spec: &Arc<dyn AggregatorSpec>, empty: &ArrayRef) -> Result<ArrayRef> {
    let Some(column) = part.read(spec.name()) else {
        let rows = UInt32Array::from(vec![0; part.len()]);
        return arrow_select::take::take(empty.as_ref(), &rows, None).map_err(Error::encode);
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
    let codes = widen(column.array.as_ref()).filter(|codes| codes.len() == column.array.len());
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

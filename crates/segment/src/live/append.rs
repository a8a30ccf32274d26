//! Batches into groups.

use std::sync::Arc;

use aggregate::{ArenaKind, ColumnType, Dictionary, Fold, Groups, Input, KeyTable, NumberValues, Rows as Mask, Scale};

use super::dimension::{Dimension, Encoded, Rows, input_rows};
use super::index::LiveIndex;
use crate::rollup_schema::TimeFloor;
use crate::{DimensionSchema, Error, MAX_COLUMNS, Result};

/// Rows after which a roll-up that does not fold is given up.
const TRIAL_ROWS: u64 = 1 << 18;

/// Columns of a batch; all have the length of `time`, lists of offsets one more.
pub struct Batch<'a> {
    /// Milliseconds.
    pub time: &'a [i64],
    /// One for each dimension, in the index's order: text, texts, or the dimension's own number type.
    pub dimensions: &'a [Input<'a>],
    /// One for each aggregator, in the schema's order.
    pub metrics: &'a [MetricInput<'a>],
    /// Rows to take: bit i stands for row i, bits past the last row are zero.
    pub mask: Option<&'a [u64]>,
}

/// What one aggregator is fed.
#[derive(Clone, Default)]
pub struct MetricInput<'a> {
    /// One for each of the aggregator's inputs.
    pub inputs: Vec<Input<'a>>,
    /// Rows that count for this aggregator, among those of the batch's mask.
    pub mask: Option<&'a [u64]>,
}

impl<'a> AsRef<[Input<'a>]> for MetricInput<'a> {
    fn as_ref(&self) -> &[Input<'a>] {
        &self.inputs
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appended {
    pub num_rows: u64,
    /// Dimension values stored as null since they were too long.
    pub num_values_too_long: u64,
}

impl LiveIndex {
    /// Adds rows. After a `LimitExceeded` or `Invalid` nothing has been added; after an error of an
    /// aggregator the index refuses everything.
    pub fn append(&mut self, batch: &Batch<'_>) -> Result<Appended> {
        if self.broken {
            return Err(Error::invalid("the live index failed before and takes no more rows"));
        }
        self.check(batch)?;
        let batch = &Batch { mask: batch.mask.filter(|mask| !is_everything(mask, batch.time.len())), ..*batch };
        let selected = batch.mask.map(|mask| selected_rows(mask, batch.time.len()));
        let rows = selected.as_deref().map_or(Rows::All(batch.time.len()), Rows::Some);
        if rows.len() == 0 {
            return Ok(Appended::default());
        }
        if rows.len() > (u32::MAX as usize).saturating_sub(self.num_rows()) {
            return Err(Error::LimitExceeded("rows of one live index".into()));
        }
        let mut encoded = Vec::with_capacity(self.dimensions.len());
        let mut appended = Appended { num_rows: rows.len() as u64, num_values_too_long: 0 };
        for (dimension, input) in self.dimensions.iter_mut().zip(batch.dimensions) {
            let (rows, num_too_long) = dimension.encode(input, &rows, &self.limits)?;
            appended.num_values_too_long += num_too_long;
            encoded.push(rows);
        }
        self.bind(batch)?;
        let mut floor = TimeFloor::new(&self.schema.query_granularity);
        let times: Vec<i64> = rows.iter().map(|row| floor.floor(batch.time[row])).collect();
        let groups = self.group(&times, &encoded);
        self.num_records += rows.len() as u64;
        self.snapshot = None;
        let folded = self.fold_batch(batch, selected.as_deref(), groups);
        self.broken = folded.is_err();
        self.stop_probing_in_vain();
        folded.map(|()| appended)
    }

    /// Adds a dimension behind the others; the rows so far are null in it.
    pub fn add_dimension(&mut self, schema: DimensionSchema) -> Result<()> {
        if self.schema.dimensions.len() + self.schema.aggregators.len() + 2 >= MAX_COLUMNS {
            return Err(Error::LimitExceeded(format!("more than {MAX_COLUMNS} columns")));
        }
        let mut with = (*self.schema).clone();
        with.dimensions.push(schema.clone());
        with.check()?;
        let mut dimension = Dimension::new(schema, self.schema.rollup, self.table.is_some(), &self.limits);
        dimension.begin_with_nulls(self.num_rows())?;
        self.dimensions.push(dimension);
        self.schema = Arc::new(with);
        self.columns = None;
        self.snapshot = None;
        let width = key_width(self.dimensions.len());
        if let Some(table) = self.table.take() {
            self.table = Some(if table.width() == width { table } else { widened(&table, width) });
        }
        Ok(())
    }

    fn check(&self, batch: &Batch<'_>) -> Result<()> {
        let num_rows = batch.time.len();
        if batch.dimensions.len() != self.dimensions.len() || batch.metrics.len() != self.schema.aggregators.len() {
            return Err(Error::invalid(format!(
                "a batch of {} dimensions and {} metrics for an index of {} and {}",
                batch.dimensions.len(),
                batch.metrics.len(),
                self.dimensions.len(),
                self.schema.aggregators.len()
            )));
        }
        let inputs = batch.dimensions.iter().chain(batch.metrics.iter().flat_map(|m| &m.inputs));
        let masks = batch.metrics.iter().map(|m| m.mask).chain([batch.mask]).flatten();
        let fits = inputs.filter_map(input_rows).all(|len| len == num_rows)
            && masks.map(<[u64]>::len).all(|len| len == num_rows.div_ceil(64));
        fits.then_some(()).ok_or_else(|| Error::invalid("the columns of a batch differ in length"))
    }

    /// Tells the aggregators the types of their inputs.
    fn bind(&mut self, batch: &Batch<'_>) -> Result<()> {
        let mut types: Vec<Vec<Option<ColumnType>>> =
            batch.metrics.iter().map(|m| m.inputs.iter().map(type_of).collect()).collect();
        types.extend(self.weight.iter().map(|_| Vec::new()));
        let inputs = batch.metrics.iter().flat_map(|m| &m.inputs);
        let texts: Vec<Option<u64>> = inputs.filter_map(dictionary_of).map(|texts| texts.lasting_id()).collect();
        let is_same = types == self.input_types && texts == self.input_texts && !texts.contains(&None);
        match &mut self.fold {
            None => self.fold = Some(Fold::bind(&self.folded_specs(), &types, ArenaKind::Shared)?),
            Some(fold) if !is_same => fold.begin_segment(&types)?,
            Some(_) => {}
        }
        (self.input_types, self.input_texts) = (types, texts);
        Ok(())
    }

    /// The group of every row, without those that were shed; new groups get their keys.
    fn group(&mut self, times: &[i64], encoded: &[Encoded]) -> Vec<u32> {
        let first = (self.num_rows() - self.shed.num_rows()) as u32;
        let Some(table) = &mut self.table else {
            self.add_keys(times, encoded, &Rows::All(times.len()));
            return (first..first + times.len() as u32).collect();
        };
        let keys = pack_keys(times, encoded, table.width());
        let mut groups = Vec::with_capacity(times.len());
        table.insert_batch(&keys, &mut groups);
        let (mut next, mut fresh) = (first, Vec::new());
        for (row, &group) in groups.iter().enumerate() {
            if group == next {
                fresh.push(row as u32);
                next += 1;
            }
        }
        self.add_keys(times, encoded, &Rows::Some(&fresh));
        groups
    }

    /// The keys of new groups.
    fn add_keys(&mut self, times: &[i64], encoded: &[Encoded], rows: &Rows<'_>) {
        rows.iter().map(|row| times[row]).for_each(|time| {
            self.is_sorted &= self.last_time <= time;
            self.last_time = time;
            self.min_time = self.min_time.min(time);
            self.max_time = self.max_time.max(time);
        });
        match rows {
            Rows::All(_) => self.times.extend(times.iter().copied()),
            Rows::Some(rows) => self.times.extend(rows.iter().map(|&row| times[row as usize])),
        }
        self.dimensions.iter_mut().zip(encoded).for_each(|(dimension, encoded)| dimension.add(encoded, rows));
    }

    fn fold_batch(&mut self, batch: &Batch<'_>, selected: Option<&[u32]>, groups: Vec<u32>) -> Result<()> {
        let num_groups = self.num_rows() - self.shed.num_rows();
        let Some(fold) = &mut self.fold else { return Ok(()) };
        fold.grow(num_groups);
        let groups = match selected {
            None => groups,
            Some(rows) => {
                let mut all = vec![groups[0]; batch.time.len()];
                rows.iter().zip(&groups).for_each(|(&row, &group)| all[row as usize] = group);
                all
            }
        };
        let masks: Vec<Option<Vec<u64>>> =
            batch.metrics.iter().map(|m| m.mask.map(|own| intersect(own, batch.mask))).collect();
        let everything = batch.mask.map_or(Mask::All, Mask::Mask);
        let mut rows: Vec<Mask<'_>> = masks.iter().map(|m| m.as_deref().map_or(everything, Mask::Mask)).collect();
        let weight = MetricInput::default();
        let mut inputs: Vec<&[Input<'_>]> = batch.metrics.iter().map(|m| m.inputs.as_slice()).collect();
        if self.weight.is_some() {
            rows.push(everything);
            inputs.push(&weight.inputs);
        }
        fold.fold_masked(0, Groups::U32(&groups), batch.time.len(), &rows, &inputs)?;
        self.shed_full_blocks(batch.time.len())
    }

    /// When nearly every row is a group, looking for its group costs more than it saves.
    fn stop_probing_in_vain(&mut self) {
        if !self.is_tried && self.num_records >= TRIAL_ROWS {
            self.is_tried = true;
            if folds_in_vain(self.num_rows() as u64, self.num_records) {
                self.stop_probing();
            }
        }
    }

    pub(super) fn stop_probing(&mut self) {
        self.is_tried = true;
        self.table = None;
        self.dimensions.iter_mut().for_each(Dimension::forget_keys);
    }
}

/// Whether so few records share a group that looking for it costs more than it saves.
pub fn folds_in_vain(num_rows: u64, num_records: u64) -> bool {
    num_rows * 10 > num_records * 8
}

/// Words of a key: the time, then two codes to a word.
pub(super) fn key_width(num_dimensions: usize) -> usize {
    1 + num_dimensions.div_ceil(2)
}

fn pack_keys(times: &[i64], encoded: &[Encoded], width: usize) -> Vec<u64> {
    let mut keys = vec![0; times.len() * width];
    for (row, &time) in times.iter().enumerate() {
        keys[row * width] = time as u64;
    }
    for (at, encoded) in encoded.iter().enumerate() {
        let (word, shift) = (1 + at / 2, at % 2 * 32);
        for (key, &code) in keys.chunks_exact_mut(width).zip(&encoded.codes) {
            key[word] |= u64::from(code) << shift;
        }
    }
    keys
}

/// The same keys with words for further dimensions, in which all are null: code 0.
fn widened(table: &KeyTable, width: usize) -> KeyTable {
    let mut wide = KeyTable::with_capacity(width, table.len());
    let mut keys = Vec::with_capacity(table.len() * width);
    for key in table.keys().chunks_exact(table.width()) {
        keys.extend_from_slice(key);
        keys.extend(std::iter::repeat_n(0, width - key.len()));
    }
    wide.insert_batch(&keys, &mut Vec::new());
    wide
}

fn dictionary_of<'a>(input: &Input<'a>) -> Option<&'a dyn Dictionary> {
    match input {
        Input::Text { dictionary, .. } | Input::Texts { dictionary, .. } => Some(*dictionary),
        _ => None,
    }
}

fn type_of(input: &Input<'_>) -> Option<ColumnType> {
    match input {
        Input::Long(_) => Some(ColumnType::Long),
        Input::Double(_) => Some(ColumnType::Double),
        Input::Float(_) => Some(ColumnType::Float),
        Input::Text { .. } | Input::Texts { .. } => Some(ColumnType::String),
        Input::Numbers { values: NumberValues::Longs(_), .. } => Some(ColumnType::Long),
        Input::Numbers { values: NumberValues::Doubles(_), .. } => Some(ColumnType::Double),
        Input::Packed(packed) => Some(match packed.scale {
            Scale::Long { .. } => ColumnType::Long,
            Scale::Double { .. } => ColumnType::Double,
        }),
        Input::State(_) => Some(ColumnType::state("")),
        Input::Absent => None,
    }
}

fn intersect(own: &[u64], batch: Option<&[u64]>) -> Vec<u64> {
    match batch {
        Some(batch) => own.iter().zip(batch).map(|(a, b)| a & b).collect(),
        None => own.to_vec(),
    }
}

fn is_everything(mask: &[u64], num_rows: usize) -> bool {
    aggregate::listed::count(mask) == num_rows
}

fn selected_rows(mask: &[u64], num_rows: usize) -> Vec<u32> {
    let mut rows = Vec::new();
    aggregate::for_each_row(num_rows, Mask::Mask(mask), |row| rows.push(row as u32));
    rows
}

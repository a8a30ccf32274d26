//! Laws that every aggregator keeps, checked on a sample of rows.
//!
//! An empty fold changes nothing when merged, from either side; merging is associative; folding all
//! rows is merging folds of parts, by their states or as they are; stored states are read back as they were; folding under a mask is
//! folding the rows it keeps; a run into one group is its rows one by one; a snapshot stays as it
//! was. Each is checked by what the aggregator answers, finalized.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BinaryArray, Float32Array, Float64Array, Int64Array};

use crate::accumulator::Places;
use crate::arena::ArenaKind;
use crate::error::Result;
use crate::fold::Fold;
use crate::input::{Codes, ColumnType, Dictionary, Groups, Input, Rows};
use crate::spec::{AggregatorSpec, Finalized};

/// One input column of a sample.
#[derive(Clone)]
pub enum Column {
    Long(Int64Array),
    Double(Float64Array),
    Float(Float32Array),
    Text { codes: Vec<u32>, dictionary: Arc<dyn Dictionary> },
    Texts { offsets: Vec<i32>, codes: Vec<u32>, dictionary: Arc<dyn Dictionary> },
    State(BinaryArray, ColumnType),
    Absent,
}

impl Column {
    fn column_type(&self) -> Option<ColumnType> {
        Some(match self {
            Column::Long(_) => ColumnType::Long,
            Column::Double(_) => ColumnType::Double,
            Column::Float(_) => ColumnType::Float,
            Column::Text { .. } | Column::Texts { .. } => ColumnType::String,
            Column::State(_, column_type) => column_type.clone(),
            Column::Absent => return None,
        })
    }

    fn input(&self) -> Input<'_> {
        match self {
            Column::Long(array) => Input::Long(array),
            Column::Double(array) => Input::Double(array),
            Column::Float(array) => Input::Float(array),
            Column::Text { codes, dictionary } => {
                Input::Text { codes: Codes::U32(codes), dictionary: dictionary.as_ref() }
            }
            Column::Texts { offsets, codes, dictionary } => {
                Input::Texts { offsets, codes: Codes::U32(codes), dictionary: dictionary.as_ref() }
            }
            Column::State(array, _) => Input::State(array),
            Column::Absent => Input::Absent,
        }
    }

    /// Some rows of the column, in the given order.
    fn take(&self, rows: &[usize]) -> Column {
        match self {
            Column::Long(array) => {
                Column::Long(rows.iter().map(|&row| value(array, row, |row| array.value(row))).collect())
            }
            Column::Double(array) => {
                Column::Double(rows.iter().map(|&row| value(array, row, |row| array.value(row))).collect())
            }
            Column::Float(array) => {
                Column::Float(rows.iter().map(|&row| value(array, row, |row| array.value(row))).collect())
            }
            Column::Text { codes, dictionary } => {
                Column::Text { codes: rows.iter().map(|&row| codes[row]).collect(), dictionary: dictionary.clone() }
            }
            Column::Texts { offsets, codes, dictionary } => {
                let (mut new_offsets, mut new_codes) = (vec![0], Vec::new());
                for &row in rows {
                    new_codes.extend_from_slice(&codes[offsets[row] as usize..offsets[row + 1] as usize]);
                    new_offsets.push(new_codes.len() as i32);
                }
                Column::Texts { offsets: new_offsets, codes: new_codes, dictionary: dictionary.clone() }
            }
            Column::State(array, column_type) => {
                let values: BinaryArray = rows.iter().map(|&row| value(array, row, |row| array.value(row))).collect();
                Column::State(values, column_type.clone())
            }
            Column::Absent => Column::Absent,
        }
    }
}

fn value<T>(array: &dyn Array, row: usize, read: impl Fn(usize) -> T) -> Option<T> {
    if array.is_null(row) { None } else { Some(read(row)) }
}

const NUM_GROUPS: usize = 5;

/// A sample being folded by one aggregator.
struct Sample<'a> {
    spec: &'a Arc<dyn AggregatorSpec>,
    columns: &'a [Column],
    num_rows: usize,
}

/// Folds the sample's rows in every way the laws name and asserts that the answers agree. Panics
/// where a law is broken.
pub fn check(spec: &Arc<dyn AggregatorSpec>, columns: &[Column], num_rows: usize) -> Result<()> {
    let sample = Sample { spec, columns, num_rows };
    sample.check_parts()?;
    sample.check_absorbed()?;
    sample.check_masks()?;
    sample.check_widths()?;
    sample.check_runs()?;
    sample.check_snapshots()
}

impl Sample<'_> {
    fn new_fold(&self, kind: ArenaKind) -> Result<Fold> {
        let types = vec![self.columns.iter().map(Column::column_type).collect()];
        let mut fold = Fold::bind(std::slice::from_ref(self.spec), &types, kind)?;
        fold.grow(NUM_GROUPS);
        Ok(fold)
    }

    fn group(row: usize) -> u32 {
        // The last group gets no row.
        (row * row % (NUM_GROUPS - 1)) as u32
    }

    fn fold_rows(&self, fold: &mut Fold, rows: &[usize]) -> Result<()> {
        let columns: Vec<Column> = self.columns.iter().map(|column| column.take(rows)).collect();
        let inputs: Vec<Input<'_>> = columns.iter().map(Column::input).collect();
        let groups: Vec<u32> = rows.iter().map(|&row| Self::group(row)).collect();
        fold.fold(0, Groups::U32(&groups), rows.len(), Rows::All, &[inputs])
    }

    fn all(&self) -> Vec<usize> {
        (0..self.num_rows).collect()
    }

    fn states_of(&self, rows: &[usize]) -> Result<ArrayRef> {
        let mut fold = self.new_fold(ArenaKind::Flat)?;
        self.fold_rows(&mut fold, rows)?;
        states(&mut fold)
    }

    /// The answers of the merge of these states, group by group.
    fn merged(&self, parts: &[ArrayRef]) -> Result<ArrayRef> {
        let mut fold = Fold::merging(std::slice::from_ref(self.spec))?;
        fold.grow(NUM_GROUPS);
        let groups: Vec<u8> = (0..NUM_GROUPS as u8).collect();
        for part in parts {
            fold.merge(0, Groups::U8(&groups), NUM_GROUPS, Rows::All, std::slice::from_ref(part))?;
        }
        states(&mut fold)
    }

    fn assert_same(&self, one: &ArrayRef, other: &ArrayRef, law: &str) -> Result<()> {
        let (one, other) = (self.spec.finalize(one)?, self.spec.finalize(other)?);
        assert!(agree(&one, &other), "{}: {law}: {one:?} is not {other:?}", self.spec.type_tag());
        Ok(())
    }

    fn check_parts(&self) -> Result<()> {
        let rows = self.all();
        let (first, rest) = rows.split_at(self.num_rows / 3);
        let (second, third) = rest.split_at(rest.len() / 2);
        let whole = self.states_of(&rows)?;
        let (a, b, c) = (self.states_of(first)?, self.states_of(second)?, self.states_of(third)?);
        let empty = self.states_of(&[])?;
        self.assert_same(&whole, &self.merged(std::slice::from_ref(&whole))?, "codec round trip")?;
        self.assert_same(&whole, &self.merged(&[empty.clone(), whole.clone(), empty])?, "identity")?;
        let left = self.merged(&[self.merged(&[a.clone(), b.clone()])?, c.clone()])?;
        let right = self.merged(&[a.clone(), self.merged(&[b.clone(), c.clone()])?])?;
        self.assert_same(&left, &right, "associativity")?;
        self.assert_same(&whole, &left, "fold of a concatenation is the merge of folds")
    }

    fn check_absorbed(&self) -> Result<()> {
        let rows = self.all();
        let whole = self.states_of(&rows)?;
        for kind in [ArenaKind::Flat, ArenaKind::Shared] {
            let mut parts = Vec::new();
            for rows in rows.chunks(self.num_rows.div_ceil(3)) {
                let mut part = self.new_fold(kind)?;
                self.fold_rows(&mut part, rows)?;
                parts.push(part);
            }
            let mut merging = Fold::merging(std::slice::from_ref(self.spec))?;
            merging.grow(NUM_GROUPS);
            for part in &parts {
                merging.absorb(part, 0..2, Places::From(0))?;
                merging.absorb(part, 2..NUM_GROUPS, Places::From(2))?;
            }
            let mut first = parts.remove(0);
            let mut apart = self.new_fold(kind)?;
            apart.grow(NUM_GROUPS * 2);
            let places: Vec<u32> = (0..NUM_GROUPS as u32).map(|group| group * 2).collect();
            for part in [&first].into_iter().chain(&parts) {
                apart.absorb(part, 0..NUM_GROUPS, Places::Each(&places))?;
            }
            self.assert_same(&whole, &apart.states(&places)?.remove(0), "folds are absorbed into places")?;
            parts.iter().try_for_each(|part| first.absorb(part, 0..NUM_GROUPS, Places::From(0)))?;
            self.assert_same(&whole, &states(&mut first)?, "folds are absorbed")?;
            self.assert_same(&whole, &states(&mut merging)?, "folds are absorbed in pieces")?;
            for places in [Places::From(1), Places::Each(&places)] {
                assert!(first.absorb(&merging, 0..NUM_GROUPS, places).is_err(), "more groups than there are");
            }
        }
        Ok(())
    }

    fn check_masks(&self) -> Result<()> {
        for step in [2, 3, 40] {
            let kept: Vec<usize> = (0..self.num_rows).filter(|row| row % step == 1).collect();
            let words = words(self.num_rows, |row| row % step == 1);
            let groups: Vec<u32> = (0..self.num_rows).map(Self::group).collect();
            let inputs: Vec<Input<'_>> = self.columns.iter().map(Column::input).collect();
            for kind in [ArenaKind::Flat, ArenaKind::Shared] {
                let mut masked = self.new_fold(kind)?;
                let rows = [Rows::Mask(&words)];
                masked.fold_masked(0, Groups::U32(&groups), self.num_rows, &rows, std::slice::from_ref(&inputs))?;
                let law = "fold under a mask is the fold of the kept rows";
                self.assert_same(&states(&mut masked)?, &self.states_of(&kept)?, law)?;
            }
        }
        Ok(())
    }

    fn check_widths(&self) -> Result<()> {
        let inputs: Vec<Input<'_>> = self.columns.iter().map(Column::input).collect();
        let narrow: Vec<u8> = (0..self.num_rows).map(|row| Self::group(row) as u8).collect();
        let middle: Vec<u16> = narrow.iter().map(|&group| group.into()).collect();
        let whole = self.states_of(&self.all())?;
        for groups in [Groups::U8(&narrow), Groups::U16(&middle)] {
            let mut fold = self.new_fold(ArenaKind::Shared)?;
            fold.fold(0, groups, self.num_rows, Rows::All, std::slice::from_ref(&inputs))?;
            self.assert_same(&whole, &states(&mut fold)?, "group ids of any width")?;
        }
        Ok(())
    }

    fn check_runs(&self) -> Result<()> {
        let inputs: Vec<Input<'_>> = self.columns.iter().map(Column::input).collect();
        let words = words(self.num_rows, |row| row % 7 < 5);
        let ones = vec![0_u8; self.num_rows];
        for rows in [Rows::All, Rows::Mask(&words)] {
            let (mut run, mut each) = (self.new_fold(ArenaKind::Flat)?, self.new_fold(ArenaKind::Flat)?);
            run.fold(2, Groups::One, self.num_rows, rows, std::slice::from_ref(&inputs))?;
            each.fold(2, Groups::U8(&ones), self.num_rows, rows, std::slice::from_ref(&inputs))?;
            self.assert_same(&states(&mut run)?, &states(&mut each)?, "a run is its rows one by one")?;
        }
        Ok(())
    }

    fn check_snapshots(&self) -> Result<()> {
        let rows = self.all();
        let (first, second) = rows.split_at(self.num_rows / 2);
        let mut fold = self.new_fold(ArenaKind::Shared)?;
        self.fold_rows(&mut fold, first)?;
        let snapshot = fold.snapshot();
        self.fold_rows(&mut fold, second)?;
        let order: Vec<u32> = (0..NUM_GROUPS as u32).collect();
        self.assert_same(&snapshot.states_of(0, &order)?, &self.states_of(first)?, "a snapshot stays as it was")?;
        self.assert_same(&states(&mut fold)?, &self.states_of(&rows)?, "a fold goes on after a snapshot")
    }
}

fn states(fold: &mut Fold) -> Result<ArrayRef> {
    let order: Vec<u32> = (0..NUM_GROUPS as u32).collect();
    Ok(fold.states(&order)?.remove(0))
}

fn words(num_rows: usize, holds: impl Fn(usize) -> bool) -> Vec<u64> {
    let mut words = vec![0; num_rows.div_ceil(64)];
    (0..num_rows).filter(|&row| holds(row)).for_each(|row| words[row / 64] |= 1 << (row % 64));
    words
}

/// Whether two answers are the same, floating numbers up to rounding.
fn agree(one: &Finalized, other: &Finalized) -> bool {
    let close = |one: Option<f64>, other: Option<f64>, within: f64| match (one, other) {
        (Some(one), Some(other)) => {
            one == other || one.is_nan() && other.is_nan() || (one - other).abs() <= within * one.abs().max(other.abs())
        }
        (one, other) => one.is_none() && other.is_none(),
    };
    match (one, other) {
        (Finalized::Double(one), Finalized::Double(other)) => {
            one.iter().zip(other).all(|(one, other)| close(one, other, 1e-9))
        }
        (Finalized::Float(one), Finalized::Float(other)) => {
            one.iter().zip(other).all(|(one, other)| close(one.map(f64::from), other.map(f64::from), 1e-4))
        }
        (Finalized::Long(one), Finalized::Long(other)) => one == other,
        (Finalized::Text(one), Finalized::Text(other)) => one == other,
        (Finalized::Json(one), Finalized::Json(other)) => one == other,
        _ => false,
    }
}

//! Batches of rows into the groups of a leaf.

use std::ops::Range;

use aggregate::{Codes, Groups, Rows, add_digits, cells_of};
use arrow_array::{Array, ArrayRef, ListArray, UInt32Array};
use segment::{CodeWidth, codes_of};

use super::super::inputs;
use super::super::keys::Words;
use super::super::selection::Selected;
use super::super::{dense, mask, unexpected};
use super::{Batch, DENSE_CELLS, DENSE_SHARE, Grouper, Leaf};
use crate::{Error, Result};

impl Leaf<'_> {
    /// No key or one of codes: codes are the groups, runs of a bucket move their base.
    pub(super) fn dense_runs(
        &mut self,
        selected: &Selected,
        key: Option<&ArrayRef>,
        cells: usize,
        arrays: &[Option<ArrayRef>],
        filters: &[Vec<u64>],
    ) -> Result<()> {
        if let Some(bucket) = selected.only_bucket() {
            let codes = key.map(|key| codes_of(key.as_ref()).ok_or_else(|| unexpected("codes"))).transpose()?;
            let batch = Batch { num_rows: selected.num_rows(), arrays, mask: selected.mask.as_deref(), filters };
            return self.fold_batch(bucket as usize * cells, codes.map_or(Groups::One, groups_of), &batch);
        }
        for run in &selected.runs {
            let arrays = inputs::slice(arrays, &run.rows);
            let mut words = Vec::new();
            let mask = selected.mask.as_ref().map(|mask| {
                mask::slice(mask, run.rows.clone(), &mut words);
                words.as_slice()
            });
            let filters: Vec<Vec<u64>> = filters.iter().map(|filter| sliced(filter, &run.rows)).collect();
            let batch = Batch { num_rows: run.rows.len(), arrays: &arrays, mask, filters: &filters };
            let key = key.map(|key| key.slice(run.rows.start, run.rows.len()));
            let codes =
                key.as_ref().map(|key| codes_of(key.as_ref()).ok_or_else(|| unexpected("codes"))).transpose()?;
            let groups = codes.map_or(Groups::One, groups_of);
            self.fold_batch(run.bucket as usize * cells, groups, &batch)?;
        }
        Ok(())
    }

    /// Several keys of codes, or many buckets: ids by multiplication, for all rows of the vector.
    pub(super) fn dense_ids(
        &mut self,
        selected: &Selected,
        keys: &[ArrayRef],
        arrays: &[Option<ArrayRef>],
        filters: &[Vec<u64>],
    ) -> Result<()> {
        let Grouper::Dense { cells, num_codes } = &self.grouper else { return Err(unexpected("grouper")) };
        let cells = *cells;
        let mut digits = Vec::with_capacity(keys.len());
        for (key, num_codes) in keys.iter().zip(num_codes) {
            let num_codes = u32::try_from(*num_codes).map_err(Error::internal)?;
            digits.push((num_codes, codes_of(key.as_ref()).ok_or_else(|| unexpected("codes"))?));
        }
        let num_rows = selected.num_rows();
        if let (Some(bucket), false) = (selected.only_bucket(), digits.is_empty()) {
            let batch = Batch { num_rows, arrays, mask: selected.mask.as_deref(), filters };
            let base = bucket as usize * cells;
            return match CodeWidth::for_len(cells) {
                CodeWidth::One => self.fold_batch(base, Groups::U8(&cells_of(&digits)), &batch),
                CodeWidth::Two => self.fold_batch(base, Groups::U16(&cells_of(&digits)), &batch),
                CodeWidth::Four => self.fold_batch(base, Groups::U32(&cells_of(&digits)), &batch),
            };
        }
        let (mut ids, mask) = selected.buckets();
        digits.iter().for_each(|(num_codes, codes)| add_digits(&mut ids, *num_codes, *codes));
        self.fold_batch(0, Groups::U32(&ids), &Batch { num_rows, arrays, mask: mask.as_deref(), filters })
    }

    /// Room for the buckets met so far.
    pub(super) fn grow_dense(&mut self) {
        let Grouper::Dense { cells, .. } = &self.grouper else { return };
        let groups = *cells * self.selection.buckets.len();
        if groups > self.fold.len() {
            self.fold.grow(groups);
            self.touched.resize(if self.told_by.is_some() { 0 } else { groups }, 0);
        }
    }

    /// One key of lists in one bucket, all rows selected: codes are the groups. False if that is not so.
    pub(super) fn lists(
        &mut self,
        selected: &Selected,
        keys: &[ArrayRef],
        arrays: &[Option<ArrayRef>],
        filters: &[Vec<u64>],
    ) -> Result<bool> {
        let (Grouper::Dense { cells, .. }, [key], Some(bucket), None) =
            (&self.grouper, keys, selected.only_bucket(), &selected.mask)
        else {
            return Ok(false);
        };
        let base = bucket as usize * cells;
        let Some(lists) = key.as_any().downcast_ref::<ListArray>() else { return Ok(false) };
        let mut rows = Vec::new();
        let Some(codes) = dense::expand(lists, &mut rows) else { return Ok(false) };
        let rows = UInt32Array::from(rows);
        let arrays = inputs::take(arrays, &rows)?;
        let filters: Vec<Vec<u64>> = filters.iter().map(|filter| taken(filter, rows.values())).collect();
        let batch = Batch { num_rows: rows.len(), arrays: &arrays, mask: None, filters: &filters };
        self.fold_batch(base, groups_of(codes), &batch)?;
        Ok(true)
    }

    /// All rows of a vector into groups of several segments. False where rows are left out, or keys are not codes.
    pub(super) fn joined(
        &mut self,
        selected: &Selected,
        keys: &[ArrayRef],
        arrays: &[Option<ArrayRef>],
        filters: &[Vec<u64>],
    ) -> Result<bool> {
        let most_cells = self.most_cells();
        let Grouper::Joined(joined) = &mut self.grouper else { return Ok(false) };
        if self.keys.iter().any(|key| key.is_multi) {
            return Ok(false);
        }
        let (buckets, None) = selected.buckets() else { return Ok(false) };
        let Some(ids) = joined.ids_of_codes(&self.shown, &buckets, keys, most_cells)? else { return Ok(false) };
        self.fold.grow(joined.len());
        let batch = Batch { num_rows: selected.num_rows(), arrays, mask: None, filters };
        self.fold_batch(0, Groups::U32(&ids), &batch)?;
        Ok(true)
    }

    /// Cells that a table of several segments may have, however few its groups are.
    fn most_cells(&self) -> usize {
        let room = usize::try_from(self.exec.memory.limit_bytes()).unwrap_or(usize::MAX) / DENSE_SHARE;
        DENSE_CELLS.min(room / size_of::<u32>())
    }

    /// Everything else: each selected row gets the id of its group.
    pub(super) fn by_ids(
        &mut self,
        selected: &Selected,
        keys: &[ArrayRef],
        arrays: &[Option<ArrayRef>],
        filters: &[Vec<u64>],
    ) -> Result<()> {
        let mut rows = selected.positions();
        let num_selected = rows.len();
        let words = self.words(keys, &mut rows)?;
        if rows.is_empty() {
            return Ok(());
        }
        let ids = self.groups(selected, &rows, words)?;
        let is_expanded = self.keys.iter().any(|key| key.is_multi);
        if is_expanded || num_selected < selected.num_rows() / 4 {
            let rows = UInt32Array::from(rows);
            let arrays = inputs::take(arrays, &rows)?;
            let filters: Vec<Vec<u64>> = filters.iter().map(|filter| taken(filter, rows.values())).collect();
            let batch = Batch { num_rows: ids.len(), arrays: &arrays, mask: None, filters: &filters };
            return self.fold_batch(0, Groups::U32(&ids), &batch);
        }
        let num_rows = selected.num_rows();
        if num_selected == num_rows {
            let batch = Batch { num_rows, arrays, mask: None, filters };
            return self.fold_batch(0, Groups::U32(&ids), &batch);
        }
        let (mut all, mut mask) = (vec![ids[0]; num_rows], vec![0u64; num_rows.div_ceil(64)]);
        for (&row, &id) in rows.iter().zip(&ids) {
            all[row as usize] = id;
            mask[row as usize / 64] |= 1 << (row % 64);
        }
        let batch = Batch { num_rows, arrays, mask: Some(&mask), filters };
        self.fold_batch(0, Groups::U32(&all), &batch)
    }

    /// What each key is of the given rows, which lists make more.
    pub(super) fn words(&self, keys: &[ArrayRef], rows: &mut Vec<u32>) -> Result<Vec<Words>> {
        let mut words = Vec::with_capacity(keys.len());
        for (key, array) in self.keys.iter().zip(keys) {
            let next = key.words(array.as_ref(), rows, &mut words)?;
            words.push(next);
        }
        Ok(words)
    }

    /// The group of each of the rows.
    fn groups(&mut self, selected: &Selected, rows: &[u32], words: Vec<Words>) -> Result<Vec<u32>> {
        let buckets = buckets_of(selected, rows);
        let most_cells = self.most_cells();
        match &mut self.grouper {
            Grouper::Dense { num_codes, .. } => {
                let mut ids = buckets;
                for (words, num_codes) in words.iter().zip(num_codes.iter()) {
                    let num_codes = *num_codes as u32;
                    for (id, word) in ids.iter_mut().zip(&words.values) {
                        *id = *id * num_codes + *word as u32;
                    }
                }
                Ok(ids)
            }
            Grouper::Hash { table, layout } => {
                let packed = layout.pack(buckets.into_iter(), words, rows.len());
                let mut ids = Vec::with_capacity(rows.len());
                table.insert_batch(&packed, &mut ids);
                self.fold.grow(table.len());
                Ok(ids)
            }
            Grouper::Joined(joined) => {
                let ids = joined.ids(&self.shown, &buckets, &words, most_cells)?;
                self.fold.grow(joined.len());
                Ok(ids)
            }
        }
    }

    pub(super) fn fold_batch(&mut self, base: usize, groups: Groups<'_>, batch: &Batch<'_>) -> Result<()> {
        let inputs = self.inputs.of(batch.arrays)?;
        let rows = batch.mask.map_or(Rows::All, Rows::Mask);
        if let (Grouper::Dense { cells, .. }, None) = (&self.grouper, self.told_by) {
            let end = if self.keys.len() > 1 || base == 0 { self.touched.len() } else { base + cells };
            let touched = &mut self.touched[base..end];
            if !dense::is_full(touched, batch.num_rows) {
                dense::touch(touched, groups, batch.num_rows, rows);
            }
        }
        if self.masks.is_empty() {
            return Ok(self.fold.fold(base, groups, batch.num_rows, rows, &inputs)?);
        }
        let filters: Vec<Vec<u64>> = batch.filters.iter().map(|filter| both(filter, batch.mask)).collect();
        let masks = self.mask_of.iter().map(|at| at.map_or(rows, |at| Rows::Mask(&filters[at])));
        let masks: Vec<Rows<'_>> = masks.collect();
        Ok(self.fold.fold_masked(base, groups, batch.num_rows, &masks, &inputs)?)
    }
}

pub(super) fn buckets_of(selected: &Selected, rows: &[u32]) -> Vec<u32> {
    if let Some(ids) = &selected.ids {
        return rows.iter().map(|row| ids[*row as usize]).collect();
    }
    if let [run] = selected.runs.as_slice() {
        return vec![run.bucket; rows.len()];
    }
    let mut runs = selected.runs.iter();
    let mut run = runs.next();
    let bucket = |row: &u32| {
        while run.is_some_and(|run| run.rows.end <= *row as usize) {
            run = runs.next();
        }
        run.map_or(0, |run| run.bucket)
    };
    rows.iter().map(bucket).collect()
}

fn groups_of(codes: Codes<'_>) -> Groups<'_> {
    match codes {
        Codes::U8(codes) => Groups::U8(codes),
        Codes::U16(codes) => Groups::U16(codes),
        Codes::U32(codes) => Groups::U32(codes),
    }
}

fn sliced(words: &[u64], rows: &Range<usize>) -> Vec<u64> {
    let mut out = Vec::new();
    mask::slice(words, rows.clone(), &mut out);
    out
}

pub(super) fn taken(words: &[u64], rows: &[u32]) -> Vec<u64> {
    let mut out = vec![0u64; rows.len().div_ceil(64)];
    for (at, &row) in rows.iter().enumerate() {
        out[at / 64] |= u64::from(mask::bit(words, row as usize)) << (at % 64);
    }
    out
}

fn both(words: &[u64], mask: Option<&[u64]>) -> Vec<u64> {
    let mut words = words.to_vec();
    if let Some(mask) = mask {
        mask::and(&mut words, mask);
    }
    words
}

//! One segment, or a part of it, into groups.

mod room;

use std::ops::Range;
use std::sync::Arc;

use aggregate::{AggregatorSpec, Codes, Fold, Groups, KeyTable, Rows, Told};
use arrow_array::{Array, ArrayRef, ListArray, UInt32Array};
use expression::BoundFilter;
use segment::{SegmentRef, VECTOR_ROWS, codes_of};

use super::dense;
use super::inputs::{self, Inputs};
use super::jobs::Job;
use super::keys::{Key, Layout, Words};
use super::selection::{Selected, Selection};
use super::shown::{Scanned, Shown};
use super::{mask, regroup, unexpected};
use crate::aggregations::MaskFilter;
use crate::exec::{ExecContext, MemoryBudget, Reservation};
use crate::plan::FoldPlan;
use crate::spill::SpillFile;
use crate::{Error, Result};

/// Cells of a dense table, whatever the number of rows.
const DENSE_CELLS: usize = 1 << 20;
/// Average rows of a run below which rows carry ids instead.
const SHORT_RUN: usize = 64;
/// A dense table may take this part of the memory; the bytes of a cell are those of a few numbers.
const DENSE_SHARE: usize = 8;
const CELL_BYTES: usize = 32;

pub(super) use room::Part;

/// Folds the rows that the plan selects. `None` when there are none.
pub(super) fn fold(plan: &FoldPlan, job: &Job, exec: &ExecContext) -> Result<Option<Part>> {
    let segment = match &plan.common.virtual_columns {
        Some(virtual_columns) => crate::expressions::with_virtual(&job.segment, virtual_columns)?,
        None => job.segment.clone(),
    };
    let filter = plan.common.filter.as_ref();
    let selection = Selection::new(&segment, &plan.common.scanned, &plan.granularity, filter)?;
    let mut leaf = Leaf::new(plan, &segment, selection, job.rows.len(), exec)?;
    for rows in leaf.selection.vectors(job.rows.clone()) {
        exec.check()?;
        if let Some(selected) = leaf.selection.select(rows)? {
            leaf.vector(selected)?;
        }
    }
    let joins_codes = leaf.joins_codes;
    let part = leaf.finish()?;
    plan.common.check_virtual()?;
    match part {
        Some(Part::Held { groups, held }) if joins_codes => {
            Ok(Some(Part::Held { groups: regroup(&plan.specs, &[groups], exec)?, held }))
        }
        part => Ok(part),
    }
}

/// How rows find their group.
enum Grouper {
    /// The bucket is the group, times the cells of the keys' codes.
    Dense {
        cells: usize,
        num_codes: Vec<usize>,
    },
    Hash {
        table: KeyTable,
        layout: Layout,
    },
}

struct Mask {
    filter: Box<dyn BoundFilter>,
    words: Vec<u64>,
}

struct Leaf<'a> {
    exec: &'a ExecContext,
    specs: &'a [Arc<dyn AggregatorSpec>],
    selection: Selection,
    /// What groups go by.
    keys: Vec<Key>,
    shown: Vec<Shown>,
    /// Several groups may show the same keys.
    joins_codes: bool,
    inputs: Inputs,
    masks: Vec<Mask>,
    /// Which mask each fold has.
    mask_of: Vec<Option<usize>>,
    grouper: Grouper,
    fold: Fold,
    /// Whether the fold may put off what is sooner done for many rows.
    waits: bool,
    /// Of a dense table: which groups have met a row, unless states tell.
    touched: Vec<u8>,
    /// The accumulator whose states tell which groups have met a row.
    told_by: Option<usize>,
    held: Reservation,
    spilled: Option<SpillFile>,
}

/// Rows to be folded with their columns: a vector, a run of it, or what lists were expanded to.
struct Batch<'b> {
    num_rows: usize,
    arrays: &'b [Option<ArrayRef>],
    /// Rows that count.
    mask: Option<&'b [u64]>,
    /// Mask of each filtered aggregator, before `mask`.
    filters: &'b [Vec<u64>],
}

impl<'a> Leaf<'a> {
    fn new(
        plan: &'a FoldPlan,
        segment: &SegmentRef,
        selection: Selection,
        num_rows: usize,
        exec: &'a ExecContext,
    ) -> Result<Self> {
        let bind = |spec| Key::bind(spec, segment, plan.drop_empty_lists);
        let keys: Vec<Key> = plan.keys.iter().map(bind).collect::<Result<_>>()?;
        if plan.single_values_only && keys.iter().any(|key| key.is_multi) {
            return Err(Error::invalid(
                "a dimension has several values, which 'groupByEnableMultiValueUnnesting' refuses",
            ));
        }
        let mut inputs = Inputs::bind(&plan.specs, segment, &plan.common.env)?;
        // Few rows are sooner folded than marked, and in their order an estimate is the one that Druid gives.
        let waits = num_rows > VECTOR_ROWS;
        let mut fold = room::bound(&plan.specs, &inputs, waits)?;
        inputs.prefer_narrow(&fold);
        let finer = fold.accumulators().iter().all(|accumulator| accumulator.commutes());
        let Scanned { keys, shown, joins: joins_codes } = Scanned::of(keys, finer, num_rows, selection.max_buckets());
        let (masks, mask_of) = bind_masks(&plan.masks, segment)?;
        let tells = |at: &usize| match (mask_of[*at], fold.accumulators()[*at].tells_rows()) {
            (None, Some(Told::Counted)) => true,
            (None, Some(Told::Valid)) => inputs.is_number_everywhere(*at),
            _ => false,
        };
        let told_by = (0..fold.accumulators().len()).find(tells);
        let grouper = grouper(&keys, &selection, num_rows, &exec.memory);
        let mut touched = Vec::new();
        if let Grouper::Dense { cells, .. } = &grouper {
            let groups = cells * selection.buckets.len();
            fold.grow(groups);
            touched.resize(if told_by.is_some() { 0 } else { groups }, 0);
        }
        let held = Reservation::new(&exec.memory);
        let specs = plan.specs.as_slice();
        Ok(Self {
            exec,
            specs,
            selection,
            keys,
            shown,
            joins_codes,
            inputs,
            masks,
            mask_of,
            grouper,
            fold,
            waits,
            touched,
            told_by,
            held,
            spilled: None,
        })
    }

    fn vector(&mut self, selected: Selected) -> Result<()> {
        let arrays = self.inputs.read(selected.rows.clone());
        let keys: Vec<ArrayRef> = self.keys.iter().map(|key| key.read(selected.rows.clone())).collect();
        for mask in &mut self.masks {
            mask.filter.mask(selected.rows.clone(), false, &mut mask.words)?;
        }
        let filters: Vec<Vec<u64>> = self.masks.iter_mut().map(|mask| std::mem::take(&mut mask.words)).collect();
        match &self.grouper {
            Grouper::Dense { cells, .. } if !self.keys.iter().any(|key| key.is_multi) => {
                let cells = *cells;
                if keys.len() > 1 || selected.ids.is_some() || selected.mean_run() < SHORT_RUN {
                    self.dense_ids(&selected, &keys, &arrays, &filters)?;
                } else {
                    self.dense_runs(&selected, keys.first(), cells, &arrays, &filters)?;
                }
            }
            _ => {
                if !self.lists(&selected, &keys, &arrays, &filters)? {
                    self.by_ids(&selected, &keys, &arrays, &filters)?;
                }
            }
        }
        self.make_room()
    }

    /// No key or one of codes: codes are the groups, runs of a bucket move their base.
    fn dense_runs(
        &mut self,
        selected: &Selected,
        key: Option<&ArrayRef>,
        cells: usize,
        arrays: &[Option<ArrayRef>],
        filters: &[Vec<u64>],
    ) -> Result<()> {
        if let ([run], None) = (selected.runs.as_slice(), &selected.ids)
            && run.rows.len() == selected.num_rows()
        {
            let codes = key.map(|key| codes_of(key.as_ref()).ok_or_else(|| unexpected("codes"))).transpose()?;
            let batch = Batch { num_rows: run.rows.len(), arrays, mask: selected.mask.as_deref(), filters };
            return self.fold_batch(run.bucket as usize * cells, codes.map_or(Groups::One, groups_of), &batch);
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
    fn dense_ids(
        &mut self,
        selected: &Selected,
        keys: &[ArrayRef],
        arrays: &[Option<ArrayRef>],
        filters: &[Vec<u64>],
    ) -> Result<()> {
        self.grow_dense();
        let Grouper::Dense { num_codes, .. } = &self.grouper else { return Err(unexpected("grouper")) };
        let (mut ids, mask) = selected.buckets();
        for (key, num_codes) in keys.iter().zip(num_codes) {
            let num_codes = u32::try_from(*num_codes).map_err(Error::internal)?;
            match codes_of(key.as_ref()).ok_or_else(|| unexpected("codes"))? {
                Codes::U8(codes) => ids.iter_mut().zip(codes).for_each(|(id, c)| *id = *id * num_codes + u32::from(*c)),
                Codes::U16(codes) => {
                    ids.iter_mut().zip(codes).for_each(|(id, c)| *id = *id * num_codes + u32::from(*c))
                }
                Codes::U32(codes) => ids.iter_mut().zip(codes).for_each(|(id, c)| *id = *id * num_codes + c),
            }
        }
        let batch = Batch { num_rows: selected.num_rows(), arrays, mask: mask.as_deref(), filters };
        self.fold_batch(0, Groups::U32(&ids), &batch)
    }

    /// Room for the buckets met so far.
    fn grow_dense(&mut self) {
        let Grouper::Dense { cells, .. } = &self.grouper else { return };
        let groups = *cells * self.selection.buckets.len();
        if groups > self.fold.len() {
            self.fold.grow(groups);
            self.touched.resize(if self.told_by.is_some() { 0 } else { groups }, 0);
        }
    }

    /// One key of lists in one bucket, all rows selected: codes are the groups. False if that is not so.
    fn lists(
        &mut self,
        selected: &Selected,
        keys: &[ArrayRef],
        arrays: &[Option<ArrayRef>],
        filters: &[Vec<u64>],
    ) -> Result<bool> {
        let (Grouper::Dense { cells, .. }, [key], [run], None, None) =
            (&self.grouper, keys, selected.runs.as_slice(), &selected.ids, &selected.mask)
        else {
            return Ok(false);
        };
        let base = run.bucket as usize * cells;
        let Some(lists) = key.as_any().downcast_ref::<ListArray>() else { return Ok(false) };
        let mut rows = Vec::new();
        if run.rows.len() != selected.num_rows() {
            return Ok(false);
        }
        let Some(codes) = dense::expand(lists, &mut rows) else { return Ok(false) };
        let rows = UInt32Array::from(rows);
        let arrays = inputs::take(arrays, &rows)?;
        let filters: Vec<Vec<u64>> = filters.iter().map(|filter| taken(filter, rows.values())).collect();
        let batch = Batch { num_rows: rows.len(), arrays: &arrays, mask: None, filters: &filters };
        self.fold_batch(base, groups_of(codes), &batch)?;
        Ok(true)
    }

    /// Everything else: each selected row gets the id of its group.
    fn by_ids(
        &mut self,
        selected: &Selected,
        keys: &[ArrayRef],
        arrays: &[Option<ArrayRef>],
        filters: &[Vec<u64>],
    ) -> Result<()> {
        let mut rows = selected.positions();
        let num_selected = rows.len();
        let mut words: Vec<Words> = Vec::with_capacity(keys.len());
        for (key, array) in self.keys.iter().zip(keys) {
            let next = key.words(array.as_ref(), &mut rows, &mut words)?;
            words.push(next);
        }
        if rows.is_empty() {
            return Ok(());
        }
        let ids = self.groups(selected, &rows, &words)?;
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

    /// The group of each of the rows.
    fn groups(&mut self, selected: &Selected, rows: &[u32], words: &[Words]) -> Result<Vec<u32>> {
        let buckets = buckets_of(selected, rows);
        self.grow_dense();
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
        }
    }

    fn fold_batch(&mut self, base: usize, groups: Groups<'_>, batch: &Batch<'_>) -> Result<()> {
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

    fn memory_bytes(&self) -> usize {
        let table = match &self.grouper {
            Grouper::Hash { table, .. } => table.memory_bytes(),
            Grouper::Dense { .. } => self.touched.len(),
        };
        table + self.fold.memory_bytes()
    }

    /// Times and, for each key, the words of the groups.
    fn dense_words(&self, order: &[u32], cells: usize, num_codes: &[usize]) -> (Vec<i64>, Vec<Vec<Option<u64>>>) {
        let buckets = &self.selection.buckets;
        let times = order.iter().map(|group| buckets.start((*group as usize / cells) as u32)).collect();
        let mut below = cells;
        let words = num_codes.iter().map(|num_codes| {
            below /= num_codes;
            order.iter().map(|group| Some((*group as usize / below % num_codes) as u64)).collect()
        });
        (times, words.collect())
    }

    fn hash_words(&self, order: &[u32], table: &KeyTable, layout: &Layout) -> (Vec<i64>, Vec<Vec<Option<u64>>>) {
        let rows = || order.iter().map(|group| table.key(*group));
        let times = rows().map(|key| self.selection.buckets.start(layout.bucket(key))).collect();
        let words = (0..self.keys.len()).map(|at| rows().map(|row| layout.key(row, at)).collect());
        (times, words.collect())
    }
}

/// Dense when the cells are few, or fewer than the rows that fall into them.
fn grouper(keys: &[Key], selection: &Selection, num_rows: usize, memory: &MemoryBudget) -> Grouper {
    let num_codes: Option<Vec<usize>> = keys.iter().map(Key::num_codes).collect();
    let cells = num_codes.as_ref().and_then(|codes| codes.iter().try_fold(1usize, |cells, n| cells.checked_mul(*n)));
    let num_buckets = selection.max_buckets().max(1);
    let room = usize::try_from(memory.limit_bytes()).unwrap_or(usize::MAX) / DENSE_SHARE / CELL_BYTES;
    let most = DENSE_CELLS.max(if keys.len() <= 1 { num_rows.saturating_mul(2) } else { 0 });
    let most = most.min(room).min(u32::MAX as usize);
    match (num_codes, cells) {
        (Some(num_codes), Some(cells))
            if keys.is_empty() || cells.checked_mul(num_buckets).is_some_and(|all| all <= most) =>
        {
            Grouper::Dense { cells, num_codes }
        }
        _ => {
            let layout = Layout::new(keys, num_buckets == 1);
            Grouper::Hash { table: KeyTable::new(layout.width), layout }
        }
    }
}

fn bind_masks(filters: &[Option<Arc<MaskFilter>>], segment: &SegmentRef) -> Result<(Vec<Mask>, Vec<Option<usize>>)> {
    let (mut masks, mut mask_of, mut known) = (Vec::new(), Vec::new(), Vec::<&MaskFilter>::new());
    for filter in filters {
        let Some(filter) = filter else {
            mask_of.push(None);
            continue;
        };
        let same = |other: &&MaskFilter| other.written == filter.written;
        if !known.iter().any(same) {
            masks.push(Mask { filter: filter.filter.bind(segment)?, words: Vec::new() });
            known.push(filter);
        }
        mask_of.push(known.iter().position(same));
    }
    Ok((masks, mask_of))
}

fn buckets_of(selected: &Selected, rows: &[u32]) -> Vec<u32> {
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

fn taken(words: &[u64], rows: &[u32]) -> Vec<u64> {
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

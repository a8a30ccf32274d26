//! One segment, or a part of it, into groups.

mod batches;
mod room;
mod waiting;

use std::ops::Range;
use std::sync::Arc;

use aggregate::{AggregatorSpec, Fold, KeyTable, Told};
use arrow_array::ArrayRef;
use expression::BoundFilter;
use segment::{SegmentRef, VECTOR_ROWS};

use super::inputs::Inputs;
use super::jobs::Job;
use super::keys::{Key, Layout};
use super::leading::Leading;
use super::regroup;
use super::selection::{Selected, Selection};
use super::shown::{Scanned, Shown};
use crate::aggregations::MaskFilter;
use crate::exec::{ExecContext, MemoryBudget, Reservation};
use crate::plan::FoldPlan;
use crate::spill::SpillFile;
use crate::{Error, Result};
use waiting::Waiting;

/// Cells of a dense table, whatever the number of rows.
const DENSE_CELLS: usize = 1 << 20;
/// Cells that are cleared even for a row.
const LEAST_CELLS: usize = 1 << 16;
/// Cells that a row pays for, where they are few.
const CELLS_PER_ROW: usize = 16;
/// Vectors that are looked at before all.
const LOOKS: usize = 8;
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
    let mut leaf = Leaf::new(plan, &segment, selection, &job.rows, exec)?;
    if leaf.selection.is_whole(segment.num_rows()) && job.rows.len() == segment.num_rows() {
        leaf.fold_values()?;
    }
    let vectors = leaf.selection.vectors(if leaf.is_done() { 0..0 } else { job.rows.clone() });
    leaf.look_around(&vectors)?;
    for rows in vectors {
        exec.check()?;
        if let Some(selected) = leaf.select(rows)? {
            leaf.vector(selected)?;
        }
    }
    leaf.gather()?;
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
    /// Which values of a key can be in the answer, where it is cut by them.
    leading: Option<Leading>,
    waiting: Waiting,
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
        rows: &Range<usize>,
        exec: &'a ExecContext,
    ) -> Result<Self> {
        let num_rows = rows.len();
        let bind = |spec| Key::bind(spec, segment, plan.drop_empty_lists);
        let keys: Vec<Key> = plan.keys.iter().map(bind).collect::<Result<_>>()?;
        if plan.single_values_only && keys.iter().any(|key| key.is_multi) {
            return Err(Error::invalid(
                "a dimension has several values, which 'groupByEnableMultiValueUnnesting' refuses",
            ));
        }
        let leading = plan.first.as_ref().and_then(|first| Leading::of(first, keys.get(first.key)?, num_rows));
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
        let max_rows = if leading.is_some() { 0 } else { selection.max_rows(rows) };
        let grouper = grouper(&keys, &selection, max_rows, &exec.memory);
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
            leading,
            waiting: Waiting::default(),
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

    /// Of all rows in one group: folds the numbers of columns instead of their rows, where these do not matter.
    fn fold_values(&mut self) -> Result<()> {
        if !self.waits || !self.keys.is_empty() || self.fold.len() != 1 {
            return Ok(());
        }
        for at in (0..self.mask_of.len()).filter(|at| self.mask_of[*at].is_none()) {
            if let Some(values) = self.inputs.values_met(at) {
                self.fold.fold_values(at, 0, values)?;
            }
        }
        if self.is_done() {
            self.touched.fill(1);
        }
        Ok(())
    }

    /// Whether no row has to be looked at.
    fn is_done(&self) -> bool {
        self.told_by.is_none() && !self.mask_of.is_empty() && self.fold.is_fed()
    }

    /// Meets the values of some vectors all over, so that the first rows are not kept for want of others.
    fn look_around(&mut self, vectors: &[Range<usize>]) -> Result<()> {
        if self.leading.is_none() || vectors.len() <= LOOKS {
            return Ok(());
        }
        for look in 0..LOOKS {
            self.select(vectors[look * (vectors.len() - 1) / (LOOKS - 1)].clone())?;
        }
        Ok(())
    }

    fn select(&mut self, rows: Range<usize>) -> Result<Option<Selected>> {
        let Some(mut selected) = self.selection.select(rows)? else { return Ok(None) };
        let some = self.leading.as_mut().map_or(Ok(true), |leading| leading.narrow(&mut selected))?;
        Ok(some.then_some(selected))
    }

    fn vector(&mut self, selected: Selected) -> Result<()> {
        if selected.is_sparse() {
            return self.wait(&selected);
        }
        self.gather()?;
        let arrays = self.inputs.read(selected.rows.clone());
        let keys: Vec<ArrayRef> = self.keys.iter().map(|key| key.read(selected.rows.clone())).collect();
        for mask in &mut self.masks {
            mask.filter.mask(selected.rows.clone(), false, &mut mask.words)?;
        }
        let filters: Vec<Vec<u64>> = self.masks.iter_mut().map(|mask| std::mem::take(&mut mask.words)).collect();
        self.selected(&selected, &keys, &arrays, &filters)
    }

    /// Folds rows, given the columns of all rows that they were selected from.
    fn selected(
        &mut self,
        selected: &Selected,
        keys: &[ArrayRef],
        arrays: &[Option<ArrayRef>],
        filters: &[Vec<u64>],
    ) -> Result<()> {
        self.grow_dense();
        match &self.grouper {
            Grouper::Dense { cells, .. } if !self.keys.iter().any(|key| key.is_multi) => {
                let cells = *cells;
                if keys.len() > 1 || selected.ids.is_some() || selected.mean_run() < SHORT_RUN {
                    self.dense_ids(selected, keys, arrays, filters)?;
                } else {
                    self.dense_runs(selected, keys.first(), cells, arrays, filters)?;
                }
            }
            _ => {
                if !self.lists(selected, keys, arrays, filters)? {
                    self.by_ids(selected, keys, arrays, filters)?;
                }
            }
        }
        self.make_room()
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

/// Dense when the cells are few, or fewer than the rows that may fall into them.
fn grouper(keys: &[Key], selection: &Selection, num_rows: usize, memory: &MemoryBudget) -> Grouper {
    let num_codes: Option<Vec<usize>> = keys.iter().map(Key::num_codes).collect();
    let cells = num_codes.as_ref().and_then(|codes| codes.iter().try_fold(1usize, |cells, n| cells.checked_mul(*n)));
    let num_buckets = selection.max_buckets().max(1);
    let room = usize::try_from(memory.limit_bytes()).unwrap_or(usize::MAX) / DENSE_SHARE / CELL_BYTES;
    let few = DENSE_CELLS.min(LEAST_CELLS.max(num_rows.saturating_mul(CELLS_PER_ROW)));
    let most = few.max(if keys.len() <= 1 { num_rows.saturating_mul(2) } else { 0 });
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

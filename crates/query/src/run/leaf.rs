//! One segment, or a part of it, into groups.

mod ascending;
mod batches;
mod dealt;
mod onward;
mod prepared;
mod room;
mod waiting;

use std::ops::Range;

use aggregate::{Fold, KeyTable, Told};
use arrow_array::ArrayRef;
use segment::{SegmentRef, VECTOR_ROWS};

use super::inputs::Inputs;
use super::jobs::{Job, Piece};
use super::joined::Joined;
use super::keys::{Key, Layout};
use super::leading::{Carried, Leading};
use super::regroup;
use super::selection::{Selected, Selection};
use super::shown::{Scanned, Shown};
use crate::Result;
use crate::exec::{ExecContext, MemoryBudget, Reservation};
use crate::partial::FoldPartial;
use crate::plan::{FirstKeys, FoldPlan};
use crate::spill::SpillFile;
use prepared::{Mask, Prepared};
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

pub(super) use prepared::Shared;
pub(super) use room::Part;

/// What a job made: groups, and the segments that had a row of them.
#[derive(Default)]
pub(super) struct Folded {
    pub parts: Vec<Part>,
    pub met: Vec<SegmentRef>,
}

/// Folds the rows that the plan selects: in one table, as long as the keys of what follows fit into it.
pub(super) fn fold(plan: &FoldPlan, job: &Job, exec: &ExecContext) -> Result<Folded> {
    let (mut folded, mut leaf) = (Folded::default(), None::<Leaf<'_>>);
    for Piece { segment, rows, shared } in &job.pieces {
        let goes_on = match &mut leaf {
            Some(leaf) if job.is_joined => leaf.begin_joined(segment)?,
            Some(leaf) => leaf.go_on(&shared.prepared(plan, segment)?)?,
            None => None,
        };
        if goes_on.is_none() {
            folded.parts.extend(leaf.take().map(Leaf::part).transpose()?.flatten());
            let prepared = shared.prepared(plan, segment)?;
            if !prepared.selection.is_empty() {
                let extent = if job.is_joined { Extent::Many(job.num_rows) } else { Extent::Piece(rows) };
                leaf = Some(Leaf { is_only: job.is_only, ..Leaf::new(plan, prepared, extent, exec)? });
            }
        }
        if let Some(leaf) = &mut leaf
            && goes_on != Some(Next::Nothing)
            && leaf.fold_rows(segment.num_rows(), rows.clone())?
        {
            folded.met.push(segment.clone());
        }
        plan.common.check_virtual()?;
    }
    folded.parts.extend(leaf.map(Leaf::part).transpose()?.flatten());
    Ok(folded)
}

/// What a leaf that goes on finds in the next segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Rows,
    /// No row is selected.
    Nothing,
}

/// How much a leaf will see.
#[derive(Clone, Copy)]
enum Extent<'a> {
    /// Rows of one segment.
    Piece(&'a Range<usize>),
    /// So many rows of several segments.
    Many(usize),
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
    /// Groups of several segments.
    Joined(Joined),
}

struct Leaf<'a> {
    exec: &'a ExecContext,
    plan: &'a FoldPlan,
    selection: Selection,
    /// What groups go by.
    keys: Vec<Key>,
    shown: Vec<Shown>,
    /// Several groups may show the same keys.
    joins_codes: bool,
    inputs: Inputs,
    /// Which values of a key can be in the answer, where it is cut by them.
    leading: Option<Leading>,
    /// What segments before tell of that, where there are several.
    carried: Option<Carried>,
    waiting: Waiting,
    masks: Vec<Mask>,
    /// Which mask each fold has.
    mask_of: Vec<Option<usize>>,
    grouper: Grouper,
    fold: Fold,
    /// Rows of all segments.
    num_rows: usize,
    /// Whether the fold may put off what is sooner done for many rows.
    waits: bool,
    /// Of a dense table: which groups have met a row, unless states tell.
    touched: Vec<u8>,
    /// The accumulator whose states tell which groups have met a row.
    told_by: Option<usize>,
    held: Reservation,
    spilled: Option<SpillFile>,
    /// All groups, where rows were dealt before they were folded.
    dealt: Option<Vec<FoldPartial>>,
    /// Whether its groups are merged with no others.
    is_only: bool,
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
    fn new(plan: &'a FoldPlan, prepared: Prepared, extent: Extent<'_>, exec: &'a ExecContext) -> Result<Self> {
        let Prepared { seen, selection, keys, masks, mask_of } = prepared;
        let (is_joined, num_rows) = match extent {
            Extent::Piece(rows) => (false, rows.len()),
            Extent::Many(num_rows) => (true, num_rows),
        };
        let inputs = Inputs::bind(&plan.specs, &seen, &plan.common.env)?;
        // Few rows are sooner folded than marked, and in their order an estimate is the one that Druid gives.
        let waits = num_rows > VECTOR_ROWS;
        let fold = room::bound(&plan.specs, &inputs, waits)?;
        let mut leaf = Self {
            exec,
            plan,
            selection,
            keys: Vec::new(),
            shown: Vec::new(),
            joins_codes: false,
            inputs,
            leading: None,
            carried: is_joined.then(Carried::default),
            waiting: Waiting::default(),
            masks,
            mask_of,
            grouper: Grouper::Joined(Joined::default()),
            fold,
            num_rows,
            waits,
            touched: Vec::new(),
            told_by: None,
            held: Reservation::new(&exec.memory),
            spilled: None,
            dealt: None,
            is_only: false,
        };
        leaf.bind_keys(keys);
        leaf.inputs.prefer_narrow(&leaf.fold);
        leaf.told_by = (0..leaf.fold.accumulators().len()).find(|at| leaf.tells(*at, is_joined, &leaf.inputs));
        if !is_joined || leaf.keys.is_empty() {
            let max_rows = match extent {
                Extent::Piece(rows) if leaf.leading.is_none() => leaf.selection.max_rows(rows),
                Extent::Piece(_) | Extent::Many(_) => 0,
            };
            leaf.grouper = grouper(&leaf.keys, &leaf.selection, max_rows, &exec.memory);
        } else if let Grouper::Joined(joined) = &mut leaf.grouper {
            joined.begin(&leaf.keys, &leaf.shown);
        }
        leaf.grow_dense();
        Ok(leaf)
    }

    /// The groups, those that show the same keys as one. `None` when no row was met.
    fn part(self) -> Result<Option<Part>> {
        let (plan, exec) = (self.plan, self.exec);
        let joins = if let Grouper::Joined(joined) = &self.grouper { joined.joins() } else { self.joins_codes };
        Ok(match self.finish()? {
            Some(Part::Held { groups, held }) if joins => {
                Some(Part::Held { groups: vec![regroup(&plan.specs, groups, exec)?], held })
            }
            part => part,
        })
    }

    fn bind_keys(&mut self, keys: Vec<Key>) {
        let (plan, num_rows) = (self.plan, self.num_rows);
        if let (Some(leading), Some(carried)) = (self.leading.take(), &mut self.carried) {
            leading.hand_on(carried);
        }
        let carried = self.carried.as_ref();
        let leading = |first: &FirstKeys| Leading::of(first, keys.get(first.key)?, num_rows, carried);
        self.leading = plan.first.as_ref().and_then(leading);
        let Scanned { keys, shown, joins } = self.scanned(keys);
        (self.keys, self.shown, self.joins_codes) = (keys, shown, joins);
    }

    fn scanned(&self, keys: Vec<Key>) -> Scanned {
        let is_finer = self.fold.accumulators().iter().all(|accumulator| accumulator.commutes());
        Scanned::of(keys, is_finer, self.num_rows, self.selection.max_buckets())
    }

    /// Whether the states of an aggregator tell which groups have met a row, in the segment of the inputs or in every
    /// one.
    fn tells(&self, at: usize, everywhere: bool, inputs: &Inputs) -> bool {
        match (self.mask_of[at], self.fold.accumulators()[at].tells_rows()) {
            (None, Some(Told::Counted)) => true,
            (None, Some(Told::Valid)) => !everywhere && inputs.is_number_everywhere(at),
            _ => false,
        }
    }

    /// Folds the selected rows of a range; false when there are none.
    fn fold_rows(&mut self, num_rows: usize, rows: Range<usize>) -> Result<bool> {
        if let Some(bucket) = self.selection.whole(num_rows) {
            self.fold_values(bucket as usize, num_rows, &rows)?;
        }
        let mut met = self.is_done();
        let vectors = self.selection.vectors(if met { 0..0 } else { rows });
        if let Some(parts) = self.parts_for(&vectors)? {
            return self.fold_dealt(vectors, parts);
        }
        self.look_around(&vectors)?;
        for rows in vectors {
            self.exec.check()?;
            if let Some(selected) = self.select(rows)? {
                met = true;
                self.vector(selected)?;
            }
        }
        self.gather()?;
        Ok(met)
    }

    /// Of all rows in one group: folds the numbers of columns instead of their rows, where these do not matter. A piece
    /// of the rows takes its share of the numbers.
    fn fold_values(&mut self, bucket: usize, num_rows: usize, rows: &Range<usize>) -> Result<()> {
        if !self.waits || !self.keys.is_empty() || bucket >= self.fold.len() {
            return Ok(());
        }
        for at in (0..self.mask_of.len()).filter(|at| self.mask_of[*at].is_none()) {
            if let Some(values) = self.inputs.values_met(at) {
                let share = |row: usize| values.len() * row / num_rows;
                self.fold.fold_values(at, bucket, values.slice(share(rows.start)..share(rows.end)))?;
            }
        }
        if self.is_done() {
            self.touched[bucket] = 1;
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
        looks(vectors).try_for_each(|rows| self.select(rows).map(drop))
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
                if !self.lists(selected, keys, arrays, filters)? && !self.joined(selected, keys, arrays, filters)? {
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
            Grouper::Joined(joined) => joined.memory_bytes(),
        };
        table + self.fold.memory_bytes()
    }
}

/// Some of the vectors, from the first to the last.
fn looks(vectors: &[Range<usize>]) -> impl Iterator<Item = Range<usize>> {
    (0..LOOKS).map(|look| vectors[look * (vectors.len() - 1) / (LOOKS - 1)].clone())
}

/// Cells that memory has room for.
fn room_for_cells(memory: &MemoryBudget) -> usize {
    usize::try_from(memory.limit_bytes()).unwrap_or(usize::MAX) / DENSE_SHARE / CELL_BYTES
}

/// Dense when the cells are few, or fewer than the rows that may fall into them.
fn grouper(keys: &[Key], selection: &Selection, num_rows: usize, memory: &MemoryBudget) -> Grouper {
    let num_codes: Option<Vec<usize>> = keys.iter().map(Key::num_codes).collect();
    let cells = num_codes.as_ref().and_then(|codes| codes.iter().try_fold(1usize, |cells, n| cells.checked_mul(*n)));
    let num_buckets = selection.max_buckets().max(1);
    let room = room_for_cells(memory);
    let few = DENSE_CELLS.min(LEAST_CELLS.max(num_rows.saturating_mul(CELLS_PER_ROW)));
    let most = few.max(if keys.len() <= 1 { num_rows.saturating_mul(2) } else { num_rows });
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

//! Groups of dense tables by their cells: tables are merged cell by cell, and only then is looked at what their groups
//! show.

mod frame;
mod united;

use std::ops::Range;
use std::sync::Arc;

use aggregate::{AggregatorSpec, Fold, Places, listed};
use arrow_array::{Array, ArrayRef};
use expression::words;
use segment::VECTOR_ROWS;

use crate::Result;
use crate::exec::{ExecContext, Reservation};
use crate::partial::FoldPartial;
pub(super) use frame::{Frame, shown_by};
use united::{Translated, United};

/// Cells for each group of a table from which on most of them are met in vain.
const SPARSE: usize = 4;
/// Cells of all parts from which on they pay for one thread more.
const MIN_SHARED: usize = 1 << 17;

/// A dense table.
pub(super) struct Cells {
    pub frame: Frame,
    pub fold: Fold,
    /// The cells that met a row, ascending.
    pub met: Vec<u32>,
    /// The accumulator whose states tell which these are, if one does.
    pub told_by: Option<usize>,
}

impl Cells {
    pub fn into_groups(self) -> Result<FoldPartial> {
        let states = self.fold.states(&self.met)?;
        Ok(self.frame.groups(self.met, states))
    }

    /// Whether its groups are sooner told by their keys than its cells are looked at.
    pub fn is_sparse(&self) -> bool {
        self.frame.num_cells() / SPARSE > self.met.len()
    }

    pub fn memory_bytes(&self) -> usize {
        size_of_val(self.met.as_slice()) + self.fold.memory_bytes()
    }
}

/// The groups of tables, as one where their cells have one numbering.
pub(super) fn merge(
    specs: &[Arc<dyn AggregatorSpec>],
    mut parts: Vec<Cells>,
    exec: &ExecContext,
) -> Result<Vec<FoldPartial>> {
    let apart = |parts: Vec<Cells>| parts.into_iter().map(Cells::into_groups).collect();
    let [first, others @ ..] = parts.as_mut_slice() else { return Ok(Vec::new()) };
    if others.is_empty() {
        return apart(parts);
    }
    let num_cells = first.frame.num_cells();
    let are_alike = others.iter().all(|other| other.frame.is_like(&first.frame));
    if are_alike && num_threads_for(num_cells * (others.len() + 1), exec) == 1 {
        return Ok(vec![merge_alike(parts, exec)?]);
    }
    let num_parts = parts.len();
    let united = match are_alike {
        true => Some(United::alike(&mut parts[0].frame, num_parts)),
        false => {
            let num_met: usize = parts.iter().map(|part| part.met.len()).sum();
            let is_dense = |united: &United| united.num_cells().is_some_and(|num_cells| num_cells / SPARSE <= num_met);
            United::of(&parts.iter().map(|part| &part.frame).collect::<Vec<_>>()).filter(is_dense)
        }
    };
    match united {
        Some(united) => Ok(vec![merge_united(specs, united, parts, exec)?]),
        None => apart(parts),
    }
}

fn num_threads_for(num_cells: usize, exec: &ExecContext) -> usize {
    exec.executor.num_threads().min(num_cells / MIN_SHARED).max(1)
}

/// The groups of few cells that mean the same in all tables.
fn merge_alike(mut parts: Vec<Cells>, exec: &ExecContext) -> Result<FoldPartial> {
    let num_cells = parts[0].frame.num_cells();
    let told_by = told_by(&parts);
    let met = match told_by {
        None => united_cells(num_cells, parts.iter().map(|part| part.met.as_slice())),
        Some(_) => Vec::new(),
    };
    let mut first = parts.remove(0);
    first.fold.grow(num_cells);
    for other in parts {
        exec.check()?;
        first.fold.absorb(&other.fold, 0..other.fold.len(), Places::From(0))?;
    }
    first.met = told_by.map_or(Ok(met), |at| first.fold.met(at))?;
    first.into_groups()
}

/// The groups of tables by the cells of their united frame, by several threads.
fn merge_united(
    specs: &[Arc<dyn AggregatorSpec>],
    united: United,
    parts: Vec<Cells>,
    exec: &ExecContext,
) -> Result<FoldPartial> {
    let num_cells = united.num_cells().unwrap_or(0);
    let each = num_cells.div_ceil(num_threads_for(num_cells * parts.len(), exec)).max(1);
    let ranges = (0..num_cells).step_by(each).map(|start| start..num_cells.min(start + each));
    let (united, parts) = (Arc::new(united), Arc::new(parts));
    let merged = {
        let (specs, united, parts, exec_of_job) = (specs.to_vec(), united.clone(), parts.clone(), exec.clone());
        exec.map(ranges.collect(), move |range| merge_range(&specs, &united, &parts, range, &exec_of_job))?
    };
    let met = merged.iter().map(|(met, _)| met.as_slice()).collect::<Vec<_>>().concat();
    let states = (0..specs.len()).map(|at| {
        let columns: Vec<&dyn Array> = merged.iter().map(|(_, states)| states[at].as_ref()).collect();
        Ok(arrow_select::concat::concat(&columns)?)
    });
    Ok(united.groups(met, states.collect::<Result<_>>()?))
}

/// The cells of a range that some part has met, and their states.
fn merge_range(
    specs: &[Arc<dyn AggregatorSpec>],
    united: &United,
    parts: &[Cells],
    range: Range<usize>,
    exec: &ExecContext,
) -> Result<(Vec<u32>, Vec<ArrayRef>)> {
    let mut held = Reservation::new(&exec.memory);
    let mut fold = Fold::merging(specs)?;
    fold.grow(range.len());
    held.resize(fold.memory_bytes())?;
    let mut places = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        // Buckets at the end may have no cells yet.
        let (table, num_cells) = (united.table(at), part.fold.len());
        let cells = table.place(num_cells, range.start)..table.place(num_cells, range.end);
        for start in cells.clone().step_by(VECTOR_ROWS) {
            exec.check()?;
            let cells = start..cells.end.min(start + VECTOR_ROWS);
            table.places(cells.clone(), range.start, &mut places);
            fold.absorb(&part.fold, cells, Places::Each(&places))?;
        }
    }
    held.resize(fold.memory_bytes())?;
    let met = match told_by(parts) {
        Some(at) => fold.met(at)?,
        None => {
            let new = parts.iter().enumerate().map(|(at, part)| cells_within(united.table(at), &part.met, &range));
            united_cells(range.len(), new.collect::<Vec<_>>().iter().map(Vec::as_slice))
        }
    };
    let states = fold.states(&met)?;
    Ok((met.into_iter().map(|cell| cell + range.start as u32).collect(), states))
}

/// The accumulator that tells of all parts which cells met a row.
fn told_by(parts: &[Cells]) -> Option<usize> {
    let at = parts.first()?.told_by?;
    parts.iter().all(|part| part.told_by == Some(at)).then_some(at)
}

/// The new cells of old ones that are within a range, counted from its start.
fn cells_within(table: &Translated, met: &[u32], range: &Range<usize>) -> Vec<u32> {
    let new = |cell: &u32| table.cell(*cell as usize);
    let first = met.partition_point(|cell| new(cell) < range.start);
    met[first..].iter().map(new).take_while(|new| *new < range.end).map(|new| (new - range.start) as u32).collect()
}

/// The cells that some list has; each ascends.
fn united_cells<'a>(num_cells: usize, mut lists: impl Iterator<Item = &'a [u32]> + Clone) -> Vec<u32> {
    let mut others = lists.clone();
    if let Some(first) = others.next()
        && others.all(|other| other == first)
    {
        return first.to_vec();
    }
    let mut words = vec![0u64; words::len_for(num_cells)];
    lists.by_ref().for_each(|cells| set_all(&mut words, cells));
    listed::places(0, &words)
}

/// Sets the bits of ascending cells: those of a word together, for they come one behind the other.
fn set_all(words: &mut [u64], cells: &[u32]) {
    let (mut at, mut word) = (0, 0);
    for cell in cells {
        if *cell as usize / 64 != at {
            words[at] |= std::mem::take(&mut word);
            at = *cell as usize / 64;
        }
        word |= 1 << (cell % 64);
    }
    if word != 0 {
        words[at] |= word;
    }
}

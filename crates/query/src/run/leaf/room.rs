//! What a leaf does when memory is tight: its groups go to disk and its table begins anew.

use std::borrow::Cow;
use std::sync::Arc;

use aggregate::{AggregatorSpec, ArenaKind, Fold, KeyTable};

use super::super::cells::{Cells, Frame, shown_by};
use super::super::shown::{Shown, show};
use super::{Grouper, Inputs, Layout, Leaf, ascending};
use crate::Result;
use crate::exec::Reservation;
use crate::finalize::Values;
use crate::partial::{Chunks, FoldPartial};
use crate::spill::SpillFile;

/// A table of less than this part of the budget is not worth a file while others hold the memory.
const LEAST_SHARE: u64 = 32;
/// Groups dealt at once, which bounds what dealing itself takes.
const DEALT_GROUPS: usize = 1 << 20;
/// Groups of one table.
const MAX_GROUPS: usize = 1 << 31;

/// What a leaf made.
pub(in crate::run) enum Part {
    /// Groups in parts that have none in common.
    Held {
        groups: Vec<FoldPartial>,
        held: Reservation,
    },
    Table {
        cells: Box<Cells>,
        held: Reservation,
    },
    Spilled(SpillFile),
}

impl Leaf<'_> {
    /// Holds as much memory as the groups take.
    pub(super) fn make_room(&mut self) -> Result<()> {
        if self.is_due(self.memory_bytes()) && self.spill()? {
            return self.held.resize(self.memory_bytes());
        }
        let Err(error) = self.held.resize(self.memory_bytes()) else { return Ok(()) };
        if self.keys.is_empty() || !self.spill()? {
            return Err(error);
        }
        self.held.resize(self.memory_bytes())
    }

    fn is_due(&self, bytes: usize) -> bool {
        match &self.grouper {
            Grouper::Dense { .. } => false,
            Grouper::Hash { table, .. } => table.len() >= MAX_GROUPS || self.is_worth_a_file(bytes),
            Grouper::Joined(joined) => joined.len() >= MAX_GROUPS || self.is_worth_a_file(bytes),
        }
    }

    pub(super) fn is_worth_a_file(&self, bytes: usize) -> bool {
        let memory = &self.exec.memory;
        bytes as u64 > memory.limit_bytes() / LEAST_SHARE && memory.is_tight()
    }

    /// False when there is no disk to spill to.
    fn spill(&mut self) -> Result<bool> {
        if self.spilled.is_none() {
            self.spilled = SpillFile::create(self.exec)?;
        }
        let Some(mut file) = self.spilled.take() else { return Ok(false) };
        self.settle()?;
        for order in self.order()?.chunks(DEALT_GROUPS) {
            let (times, keys, order) = self.keys_of(order.to_vec())?;
            file.deal(&times, &keys, |rows| {
                let groups: Vec<u32> = rows.iter().map(|row| order[*row as usize]).collect();
                Ok(self.fold.states(&groups)?)
            })?;
        }
        self.spilled = Some(file);
        self.begin_anew()?;
        Ok(true)
    }

    pub(super) fn begin_anew(&mut self) -> Result<()> {
        let num_groups = if let Grouper::Dense { .. } = self.grouper { self.fold.len() } else { 0 };
        self.fold = bound(&self.plan.specs, &self.inputs, self.waits)?;
        self.fold.grow(num_groups);
        self.touched.fill(0);
        match &mut self.grouper {
            Grouper::Dense { .. } => {}
            Grouper::Hash { table, layout } => *table = KeyTable::new(layout.width),
            Grouper::Joined(joined) => joined.forget(),
        }
        Ok(())
    }

    /// `None` when no row was met.
    pub(super) fn finish(mut self) -> Result<Option<Part>> {
        if let Some(groups) = self.dealt.take() {
            return self.hold(groups);
        }
        self.settle()?;
        let order = self.order()?;
        if self.spilled.is_some() {
            if !order.is_empty() {
                self.spill()?;
            }
            return Ok(self.spilled.map(Part::Spilled));
        }
        if order.is_empty() {
            return Ok(None);
        }
        if !self.joins_codes
            && !self.shown.iter().any(Shown::is_of_lists)
            && let Grouper::Dense { num_codes, .. } = &mut self.grouper
        {
            let num_codes = std::mem::take(num_codes);
            return self.table(order, num_codes);
        }
        let (times, keys, order) = self.keys_of(order)?;
        let groups = FoldPartial { times, keys, states: self.fold.states(&order)?, chunks: Chunks::default() };
        self.hold(vec![groups])
    }

    /// The groups of a dense table.
    fn table(mut self, met: Vec<u32>, num_codes: Vec<usize>) -> Result<Option<Part>> {
        let fold = std::mem::replace(&mut self.fold, Fold::new(Vec::new(), ArenaKind::Flat));
        let (keys, shown) = (std::mem::take(&mut self.keys), std::mem::take(&mut self.shown));
        let frame = Frame { keys, shown, num_codes, starts: self.selection.buckets.starts().to_vec() };
        let cells = Cells { frame, fold, met, told_by: self.told_by };
        let num_bytes = cells.memory_bytes();
        if cells.is_sparse() || self.held.resize(num_bytes).is_err() || self.is_worth_a_file(num_bytes) {
            let groups = cells.into_groups()?;
            return self.hold(vec![groups]);
        }
        Ok(Some(Part::Table { cells: Box::new(cells), held: self.held }))
    }

    /// Groups that are all that there are.
    fn hold(mut self, groups: Vec<FoldPartial>) -> Result<Option<Part>> {
        self.fold = Fold::new(Vec::new(), ArenaKind::Flat);
        let num_bytes = groups.iter().map(FoldPartial::memory_bytes).sum();
        let held = self.held.resize(num_bytes);
        let is_due = !self.plan.keys.is_empty() && (held.is_err() || self.is_worth_a_file(num_bytes));
        if is_due && let Some(mut file) = SpillFile::create(self.exec)? {
            groups.iter().try_for_each(|groups| file.deal_all(groups))?;
            return Ok(Some(Part::Spilled(file)));
        }
        held?;
        Ok(Some(Part::Held { groups, held: self.held }))
    }

    pub(super) fn settle(&mut self) -> Result<()> {
        let arrays = self.inputs.read(0..0);
        Ok(self.fold.settle(&self.inputs.of(&arrays)?)?)
    }

    /// The groups that met a row.
    fn order(&self) -> Result<Vec<u32>> {
        Ok(match (&self.grouper, self.told_by) {
            (Grouper::Dense { .. }, Some(at)) => self.fold.met(at)?,
            (Grouper::Dense { .. }, None) => {
                (0..).zip(&self.touched).filter(|(_, met)| **met != 0).map(|(group, _)| group).collect()
            }
            (Grouper::Hash { table, layout }, _) if !self.is_only && ascending::pays(table.len(), layout.num_bits) => {
                ascending::order(table.keys(), layout.num_bits)
            }
            (Grouper::Hash { table, .. }, _) => (0..).take(table.len()).collect(),
            (Grouper::Joined(joined), _) => (0..).take(joined.len()).collect(),
        })
    }

    /// The times and keys that groups show, and the group of each: a group of lists shows every value of them.
    fn keys_of(&self, order: Vec<u32>) -> Result<(Vec<i64>, Vec<Values>, Vec<u32>)> {
        Ok(match &self.grouper {
            Grouper::Joined(joined) => joined.keys(order, &self.selection.buckets)?,
            Grouper::Dense { num_codes, .. } => {
                shown_by(&self.shown, num_codes, self.selection.buckets.starts(), order)
            }
            Grouper::Hash { table, layout } => {
                let is_all = (0..table.len() as u32).eq(order.iter().copied());
                let packed = if is_all { Cow::Borrowed(table.keys()) } else { Cow::Owned(table.keys_of(&order)) };
                self.keys_by_words(layout, &packed, order)
            }
        })
    }

    /// As `keys_of`, of groups whose packed words are known.
    pub(super) fn keys_by_words(
        &self,
        layout: &Layout,
        packed: &[u64],
        order: Vec<u32>,
    ) -> (Vec<i64>, Vec<Values>, Vec<u32>) {
        let times = layout.times(packed, self.selection.buckets.starts());
        let words = layout.unpack(packed);
        if !self.shown.iter().any(Shown::is_of_lists) {
            let keys = self.shown.iter().map(|shown| shown.values_of_words(&words[shown.from()]));
            return (times, keys.collect(), order);
        }
        let places = (0..order.len() as u32).collect();
        let (times, keys, places) = show(&self.shown, times, places, |at, place| words[at].get(place as usize));
        (times, keys, places.into_iter().map(|place| order[place as usize]).collect())
    }
}

/// A fold that is fed these inputs.
pub(super) fn bound(specs: &[Arc<dyn AggregatorSpec>], inputs: &Inputs, waits: bool) -> Result<Fold> {
    let mut fold = Fold::bind(specs, &inputs.types(), ArenaKind::Flat)?;
    if waits {
        fold.let_wait();
    }
    Ok(fold)
}

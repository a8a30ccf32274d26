//! A fold: the states of all groups, for all aggregators at once.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::ArrayRef;

use crate::accumulator::{Accumulator, Others, Places, StateReader};
use crate::arena::{Arena, ArenaKind, BLOCK_RECORDS, Records};
use crate::error::{Error, Result};
use crate::input::{ColumnType, Groups, Input, NumberValues, Rows};
use crate::span::Span;
use crate::spec::AggregatorSpec;

/// Groups from which on records are fetched ahead and vectors are cut.
const LARGE: usize = 65_536;
/// Rows folded at a time into a large table, so that touched records stay in the second-level cache.
const SUB_VECTOR: usize = 4_096;
/// Bytes of records that the nearest cache holds, and rows whose records it holds beyond that.
const NEAR_BYTES: usize = 1 << 15;
const NEAR_ROWS: usize = 512;

/// States by group, for a list of aggregators. Groups are dense ids given by the caller.
pub struct Fold {
    /// What the accumulators were bound from; empty if they were given.
    specs: Vec<Arc<dyn AggregatorSpec>>,
    /// The column types that the specs were last asked about.
    columns: Vec<Vec<Option<ColumnType>>>,
    accumulators: Vec<Box<dyn Accumulator>>,
    offsets: Vec<usize>,
    /// Which accumulators have met their values and are fed no rows of this segment.
    fed: Vec<bool>,
    arena: Arena,
}

impl Fold {
    /// A fold without groups.
    pub fn new(accumulators: Vec<Box<dyn Accumulator>>, kind: ArenaKind) -> Fold {
        let (offsets, stride) = place_fields(&accumulators);
        let mut template = vec![0; stride];
        for (accumulator, &offset) in accumulators.iter().zip(&offsets) {
            accumulator.write_empty(&mut template[offset..offset + accumulator.layout().size]);
        }
        let fed = vec![false; accumulators.len()];
        let (specs, columns) = (Vec::new(), Vec::new());
        Fold { specs, columns, accumulators, offsets, fed, arena: Arena::new(kind, template) }
    }

    /// A fold of these aggregators over columns of these types: for each aggregator one entry for
    /// each of its inputs, `None` for a missing column.
    pub fn bind(
        specs: &[Arc<dyn AggregatorSpec>],
        columns: &[Vec<Option<ColumnType>>],
        kind: ArenaKind,
    ) -> Result<Fold> {
        if specs.len() != columns.len() {
            return Err(Error::Internal { reason: "one list of column types for each aggregator".into() });
        }
        let accumulators = specs.iter().zip(columns).map(|(spec, columns)| spec.accumulator(columns));
        let fold = Fold::new(accumulators.collect::<Result<_>>()?, kind);
        Ok(Fold { specs: specs.to_vec(), columns: columns.to_vec(), ..fold })
    }

    /// A fold that is only given stored states ([`merge`](Fold::merge)).
    pub fn merging(specs: &[Arc<dyn AggregatorSpec>]) -> Result<Fold> {
        let columns: Vec<_> = specs.iter().map(|spec| vec![None; spec.inputs().len()]).collect();
        Fold::bind(specs, &columns, ArenaKind::Flat)
    }

    pub fn accumulators(&self) -> &[Box<dyn Accumulator>] {
        &self.accumulators
    }

    /// Number of groups.
    pub fn len(&self) -> usize {
        self.arena.len()
    }

    pub fn is_empty(&self) -> bool {
        self.arena.is_empty()
    }

    /// From now on folded rows may wait outside of the states until [`settle`](Fold::settle), which is to come
    /// before states are read, and [`leave`](Fold::leave) before another segment begins.
    pub fn let_wait(&mut self) {
        self.accumulators.iter_mut().for_each(|accumulator| accumulator.let_wait());
    }

    /// Brings into the states what waits. The inputs are those of any vector of the segment, even an empty one.
    pub fn settle<'i, I: AsRef<[Input<'i>]>>(&mut self, inputs: &[I]) -> Result<()> {
        self.accumulators.iter_mut().zip(inputs).try_for_each(|(accumulator, i)| accumulator.settle(i.as_ref()))
    }

    /// Brings into the states what waits and depends on the columns of this segment.
    pub fn leave<'i, I: AsRef<[Input<'i>]>>(&mut self, inputs: &[I]) -> Result<()> {
        self.accumulators.iter_mut().zip(inputs).try_for_each(|(accumulator, i)| accumulator.leave(i.as_ref()))
    }

    /// Folds all numbers of a column, each of which some row has, into a group; the rows of this segment are then not
    /// folded by this accumulator any more. False, and nothing was done, where it has to see the rows.
    pub fn fold_values(&mut self, at: usize, group: usize, values: NumberValues<'_>) -> Result<bool> {
        let Some(accumulator) = self.accumulators.get_mut(at) else { return Ok(false) };
        self.fed[at] = accumulator.fold_values(group, values)?;
        Ok(self.fed[at])
    }

    /// Whether no accumulator has to see rows.
    pub fn is_fed(&self) -> bool {
        self.fed.iter().all(|fed| *fed)
    }

    /// Makes room for `len` groups; new ones are empty.
    pub fn grow(&mut self, len: usize) {
        self.arena.grow(len);
        for accumulator in &mut self.accumulators {
            accumulator.grow(len);
        }
    }

    /// Another segment begins: its column types, as for [`bind`](Fold::bind). Call it whenever a
    /// dictionary changes otherwise than by growing at its end. Fails where a column cannot be read.
    pub fn begin_segment(&mut self, columns: &[Vec<Option<ColumnType>>]) -> Result<()> {
        if self.columns != columns {
            for (spec, columns) in self.specs.iter().zip(columns) {
                spec.accumulator(columns)?;
            }
            self.columns = columns.to_vec();
        }
        self.fed.fill(false);
        for (accumulator, columns) in self.accumulators.iter_mut().zip(columns) {
            accumulator.begin_segment(columns)?;
        }
        Ok(())
    }

    /// Folds a vector. `groups` are relative to `base`; `inputs` holds for each aggregator its
    /// columns, each of `num_rows` rows.
    pub fn fold<'i, I: AsRef<[Input<'i>]>>(
        &mut self,
        base: usize,
        groups: Groups<'_>,
        num_rows: usize,
        rows: Rows<'_>,
        inputs: &[I],
    ) -> Result<()> {
        self.fold_with(base, groups, num_rows, |_| rows, inputs)
    }

    /// Folds a vector with a mask for each aggregator.
    pub fn fold_masked<'i, I: AsRef<[Input<'i>]>>(
        &mut self,
        base: usize,
        groups: Groups<'_>,
        num_rows: usize,
        rows: &[Rows<'_>],
        inputs: &[I],
    ) -> Result<()> {
        if rows.len() != self.accumulators.len() {
            return Err(Error::Internal { reason: "one mask for each aggregator".into() });
        }
        self.fold_with(base, groups, num_rows, |at| rows[at], inputs)
    }

    fn fold_with<'i, 'm, I: AsRef<[Input<'i>]>>(
        &mut self,
        base: usize,
        groups: Groups<'_>,
        num_rows: usize,
        rows: impl Fn(usize) -> Rows<'m>,
        inputs: &[I],
    ) -> Result<()> {
        if inputs.len() != self.accumulators.len() {
            return Err(Error::Internal { reason: "one list of inputs for each aggregator".into() });
        }
        self.arena.own(base, groups, num_rows);
        let is_one = matches!(groups, Groups::One);
        let large = self.arena.len() >= LARGE && !is_one;
        let step = match large {
            true => SUB_VECTOR,
            false if !is_one && self.is_near_by_turns() => NEAR_ROWS,
            false => num_rows.max(1),
        };
        for start in (0..num_rows).step_by(step) {
            let end = num_rows.min(start + step);
            for (at, (accumulator, inputs)) in self.accumulators.iter_mut().zip(inputs).enumerate() {
                if self.fed[at] {
                    continue;
                }
                let prefetch = large && at == 0;
                let span = Span { base, groups, rows: rows(at), start, end, prefetch };
                accumulator.fold(&mut self.arena, self.offsets[at], &span, inputs.as_ref())?;
            }
        }
        Ok(())
    }

    /// Whether several accumulators by turns write to records that are too many for the nearest cache, unless the rows
    /// between their turns are few.
    fn is_near_by_turns(&self) -> bool {
        self.accumulators.len() > 1 && self.arena.memory_bytes() > NEAR_BYTES && self.can_shed()
    }

    /// Folds stored states, one a row for each aggregator, which came after those already held.
    pub fn merge(
        &mut self,
        base: usize,
        groups: Groups<'_>,
        num_rows: usize,
        rows: Rows<'_>,
        states: &[ArrayRef],
    ) -> Result<()> {
        if states.len() != self.accumulators.len() || states.iter().any(|column| column.len() != num_rows) {
            return Err(Error::Internal { reason: "one state column of the vector's rows for each aggregator".into() });
        }
        self.arena.own(base, groups, num_rows);
        let span = Span { base, groups, rows, start: 0, end: num_rows, prefetch: false };
        for ((accumulator, &offset), column) in self.accumulators.iter_mut().zip(&self.offsets).zip(states) {
            accumulator.merge(&mut self.arena, offset, &span, column.as_ref())?;
        }
        Ok(())
    }

    /// Folds some groups of another fold of the same aggregators, which came after what is already held and in which
    /// nothing waits. Fails where there are no such groups, here or there.
    pub fn absorb(&mut self, other: &Fold, groups: Range<usize>, places: Places<'_>) -> Result<()> {
        let is_there = match places {
            Places::From(base) => base + groups.len() <= self.len(),
            Places::Each(places) => {
                places.len() == groups.len()
                    && (places.iter().fold(0, |most, place| most.max(*place)) as usize) < self.len()
            }
        };
        if other.accumulators.len() != self.accumulators.len() || groups.end > other.len() || !is_there {
            return Err(Error::Internal { reason: "groups of another fold that are not there".into() });
        }
        match places {
            Places::From(base) => self.arena.own_range(base, base + groups.len()),
            Places::Each(places) => self.arena.own(0, Groups::U32(places), places.len()),
        }
        let records = other.arena.records();
        let others = other.accumulators.iter().zip(&other.offsets);
        for ((own, &at), (accumulator, &offset)) in self.accumulators.iter_mut().zip(&self.offsets).zip(others) {
            let (accumulator, groups) = (accumulator.as_ref(), groups.clone());
            own.absorb(&mut self.arena, at, &Others { accumulator, offset, records: &records, groups, places })?;
        }
        Ok(())
    }

    /// The states of these groups, a column for each aggregator.
    pub fn states(&self, order: &[u32]) -> Result<Vec<ArrayRef>> {
        let records = self.arena.records();
        let readers = self.accumulators.iter().zip(&self.offsets);
        readers.map(|(accumulator, &offset)| accumulator.reader(offset).states(&records, order)).collect()
    }

    /// The groups that met a row, by the states of one accumulator that tells.
    pub fn met(&self, at: usize) -> Result<Vec<u32>> {
        let tells = self.accumulators.get(at).filter(|accumulator| accumulator.tells_rows().is_some());
        let accumulator =
            tells.ok_or_else(|| Error::Internal { reason: "an accumulator that does not tell rows".into() })?;
        Ok(accumulator.met(&self.arena.records(), self.offsets[at]))
    }

    /// Whether groups can be [shed](Fold::shed).
    pub fn can_shed(&self) -> bool {
        self.accumulators.iter().all(|accumulator| accumulator.lies_in_records())
    }

    /// Gives up the first groups of a shared fold, [`BLOCK_RECORDS`](crate::BLOCK_RECORDS) for each block: those behind
    /// them are counted from 0 from then on. Snapshots keep them. Fails unless [`can_shed`](Fold::can_shed), and where
    /// there are fewer.
    pub fn shed(&mut self, num_blocks: usize) -> Result<()> {
        if !self.can_shed() || num_blocks * BLOCK_RECORDS > self.len() {
            return Err(Error::Internal { reason: "groups that cannot be shed".into() });
        }
        self.arena.shed(num_blocks);
        Ok(())
    }

    /// The states as they are now: cheap to take, unchanged while held, in nobody's way.
    pub fn snapshot(&mut self) -> FoldSnapshot {
        let readers = self.accumulators.iter().zip(&self.offsets);
        let readers = readers.map(|(accumulator, &offset)| accumulator.reader(offset)).collect();
        FoldSnapshot { records: self.arena.snapshot(), readers }
    }

    pub fn memory_bytes(&self) -> usize {
        let outside: usize = self.accumulators.iter().map(|accumulator| accumulator.memory_bytes()).sum();
        self.arena.memory_bytes() + outside
    }
}

/// Offsets of the accumulators' fields, the widest alignment first, and the stride of a record: a
/// power of two up to 64, else a multiple of 64.
fn place_fields(accumulators: &[Box<dyn Accumulator>]) -> (Vec<usize>, usize) {
    let mut order: Vec<usize> = (0..accumulators.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(accumulators[at].layout().align));
    let mut offsets = vec![0; accumulators.len()];
    let mut end = 0_usize;
    for at in order {
        let layout = accumulators[at].layout();
        end = end.next_multiple_of(layout.align.max(1));
        offsets[at] = end;
        end += layout.size;
    }
    let stride = match end {
        0 => 0,
        1..=64 => end.next_power_of_two().max(8),
        _ => end.next_multiple_of(64),
    };
    (offsets, stride)
}

/// The states of a fold at one moment.
pub struct FoldSnapshot {
    records: Records,
    readers: Vec<Box<dyn StateReader>>,
}

impl FoldSnapshot {
    /// Number of groups.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The states of these groups, a column for each aggregator.
    pub fn states(&self, order: &[u32]) -> Result<Vec<ArrayRef>> {
        self.readers.iter().map(|reader| reader.states(&self.records, order)).collect()
    }

    /// The states of these groups for one aggregator, by its place in the list.
    pub fn states_of(&self, aggregator: usize, order: &[u32]) -> Result<ArrayRef> {
        match self.readers.get(aggregator) {
            Some(reader) => reader.states(&self.records, order),
            None => Err(Error::Internal { reason: "no such aggregator in the fold".into() }),
        }
    }
}

#[cfg(test)]
mod tests;

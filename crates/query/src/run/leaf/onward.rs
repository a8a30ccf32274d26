//! Going on with another segment in the same table.

use segment::SegmentRef;

use super::super::keys::Key;
use super::super::shown::Scanned;
use super::{DENSE_CELLS, Grouper, Inputs, Leaf, Next, Prepared, room_for_cells};
use crate::Result;

impl Leaf<'_> {
    /// Goes on with a small segment, whatever its dictionaries. `None` where its keys are of another type than those so
    /// far.
    pub(super) fn begin_joined(&mut self, segment: &SegmentRef) -> Result<Option<Next>> {
        let buckets = std::mem::take(&mut self.selection.buckets);
        let mut prepared = Prepared::new(self.plan, segment, buckets)?;
        if prepared.selection.is_empty() {
            self.selection.take_buckets(&mut prepared.selection);
            return Ok(Some(Next::Nothing));
        }
        self.leave()?;
        let Prepared { seen, selection, keys, masks, mask_of } = prepared;
        self.selection = selection;
        self.bind_keys(keys);
        if let Grouper::Joined(joined) = &mut self.grouper
            && !joined.begin(&self.keys, &self.shown)
        {
            return Ok(None);
        }
        (self.masks, self.mask_of) = (masks, mask_of);
        self.feed(Inputs::bind(&self.plan.specs, &seen, &self.plan.common.env)?)?;
        Ok(Some(Next::Rows))
    }

    /// Goes on with a large segment. `None`, and nothing was done, unless its codes mean what those of a dense table do.
    pub(super) fn go_on(&mut self, prepared: &Prepared) -> Result<Option<Next>> {
        if prepared.selection.is_empty() {
            return Ok(Some(Next::Nothing));
        }
        let Grouper::Dense { cells, .. } = self.grouper else { return Ok(None) };
        if self.plan.first.is_some() {
            return Ok(None);
        }
        let Some(scanned) = self.scanned_alike(&prepared.keys) else { return Ok(None) };
        let inputs = Inputs::bind(&self.plan.specs, &prepared.seen, &self.plan.common.env)?;
        let mut selection = prepared.selection.clone();
        selection.carry(&prepared.seen, std::mem::take(&mut self.selection.buckets));
        let num_cells = cells.saturating_mul(selection.max_buckets());
        let tells = self.told_by.is_none_or(|at| self.tells(at, false, &inputs));
        let room = DENSE_CELLS.min(room_for_cells(&self.exec.memory));
        if !tells || num_cells > self.fold.len().max(room) {
            self.selection.take_buckets(&mut selection);
            return Ok(None);
        }
        self.leave()?;
        self.selection = selection;
        (self.keys, self.shown) = (scanned.keys, scanned.shown);
        (self.masks, self.mask_of) = (prepared.masks.clone(), prepared.mask_of.clone());
        self.feed(inputs)?;
        Ok(Some(Next::Rows))
    }

    /// What waits for the columns of the segment at hand waits no more.
    fn leave(&mut self) -> Result<()> {
        if self.waits {
            let arrays = self.inputs.read(0..0);
            self.fold.leave(&self.inputs.of(&arrays)?)?;
        }
        Ok(())
    }

    fn feed(&mut self, inputs: Inputs) -> Result<()> {
        self.inputs = inputs;
        self.fold.begin_segment(&self.inputs.types())?;
        self.inputs.prefer_narrow(&self.fold);
        self.grow_dense();
        Ok(())
    }

    /// What groups of these keys go by, where their codes mean what those of the keys at hand do.
    fn scanned_alike(&self, keys: &[Key]) -> Option<Scanned> {
        if self.joins_codes || keys.iter().any(|key| key.is_multi) {
            return None;
        }
        let next = self.scanned(keys.to_vec());
        let are_alike = self.keys.len() == next.keys.len()
            && self.shown.len() == next.shown.len()
            && self.keys.iter().zip(&next.keys).all(|(key, next)| key.is_like(next))
            && self.shown.iter().zip(&next.shown).all(|(shown, next)| shown.is_like(next));
        are_alike.then_some(next)
    }
}

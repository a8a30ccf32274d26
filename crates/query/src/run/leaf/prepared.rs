//! What is bound to a segment once, however many threads share its rows.

use std::sync::{Arc, Mutex, PoisonError};

use expression::BoundFilter;
use segment::SegmentRef;

use super::super::keys::Key;
use super::super::selection::Selection;
use crate::aggregations::MaskFilter;
use crate::plan::{Buckets, FoldPlan};
use crate::{Error, Result};

/// A segment with its virtual columns, the rows that are selected, the keys of groups and the filters of aggregators.
#[derive(Clone)]
pub(super) struct Prepared {
    pub seen: SegmentRef,
    pub selection: Selection,
    pub keys: Vec<Key>,
    pub masks: Vec<Mask>,
    /// Which mask each fold has.
    pub mask_of: Vec<Option<usize>>,
}

#[derive(Clone)]
pub(super) struct Mask {
    pub filter: Arc<dyn BoundFilter>,
    pub words: Vec<u64>,
}

impl Prepared {
    /// Keys and filters of aggregators are left out where no row is selected.
    pub fn new(plan: &FoldPlan, segment: &SegmentRef, buckets: Buckets) -> Result<Self> {
        let seen = match &plan.common.virtual_columns {
            Some(virtual_columns) => crate::expressions::with_virtual(segment, virtual_columns)?,
            None => segment.clone(),
        };
        let filter = plan.common.filter.as_ref();
        let selection = Selection::with_buckets(&seen, &plan.common.scanned, &plan.granularity, filter, buckets)?;
        if selection.is_empty() {
            return Ok(Self { seen, selection, keys: Vec::new(), masks: Vec::new(), mask_of: Vec::new() });
        }
        let bind = |spec| Key::bind(spec, &seen, plan.drop_empty_lists);
        let keys: Vec<Key> = plan.keys.iter().map(bind).collect::<Result<_>>()?;
        if plan.single_values_only && keys.iter().any(|key| key.is_multi) {
            return Err(Error::invalid(
                "a dimension has several values, which 'groupByEnableMultiValueUnnesting' refuses",
            ));
        }
        let (masks, mask_of) = bind_masks(&plan.masks, &seen)?;
        Ok(Self { seen, selection, keys, masks, mask_of })
    }
}

/// One for all pieces of a segment: who comes first makes it, others wait for that.
#[derive(Clone, Default)]
pub(in crate::run) struct Shared(Arc<Mutex<Option<Prepared>>>);

impl Shared {
    pub(super) fn prepared(&self, plan: &FoldPlan, segment: &SegmentRef) -> Result<Prepared> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(prepared) = shared.as_ref() {
            return Ok(prepared.clone());
        }
        Ok(shared.insert(Prepared::new(plan, segment, Buckets::default())?).clone())
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
            masks.push(Mask { filter: filter.filter.bind(segment)?.into(), words: Vec::new() });
            known.push(filter);
        }
        mask_of.push(known.iter().position(same));
    }
    Ok((masks, mask_of))
}

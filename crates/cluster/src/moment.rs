//! The rows of one query: every datasource is looked at once, so that live and sealed rows are met once each.

use crate::covers::Covers;
use crate::inventory::Inventory;
use crate::leaf::{LeafClient, LivePart, MovedOn};
use crate::view::View;
use parking_lot::Mutex;
use query::{Bound, Sources};
use segment::SegmentRef;
use std::collections::BTreeMap;
use std::sync::Arc;
use timeline::Interval;

/// Views that a query may go through before it gives up: each publish of a busy lane costs at most one.
const MAX_TRIES: usize = 8;

#[derive(Clone)]
struct Taken {
    view: Arc<View>,
    parts: Vec<LivePart>,
}

/// One query's view of the world. Datasources are added when first asked for and stay as they were then.
pub struct Moment {
    inventory: Arc<Inventory>,
    leaf: LeafClient,
    taken: Mutex<BTreeMap<String, Option<Taken>>>,
}

impl Moment {
    pub fn new(inventory: Arc<Inventory>, leaf: LeafClient) -> Self {
        Self { inventory, leaf, taken: Mutex::default() }
    }

    /// Takes the named datasources now. Errors: rows that should be served cannot be reached.
    pub fn take(&self, datasources: &[String]) -> query::Result<()> {
        datasources.iter().try_for_each(|name| self.taken(name).map(drop))
    }

    /// What the datasources taken so far cover.
    pub fn covers(&self) -> Covers {
        let mut covers = Covers::default();
        for taken in self.taken.lock().values().flatten() {
            covers.add(&taken.view, &taken.parts);
        }
        covers
    }

    /// Snapshot numbers of the datasources taken so far, by name.
    pub fn snapshots(&self) -> BTreeMap<String, i64> {
        let taken = self.taken.lock();
        taken.iter().filter_map(|(name, taken)| Some((name.clone(), taken.as_ref()?.view.snapshot))).collect()
    }

    fn taken(&self, datasource: &str) -> query::Result<Option<Taken>> {
        let mut all = self.taken.lock();
        if let Some(taken) = all.get(datasource) {
            return Ok(taken.clone());
        }
        let taken = self.look(datasource).map_err(|moved| query::Error::Unavailable(moved.to_string()))?;
        all.insert(datasource.to_string(), taken.clone());
        Ok(taken)
    }

    /// A view and the live rows that belong to it. A publish between the two looks shows as `MovedOn`: look again.
    fn look(&self, datasource: &str) -> Result<Option<Taken>, MovedOn> {
        let mut tries = 0;
        loop {
            let Some(view) = self.inventory.view(datasource) else {
                return Ok(None);
            };
            match self.leaf.live_parts(&view) {
                Ok(parts) => return Ok(Some(Taken { view, parts })),
                Err(moved) if tries + 1 == MAX_TRIES => return Err(moved),
                Err(_) => tries += 1,
            }
        }
    }
}

impl Sources for Moment {
    fn segments(&self, datasource: &str, intervals: &[Interval]) -> query::Result<Vec<SegmentRef>> {
        let Some(taken) = self.taken(datasource)? else {
            return Ok(Vec::new());
        };
        let sealed = taken.view.sealed_in(intervals).map(|(_, sealed)| Arc::clone(&sealed.segment));
        Ok(sealed.chain(taken.live_in(intervals)).collect())
    }

    fn bound(&self, datasource: &str, intervals: &[Interval]) -> query::Result<Option<Bound>> {
        let Some(taken) = self.taken(datasource)?.filter(|taken| !taken.view.volumes.all().is_empty()) else {
            return Ok(None);
        };
        let view = &taken.view;
        let (places, sealed): (Vec<usize>, Vec<SegmentRef>) =
            view.sealed_in(intervals).map(|(at, sealed)| (at, Arc::clone(&sealed.segment))).unzip();
        let Some(mut segments) = view.volumes.instead(&view.sealed, &places) else { return Ok(None) };
        segments.extend(taken.live_in(intervals));
        Ok(Some(Bound { segments, of: sealed.into_iter().chain(taken.live_in(intervals)).collect() }))
    }
}

impl Taken {
    fn live_in<'a>(&'a self, intervals: &'a [Interval]) -> impl Iterator<Item = SegmentRef> + 'a {
        let segments = self.parts.iter().flat_map(|part| &part.segments);
        segments.filter(|segment| meets(segment, intervals)).cloned()
    }
}

fn meets(segment: &SegmentRef, intervals: &[Interval]) -> bool {
    segment.num_rows() > 0 && intervals.iter().any(|interval| interval.overlaps(&segment.id().interval))
}

//! Rows of few groups: neighbours that share a state would wait for each other, so they go into states of their own that
//! are merged at the end.

use crate::aggregator::Aggregator;
use crate::arena::Place;

/// Rows that do not wait for each other.
const LANES: usize = 4;
/// Ids that a byte has: their states of all lanes stay near.
const MAX_GROUPS: usize = 256;
/// States between lanes, so that those of one group do not lie a page apart: processors take such for the same.
const PADDING: usize = 8;
/// Rows that pay for merging.
const MIN_ROWS: usize = 2_048;
const MAX_STATE_BYTES: usize = 16;

/// Folds all rows. False, and nothing was done, where the order of rows matters or rows are few.
pub(crate) fn fold<A: Aggregator, P: Place<A::State>>(
    aggregator: &A,
    place: &mut P,
    base: usize,
    ids: &[u8],
    items: &[A::Item],
) -> bool {
    if !A::COMMUTES || ids.len() < MIN_ROWS || size_of::<A::State>() > MAX_STATE_BYTES {
        return false;
    }
    let num_groups = usize::from(ids.iter().fold(0, |max, id| *id.max(&max))) + 1;
    assert_eq!(ids.len(), items.len());
    let mut states = [[aggregator.empty(); MAX_GROUPS + PADDING]; LANES];
    let (ids, last_ids) = ids.as_chunks::<LANES>();
    let (items, last_items) = items.as_chunks::<LANES>();
    for (ids, items) in ids.iter().zip(items) {
        for ((states, id), item) in states.iter_mut().zip(ids).zip(items) {
            aggregator.update(&mut states[usize::from(*id)], *item);
        }
    }
    for ((states, id), item) in states.iter_mut().zip(last_ids).zip(last_items) {
        aggregator.update(&mut states[usize::from(*id)], *item);
    }
    for states in &states {
        for (group, state) in states[..num_groups].iter().enumerate() {
            aggregator.merge(place.at(base + group), state);
        }
    }
    true
}

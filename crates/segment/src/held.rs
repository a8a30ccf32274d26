//! A segment and what its rows rest on.

use crate::{Over, Segment, SegmentRef};

/// The segment that it holds, and a guard that lives as long as somebody may read it: a file that has to stay, memory
/// that is accounted for.
pub struct Held<G> {
    inner: SegmentRef,
    _guard: G,
}

impl<G> Held<G> {
    pub fn new(inner: SegmentRef, guard: G) -> Self {
        Self { inner, _guard: guard }
    }
}

impl<G: Send + Sync> Over for Held<G> {
    fn below(&self) -> &dyn Segment {
        &*self.inner
    }
}

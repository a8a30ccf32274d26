//! States that own memory, by group.

use std::ops::Range;
use std::sync::Arc;

/// Groups in one block, the unit that a snapshot shares.
const BLOCK_GROUPS: usize = 4_096;

type Block<S> = Vec<Option<Arc<S>>>;

/// A sparse table of states. A snapshot shares blocks and states; what is changed afterwards is
/// copied first.
#[derive(Clone, Debug)]
pub(crate) struct SideTable<S> {
    blocks: Vec<Arc<Block<S>>>,
}

impl<S> Default for SideTable<S> {
    fn default() -> Self {
        SideTable { blocks: Vec::new() }
    }
}

impl<S: Clone> SideTable<S> {
    pub fn get(&self, group: usize) -> Option<&S> {
        self.blocks.get(group / BLOCK_GROUPS)?.get(group % BLOCK_GROUPS)?.as_deref()
    }

    /// The groups of a range that have a state, and these.
    pub fn within(&self, groups: Range<usize>) -> impl Iterator<Item = (usize, &S)> {
        let first = groups.start / BLOCK_GROUPS;
        let blocks = self.blocks.iter().enumerate().take(groups.end.div_ceil(BLOCK_GROUPS)).skip(first);
        let all = blocks.flat_map(|(at, block)| (at * BLOCK_GROUPS..).zip(block.iter()));
        all.filter(move |(group, _)| groups.contains(group))
            .filter_map(|(group, state)| Some((group, state.as_deref()?)))
    }

    /// The state of a group for changing, made if there was none; and whether it was made.
    pub fn entry(&mut self, group: usize, empty: impl FnOnce() -> S) -> (&mut S, bool) {
        let (block, within) = (group / BLOCK_GROUPS, group % BLOCK_GROUPS);
        if block >= self.blocks.len() {
            self.blocks.resize_with(block + 1, Arc::default);
        }
        let block = Arc::make_mut(&mut self.blocks[block]);
        if within >= block.len() {
            block.resize_with(within + 1, || None);
        }
        let slot = &mut block[within];
        let made = slot.is_none();
        (Arc::make_mut(slot.get_or_insert_with(|| Arc::new(empty()))), made)
    }

    /// Bytes of the table itself.
    pub fn table_bytes(&self) -> usize {
        self.blocks.iter().map(|block| block.capacity() * size_of::<Option<Arc<S>>>()).sum()
    }
}

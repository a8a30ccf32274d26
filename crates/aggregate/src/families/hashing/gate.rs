//! Hashes on their way into the sketches of many groups: most change nothing, which is seen without a look at the
//! sketch.

use super::{HashSketch, Hashing};
use crate::error::Result;
use crate::owned::States;

/// What is known of the sketches of all groups, and what was taken from them until they are asked for.
pub(crate) trait Gate<S: HashSketch>: Default + Send + Sync {
    /// Whether it leaves anything out.
    const IS_ANY: bool;
    /// Whether the values of what passes are marked where they can be, to be hashed once.
    const MARKS: bool = false;

    /// There are so many groups.
    fn grow(&mut self, num_groups: usize);

    /// Looks at hashes, each of a group. Appends which of them have to be given to the sketches. The key that is zero
    /// stands for no hash.
    fn pass(&mut self, groups: &[u32], keys: &[S::Key], passed: &mut Vec<u32>);

    /// As `pass`, by the codes of values, of which [narrow](HashSketch::narrow) and whole keys are known.
    fn pass_coded(&mut self, groups: &[u32], codes: &[u32], keys: (&[u16], &[S::Key]), passed: &mut Vec<u32>) {
        let keys: Vec<S::Key> = codes.iter().map(|code| keys.1[*code as usize]).collect();
        self.pass(groups, &keys, passed);
    }

    /// A sketch was given so many hashes.
    fn learn(&mut self, sketch: &S, group: usize, num_hashes: usize, state: &mut S::State);

    /// Gives back what was taken from sketches, and forgets what it knows of them.
    fn settle(&mut self, states: &mut States<'_, Hashing<S>>) -> Result<()>;

    fn memory_bytes(&self) -> usize;
}

/// Leaves nothing out.
impl<S: HashSketch> Gate<S> for () {
    const IS_ANY: bool = false;

    fn grow(&mut self, _num_groups: usize) {}

    fn pass(&mut self, groups: &[u32], _keys: &[S::Key], passed: &mut Vec<u32>) {
        passed.extend((0u32..).take(groups.len()));
    }

    fn learn(&mut self, _sketch: &S, _group: usize, _num_hashes: usize, _state: &mut S::State) {}

    fn settle(&mut self, _states: &mut States<'_, Hashing<S>>) -> Result<()> {
        Ok(())
    }

    fn memory_bytes(&self) -> usize {
        0
    }
}

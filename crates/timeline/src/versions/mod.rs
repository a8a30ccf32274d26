//! Which segments of several versions count, instant by instant: the newest complete version.

use std::collections::{BTreeMap, BTreeSet};

use crate::Interval;

/// Segments by interval and version. Liveness of stored segments does not rest on this; it answers
/// for sets of segments that carry versions alone.
#[derive(Debug)]
pub struct Timeline<T> {
    sets: BTreeMap<(Interval, String), Set<T>>,
}

/// The segments of one interval and version.
#[derive(Debug)]
struct Set<T> {
    num_core_partitions: u32,
    members: BTreeMap<u32, T>,
}

/// A stretch of time in which one set counts.
#[derive(Debug, PartialEq, Eq)]
pub struct Visible<'a, T> {
    /// The part of the set's interval in which nothing newer hides it.
    pub interval: Interval,
    pub version: &'a str,
    /// By partition number.
    pub members: Vec<&'a T>,
}

impl<T> Default for Timeline<T> {
    fn default() -> Timeline<T> {
        Timeline { sets: BTreeMap::new() }
    }
}

impl<T> Set<T> {
    /// All core partitions are there; without a core set anything will do.
    fn is_complete(&self) -> bool {
        (0..self.num_core_partitions).all(|number| self.members.contains_key(&number))
    }
}

impl<T> Timeline<T> {
    /// Adds a segment; `num_core_partitions` 0 means that it needs no others to count.
    pub fn add(&mut self, interval: Interval, version: &str, partition_num: u32, num_core_partitions: u32, member: T) {
        let set = self
            .sets
            .entry((interval, version.to_owned()))
            .or_insert_with(|| Set { num_core_partitions: 0, members: BTreeMap::new() });
        set.num_core_partitions = set.num_core_partitions.max(num_core_partitions);
        set.members.insert(partition_num, member);
    }

    /// What counts inside `within`, in order of time, without overlap. Of equal versions the one
    /// that starts later counts.
    pub fn visible(&self, within: Interval) -> Vec<Visible<'_, T>> {
        // In order of start, since the map's keys are.
        let complete: Vec<Candidate<'_, T>> = self
            .sets
            .iter()
            .filter(|(_, set)| set.is_complete())
            .filter_map(|((interval, version), set)| {
                let interval = interval.intersect(&within)?;
                Some(Candidate { interval, version, set })
            })
            .collect();
        newest_pieces(&complete)
            .into_iter()
            .map(|(interval, at)| {
                let Candidate { version, set, .. } = complete[at];
                Visible { interval, version, members: set.members.values().collect() }
            })
            .collect()
    }
}

/// A complete set and the part of its interval that was asked for.
struct Candidate<'a, T> {
    interval: Interval,
    version: &'a str,
    set: &'a Set<T>,
}

/// Cuts time at every bound of a candidate and gives each piece to the newest one there; neighbouring
/// pieces of the same candidate are one.
fn newest_pieces<T>(candidates: &[Candidate<'_, T>]) -> Vec<(Interval, usize)> {
    let mut bounds: Vec<i64> = candidates.iter().flat_map(|c| [c.interval.start, c.interval.end]).collect();
    bounds.sort_unstable();
    bounds.dedup();
    let mut coming = (0..candidates.len()).peekable();
    let mut present: BTreeSet<(&str, usize)> = BTreeSet::new();
    let mut found: Vec<(Interval, usize)> = Vec::new();
    for pair in bounds.windows(2) {
        let piece = Interval { start: pair[0], end: pair[1] };
        while let Some(at) = coming.next_if(|at| candidates[*at].interval.start <= piece.start) {
            present.insert((candidates[at].version, at));
        }
        // One that has ended is dropped when it would win; below a winner it does no harm.
        while let Some(&(version, at)) = present.last() {
            if candidates[at].interval.end > piece.start {
                break;
            }
            present.remove(&(version, at));
        }
        let Some(&(_, at)) = present.last() else { continue };
        match found.last_mut() {
            Some((last, same)) if *same == at && last.end == piece.start => last.end = piece.end,
            _ => found.push((piece, at)),
        }
    }
    found
}

#[cfg(test)]
mod tests;

//! Which segments of several versions count, instant by instant: the newest complete version.

use std::collections::BTreeMap;

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
        let complete: Vec<_> =
            self.sets.iter().filter(|((interval, _), set)| interval.overlaps(&within) && set.is_complete()).collect();
        let mut bounds: Vec<i64> =
            complete.iter().flat_map(|((interval, _), _)| [interval.start, interval.end]).collect();
        bounds.extend([within.start, within.end]);
        bounds.sort_unstable();
        bounds.dedup();
        bounds.retain(|bound| within.start <= *bound && *bound <= within.end);

        let mut found: Vec<(Interval, usize)> = Vec::new();
        for pair in bounds.windows(2) {
            let piece = Interval { start: pair[0], end: pair[1] };
            let newest = (0..complete.len())
                .filter(|at| complete[*at].0.0.contains_interval(&piece))
                .max_by_key(|at| (&complete[*at].0.1, *at));
            match (newest, found.last_mut()) {
                (None, _) => {}
                (Some(at), Some((last, same))) if *same == at && last.end == piece.start => {
                    last.end = piece.end;
                }
                (Some(at), _) => found.push((piece, at)),
            }
        }
        found
            .into_iter()
            .map(|(interval, at)| {
                let ((_, version), set) = complete[at];
                Visible { interval, version, members: set.members.values().collect() }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;

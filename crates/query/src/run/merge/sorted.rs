//! Parts whose groups come in the order of their keys are merged side by side, without a table of keys.

use std::ops::Range;
use std::sync::Arc;

use aggregate::{AggregatorSpec, Fold, Groups, Rows};
use arrow_array::{Array, ArrayRef};
use segment::VECTOR_ROWS;

use super::lists::merge;
use super::{KeyColumn, Parts, TextPool};
use crate::Result;
use crate::exec::{ExecContext, Reservation};
use crate::partial::{Chunks, FoldPartial};

/// Parts that are merged two by two.
const MAX_PARTS: usize = 128;
/// Groups of all parts that are merged at a time, so that they stay in the processor's cache.
const STRETCH_GROUPS: usize = 1 << 16;
/// Groups below which a table of keys stays in the processor's cache.
const MIN_GROUPS: usize = 4_096;
/// Groups of all parts from which on they pay for a thread more.
const MIN_SHARED: usize = 1 << 14;
/// Groups from which on it pays to wake threads for what only copies them.
const MIN_COPIED: usize = 1 << 17;
const STRETCHES_PER_THREAD: usize = 2;
/// Keys that are looked at for each stretch, to know where it ends.
const LOOKS: usize = 32;

/// In parts that have no group in common; `None` where groups are in no order that is seen by their words.
pub(super) fn regroup(
    specs: &[Arc<dyn AggregatorSpec>],
    work: &Arc<Parts>,
    exec: &ExecContext,
) -> Result<Option<Vec<FoldPartial>>> {
    let Parts { parts, columns, layout } = work.as_ref();
    let num_rows: usize = parts.iter().map(FoldPartial::num_groups).sum();
    let pooled = columns.iter().any(|column| matches!(column, KeyColumn::Pooled(..)));
    if pooled || !(2..=MAX_PARTS).contains(&parts.len()) || num_rows < MIN_GROUPS {
        return Ok(None);
    }
    let width = layout.width;
    let mut held = Reservation::new(&exec.memory);
    held.resize(num_rows * (2 * width * size_of::<u64>() + size_of::<u32>()))?;
    let Some(packed) = packed(work, num_rows, exec)? else { return Ok(None) };
    let stretches = stretches(&packed, width, exec.executor.num_threads());
    let (work, specs, exec_of_job) = (work.clone(), specs.to_vec(), exec.clone());
    let merged = exec.map(stretches, move |stretch| {
        let (keys, states, held) = merge_stretch(&specs, &work, &packed, &stretch, &exec_of_job)?;
        let times = work.layout.time.get_all(&keys, width, |time| time as i64);
        let shown = (0..work.columns.len()).map(|at| work.values(at, &keys, TextPool::default())).collect();
        Ok((FoldPartial { times, keys: shown, states, chunks: Chunks::default() }, held))
    })?;
    Ok(Some(merged.into_iter().map(|(groups, _)| groups).collect()))
}

/// The words of each part; `None` unless all ascend.
fn packed(work: &Arc<Parts>, num_rows: usize, exec: &ExecContext) -> Result<Option<Vec<Vec<u64>>>> {
    let pack = {
        let work = work.clone();
        move |part: usize| {
            let words = work.pack(&work.parts[part], &mut [])?;
            Ok(ascend(&words, work.layout.width).then_some(words))
        }
    };
    let packed = shared((0..work.parts.len()).collect(), num_rows, exec, pack)?;
    Ok(packed.into_iter().collect())
}

/// On all threads, if there are so many groups that it is worth waking them.
fn shared<R: Send + 'static>(
    items: Vec<usize>,
    num_groups: usize,
    exec: &ExecContext,
    work: impl Fn(usize) -> Result<R> + Send + Sync + 'static,
) -> Result<Vec<R>> {
    if num_groups < MIN_COPIED { items.into_iter().map(work).collect() } else { exec.map(items, work) }
}

/// Groups of each part between the same two keys.
type Stretch = Vec<Range<usize>>;

/// Stretches one behind the other: where only one part has groups as long as they are, elsewhere about as long as each
/// other, several for each thread where it is worth sharing.
fn stretches(parts: &[Vec<u64>], width: usize, num_threads: usize) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    for region in regions(parts, width) {
        let num_rows = region.iter().map(Range::len).sum();
        if num_filled(&region) > 1 {
            stretches.extend(cut(parts, width, &region, num_rows, num_threads));
        } else if num_rows > 0 {
            stretches.push(region);
        }
    }
    stretches
}

fn num_filled(stretch: &Stretch) -> usize {
    stretch.iter().filter(|rows| !rows.is_empty()).count()
}

/// Cuts where parts begin and end, but not between groups that several parts may have.
fn regions(parts: &[Vec<u64>], width: usize) -> Vec<Stretch> {
    let ends_of =
        |part: &Vec<u64>| Some([part.chunks_exact(width).next()?.to_vec(), after(part.rchunks(width).next()?)]);
    let mut bounds: Vec<Vec<u64>> = parts.iter().filter_map(ends_of).flatten().collect();
    bounds.sort_unstable();
    bounds.dedup();
    let mut starts = vec![0; parts.len()];
    let mut regions: Vec<Stretch> = Vec::new();
    for bound in bounds.iter().map(Some).chain([None]) {
        let end = |part: &Vec<u64>| bound.map_or(part.len() / width, |bound| place(part, width, bound));
        let ends: Vec<usize> = parts.iter().map(end).collect();
        let region: Stretch = starts.iter().zip(&ends).map(|(start, end)| *start..*end).collect();
        starts = ends;
        match regions.last_mut() {
            Some(last) if num_filled(last) > 1 && num_filled(&region) > 1 => {
                last.iter_mut().zip(region).for_each(|(rows, more)| rows.end = more.end);
            }
            _ => regions.push(region),
        }
    }
    regions
}

/// The next key.
fn after(key: &[u64]) -> Vec<u64> {
    let mut next = key.to_vec();
    for word in next.iter_mut().rev() {
        *word = word.wrapping_add(1);
        if *word != 0 {
            break;
        }
    }
    next
}

fn cut(parts: &[Vec<u64>], width: usize, region: &Stretch, num_rows: usize, num_threads: usize) -> Vec<Stretch> {
    let num = if num_threads > 1 { (num_rows / MIN_SHARED).min(num_threads * STRETCHES_PER_THREAD) } else { 1 };
    let num = num.max(num_rows.div_ceil(STRETCH_GROUPS));
    let step = (num_rows / (num * LOOKS)).max(1);
    let mut looks: Vec<&[u64]> = Vec::new();
    for (part, rows) in parts.iter().zip(region) {
        looks.extend(part[rows.start * width..rows.end * width].chunks_exact(width).skip(step / 2).step_by(step));
    }
    looks.sort_unstable();
    let mut starts: Vec<usize> = region.iter().map(|rows| rows.start).collect();
    let mut stretches = Vec::with_capacity(num);
    for at in 1..=num {
        let behind = if at < num { looks.get(looks.len() * at / num) } else { None };
        let end = |(part, rows): (&Vec<u64>, &Range<usize>)| behind.map_or(rows.end, |key| place(part, width, key));
        let ends: Vec<usize> = parts.iter().zip(region).map(end).collect();
        stretches.push(starts.iter().zip(&ends).map(|(start, end)| *start..*end).collect());
        starts = ends;
    }
    stretches
}

/// How many keys of a part come before one.
fn place(part: &[u64], width: usize, key: &[u64]) -> usize {
    let (mut start, mut end) = (0, part.len() / width);
    while start < end {
        let middle = start.midpoint(end);
        if &part[middle * width..(middle + 1) * width] < key { start = middle + 1 } else { end = middle }
    }
    start
}

/// Keys and states of groups, and the memory that is held for the states.
type Merged = (Vec<u64>, Vec<ArrayRef>, Reservation);

fn merge_stretch(
    specs: &[Arc<dyn AggregatorSpec>],
    work: &Parts,
    packed: &[Vec<u64>],
    stretch: &Stretch,
    exec: &ExecContext,
) -> Result<Merged> {
    let width = work.layout.width;
    let keys_of = |part: usize| &packed[part][stretch[part].start * width..stretch[part].end * width];
    let states_of = |part: usize, rows: Range<usize>| -> Vec<ArrayRef> {
        work.parts[part].states.iter().map(|states| states.slice(rows.start, rows.len())).collect()
    };
    let mut held = Reservation::new(&exec.memory);
    if let Some(only) = (0..packed.len()).find(|part| !stretch[*part].is_empty())
        && num_filled(stretch) == 1
    {
        return Ok((keys_of(only).to_vec(), states_of(only, stretch[only].clone()), held));
    }
    let (keys, groups) = merge(&(0..packed.len()).map(keys_of).collect::<Vec<_>>(), width);
    let num_groups = keys.len() / width;
    let mut fold = Fold::merging(specs)?;
    fold.grow(num_groups);
    for ((part, rows), groups) in stretch.iter().enumerate().zip(groups) {
        for (start, groups) in (rows.start..).step_by(VECTOR_ROWS).zip(groups.chunks(VECTOR_ROWS)) {
            exec.check()?;
            let states = states_of(part, start..start + groups.len());
            fold.merge(0, Groups::U32(groups), groups.len(), Rows::All, &states)?;
        }
    }
    held.resize(fold.memory_bytes())?;
    let order: Vec<u32> = (0..).take(num_groups).collect();
    Ok((keys, fold.states(&order)?, held))
}

fn ascend(keys: &[u64], width: usize) -> bool {
    if width == 1 {
        return keys.is_sorted_by(|key, next| key < next);
    }
    let next = keys.chunks_exact(width).skip(1);
    keys.chunks_exact(width).zip(next).all(|(key, next)| key < next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_hold_every_group_once() {
        let one: Vec<u64> = (0..50_000).map(|n| n * 3).collect();
        let two: Vec<u64> = (0..200).map(|n| n * 750).chain([149_997]).collect();
        let parts = [one, two, Vec::new()];
        for num_threads in [1, 2, 5] {
            let stretches = stretches(&parts, 1, num_threads);
            assert_eq!(stretches.len() > 1, num_threads > 1);
            let mut before = None;
            for stretch in &stretches {
                let keys = || parts.iter().zip(stretch).flat_map(|(part, rows)| &part[rows.clone()]);
                assert!(keys().min() > before.as_ref());
                assert!(keys().count() <= 50_201 / stretches.len() * 5 / 4);
                before = keys().max().copied();
            }
            for (at, part) in parts.iter().enumerate() {
                let rows: Vec<usize> = stretches.iter().flat_map(|stretch| stretch[at].clone()).collect();
                assert!(rows.into_iter().eq(0..part.len()));
            }
        }
    }

    #[test]
    fn what_only_one_part_has_is_a_stretch_of_its_own() {
        let keys = |words: &[u64]| words.to_vec();
        let parts = [keys(&[1, 2, 5, 9]), keys(&[5, 7, 8]), keys(&[8, 20]), keys(&[30, u64::MAX])];
        let expected = [
            [0..2, 0..0, 0..0, 0..0],
            [2..3, 0..3, 0..1, 0..0],
            [3..4, 3..3, 1..1, 0..0],
            [4..4, 3..3, 1..2, 0..0],
            [4..4, 3..3, 2..2, 0..2],
        ];
        assert_eq!(stretches(&parts, 1, 1), expected);
        let wide = [keys(&[1, u64::MAX]), keys(&[2, 0])];
        assert_eq!(stretches(&wide, 2, 1), [[0..1, 0..0], [1..1, 0..1]]);
    }

    #[test]
    fn two_parts_of_words_become_one_list() {
        for (one, two) in
            [([1, 3, 5, u64::MAX].as_slice(), [0, 3, 4].as_slice()), (&[], &[7, 9]), (&[7], &[]), (&[], &[])]
        {
            let (keys, groups) = merge(&[one, two], 1);
            let all: std::collections::BTreeSet<u64> = one.iter().chain(two).copied().collect();
            assert!(ascend(one, 1) && keys.iter().eq(&all));
            for (part, groups) in [one, two].iter().zip(groups) {
                assert!(groups.iter().map(|group| &keys[*group as usize]).eq(*part));
            }
        }
    }
}

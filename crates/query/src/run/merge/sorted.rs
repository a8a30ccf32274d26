//! Parts whose groups come in the order of their keys are merged side by side, without a table of keys.

use std::cmp::Ordering;
use std::sync::Arc;

use aggregate::{AggregatorSpec, Fold, Groups, Rows};
use arrow_array::ArrayRef;
use segment::VECTOR_ROWS;

use super::{KeyColumn, pack, width_of};
use crate::Result;
use crate::exec::{ExecContext, Reservation};
use crate::partial::{Chunks, FoldPartial};

/// Parts whose next keys are compared one by one.
const MAX_PARTS: usize = 8;
/// Groups below which a table of keys stays in the processor's cache.
const MIN_GROUPS: usize = 4_096;

/// `None` where groups are in no order that is seen by their words.
pub(super) fn regroup(
    specs: &[Arc<dyn AggregatorSpec>],
    parts: &[FoldPartial],
    columns: &mut [KeyColumn],
    exec: &ExecContext,
) -> Result<Option<FoldPartial>> {
    let num_rows: usize = parts.iter().map(FoldPartial::num_groups).sum();
    let pooled = columns.iter().any(|column| matches!(column, KeyColumn::Pooled(..)));
    if pooled || !(2..=MAX_PARTS).contains(&parts.len()) || num_rows < MIN_GROUPS {
        return Ok(None);
    }
    let width = width_of(columns.len());
    let mut held = Reservation::new(&exec.memory);
    held.resize(num_rows * (2 * width * size_of::<u64>() + size_of::<u32>()))?;
    let packed = parts.iter().map(|part| pack(part, columns, width)).collect::<Result<Vec<_>>>()?;
    if !packed.iter().all(|keys| ascend(keys, width)) {
        return Ok(None);
    }
    let (keys, groups) = merge(&packed, width);
    drop(packed);
    let num_groups = keys.len() / width;
    let mut fold = Fold::merging(specs)?;
    fold.grow(num_groups);
    for (part, groups) in parts.iter().zip(groups) {
        for (start, groups) in (0..).step_by(VECTOR_ROWS).zip(groups.chunks(VECTOR_ROWS)) {
            exec.check()?;
            let states: Vec<ArrayRef> = part.states.iter().map(|states| states.slice(start, groups.len())).collect();
            fold.merge(0, Groups::U32(groups), groups.len(), Rows::All, &states)?;
        }
    }
    held.resize(keys.len() * size_of::<u64>() + fold.memory_bytes())?;
    let order: Vec<u32> = (0..).take(num_groups).collect();
    let times = keys.chunks_exact(width).map(|key| key[0] as i64).collect();
    let shown = columns.iter_mut().enumerate();
    let shown = shown.map(|(at, column)| std::mem::replace(column, KeyColumn::Null).values(&keys, width, at));
    let (keys, states) = (shown.collect(), fold.states(&order)?);
    Ok(Some(FoldPartial { times, keys, states, chunks: Chunks::default() }))
}

/// Longs ascend as such; of other words any order will do that all parts have.
fn compare(key: &[u64], other: &[u64]) -> Ordering {
    let different = key.iter().zip(other).find(|(word, other)| word != other);
    different.map_or(Ordering::Equal, |(word, other)| (*word as i64).cmp(&(*other as i64)))
}

fn ascend(keys: &[u64], width: usize) -> bool {
    let next = keys.chunks_exact(width).skip(1);
    keys.chunks_exact(width).zip(next).all(|(key, next)| compare(key, next).is_lt())
}

/// All keys, ascending, and for each part which of them its keys are.
fn merge(parts: &[Vec<u64>], width: usize) -> (Vec<u64>, Vec<Vec<u32>>) {
    let longest = parts.iter().map(Vec::len).max().unwrap_or(0);
    let mut keys: Vec<u64> = Vec::with_capacity(longest + longest / 4);
    let mut groups: Vec<Vec<u32>> = parts.iter().map(|part| Vec::with_capacity(part.len() / width)).collect();
    let mut at = vec![0; parts.len()];
    let head = |at: &[usize], part: usize| parts[part].get(at[part]..at[part] + width);
    for group in 0.. {
        let heads = (0..parts.len()).filter_map(|part| head(&at, part));
        let Some(least) = heads.min_by(|key, other| compare(key, other)) else { break };
        keys.extend_from_slice(least);
        for part in 0..parts.len() {
            if head(&at, part) == Some(least) {
                groups[part].push(group);
                at[part] += width;
            }
        }
    }
    (keys, groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_several_parts_become_one_list() {
        let minus = (-3_i64) as u64;
        let parts = [vec![0, minus, 0, 4, 1, 0], vec![0, 2, 0, 4], vec![], vec![0, 4, 2, minus]];
        assert!(parts.iter().all(|part| ascend(part, 2)) && !ascend(&[0, 4, 0, 4], 2));
        let (keys, groups) = merge(&parts, 2);
        assert_eq!(keys, [0, minus, 0, 2, 0, 4, 1, 0, 2, minus]);
        assert_eq!(groups, [vec![0, 2, 3], vec![1, 2], vec![], vec![2, 4]]);
    }
}

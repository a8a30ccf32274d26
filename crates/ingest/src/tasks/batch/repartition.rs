//! Rows that are in segments already, spread anew over segments by hash or ranges of dimensions.

use segment::{RollupSchema, SegmentRef, Source};
use timeline::{Interval, ShardSpec};

use super::build::{dimensions_of, rows_of};
use super::census::Census;
use super::partition::{ChunkPlan, KeyColumns, KnownBuckets};
use super::stored_keys::StoredKeys;
use super::tuning::Partitions;
use crate::Result;
use crate::publish::Sealed;

/// The masked rows of `segments`, all of one time chunk, folded into a segment for each bucket that has rows.
pub(super) fn fold(
    partitions: &Partitions,
    chunk: Interval,
    segments: &[(SegmentRef, Vec<u64>)],
    schema: &RollupSchema,
) -> Result<Vec<(Sealed, ShardSpec)>> {
    let is_all = dimensions_of(partitions).is_empty();
    let names: Vec<String> = match is_all {
        false => dimensions_of(partitions).to_vec(),
        true => {
            let mut names: Vec<String> = schema.dimensions.iter().map(|dimension| dimension.name.to_string()).collect();
            names.sort();
            names
        }
    };
    let keys = segments.iter().map(|(segment, _)| StoredKeys::read(&**segment, &names)).collect::<Result<Vec<_>>>()?;
    let mut census = Census::default();
    for ((segment, mask), keys) in segments.iter().zip(&keys) {
        census.add(chunk, partitions, &keys.columns(is_all), &rows_of(mask, segment.num_rows()))?;
    }
    let plan = census.plans(partitions).remove(&(chunk.start, chunk.end)).unwrap_or(ChunkPlan::Whole);
    let mut masks = Vec::with_capacity(segments.len());
    for ((segment, mask), keys) in segments.iter().zip(&keys) {
        masks.push(buckets(&plan, &keys.columns(is_all), &rows_of(mask, segment.num_rows()), schema)?);
    }
    let mut sealed = Vec::new();
    for bucket in 0..plan.num_buckets() {
        let parts = segments.iter().zip(&masks).filter_map(|((segment, _), masks)| {
            let mask = masks.get(bucket).filter(|mask| !mask.is_empty())?;
            Some(Source { segment: &**segment, rows: Some(mask) })
        });
        let parts: Vec<Source<'_>> = parts.collect();
        if let Some(segment) = Sealed::fold_sources(chunk, &parts, schema)? {
            sealed.push((bucket, segment.without_table()));
        }
    }
    let core = u32::try_from(sealed.len()).unwrap_or(u32::MAX);
    let numbered = sealed.into_iter().zip(0..);
    let shard = |((bucket, sealed), number)| Ok((sealed, plan.shard(partitions, bucket, number, core)?));
    numbered.map(shard).collect()
}

/// The rows of each bucket as a mask, empty for a bucket without rows.
fn buckets(plan: &ChunkPlan, columns: &KeyColumns<'_>, rows: &[usize], schema: &RollupSchema) -> Result<Vec<Vec<u64>>> {
    let (mut masks, mut known) = (vec![Vec::new(); plan.num_buckets()], KnownBuckets::default());
    let num_words = columns.num_rows().div_ceil(64);
    for &row in rows {
        let mask = &mut masks[plan.bucket(columns, row, &schema.query_granularity, &mut known)?];
        if mask.is_empty() {
            mask.resize(num_words, 0u64);
        }
        mask[row / 64] |= 1 << (row % 64);
    }
    Ok(masks)
}

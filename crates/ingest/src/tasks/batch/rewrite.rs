//! What an overwrite leaves of the segments that it covers only in part.

use std::collections::BTreeMap;

use metastore::{NewSegment, Segment};
use segment::{RollupSchema, SegmentRef, Source, rows_within};
use timeline::{Interval, ShardSpec, condense};

use super::scratch::Scratch;
use crate::publish::Sealed;
use crate::tasks::run::TaskRun;
use crate::{Error, Result};

/// Segments that go away because their rest was written anew.
#[derive(Debug, Default)]
pub(super) struct Rewritten {
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<NewSegment>,
}

/// Writes anew the rows outside `intervals` of segments that were live at `snapshot` and reach beyond them:
/// one segment for each piece of time that is left.
pub(super) fn rewrite(
    run: &TaskRun,
    (datasource_id, snapshot): (&str, i64),
    intervals: &[Interval],
    scratch: &Scratch,
    store: &mut dyn FnMut(&Sealed) -> Result<NewSegment>,
) -> Result<Rewritten> {
    let covered = condense(intervals.to_vec());
    let live = run.wait(run.context().metastore.live(datasource_id));
    let live = live.map_err(|error| Error::Unavailable(error.to_string()))?;
    let mut rewritten = Rewritten::default();
    for segment in live.segments.iter().filter(|segment| segment.added_at <= snapshot) {
        let rest = rest_of(segment.interval(), &covered);
        let is_touched = rest != [segment.interval()];
        if !is_touched || rest.is_empty() {
            continue;
        }
        run.check()?;
        let rows = fetch(run, segment, scratch)?;
        for piece in rest {
            if let Some(sealed) = seal(run, &rows, piece)? {
                rewritten.outputs.push(store(&sealed)?);
            }
        }
        run.log(&format!("rewrote what is left of {}", segment.id()));
        rewritten.inputs.push(segment.seg_id.clone());
    }
    number(&mut rewritten.outputs);
    Ok(rewritten)
}

/// The parts of an interval outside of others that are sorted and apart.
fn rest_of(interval: Interval, covered: &[Interval]) -> Vec<Interval> {
    let mut rest = Vec::new();
    let mut start = interval.start;
    for other in covered.iter().filter(|other| other.start < interval.end && other.end > interval.start) {
        if other.start > start {
            rest.push(Interval { start, end: other.start });
        }
        start = other.end;
    }
    if start < interval.end {
        rest.push(Interval { start, end: interval.end });
    }
    rest
}

pub(super) fn fetch(run: &TaskRun, segment: &Segment, scratch: &Scratch) -> Result<SegmentRef> {
    let size = u64::try_from(segment.size).unwrap_or(0);
    let bytes = run.wait(run.context().storage.get(&segment.path, size));
    let bytes = bytes.map_err(|error| Error::Unavailable(error.to_string()))?;
    if storage::sha256_hex(&bytes) != segment.hash {
        return Err(Error::Corrupt(format!("object [{}] is not what was written", segment.path)));
    }
    scratch.unseal(&bytes, segment.id())
}

fn seal(run: &TaskRun, rows: &SegmentRef, piece: Interval) -> Result<Option<Sealed>> {
    let schema = RollupSchema::of_segments(&[&**rows], run.context().aggregators);
    let schema = schema.map_err(|error| Error::Internal(error.to_string()))?;
    let mask = rows_within(&**rows, piece);
    Sealed::fold_sources(piece, &[Source { segment: &**rows, rows: Some(&mask) }], &schema)
}

/// Counts the segments of each piece of time.
pub(super) fn number(segments: &mut [NewSegment]) {
    let mut numbers: BTreeMap<(i64, i64), u32> = BTreeMap::new();
    for segment in segments.iter() {
        *numbers.entry((segment.interval.start, segment.interval.end)).or_default() += 1;
    }
    let mut next: BTreeMap<(i64, i64), u32> = BTreeMap::new();
    for segment in segments {
        let chunk = (segment.interval.start, segment.interval.end);
        let partition_num = next.entry(chunk).or_default();
        let partitions = numbers.get(&chunk).copied().unwrap_or(1);
        segment.shard_spec = ShardSpec::Numbered { partition_num: *partition_num, partitions };
        *partition_num += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_what_no_other_covers() {
        let rest = |covered: &[(i64, i64)]| {
            let covered: Vec<_> = covered.iter().map(|&(start, end)| Interval { start, end }).collect();
            let rest = rest_of(Interval { start: 10, end: 20 }, &covered);
            rest.into_iter().map(|piece| (piece.start, piece.end)).collect::<Vec<_>>()
        };
        assert_eq!(rest(&[]), [(10, 20)]);
        assert_eq!(rest(&[(0, 10), (20, 30)]), [(10, 20)]);
        assert_eq!(rest(&[(12, 14), (15, 16)]), [(10, 12), (14, 15), (16, 20)]);
        assert_eq!(rest(&[(0, 12), (18, 40)]), [(12, 18)]);
        assert_eq!(rest(&[(10, 20)]), []);
        assert_eq!(rest(&[(0, 40)]), []);
    }
}

//! What a leaf hands to the root: keys and states by group, or rows on their way.

use std::collections::BTreeMap;
use std::sync::Arc;

use aggregate::AggregatorSpec;
use arrow_array::{Array, ArrayRef, RecordBatch, UInt32Array};
use segment::SegmentRef;
use timeline::{Interval, SegmentId};

use crate::exec::ExecContext;
use crate::finalize::{Values, concat};
use crate::intervals::intersect;
use crate::run::ScanRows;
use crate::spill::Spilled;

/// The work of one leaf, or of several merged.
pub struct Partial {
    pub(crate) body: Body,
}

pub(crate) enum Body {
    Fold(FoldPartial),
    /// Groups in several parts, of which no two have one in common.
    Apart(Vec<FoldPartial>),
    /// Groups of a fold that memory has no room for.
    Spilled(Spilled),
    /// Small facts of a kind's own making.
    Facts(RecordBatch),
    /// Rows read on demand.
    Scan(ScanRows),
}

/// Groups of a fold: bucket, keys and states, a row each.
#[derive(Clone)]
pub(crate) struct FoldPartial {
    /// Bucket starts, milliseconds.
    pub times: Vec<i64>,
    pub keys: Vec<Values>,
    pub states: Vec<ArrayRef>,
    pub chunks: Chunks,
}

impl FoldPartial {
    /// The groups of some parts, one behind the other.
    pub fn strung(mut parts: Vec<FoldPartial>) -> crate::Result<FoldPartial> {
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        let (num_keys, num_states) = parts.first().map_or((0, 0), |part| (part.keys.len(), part.states.len()));
        let key = |at: usize| concat(&parts.iter().map(|part| part.keys[at].clone()).collect::<Vec<_>>());
        let states = |at: usize| {
            let parts: Vec<&dyn Array> = parts.iter().map(|part| part.states[at].as_ref()).collect();
            Ok(arrow_select::concat::concat(&parts)?)
        };
        let mut chunks = Chunks::default();
        parts.iter().for_each(|part| chunks.merge(&part.chunks));
        Ok(FoldPartial {
            times: parts.iter().map(|part| part.times.as_slice()).collect::<Vec<_>>().concat(),
            keys: (0..num_keys).map(key).collect::<crate::Result<_>>()?,
            states: (0..num_states).map(states).collect::<crate::Result<_>>()?,
            chunks,
        })
    }

    pub fn num_groups(&self) -> usize {
        self.times.len()
    }

    /// Bytes that the groups hold, roughly.
    pub fn memory_bytes(&self) -> usize {
        let key = |key: &Values| match key {
            // Their dictionary is the segment's, or small beside the states.
            Values::Coded { codes, .. } => size_of_val(&**codes),
            other => other.memory_bytes(),
        };
        let keys: usize = self.keys.iter().map(key).sum();
        let states: usize = self.states.iter().map(|states| states.get_array_memory_size()).sum();
        self.times.len() * size_of::<i64>() + keys + states
    }

    pub fn take(&self, rows: &UInt32Array) -> crate::Result<FoldPartial> {
        let pick = |states: &ArrayRef| arrow_select::take::take(states, rows, None);
        Ok(FoldPartial {
            times: rows.values().iter().map(|row| self.times[*row as usize]).collect(),
            keys: self.keys.iter().map(|key| key.take(rows)).collect::<crate::Result<_>>()?,
            states: self.states.iter().map(pick).collect::<std::result::Result<_, _>>()?,
            chunks: self.chunks.clone(),
        })
    }
}

/// A time chunk of a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub chunk: Interval,
    pub datasource: String,
}

impl Place {
    pub fn of(segment: &SegmentId) -> Place {
        Place { chunk: segment.interval, datasource: segment.datasource.clone() }
    }

    /// Each place of some segments, and those of them that follow one another in it.
    pub fn runs(segments: &[SegmentRef]) -> impl Iterator<Item = (Place, &[SegmentRef])> {
        let runs =
            segments.chunk_by(|a, b| a.id().interval == b.id().interval && a.id().datasource == b.id().datasource);
        runs.map(|run| (Place::of(run[0].id()), run))
    }
}

/// For each time chunk of each table the range of its rows' times, whichever segments hold them: what bounds the
/// filling of empty buckets, so that splitting or merging segments changes no answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chunks(BTreeMap<Place, Chunk>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Chunk {
    rows: Interval,
    /// Whether a query took a row of it.
    is_met: bool,
}

impl Chunks {
    /// Rows with these times lie in the chunk.
    pub fn add(&mut self, place: Place, rows: Interval) {
        let known = self.0.entry(place).or_insert(Chunk { rows, is_met: false });
        known.rows = Interval { start: known.rows.start.min(rows.start), end: known.rows.end.max(rows.end) };
    }

    /// A row of the chunk is in a group.
    pub fn meet(&mut self, place: &Place) {
        if let Some(known) = self.0.get_mut(place) {
            known.is_met = true;
        }
    }

    pub fn merge(&mut self, other: &Chunks) {
        for (place, rows, is_met) in other.iter() {
            self.add(place.clone(), rows);
            if is_met {
                self.meet(place);
            }
        }
    }

    /// Chunk, time range of its rows and whether one was met, in time order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Place, Interval, bool)> {
        self.0.iter().map(|(place, chunk)| (place, chunk.rows, chunk.is_met))
    }

    /// The parts of them that lie in an interval.
    pub fn within(&self, interval: Interval) -> Chunks {
        let mut parts = Chunks::default();
        for (place, rows, is_met) in self.iter() {
            let Some(chunk) = intersect(place.chunk, interval) else { continue };
            let part = Place { chunk, datasource: place.datasource.clone() };
            parts.add(part.clone(), rows);
            if is_met {
                parts.meet(&part);
            }
        }
        parts
    }

    /// Those of which a row was met, alone.
    pub fn only_met(&self) -> Chunks {
        let met = self.0.iter().filter(|(_, chunk)| chunk.is_met);
        Chunks(met.map(|(place, chunk)| (place.clone(), *chunk)).collect())
    }
}

impl Partial {
    pub(crate) fn fold(partial: FoldPartial) -> Self {
        Self { body: Body::Fold(partial) }
    }

    /// Of one part, or of several that have no group in common.
    pub(crate) fn apart(parts: Vec<FoldPartial>) -> Self {
        match <[FoldPartial; 1]>::try_from(parts) {
            Ok([only]) => Self::fold(only),
            Err(parts) => Self { body: Body::Apart(parts) },
        }
    }

    pub(crate) fn spilled(spilled: Spilled) -> Self {
        Self { body: Body::Spilled(spilled) }
    }

    /// The groups in memory, in parts that have none in common.
    pub(crate) fn into_parts(self) -> crate::Result<Vec<FoldPartial>> {
        match self.body {
            Body::Fold(partial) => Ok(vec![partial]),
            Body::Apart(parts) => Ok(parts),
            _ => Err(crate::Error::internal("a partial of another kind of query")),
        }
    }

    pub(crate) fn into_fold(self) -> crate::Result<FoldPartial> {
        FoldPartial::strung(self.into_parts()?)
    }

    /// How many groups there are, if all are in memory.
    pub(crate) fn num_groups(&self) -> Option<usize> {
        match &self.body {
            Body::Fold(groups) => Some(groups.num_groups()),
            Body::Apart(parts) => Some(parts.iter().map(FoldPartial::num_groups).sum()),
            Body::Spilled(_) | Body::Facts(_) | Body::Scan(_) => None,
        }
    }

    /// Bytes of groups in memory, roughly.
    pub(crate) fn memory_bytes(&self) -> usize {
        match &self.body {
            Body::Fold(groups) => groups.memory_bytes(),
            Body::Apart(parts) => parts.iter().map(FoldPartial::memory_bytes).sum(),
            Body::Spilled(_) | Body::Facts(_) | Body::Scan(_) => 0,
        }
    }

    /// The groups: of those on disk or in several parts what `shorten` leaves of each part, where no group lies in two.
    pub(crate) fn into_groups(
        self,
        specs: &[Arc<dyn AggregatorSpec>],
        exec: &ExecContext,
        shorten: impl Fn(FoldPartial) -> crate::Result<FoldPartial>,
    ) -> crate::Result<FoldPartial> {
        match self.body {
            Body::Spilled(spilled) => spilled.gather(specs, exec, shorten),
            Body::Apart(parts) => FoldPartial::strung(parts.into_iter().map(shorten).collect::<crate::Result<_>>()?),
            body => Partial { body }.into_fold(),
        }
    }

    pub(crate) fn into_facts(self) -> crate::Result<RecordBatch> {
        match self.body {
            Body::Facts(batch) => Ok(batch),
            _ => Err(crate::Error::internal("a partial of another kind of query")),
        }
    }
}

//! The rows of one lane that are not let go yet, for queries to read.

use std::collections::VecDeque;
use std::sync::Arc;

use metastore::LaneId;
use parking_lot::Mutex;
use timeline::Granularity;

use super::chunk::{ClosedChunk, FoldPlan, OpenChunk, Rows};
use super::lease::Lease;
use super::state::{ChunkFacts, ChunkNo};
use crate::Result;
use crate::live::{LanePart, LaneRows, LivePart, MovedOn};
use crate::parse::ParsedBatch;
use crate::source::FetchedBatch;

/// Closed chunks in the order of their offsets, then the open one, without a gap. One lock makes a read
/// consistent; the writer holds it while it folds one batch.
pub(crate) struct LaneBuffer {
    part: LanePart,
    granularity: Granularity,
    lease: Arc<Lease>,
    state: Mutex<State>,
}

struct State {
    closed: VecDeque<Arc<ClosedChunk>>,
    open: OpenChunk,
}

impl LaneBuffer {
    pub(crate) fn new(
        part: LanePart,
        granularity: Granularity,
        closed: Vec<Arc<ClosedChunk>>,
        open: OpenChunk,
        lease: Arc<Lease>,
    ) -> Self {
        LaneBuffer { part, granularity, lease, state: Mutex::new(State { closed: closed.into(), open }) }
    }

    /// Where the next record is expected.
    pub(crate) fn position(&self) -> i64 {
        self.state.lock().open.head.to
    }

    pub(crate) fn open_facts(&self) -> ChunkFacts {
        self.state.lock().open.facts()
    }

    /// Whether the open chunk can take the rows.
    pub(crate) fn takes(&self, parsed: &ParsedBatch) -> bool {
        let state = self.state.lock();
        state.open.fits(parsed) && state.open.has_room(parsed)
    }

    /// Time chunks of the open chunk and of those closed ones that `is_waiting` names, with their rows. A time
    /// chunk stands once for each chunk that has it.
    pub(crate) fn time_chunks(&self, is_waiting: impl Fn(ChunkNo) -> bool) -> Vec<(i64, u64)> {
        let state = self.state.lock();
        let mut found = state.open.time_chunks();
        for chunk in state.closed.iter().filter(|chunk| is_waiting(chunk.no)) {
            found.extend(chunk.rows().iter().map(|(interval, rows)| (interval.start, rows.num_rows() as u64)));
        }
        found
    }

    pub(crate) fn append(&self, plan: &FoldPlan, raw: &FetchedBatch, parsed: &ParsedBatch) -> Result<ChunkFacts> {
        let mut state = self.state.lock();
        state.open.append(plan, raw, parsed)?;
        Ok(state.open.facts())
    }

    pub(crate) fn with_open<T>(&self, act: impl FnOnce(&mut OpenChunk) -> T) -> T {
        act(&mut self.state.lock().open)
    }

    /// Closes the open chunk, unless it is empty, and begins another where it ends.
    pub(crate) fn close(&self, no: ChunkNo, task_id: &str, plan: &FoldPlan) -> Option<(Arc<ClosedChunk>, ChunkFacts)> {
        let mut state = self.state.lock();
        if state.open.head.from == state.open.head.to {
            return None;
        }
        let next = state.open.next();
        let bytes = state.open.facts().bytes;
        let open = std::mem::replace(&mut state.open, next);
        let closed = Arc::new(open.close(no, Some(task_id.to_owned()), plan));
        state.closed.push_back(closed.clone());
        let facts = closed.facts(bytes);
        Some((closed, facts))
    }

    pub(crate) fn chunk(&self, no: ChunkNo) -> Option<Arc<ClosedChunk>> {
        self.state.lock().closed.iter().find(|chunk| chunk.no == no).cloned()
    }

    /// Lets a chunk go.
    pub(crate) fn retire(&self, no: ChunkNo) {
        self.state.lock().closed.retain(|chunk| chunk.no != no);
    }
}

impl LaneRows for LaneBuffer {
    fn lane(&self) -> LaneId {
        self.part.lane.clone()
    }

    fn chunks(&self) -> Vec<LivePart> {
        let mut state = self.state.lock();
        let is_over = self.lease.is_over();
        let part = |from, to, newest_ms: Option<i64>, rows: Rows| LivePart {
            part: self.part.clone(),
            floor: from,
            covered: to,
            // Another node may be further on by now.
            newest_ms: newest_ms.filter(|_| !is_over),
            segments: rows.into_iter().map(|(_, rows)| rows).collect(),
        };
        let closed = state.closed.iter();
        let mut parts: Vec<LivePart> =
            closed.map(|chunk| part(chunk.head.from, chunk.head.to, chunk.head.newest_ms, chunk.rows())).collect();
        let rows = state.open.snapshots(&self.granularity);
        let head = &state.open.head;
        parts.push(part(head.from, head.to, head.newest_ms, rows));
        parts
    }

    fn read(&self, floor: i64) -> Result<LivePart, MovedOn> {
        let parts = self.chunks();
        let lowest = parts.first().map(|part| part.floor);
        let Some(first) = parts.iter().position(|part| part.floor == floor) else {
            return Err(MovedOn { lane: self.part.lane.clone(), asked: floor, floor: lowest });
        };
        let mut whole =
            LivePart { part: self.part.clone(), floor, covered: floor, newest_ms: None, segments: Vec::new() };
        for part in parts.into_iter().skip(first) {
            whole.covered = part.covered;
            whole.newest_ms = whole.newest_ms.max(part.newest_ms);
            whole.segments.extend(part.segments);
        }
        Ok(whole)
    }
}

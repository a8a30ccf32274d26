//! The life of chunks and cuts, as a pure machine: events in, effects out.
//!
//! A lane fills one open chunk. A closed chunk has its range for ever; it may be written to the local
//! disk, is taken into a cut, published with the cut, and let go when queries have moved on. At most one
//! cut is under way; reading goes on meanwhile. Nothing here reads a clock or touches the world: whoever
//! performs the effects says what came of them in further events.

use std::collections::{BTreeMap, VecDeque};

/// Number of a lane within its group.
pub(crate) type LaneNo = u32;
/// Number of a chunk, never used twice by one machine.
pub(crate) type ChunkNo = u64;
/// Number of a cut, never used twice by one machine.
pub(crate) type CutNo = u64;

/// When chunks are closed, cut, spilled; when lanes wait.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Rows or bytes that close a chunk.
    pub(crate) chunk_rows: u64,
    pub(crate) chunk_bytes: u64,
    /// Age, rows, bytes or time chunks of the whole group that make a cut.
    pub(crate) cut_period_ms: u64,
    pub(crate) cut_rows: u64,
    pub(crate) cut_bytes: u64,
    pub(crate) cut_time_chunks: usize,
    /// Bytes in memory above which closed chunks are spilled.
    pub(crate) live_bytes: u64,
    /// Closed chunks in memory above which a lane waits.
    pub(crate) chunk_credits: usize,
}

/// What is known of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChunkFacts {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) time_chunks: usize,
}

/// Why a lane waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pause {
    Memory,
    Disk,
}

/// What happened.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// The lane is ours and stands at `committed`; these chunks of it were found on the disk.
    Taken {
        lane: LaneNo,
        spilled: Vec<(ChunkNo, ChunkFacts)>,
    },
    /// The lane is no longer read here.
    Dropped {
        lane: LaneNo,
    },
    /// The open chunk of the lane holds this much now.
    Read {
        lane: LaneNo,
        open: ChunkFacts,
    },
    /// The open chunk was closed; a new one begins where it ends.
    Closed {
        lane: LaneNo,
        chunk: ChunkNo,
        facts: ChunkFacts,
    },
    /// Time passed. Elsewhere, so many rows and bytes wait that are cut together with ours.
    Tick {
        now_ms: u64,
        elsewhere: (u64, u64),
    },
    /// Everything read so far is to be cut without waiting.
    Flush,
    Spilled {
        chunk: ChunkNo,
    },
    /// The disk did not take the chunk; it stays in memory.
    SpillFailed {
        chunk: ChunkNo,
    },
    /// The disk is short of room, or is no longer.
    Disk {
        is_short: bool,
    },
    Published {
        cut: CutNo,
    },
    /// The lanes of the cut are not where we thought, or not ours.
    Refused {
        cut: CutNo,
    },
    /// Queries have moved on to the snapshot of the cut.
    HandedOff {
        cut: CutNo,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    Close {
        lane: LaneNo,
    },
    Spill {
        lane: LaneNo,
        chunk: ChunkNo,
    },
    Cut {
        cut: CutNo,
        chunks: Vec<(LaneNo, ChunkNo)>,
    },
    Pause {
        lane: LaneNo,
        why: Pause,
    },
    Resume {
        lane: LaneNo,
    },
    /// Rows of the chunk are sealed and every query has moved on.
    Retire {
        lane: LaneNo,
        chunk: ChunkNo,
    },
    /// Forget all of the lane and take it again from its committed offset.
    Reload {
        lane: LaneNo,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Closed,
    Spilling,
    Spilled,
}

#[derive(Debug)]
struct Chunk {
    no: ChunkNo,
    facts: ChunkFacts,
    stage: Stage,
    cut: Option<CutNo>,
    is_published: bool,
}

#[derive(Debug, Default)]
struct Lane {
    open: Option<ChunkFacts>,
    /// Since when something of the lane waits to be cut.
    waits_since_ms: Option<u64>,
    is_closing: bool,
    chunks: VecDeque<Chunk>,
    paused: Option<Pause>,
}

/// All lanes of one task group.
#[derive(Debug)]
pub(crate) struct Machine {
    limits: Limits,
    lanes: BTreeMap<LaneNo, Lane>,
    under_way: Option<CutNo>,
    last_cut: CutNo,
    is_flushing: bool,
    disk_is_short: bool,
    now_ms: u64,
    elsewhere: (u64, u64),
}

impl Machine {
    pub(crate) fn new(limits: Limits, now_ms: u64) -> Machine {
        let (lanes, is_flushing, disk_is_short) = (BTreeMap::new(), false, false);
        let elsewhere = (0, 0);
        Machine { limits, lanes, under_way: None, last_cut: 0, is_flushing, disk_is_short, now_ms, elsewhere }
    }

    /// Whether everything read so far is published.
    pub(crate) fn is_drained(&self) -> bool {
        self.under_way.is_none() && !self.lanes.values().any(|lane| lane.unpublished().next().is_some())
    }

    /// Whether a cut is under way.
    pub(crate) fn is_cutting(&self) -> bool {
        self.under_way.is_some()
    }

    /// Rows and bytes that no cut has taken.
    pub(crate) fn waiting(&self) -> (u64, u64) {
        let of_lane = |lane: &Lane| {
            let closed = lane.chunks.iter().filter(|chunk| chunk.cut.is_none()).map(|chunk| chunk.facts);
            closed.chain(lane.open).fold((0, 0), |(rows, bytes), facts| (rows + facts.rows, bytes + facts.bytes))
        };
        self.lanes.values().map(of_lane).fold((0, 0), |sum, lane| (sum.0 + lane.0, sum.1 + lane.1))
    }

    /// Closed chunks that are not published.
    pub(crate) fn unpublished(&self) -> std::collections::BTreeSet<ChunkNo> {
        let chunks = self.lanes.values().flat_map(|lane| &lane.chunks);
        chunks.filter(|chunk| !chunk.is_published).map(|chunk| chunk.no).collect()
    }

    /// Closed chunks that no cut has taken.
    pub(crate) fn uncut(&self) -> std::collections::BTreeSet<ChunkNo> {
        let chunks = self.lanes.values().flat_map(|lane| &lane.chunks);
        chunks.filter(|chunk| chunk.cut.is_none()).map(|chunk| chunk.no).collect()
    }

    /// Rows and bytes of closed chunks in memory.
    pub(crate) fn closed_in_memory(&self) -> (u64, u64) {
        let chunks = self.lanes.values().flat_map(|lane| &lane.chunks).filter(|chunk| chunk.stage != Stage::Spilled);
        chunks.fold((0, 0), |(rows, bytes), chunk| (rows + chunk.facts.rows, bytes + chunk.facts.bytes))
    }

    /// Takes in one event and answers what is to be done, in order.
    pub(crate) fn step(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.take(event, &mut effects);
        self.close_full(&mut effects);
        self.cut_when_due(&mut effects);
        self.spill(&mut effects);
        self.pause_or_resume(&mut effects);
        effects
    }

    fn take(&mut self, event: Event, effects: &mut Vec<Effect>) {
        match event {
            Event::Taken { lane, spilled } => self.taken(lane, spilled),
            Event::Dropped { lane } => drop(self.lanes.remove(&lane)),
            Event::Read { lane, open } => self.read(lane, open),
            Event::Closed { lane, chunk, facts } => self.closed(lane, chunk, facts),
            Event::Tick { now_ms, elsewhere } => {
                self.now_ms = self.now_ms.max(now_ms);
                self.elsewhere = elsewhere;
            }
            Event::Flush => self.is_flushing = true,
            Event::Spilled { chunk } => self.set_stage(chunk, Stage::Spilled),
            Event::SpillFailed { chunk } => self.set_stage(chunk, Stage::Closed),
            Event::Disk { is_short } => self.disk_is_short = is_short,
            Event::Published { cut } => self.published(cut),
            Event::Refused { cut } => self.refused(cut, effects),
            Event::HandedOff { cut } => self.handed_off(cut, effects),
        }
    }

    fn taken(&mut self, no: LaneNo, spilled: Vec<(ChunkNo, ChunkFacts)>) {
        let chunk = |(no, facts)| Chunk { no, facts, stage: Stage::Spilled, cut: None, is_published: false };
        let chunks: VecDeque<Chunk> = spilled.into_iter().map(chunk).collect();
        let waits_since_ms = (!chunks.is_empty()).then_some(self.now_ms);
        self.lanes.insert(no, Lane { chunks, waits_since_ms, ..Lane::default() });
    }

    fn read(&mut self, no: LaneNo, open: ChunkFacts) {
        let now_ms = self.now_ms;
        if let Some(lane) = self.lanes.get_mut(&no) {
            lane.waits_since_ms.get_or_insert(now_ms);
            lane.open = Some(open);
        }
    }

    fn closed(&mut self, no: LaneNo, chunk: ChunkNo, facts: ChunkFacts) {
        if let Some(lane) = self.lanes.get_mut(&no) {
            lane.is_closing = false;
            lane.open = None;
            let stage = Stage::Closed;
            lane.chunks.push_back(Chunk { no: chunk, facts, stage, cut: None, is_published: false });
        }
    }

    fn chunks_mut(&mut self) -> impl Iterator<Item = (LaneNo, &mut Chunk)> {
        self.lanes.iter_mut().flat_map(|(no, lane)| lane.chunks.iter_mut().map(|chunk| (*no, chunk)))
    }

    fn set_stage(&mut self, no: ChunkNo, stage: Stage) {
        for (_, chunk) in self.chunks_mut().filter(|(_, chunk)| chunk.no == no) {
            chunk.stage = stage;
        }
    }

    fn published(&mut self, cut: CutNo) {
        let now_ms = self.now_ms;
        for lane in self.lanes.values_mut() {
            for chunk in lane.chunks.iter_mut().filter(|chunk| chunk.cut == Some(cut)) {
                chunk.is_published = true;
            }
            let is_waiting = lane.unpublished().next().is_some();
            lane.waits_since_ms = is_waiting.then_some(now_ms);
        }
        self.end_cut(cut);
    }

    fn refused(&mut self, cut: CutNo, effects: &mut Vec<Effect>) {
        let is_hit = |lane: &Lane| lane.chunks.iter().any(|chunk| chunk.cut == Some(cut));
        let lost: Vec<LaneNo> = self.lanes.iter().filter(|(_, lane)| is_hit(lane)).map(|(no, _)| *no).collect();
        for lane in lost {
            self.lanes.remove(&lane);
            effects.push(Effect::Reload { lane });
        }
        self.end_cut(cut);
    }

    fn end_cut(&mut self, cut: CutNo) {
        if self.under_way == Some(cut) {
            self.under_way = None;
        }
    }

    fn handed_off(&mut self, cut: CutNo, effects: &mut Vec<Effect>) {
        for (no, lane) in &mut self.lanes {
            lane.chunks.retain(|chunk| {
                let goes = chunk.is_published && chunk.cut == Some(cut);
                if goes {
                    effects.push(Effect::Retire { lane: *no, chunk: chunk.no });
                }
                !goes
            });
        }
    }

    fn close_full(&mut self, effects: &mut Vec<Effect>) {
        let limits = &self.limits;
        let is_full = |open: ChunkFacts| open.rows >= limits.chunk_rows || open.bytes >= limits.chunk_bytes;
        for (no, lane) in &mut self.lanes {
            if lane.open.is_some_and(is_full) {
                lane.close(*no, effects);
            }
        }
    }

    fn cut_when_due(&mut self, effects: &mut Vec<Effect>) {
        if self.under_way.is_some() || !self.cut_is_due() {
            return;
        }
        for (no, lane) in &mut self.lanes {
            if lane.open.is_some_and(|open| open.to > open.from) {
                lane.close(*no, effects);
            }
        }
        if self.lanes.values().any(|lane| lane.is_closing) {
            return;
        }
        self.is_flushing = false;
        let cut = self.last_cut + 1;
        let mut chunks = Vec::new();
        for (no, chunk) in self.chunks_mut().filter(|(_, chunk)| chunk.cut.is_none()) {
            chunk.cut = Some(cut);
            chunks.push((no, chunk.no));
        }
        if !chunks.is_empty() {
            self.last_cut = cut;
            self.under_way = Some(cut);
            effects.push(Effect::Cut { cut, chunks });
        }
    }

    fn cut_is_due(&self) -> bool {
        let (mut rows, mut bytes) = self.elsewhere;
        let mut time_chunks = 0;
        for facts in self.lanes.values().flat_map(Lane::unpublished) {
            rows += facts.rows;
            bytes += facts.bytes;
            time_chunks = time_chunks.max(facts.time_chunks);
        }
        let oldest = self.lanes.values().filter_map(|lane| lane.waits_since_ms).min();
        let is_old = oldest.is_some_and(|since| self.now_ms.saturating_sub(since) >= self.limits.cut_period_ms);
        self.is_flushing
            || is_old
            || rows >= self.limits.cut_rows
            || bytes >= self.limits.cut_bytes
            || time_chunks >= self.limits.cut_time_chunks
    }

    /// Oldest first, and none that a cut has taken: its rows are about to go anyway.
    fn spill(&mut self, effects: &mut Vec<Effect>) {
        if self.disk_is_short {
            return;
        }
        let (limit, credits) = (self.limits.live_bytes, self.limits.chunk_credits);
        let mut held: u64 = self.lanes.values().map(Lane::bytes_in_memory).sum();
        for (no, lane) in &mut self.lanes {
            let mut waiting = lane.in_memory().filter(|chunk| chunk.stage == Stage::Closed).count();
            for chunk in lane.chunks.iter_mut().filter(|chunk| chunk.stage == Stage::Closed && chunk.cut.is_none()) {
                if held <= limit && waiting * 2 <= credits {
                    break;
                }
                chunk.stage = Stage::Spilling;
                held = held.saturating_sub(chunk.facts.bytes);
                waiting -= 1;
                effects.push(Effect::Spill { lane: *no, chunk: chunk.no });
            }
        }
    }

    fn pause_or_resume(&mut self, effects: &mut Vec<Effect>) {
        let why = if self.disk_is_short { Pause::Disk } else { Pause::Memory };
        // Where nothing can be spilled, what is closed stays.
        let closed: u64 = self.lanes.values().flat_map(Lane::in_memory).map(|chunk| chunk.facts.bytes).sum();
        let is_full = self.disk_is_short && closed > self.limits.live_bytes;
        for (no, lane) in &mut self.lanes {
            let most = if is_full { 1 } else { self.limits.chunk_credits };
            let wanted = (lane.in_memory().count() >= most).then_some(why);
            if wanted == lane.paused {
                continue;
            }
            lane.paused = wanted;
            effects.push(match wanted {
                Some(why) => Effect::Pause { lane: *no, why },
                None => Effect::Resume { lane: *no },
            });
        }
    }
}

impl Lane {
    fn unpublished(&self) -> impl Iterator<Item = ChunkFacts> {
        let closed = self.chunks.iter().filter(|chunk| !chunk.is_published).map(|chunk| chunk.facts);
        closed.chain(self.open.filter(|open| open.to > open.from))
    }

    fn close(&mut self, no: LaneNo, effects: &mut Vec<Effect>) {
        if !self.is_closing {
            self.is_closing = true;
            effects.push(Effect::Close { lane: no });
        }
    }

    /// Chunks that hold memory and wait for something other than queries.
    fn in_memory(&self) -> impl Iterator<Item = &Chunk> {
        self.chunks.iter().filter(|chunk| chunk.stage != Stage::Spilled && !chunk.is_published)
    }

    fn bytes_in_memory(&self) -> u64 {
        self.in_memory().map(|chunk| chunk.facts.bytes).sum::<u64>() + self.open.map_or(0, |open| open.bytes)
    }
}

#[cfg(test)]
mod tests;

//! The effects of the machine, carried out.

use super::board::Trouble;
use super::group::{Done, Group};
use super::joint::Offer;
use super::state::{ChunkNo, CutNo, Effect, Event, LaneNo, Pause};
use crate::publish::{CutPart, Ending, new_id};

impl Group {
    pub(super) fn perform(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::Close { lane } => self.close_chunk(lane),
            Effect::Spill { lane, chunk } => self.spill(lane, chunk),
            Effect::Cut { cut, chunks } => {
                self.offer(cut, &chunks);
                None
            }
            Effect::Pause { lane, why } => {
                self.pause(lane, Some(why));
                None
            }
            Effect::Resume { lane } => {
                self.pause(lane, None);
                None
            }
            Effect::Retire { lane, chunk } => {
                self.retire(lane, chunk);
                None
            }
            Effect::Reload { lane } => {
                self.forget(lane, Some(Trouble::Forgotten("a cut was refused".to_owned())));
                self.assign();
                None
            }
        }
    }

    fn close_chunk(&mut self, lane: LaneNo) -> Option<Event> {
        let run = self.lanes.get(&lane)?;
        let no = self.last_chunk + 1;
        let (chunk, facts) = run.buffer.close(no, &self.task_id, &run.plan)?;
        self.last_chunk = no;
        self.chunk_tasks.insert(chunk.no, self.task_id.clone());
        Some(Event::Closed { lane, chunk: chunk.no, facts })
    }

    /// Closes the open chunk of a lane now, for a reason that the machine does not know.
    pub(super) fn close(&mut self, lane: LaneNo) {
        if let Some(event) = self.close_chunk(lane) {
            self.feed(event);
        }
    }

    pub(super) fn close_all(&mut self) {
        let lanes: Vec<LaneNo> = self.lanes.keys().copied().collect();
        lanes.into_iter().for_each(|lane| self.close(lane));
    }

    fn spill(&mut self, lane: LaneNo, no: ChunkNo) -> Option<Event> {
        let Some(chunk) = self.lanes.get(&lane).and_then(|run| run.buffer.chunk(no)) else {
            return Some(Event::SpillFailed { chunk: no });
        };
        let (store, done) = (self.store.clone(), self.done.clone());
        let stem = new_id(&*self.context.clock, &*self.context.random);
        self.runtime.spawn_blocking(move || {
            let written = store.write(&chunk, &stem);
            // Nobody listens any more once the group has ended.
            let _ = done.send(Done::Spilled(lane, no, written));
        });
        None
    }

    /// Gives the chunks to the cut that all groups make together.
    fn offer(&mut self, cut: CutNo, chunks: &[(LaneNo, ChunkNo)]) {
        let mut parts = Vec::with_capacity(chunks.len());
        for (lane, no) in chunks {
            let Some(run) = self.lanes.get(lane) else { continue };
            let Some(chunk) = run.buffer.chunk(*no) else { continue };
            parts.push(CutPart { claim: run.claim.clone(), topic: run.partition.topic.clone(), chunk });
        }
        self.cuts.insert(cut);
        self.tell_time_chunks();
        let (store, done) = (self.store.clone(), self.done.clone());
        let offer = Offer { group: self.config.group, cut, parts, store, done };
        match self.asked.take() {
            None => self.config.joint.offer(offer),
            Some(asked) => {
                if let Err(late) = asked.send(offer) {
                    self.config.joint.offer(late.0);
                }
            }
        }
    }

    fn pause(&mut self, lane: LaneNo, why: Option<Pause>) {
        let Some(run) = self.lanes.get_mut(&lane) else { return };
        run.is_paused = why.is_some();
        let paused = self.reader.pause(std::slice::from_ref(&run.partition), why.is_some());
        let trouble = why.map(|why| match why {
            Pause::Memory => Trouble::Paused("memory"),
            Pause::Disk => Trouble::Paused("disk"),
        });
        self.board.with(|board| {
            board.source_error = paused.err().map(|error| error.to_string());
            if let Some(shown) = board.lanes.get_mut(&run.claim.lane) {
                shown.trouble = trouble;
            }
        });
    }

    fn retire(&mut self, lane: LaneNo, no: ChunkNo) {
        let Some(run) = self.lanes.get(&lane) else { return };
        let Some(chunk) = run.buffer.chunk(no) else { return };
        run.buffer.retire(no);
        if let Err(error) = self.store.release(&run.claim.lane, chunk.head.to) {
            tracing::warn!(lane = %run.claim.lane, %error, "a published chunk could not be removed from the disk");
        }
    }

    pub(super) fn take_in(&mut self, done: Done) {
        match done {
            Done::Spilled(lane, chunk, Ok(rows)) => {
                let held = self.lanes.get(&lane).and_then(|run| run.buffer.chunk(chunk));
                if let Some(held) = held {
                    held.replace_rows(rows);
                }
                self.metrics.spills.add(1);
                self.feed(Event::Spilled { chunk });
            }
            Done::Spilled(_, chunk, Err(error)) => {
                tracing::warn!(%error, "a chunk stays in memory");
                self.feed(Event::Disk { is_short: true });
                self.feed(Event::SpillFailed { chunk });
            }
            Done::Delayed(why) => self.board.with(|board| board.publish_error = Some(why)),
            Done::Cut(cut, Ending::Published(_)) => {
                self.board.with(|board| board.publish_error = None);
                self.feed(Event::Published { cut });
            }
            Done::Cut(cut, Ending::Refused(_)) => {
                self.cuts.remove(&cut);
                self.board.with(|board| board.publish_error = None);
                self.feed(Event::Refused { cut });
            }
            Done::HandedOff(cut) => {
                self.cuts.remove(&cut);
                self.feed(Event::HandedOff { cut });
            }
        }
    }

    /// Says whether the disk has room for spills.
    pub(super) fn look_at_disk(&mut self) {
        let now_ms = self.context.clock.monotonic_ms();
        if now_ms.saturating_sub(self.disk_seen_ms) < 1_000 {
            return;
        }
        self.disk_seen_ms = now_ms;
        let free = self.context.disk.free().unwrap_or(0);
        self.feed(Event::Disk { is_short: free < self.context.limits.disk_reserve_bytes });
    }

    /// Shows positions and what is not published.
    pub(super) fn show(&mut self) {
        let unpublished = self.machine.unpublished();
        self.chunk_tasks.retain(|chunk, _| unpublished.contains(chunk));
        let (mut rows, mut bytes) = (0, 0);
        self.board.with(|board| {
            board.current_task.clone_from(&self.task_id);
            board.unpublished = self.chunk_tasks.values().cloned().collect();
            for run in self.lanes.values() {
                let open = run.buffer.open_facts();
                rows += open.rows;
                bytes += open.bytes;
                if open.to > open.from {
                    board.unpublished.insert(self.task_id.clone());
                }
                if let Some(shown) = board.lanes.get_mut(&run.claim.lane) {
                    shown.position = open.to;
                    shown.newest_ms = shown.newest_ms.max(run.buffer.with_open(|chunk| chunk.head.newest_ms));
                }
            }
        });
        let (closed_rows, closed_bytes) = self.machine.closed_in_memory();
        self.metrics.spilled_bytes.set(i64::try_from(self.store.bytes()).unwrap_or(i64::MAX));
        self.metrics.live_rows.set(i64::try_from(rows + closed_rows).unwrap_or(i64::MAX));
        self.metrics.live_bytes.set(i64::try_from(bytes + closed_bytes).unwrap_or(i64::MAX));
    }
}

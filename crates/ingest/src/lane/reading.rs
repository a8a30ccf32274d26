//! What was polled, into rows.

use super::board::Trouble;
use super::group::Group;
use super::state::{ChunkFacts, Event, LaneNo};
use crate::parse::ParsedBatch;
use crate::source::FetchedBatch;
use crate::{Error, Result};

/// Deaths in a range after which its records are read one by one.
const SUSPECT_DEATHS: usize = 2;
/// Deaths over a record alone after which it is no longer read.
const KILLER_DEATHS: usize = 2;
const ALARM_RECORDS: u64 = 10_000;
const ALARM_ONE_IN: u64 = 20;

impl Group {
    pub(super) fn read(&mut self, batch: &mut FetchedBatch) {
        storage::fail::point("I1");
        let Some(no) = self.lane_of(batch.partition()) else { return };
        let Some(run) = self.lanes.get(&no) else { return };
        let (lane, position) = (run.claim.lane.clone(), run.buffer.position());
        if batch.first_offset().is_some_and(|first| first < position) {
            *batch = batch.split_at_offset(position);
        }
        if batch.next_offset() <= position {
            return;
        }
        if self.store.num_deaths(&lane, position, batch.next_offset()) < SUSPECT_DEATHS {
            return self.read_noted(no, batch);
        }
        while let Some(first) = batch.first_offset() {
            let rest = batch.split_at_offset(first + 1);
            if self.store.num_deaths_alone(&lane, first) >= KILLER_DEATHS {
                self.bury_killer(no, batch);
            } else {
                self.read_noted(no, batch);
            }
            *batch = rest;
        }
        self.read_noted(no, batch);
    }

    /// Notes that the range is entered, so that a death inside of it is known to the next life.
    fn read_noted(&mut self, no: LaneNo, batch: &FetchedBatch) {
        let Some(run) = self.lanes.get(&no) else { return };
        let (lane, position) = (run.claim.lane.clone(), run.buffer.position());
        if batch.next_offset() <= position {
            return;
        }
        self.store.enter(&lane, batch.first_offset().unwrap_or(position), batch.next_offset());
        let taken = self.take_rows(no, batch);
        self.store.left();
        let taken = taken.and_then(|open| {
            storage::fail::point("I2");
            self.feed(Event::Read { lane: no, open });
            self.check_time_chunks(no)
        });
        if let Err(error) = taken {
            self.forget(no, Some(Trouble::Halted(error.to_string())));
            self.assign();
        }
    }

    fn take_rows(&mut self, no: LaneNo, batch: &FetchedBatch) -> Result<ChunkFacts> {
        let gone = || Error::Cancelled("the lane is gone".to_owned());
        let mut run = self.lanes.remove(&no).ok_or_else(gone)?;
        storage::fail::point_in("I6", batch.first_offset().unwrap_or_default()..batch.next_offset());
        batch.with_raw(|raw| self.config.parser.parse(raw, &mut run.parsed));
        let takes = run.buffer.takes(&run.parsed);
        self.lanes.insert(no, run);
        if !takes {
            self.close(no);
        }
        let mut run = self.lanes.remove(&no).ok_or_else(gone)?;
        run.num_refetches = 0;
        let appended = run.buffer.append(&run.plan, batch, &run.parsed);
        self.count(batch, &run.parsed);
        self.lanes.insert(no, run);
        let open = appended?;
        match self.config.max_parse_exceptions {
            Some(limit) if self.num_errors > limit => {
                Err(Error::Conflict(format!("Max parse exceptions[{limit}] exceeded")))
            }
            _ => Ok(open),
        }
    }

    /// Too many time chunks for the next cut make it now; far too many in one lane are no times at all.
    fn check_time_chunks(&mut self, no: LaneNo) -> Result<()> {
        if let Some(run) = self.lanes.get(&no) {
            let waiting = self.machine.unpublished();
            let found = run.buffer.time_chunks(|chunk| waiting.contains(&chunk));
            if found.len() > run.plan.max_time_chunks {
                super::years::check(found.into_iter(), run.plan.max_time_chunks)?;
            }
        }
        if self.tell_time_chunks() > self.config.limits.cut_time_chunks {
            self.feed(Event::Flush);
        }
        Ok(())
    }

    /// Tells the other groups which time chunks the next cut takes from this one, and answers how many it takes.
    pub(super) fn tell_time_chunks(&mut self) -> usize {
        let uncut = self.machine.uncut();
        let of_lanes = self.lanes.values().flat_map(|run| run.buffer.time_chunks(|chunk| uncut.contains(&chunk)));
        let starts: Vec<i64> = of_lanes.map(|(start, _)| start).collect();
        // Between two cuts there are only ever more.
        if self.told_time_chunks.0 != starts.len() {
            let (joint, limit) = (&self.config.joint, self.config.limits.cut_time_chunks);
            self.told_time_chunks = (starts.len(), joint.time_chunks(self.config.group, starts, limit));
        }
        self.told_time_chunks.1
    }

    fn bury_killer(&mut self, no: LaneNo, batch: &FetchedBatch) {
        let Some(run) = self.lanes.get(&no) else { return };
        let Some(record) = batch.record(0) else { return };
        tracing::error!(partition = %run.partition, offset = record.offset, "a record that ends the process is passed over");
        let open = run.buffer.with_open(|open| {
            open.bury_killer(&record);
            open.facts()
        });
        self.num_errors += 1;
        self.metrics.unparseable.add(1);
        self.feed(Event::Read { lane: no, open });
    }

    fn count(&mut self, batch: &FetchedBatch, parsed: &ParsedBatch) {
        let stats = parsed.stats();
        self.metrics.events.add(batch.len() as u64);
        self.metrics.bytes.add(batch.size_bytes() as u64);
        self.metrics.processed.add(stats.processed);
        self.metrics.processed_with_error.add(stats.processed_with_error);
        self.metrics.thrown_away.add(stats.thrown_away);
        self.metrics.unparseable.add(stats.unparseable);
        let long = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.watch_for_dead(batch.len() as u64, stats.unparseable);
        self.num_errors += long(stats.processed_with_error + stats.unparseable);
        self.board.with(|board| {
            let counts = board.counts.entry(self.task_id.clone()).or_default();
            counts.processed += long(stats.processed);
            counts.processed_bytes += long(stats.processed_bytes);
            counts.processed_with_error += long(stats.processed_with_error);
            counts.thrown_away += long(stats.thrown_away);
            counts.unparseable += long(stats.unparseable);
        });
        if !parsed.rejects().is_empty() {
            storage::fail::point("I3");
            let now_ms = self.context.clock.now_ms();
            self.board.keep_errors(&self.task_id, parsed.rejects(), self.config.max_saved_errors, now_ms);
        }
    }

    /// Raises an alarm where a wrong spec may be eating the topic.
    fn watch_for_dead(&mut self, records: u64, dead: u64) {
        self.watched.0 += records;
        self.watched.1 += dead;
        if self.watched.0 < ALARM_RECORDS {
            return;
        }
        let (records, dead) = std::mem::take(&mut self.watched);
        if dead * ALARM_ONE_IN > records {
            self.metrics.dead_letter_alarms.add(1);
            let supervisor = &*self.config.supervisor_id;
            tracing::error!(supervisor, records, dead, "more than one record in twenty cannot be read");
        }
    }
}

//! One task group: a thread that reads its lanes, folds what it reads, and drives chunks and cuts.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};

use metastore::{LaneClaim, LaneId};
use tokio::runtime::Handle;

use super::board::{Board, LaneBoard, Trouble};
use super::buffer::LaneBuffer;
use super::chunk::{ClosedChunk, FoldPlan, OpenChunk, Rows};
use super::joint::{GroupNo, Joint, Offers};
use super::lease::Lease;
use super::state::{self, ChunkNo, CutNo, Event, LaneNo, Machine};
use crate::parse::{ParsedBatch, Parser};
use crate::publish::Ending;
use crate::source::{Partition, PollLimits, Reader, SourceError};
use crate::spec::DataSchema;
use crate::spill::SpillStore;
use crate::{IngestContext, LanePart, Result, SupervisorMetrics};

/// Times that records which fail their checksum are asked for anew before their lane is halted.
const MOST_REFETCHES: u32 = 3;

/// What a group works by; fixed for its life.
pub(crate) struct GroupConfig {
    pub(crate) supervisor_id: Arc<str>,
    pub(crate) group: GroupNo,
    /// Makes the cuts of this group and the others.
    pub(crate) joint: Arc<Joint>,
    pub(crate) datasource: String,
    pub(crate) schema: Arc<DataSchema>,
    pub(crate) parser: Parser,
    pub(crate) spec_version: i64,
    pub(crate) lease: Arc<Lease>,
    pub(crate) limits: state::Limits,
    pub(crate) poll: PollLimits,
    pub(crate) max_parse_exceptions: Option<i64>,
    pub(crate) max_saved_errors: usize,
}

/// The right to read a lane, from its committed offset.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) claim: LaneClaim,
    pub(crate) partition: Partition,
    pub(crate) offset: i64,
}

/// What a group is told.
#[derive(Debug, Clone)]
pub(crate) enum Command {
    Take(Vec<Grant>),
    /// Stop reading these lanes and forget what is not published.
    Drop(Vec<LaneId>),
    /// Close what was read, publish it, and go on as another task.
    Rotate {
        task_id: String,
    },
    /// Another group makes a cut: offer what was read, or drop the way to answer.
    Offer(Offers),
    /// Publish what was read, then end.
    Drain,
    /// The reader gets on with nothing although there is more.
    Rebuild,
    /// End at once; what is not published is read again by whoever comes after.
    Stop,
}

/// What came of work done elsewhere.
pub(super) enum Done {
    Spilled(LaneNo, ChunkNo, Result<Rows>),
    Cut(CutNo, Ending),
    Delayed(String),
    HandedOff(CutNo),
}

pub(super) struct LaneRun {
    pub(super) claim: LaneClaim,
    pub(super) partition: Partition,
    pub(super) buffer: Arc<LaneBuffer>,
    pub(super) plan: FoldPlan,
    pub(super) parsed: ParsedBatch,
    pub(super) is_paused: bool,
    /// Times that records which fail their checksum were asked for anew.
    pub(super) num_refetches: u32,
}

/// See the module.
pub(crate) struct Group {
    pub(super) context: IngestContext,
    pub(super) config: GroupConfig,
    pub(super) runtime: Handle,
    pub(super) board: Arc<Board>,
    pub(super) store: Arc<SpillStore>,
    pub(super) metrics: Arc<SupervisorMetrics>,
    pub(super) machine: Machine,
    pub(super) lanes: BTreeMap<LaneNo, LaneRun>,
    pub(super) reader: Box<dyn Reader>,
    pub(super) task_id: String,
    pub(super) done: Sender<Done>,
    /// Cuts that are under way or wait for queries to move on.
    pub(super) cuts: BTreeSet<CutNo>,
    /// Where an offer is to be sent that another group asked for.
    pub(super) asked: Option<Offers>,
    pub(super) chunk_tasks: BTreeMap<ChunkNo, String>,
    pub(super) last_chunk: ChunkNo,
    pub(super) disk_seen_ms: u64,
    last_lane: LaneNo,
    commands: Receiver<Command>,
    results: Receiver<Done>,
    pub(super) num_errors: i64,
    /// Records since the last look at how many are dead, and the dead ones.
    pub(super) watched: (u64, u64),
    /// Time chunks of all lanes that the other groups were last told of, and how many the next cut takes.
    pub(super) told_time_chunks: (usize, usize),
    is_draining: bool,
    is_stopped: bool,
}

impl Group {
    /// A group without lanes, and the way to command it.
    pub(crate) fn new(
        context: IngestContext,
        config: GroupConfig,
        store: Arc<SpillStore>,
        reader: Box<dyn Reader>,
        task_id: String,
        board: Arc<Board>,
        runtime: Handle,
    ) -> (Group, Sender<Command>) {
        let (sender, commands) = std::sync::mpsc::channel();
        let (done, results) = std::sync::mpsc::channel();
        let machine = Machine::new(config.limits.clone(), context.clock.monotonic_ms());
        let metrics = context.metrics.supervisor(&config.supervisor_id);
        let group = Group {
            context,
            config,
            runtime,
            board,
            store,
            metrics,
            machine,
            lanes: BTreeMap::new(),
            reader,
            task_id,
            done,
            cuts: BTreeSet::new(),
            asked: None,
            chunk_tasks: BTreeMap::new(),
            last_chunk: 0,
            disk_seen_ms: 0,
            last_lane: 0,
            commands,
            results,
            num_errors: 0,
            watched: (0, 0),
            told_time_chunks: (0, 0),
            is_draining: false,
            is_stopped: false,
        };
        (group, sender)
    }

    /// Runs until it is told to end.
    pub(crate) fn run(mut self) {
        while self.turn() {}
        let lanes: Vec<LaneNo> = self.lanes.keys().copied().collect();
        lanes.into_iter().for_each(|lane| self.let_go(lane));
        self.config.joint.leave(self.config.group);
        self.board.with(|board| board.is_over = true);
    }

    /// Obeys commands, takes in what came of earlier work, and reads what is there. Answers whether there
    /// is more to do.
    pub(crate) fn turn(&mut self) -> bool {
        loop {
            match self.commands.try_recv() {
                Ok(command) => self.obey(command),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    self.is_stopped = true;
                    break;
                }
            }
        }
        while let Ok(done) = self.results.try_recv() {
            self.take_in(done);
        }
        let now_ms = self.context.clock.monotonic_ms();
        let elsewhere = self.config.joint.waits(self.config.group, self.machine.waiting());
        self.feed(Event::Tick { now_ms, elsewhere });
        self.look_at_disk();
        if !self.is_draining {
            self.poll();
        } else if let Ok(done) = self.results.recv_timeout(self.config.poll.timeout) {
            self.take_in(done);
        }
        self.show();
        let is_drained = self.is_draining && self.machine.is_drained() && self.cuts.is_empty();
        !self.is_stopped && !is_drained
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Take(grants) => {
                grants.into_iter().for_each(|grant| self.take(grant));
                self.assign();
            }
            Command::Drop(ids) => {
                let gone = self.lanes.iter().filter(|(_, run)| ids.contains(&run.claim.lane)).map(|(no, _)| *no);
                let gone: Vec<LaneNo> = gone.collect();
                gone.into_iter().for_each(|no| self.forget(no, None));
                self.assign();
            }
            Command::Rotate { task_id } => {
                self.close_all();
                self.task_id = task_id;
                self.num_errors = 0;
                self.feed(Event::Flush);
            }
            Command::Offer(offers) if !self.machine.is_cutting() => {
                self.asked = Some(offers);
                self.feed(Event::Flush);
                self.asked = None;
            }
            Command::Offer(_) => {}
            Command::Drain => {
                self.is_draining = true;
                self.config.joint.drain();
                self.feed(Event::Flush);
            }
            Command::Rebuild => {
                let rebuilt = self.reader.rebuild();
                self.board.with(|board| board.source_error = rebuilt.err().map(|error| error.to_string()));
            }
            Command::Stop => self.is_stopped = true,
        }
    }

    fn take(&mut self, grant: Grant) {
        let lane = grant.claim.lane.clone();
        if self.lanes.values().any(|run| run.claim == grant.claim) {
            return;
        }
        self.last_lane += 1;
        let no = self.last_lane;
        let mut position = grant.offset;
        let (mut chunks, mut facts) = (Vec::new(), Vec::new());
        for (head, rows) in self.store.reusable(&lane, grant.offset, self.config.spec_version) {
            position = head.to;
            self.last_chunk += 1;
            let chunk = ClosedChunk::new(self.last_chunk, head, rows);
            facts.push((chunk.no, chunk.facts(0)));
            self.chunk_tasks.insert(chunk.no, chunk.head.task_id.clone().unwrap_or_default());
            chunks.push(Arc::new(chunk));
        }
        let plan = self.plan(no);
        let open = OpenChunk::new(lane.clone(), position, self.config.spec_version);
        let part = LanePart {
            supervisor_id: self.config.supervisor_id.clone(),
            topic: grant.partition.topic.clone(),
            lane: lane.clone(),
        };
        let granularity = self.config.schema.granularity.segment_granularity.clone();
        let buffer = Arc::new(LaneBuffer::new(part, granularity, chunks, open, self.config.lease.clone()));
        self.context.live.add(&self.config.datasource, buffer.clone());
        let parsed = self.config.parser.batch();
        let (claim, partition) = (grant.claim, grant.partition);
        let shown = LaneBoard { partition: partition.clone(), position, newest_ms: None, trouble: None };
        self.board.with(|board| board.lanes.insert(lane, shown));
        self.lanes.insert(no, LaneRun { claim, partition, buffer, plan, parsed, is_paused: false, num_refetches: 0 });
        self.feed(Event::Taken { lane: no, spilled: facts });
    }

    fn plan(&self, no: LaneNo) -> FoldPlan {
        let limits = &self.context.limits;
        FoldPlan {
            schema: self.config.schema.clone(),
            limits: limits.index,
            max_dead_letters: limits.dead_letters_per_chunk,
            max_time_chunks: limits.time_chunks_per_lane,
            version: timeline::instant::text(self.context.clock.now_ms()),
            partition_num: 1_000_000 + no,
        }
    }

    /// Tells the reader where every lane stands.
    pub(super) fn assign(&mut self) {
        let starts: Vec<(Partition, i64)> =
            self.lanes.values().map(|run| (run.partition.clone(), run.buffer.position())).collect();
        let paused = self.lanes.values().filter(|run| run.is_paused).map(|run| run.partition.clone());
        let paused: Vec<Partition> = paused.collect();
        let mut assigned = self.reader.assign(&starts);
        if assigned.is_ok() && !paused.is_empty() {
            assigned = self.reader.pause(&paused, true);
        }
        self.board.with(|board| board.source_error = assigned.err().map(|error| error.to_string()));
    }

    fn poll(&mut self) {
        let mut batches = Vec::new();
        let polled = self.reader.poll(self.config.poll, &mut batches);
        for mut batch in batches {
            self.read(&mut batch);
            self.reader.give_back(batch);
        }
        match polled {
            Ok(()) => self.board.with(|board| board.source_error = None),
            Err(SourceError::OutOfRange(partition)) => {
                if let Some(no) = self.lane_of(&partition) {
                    self.forget(no, Some(Trouble::OutOfRange));
                    self.assign();
                }
            }
            Err(SourceError::Corrupt(partition)) => {
                self.fetch_again(&partition);
            }
            Err(error) => {
                self.board.with(|board| board.source_error = Some(error.to_string()));
                std::thread::sleep(self.config.poll.timeout);
            }
        }
    }

    /// Asks anew for records that fail their checksum; halts the lane when that does not help.
    fn fetch_again(&mut self, partition: &Partition) {
        let Some(no) = self.lane_of(partition) else { return };
        let Some(run) = self.lanes.get_mut(&no) else { return };
        run.num_refetches += 1;
        if run.num_refetches > MOST_REFETCHES {
            let at = run.buffer.position();
            let reason = format!("CorruptBatch: records of {partition} from {at} on fail their checksum");
            self.forget(no, Some(Trouble::Halted(reason)));
        }
        self.assign();
    }

    pub(super) fn lane_of(&self, partition: &Partition) -> Option<LaneNo> {
        self.lanes.iter().find(|(_, run)| run.partition == *partition).map(|(no, _)| *no)
    }

    /// Gives every event to the machine and performs what it asks for, until nothing is left.
    pub(super) fn feed(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for effect in self.machine.step(event) {
                events.extend(self.perform(effect));
            }
        }
    }

    /// Forgets a lane: its rows leave the queries, its spilled chunks the disk.
    pub(super) fn forget(&mut self, no: LaneNo, trouble: Option<Trouble>) {
        let Some(run) = self.lanes.get(&no) else { return };
        let lane = run.claim.lane.clone();
        if let Err(error) = self.store.forget(&lane) {
            tracing::warn!(%lane, %error, "spilled chunks could not be forgotten");
        }
        self.let_go(no);
        self.board.with(|board| match trouble {
            None => drop(board.lanes.remove(&lane)),
            Some(trouble) => {
                if let Some(shown) = board.lanes.get_mut(&lane) {
                    shown.trouble = Some(trouble);
                }
            }
        });
        self.feed(Event::Dropped { lane: no });
    }

    /// Takes a lane out of the queries and out of reading, and keeps its spilled chunks.
    pub(super) fn let_go(&mut self, no: LaneNo) {
        if let Some(run) = self.lanes.remove(&no) {
            self.context.live.remove(&self.config.datasource, &run.claim.lane);
        }
    }
}

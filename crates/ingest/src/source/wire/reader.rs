//! Follows partitions: asks their leaders for more while what came is handed on.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};

use super::compression::Unpacker;
use super::connection::{Broken, Connection};
use super::leaders::{self, Answer, Wanted};
use super::messages::codes;
use super::messages::fetch::{self, Got, Want};
use super::pages::Pages;
use super::settings::Settings;
use super::track::{Tools, Track};
use crate::source::{FetchedBatch, Partition, PollLimits, SourceError};

/// Between two looks at whether leaders were found.
const LOOK: Duration = Duration::from_millis(5);

/// The cluster, or what it holds, is not what this client reads. Why, for the log.
#[derive(Debug)]
pub(in super::super) struct NotCovered(pub(in super::super) String);

/// What came of a poll.
pub(in super::super) type Polled = Result<Result<(), SourceError>, NotCovered>;

/// See the module.
pub(in super::super) struct WireReader {
    settings: Arc<Settings>,
    tracks: BTreeMap<Partition, Track>,
    connections: BTreeMap<i32, Connection>,
    /// Brokers that answered before.
    brokers: Vec<(String, u16)>,
    finding: Option<Receiver<Answer>>,
    /// Why a partition has no leader, since leaders were last looked for.
    lost: Option<SourceError>,
    /// Leaders are not looked for before, and how long the next wait is.
    find_not_before_ms: u64,
    backoff: Duration,
    /// For how long an answer may be owed.
    patience: Duration,
    unpacker: Unpacker,
    pages: Pages,
    spent: Vec<FetchedBatch>,
    /// Partition that the next request begins with, so that all have their turn.
    turn: usize,
}

impl WireReader {
    pub(in super::super) fn new(settings: Settings) -> WireReader {
        let (backoff, patience) = (settings.backoff.0, settings.patience);
        WireReader {
            settings: Arc::new(settings),
            tracks: BTreeMap::new(),
            connections: BTreeMap::new(),
            brokers: Vec::new(),
            finding: None,
            lost: None,
            find_not_before_ms: 0,
            backoff,
            patience,
            unpacker: Unpacker::default(),
            pages: Pages::default(),
            spent: Vec::new(),
            turn: 0,
        }
    }

    /// Follows exactly these partitions. Answers that are still owed were asked for others, so that whoever owes one
    /// is left.
    pub(in super::super) fn assign(&mut self, starts: &[(Partition, i64)]) {
        let led: BTreeMap<Partition, _> = self.tracks.values().map(|t| (t.partition.clone(), t.leader)).collect();
        let track = |(partition, start): &(Partition, i64)| {
            let mut track = Track::new(partition.clone(), *start);
            track.leader = led.get(partition).copied().flatten();
            (partition.clone(), track)
        };
        self.tracks = starts.iter().map(track).collect();
        (self.finding, self.lost, self.find_not_before_ms) = (None, None, 0);
        self.connections.retain(|_, connection| !connection.owes());
        self.forget_leaders_without_connection();
    }

    pub(in super::super) fn pause(&mut self, partitions: &[Partition], is_paused: bool) {
        for partition in partitions {
            if let Some(track) = self.tracks.get_mut(partition) {
                track.is_paused = is_paused;
            }
        }
    }

    pub(in super::super) fn give_back(&mut self, spent: FetchedBatch) {
        let (unpacker, pages, spents) = (&mut self.unpacker, &mut self.pages, &mut self.spent);
        Tools { is_checked: self.settings.is_checked, unpacker, pages, spent: spents }.spend(spent);
    }

    /// Where every partition stands, for whoever reads on in place of this reader.
    pub(in super::super) fn positions(&self) -> Vec<(Partition, i64)> {
        self.tracks.values().map(|track| (track.partition.clone(), track.position())).collect()
    }

    pub(in super::super) fn paused(&self) -> Vec<Partition> {
        self.tracks.values().filter(|track| track.is_paused).map(|track| track.partition.clone()).collect()
    }

    pub(in super::super) fn poll(&mut self, limits: PollLimits, out: &mut Vec<FetchedBatch>) -> Polled {
        let (first, deadline_ms) = (out.len(), self.now_ms() + to_ms(limits.timeout));
        loop {
            self.find_leaders()?;
            self.ask_for_more();
            self.hand_on(limits.max_records, out);
            let mut told = Ok(());
            if out.len() == first {
                told = self.listen(deadline_ms)?;
                self.ask_for_more();
                self.hand_on(limits.max_records, out);
            }
            let trouble = self.tracks.values().find_map(|track| track.trouble().cloned());
            told = trouble.map_or(told, Err);
            if out.len() > first || told.is_err() {
                return Ok(told);
            }
            if self.now_ms() >= deadline_ms {
                return Ok(self.lost.clone().map_or(Ok(()), Err));
            }
        }
    }

    fn now_ms(&self) -> u64 {
        self.settings.clock.monotonic_ms()
    }

    /// Hands on what was fetched, of every partition its share.
    fn hand_on(&mut self, most: usize, out: &mut Vec<FetchedBatch>) {
        let mut tools = Tools {
            is_checked: self.settings.is_checked,
            unpacker: &mut self.unpacker,
            pages: &mut self.pages,
            spent: &mut self.spent,
        };
        let is_due = |track: &&mut Track| track.is_filled() && !track.is_paused;
        let share = (most / self.tracks.values_mut().filter(is_due).count().max(1)).max(1);
        let due = self.tracks.values_mut().filter(is_due).take(most);
        out.extend(due.filter_map(|track| track.hand_on(share, &mut tools)));
    }

    /// Asks every leader that owes no answer for what comes next.
    fn ask_for_more(&mut self) {
        let (now_ms, settings, turn) = (self.now_ms(), self.settings.clone(), self.turn);
        let mut gone = Vec::new();
        for (broker, connection) in &mut self.connections {
            let sent = if connection.has_unsent() {
                connection.flush()
            } else if connection.owes() {
                continue;
            } else {
                let wants = wants(&self.tracks, *broker, turn, now_ms);
                if wants.is_empty() {
                    continue;
                }
                self.turn = turn.wrapping_add(1);
                connection.send(fetch::API, |out| fetch::write(&settings.bounds, &wants, out))
            };
            if let Err(broken) = sent {
                gone.push((*broker, broken));
            }
        }
        for (broker, broken) in gone {
            self.leave(broker, &broken);
        }
    }

    /// Waits until a broker sends something, and takes it.
    fn listen(&mut self, deadline_ms: u64) -> Polled {
        let mut wait = Duration::from_millis(deadline_ms.saturating_sub(self.now_ms()));
        if self.finding.is_some() || self.connections.is_empty() {
            wait = wait.min(LOOK);
        }
        let mut told = Ok(());
        for broker in self.readable(wait) {
            let Some(connection) = self.connections.get_mut(&broker) else { continue };
            let owed = connection.owes_for();
            match connection.receive(&mut self.pages) {
                Ok(Some((page, bytes))) => {
                    self.patience = self.bounded_patience(owed);
                    told = told.and(self.take(broker, page, bytes)?);
                }
                Ok(None) if owed >= self.patience => {
                    self.patience = self.bounded_patience(owed);
                    self.leave(broker, &Broken::Unavailable("no answer in time".to_owned()));
                }
                Ok(None) => {}
                Err(broken) => self.leave(broker, &broken),
            }
        }
        Ok(told)
    }

    /// Twice what an answer took is waited for the next, within bounds.
    fn bounded_patience(&self, took: Duration) -> Duration {
        (took * 2).clamp(self.settings.patience, self.settings.answer_timeout)
    }

    /// Brokers that sent something, or took some of what is to be sent, or owe an answer for too long.
    fn readable(&self, wait: Duration) -> Vec<i32> {
        let flags = |connection: &Connection| match connection.has_unsent() {
            true => PollFlags::IN | PollFlags::OUT,
            false => PollFlags::IN,
        };
        let mut polled: Vec<PollFd<'_>> =
            self.connections.values().map(|one| PollFd::from_borrowed_fd(one.as_fd(), flags(one))).collect();
        let wait = rustix::event::Timespec {
            tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: wait.subsec_nanos().into(),
        };
        // A signal wakes as an answer does.
        let _ = poll(&mut polled, Some(&wait));
        let ready = polled.iter().map(|polled| !polled.revents().is_empty());
        let all = self.connections.iter().zip(ready);
        all.filter(|((_, one), ready)| *ready || (one.owes() && one.owes_for() >= self.patience))
            .map(|((broker, _), _)| *broker)
            .collect()
    }

    /// Takes an answer apart.
    fn take(&mut self, broker: i32, page: Vec<u8>, bytes: usize) -> Polled {
        let page = Arc::new(page);
        let read = fetch::read(page.get(..bytes).unwrap_or_default());
        let Ok((codes::NONE, all)) = read else {
            let why = read.map_or("an answer is malformed".to_owned(), |(code, _)| format!("error {code}"));
            self.leave(broker, &Broken::Unavailable(why));
            return Ok(Ok(()));
        };
        let mut told = Ok(());
        for got in all {
            told = told.and(self.take_one(broker, got, &page)?);
        }
        if let Ok(page) = Arc::try_unwrap(page) {
            self.pages.give_back(page);
        }
        Ok(told)
    }

    fn take_one(&mut self, broker: i32, got: Got<'_>, page: &Arc<Vec<u8>>) -> Polled {
        let partition = Partition::new(got.topic, got.partition);
        let now_ms = self.now_ms();
        let Some(track) = self.tracks.get_mut(&partition) else { return Ok(Ok(())) };
        if got.preferred.is_some() {
            return Err(NotCovered(format!("{partition} is to be read from a replica")));
        }
        if track.leader.is_none_or(|(led_by, _)| led_by != broker) || track.broken.is_some() {
            return Ok(Ok(()));
        }
        match got.error {
            codes::NONE => {
                let aborted = self.settings.bounds.is_committed.then_some(got.aborted);
                let taken = track.take(page, got.records, aborted);
                taken.map_err(|_| NotCovered(format!("{partition} holds records of an older format")))?;
            }
            codes::OFFSET_OUT_OF_RANGE => track.broken = Some(SourceError::OutOfRange(partition)),
            codes::CORRUPT_MESSAGE => track.broken = Some(SourceError::Corrupt(partition)),
            codes::UNSUPPORTED_VERSION => return Err(NotCovered(format!("{partition}: the broker refuses"))),
            code if is_about_leaders(code) => track.leader = None,
            code => {
                track.not_before_ms = now_ms + to_ms(self.settings.backoff.1);
                return Ok(Err(match code {
                    codes::TOPIC_AUTHORIZATION_FAILED => SourceError::Refused(format!("no right to read {partition}")),
                    code => SourceError::Unavailable(format!("{partition}: error {code} of the broker")),
                }));
            }
        }
        Ok(Ok(()))
    }

    /// Lets go of a broker; whoever leads its partitions is looked for.
    fn leave(&mut self, broker: i32, why: &Broken) {
        tracing::debug!(broker, ?why, "a connection to a broker is over");
        self.connections.remove(&broker);
        self.forget_leaders_without_connection();
    }

    fn forget_leaders_without_connection(&mut self) {
        for track in self.tracks.values_mut() {
            if track.leader.is_some_and(|(broker, _)| !self.connections.contains_key(&broker)) {
                track.leader = None;
            }
        }
    }

    /// Looks for the leaders of partitions that have none, and takes what was found.
    fn find_leaders(&mut self) -> Result<(), NotCovered> {
        match self.finding.as_ref().map(Receiver::try_recv) {
            Some(Ok(answer)) => {
                self.finding = None;
                self.found(answer)?;
            }
            Some(Err(TryRecvError::Empty)) => return Ok(()),
            Some(Err(TryRecvError::Disconnected)) | None => self.finding = None,
        }
        let now_ms = self.now_ms();
        if now_ms < self.find_not_before_ms {
            return Ok(());
        }
        let lost = self.tracks.values().filter(|track| track.leader.is_none() && track.broken.is_none());
        let wanted: Vec<Wanted> = lost.map(Track::wanted).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let connected: BTreeSet<i32> = self.connections.keys().copied().collect();
        let settings = Settings { answer_timeout: self.patience, ..(*self.settings).clone() };
        match leaders::find(Arc::new(settings), self.brokers.clone(), wanted, connected) {
            Ok(finding) => self.finding = Some(finding),
            Err(error) => self.lost = Some(SourceError::Unavailable(format!("a thread to look for leaders: {error}"))),
        }
        self.find_not_before_ms = now_ms + to_ms(self.backoff);
        self.backoff = (self.backoff * 2).min(self.settings.backoff.1);
        Ok(())
    }

    fn found(&mut self, answer: Answer) -> Result<(), NotCovered> {
        self.lost = None;
        match answer.failed {
            Some(Broken::NotCovered(why)) => return Err(NotCovered(why)),
            Some(Broken::Unavailable(why)) => {
                self.lost = Some(SourceError::Unavailable(format!("no broker answers: {why}")));
                self.patience = self.bounded_patience(self.patience);
            }
            None => self.brokers = answer.brokers,
        }
        for (broker, mut connection) in answer.connections {
            if connection.never_wait().is_ok() {
                // The one that is there may owe an answer.
                self.connections.entry(broker).or_insert(connection);
            }
        }
        for (partition, found) in answer.partitions {
            let Some(track) = self.tracks.get_mut(&partition) else { continue };
            match found {
                Ok(leader) => track.leader = Some(leader),
                Err(error @ SourceError::OutOfRange(_)) => track.stop(error),
                Err(error) => self.lost = Some(error),
            }
        }
        if self.lost.is_none() {
            self.backoff = self.settings.backoff.0;
        }
        self.forget_leaders_without_connection();
        Ok(())
    }
}

fn to_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What is wanted of a broker: partitions that it leads and of which nothing waits to be handed on.
fn wants(tracks: &BTreeMap<Partition, Track>, broker: i32, turn: usize, now_ms: u64) -> Vec<Want<'_>> {
    let is_wanted = |track: &&Track| {
        !track.is_paused && track.broken.is_none() && now_ms >= track.not_before_ms && track.has_room()
    };
    let wants = tracks.values().filter(is_wanted).filter_map(|track| {
        let (_, epoch) = track.leader.filter(|(led_by, _)| *led_by == broker)?;
        let Partition { topic, number } = &track.partition;
        Some(Want { topic, partition: *number, epoch, offset: track.fetched() })
    });
    let mut wants: Vec<Want<'_>> = wants.collect();
    // A broker fills its answer in this order.
    let turn = turn % wants.len().max(1);
    wants.rotate_left(turn);
    wants
}

/// Whether looking for the leader anew may help.
fn is_about_leaders(code: i16) -> bool {
    matches!(
        code,
        codes::UNKNOWN_TOPIC_OR_PARTITION
            | codes::LEADER_NOT_AVAILABLE
            | codes::NOT_LEADER_OR_FOLLOWER
            | codes::BROKER_NOT_AVAILABLE
            | codes::REPLICA_NOT_AVAILABLE
            | codes::KAFKA_STORAGE_ERROR
            | codes::FENCED_LEADER_EPOCH
            | codes::UNKNOWN_LEADER_EPOCH
            | codes::OFFSET_NOT_AVAILABLE
            | codes::UNKNOWN_TOPIC_ID
            | codes::INCONSISTENT_TOPIC_ID
    )
}

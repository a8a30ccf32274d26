//! One spring of activity of a supervisor under one version of its spec: groups of lanes, the tasks that
//! stand for them, and what has to be looked after meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use metastore::{LaneClaim, LaneId, LeaderClaim};
use serde_json::json;

use super::actor::{Shared, lead};
use super::keeper::Keeper;
use super::spec::SupervisorSpec;
use super::state::{State, TaskRun};
use super::status::{current_offsets, partition_key};
use super::tasks::TaskEnd;
use super::unavailable;
use crate::lane::{Board, Command, Grant, Joint, KnownTopics, Lease, Trouble};
use crate::source::{Partition, Source};
use crate::{Error, IngestContext, Result};

const AVERAGES_PERIOD_MS: u64 = 5_000;
/// The first tasks read before they are compared with the ends of the log.
const FIRST_OFFSETS_MS: u64 = 1_500;
/// A task that fails at once is shown for so long: clients look for it to learn why.
const SHOWN_MS: i64 = 2_000;
const DRAIN_STEP: Duration = Duration::from_millis(20);

/// A group's thread, seen from outside.
pub(super) struct RunningGroup {
    pub(super) commands: Sender<Command>,
    pub(super) board: Arc<Board>,
}

pub(super) struct Session {
    pub(super) context: IngestContext,
    pub(super) shared: Arc<Shared>,
    pub(super) spec: Arc<SupervisorSpec>,
    pub(super) version: i64,
    pub(super) source: Arc<dyn Source>,
    pub(super) leader: LeaderClaim,
    pub(super) max_poll_records: Option<usize>,
    pub(super) groups: BTreeMap<i32, RunningGroup>,
    /// Lanes that groups were given.
    pub(super) taken: BTreeMap<LaneId, (LaneClaim, Partition)>,
    pub(super) partitions: Vec<Partition>,
    pub(super) datasource_id: String,
    pub(super) lease: Arc<Lease>,
    pub(super) topics: Arc<KnownTopics>,
    /// Makes the cuts, once there are groups.
    pub(super) joint: Option<Arc<Joint>>,
    keeper: Keeper,
    /// Halts that are told once their task has been shown for a while.
    held: Vec<(LaneId, Partition, Trouble)>,
    /// Where lanes stood that had more to read, and since when.
    standing: BTreeMap<LaneId, (i64, u64)>,
    next: Due,
    last_growth_ms: i64,
}

fn period_ms(spec: &SupervisorSpec) -> u64 {
    u64::try_from(spec.io.period_ms).unwrap_or(30_000)
}

/// When things are to be done again, on the monotonic clock. Opening discovers already.
#[derive(Default)]
struct Due {
    discovery: u64,
    offsets: u64,
    renewal: u64,
    averages: u64,
}

impl Session {
    pub(super) fn new(
        context: IngestContext,
        shared: Arc<Shared>,
        spec: Arc<SupervisorSpec>,
        version: i64,
        source: Arc<dyn Source>,
        leader: LeaderClaim,
    ) -> Session {
        let last_growth_ms = context.clock.now_ms();
        let lease = Arc::new(Lease::new(context.clock.clone(), context.limits.lease));
        let keeper = Keeper::start(context.clone(), lease.clone());
        let now = context.clock.monotonic_ms();
        let next = Due { discovery: now + period_ms(&spec), offsets: now + FIRST_OFFSETS_MS, ..Due::default() };
        let topics = Arc::new(KnownTopics::new(source.clone()));
        Session {
            context,
            shared,
            spec,
            version,
            source,
            topics,
            leader,
            max_poll_records: None,
            groups: BTreeMap::new(),
            taken: BTreeMap::new(),
            partitions: Vec::new(),
            datasource_id: String::new(),
            lease,
            joint: None,
            keeper,
            held: Vec::new(),
            standing: BTreeMap::new(),
            next,
            last_growth_ms,
        }
    }

    /// Looks after everything that is due.
    pub(super) async fn watch(&mut self) {
        let now = self.context.clock.monotonic_ms();
        self.look_at_lanes().await;
        self.let_lost_go().await;
        self.finish_tasks().await;
        if now >= self.next.renewal {
            let third = u64::try_from(self.context.limits.lease.as_millis() / 3).unwrap_or(1_000);
            self.next.renewal = now + third.max(100);
            if let Ok(leader) = lead(&self.context).await {
                self.leader = leader;
            }
        }
        if now >= self.next.discovery {
            self.next.discovery = now + period_ms(&self.spec);
            let found = self.discover().await;
            self.note(found);
        }
        if now >= self.next.offsets {
            self.next.offsets = now + u64::try_from(self.spec.tuning.offset_fetch_ms).unwrap_or(30_000);
            let fetched = self.fetch_offsets().await;
            self.note(fetched);
        }
        if now >= self.next.averages {
            self.next.averages = now + AVERAGES_PERIOD_MS;
            let mut status = self.shared.status.lock();
            status.active.iter_mut().for_each(|task| task.averages.sample(task.counts(), now));
        }
        self.rotate_due().await;
        self.show_state();
    }

    /// Has lanes looked at anew without delay.
    pub(super) fn look_again(&mut self) {
        self.shared.status.lock().halted.clear();
        self.next.discovery = 0;
    }

    fn note(&self, outcome: Result<()>) {
        let mut status = self.shared.status.lock();
        match outcome {
            Ok(()) => status.num_failures = 0,
            Err(Error::Cancelled(_)) => {}
            Err(error) => {
                let is_stream = matches!(error, Error::Unavailable(_) | Error::NotFound(_));
                status.failed(self.context.clock.now_ms(), &error.to_string(), is_stream);
            }
        }
    }

    /// Lanes that others hold now, or that were rebased, are no longer read.
    async fn let_lost_go(&mut self) {
        let lost = self.keeper.lost();
        if lost.is_empty() {
            return;
        }
        lost.iter().for_each(|lane| drop(self.taken.remove(lane)));
        self.keep_lanes();
        self.tell_all(&Command::Drop(lost));
        self.next.discovery = 0;
        self.context.handoff.lanes_changed(&self.datasource_id).await;
    }

    /// Ends of the log, and with them the lag.
    async fn fetch_offsets(&mut self) -> Result<()> {
        let (source, partitions) = (self.source.clone(), self.partitions.clone());
        let ends = self.shared.ask(move || {
            let end = |partition: &Partition| source.bounds(partition).map(|bounds| bounds.end);
            partitions
                .iter()
                .map(|partition| end(partition).map(|end| (partition.clone(), end)))
                .collect::<Result<Vec<_>, _>>()
        });
        let is_multi = self.spec.io.is_multi_topic();
        let latest: BTreeMap<String, i64> =
            ends.await?.into_iter().map(|(partition, end)| (partition_key(&partition, is_multi), end)).collect();
        self.wake_standing(&latest);
        let now_ms = self.context.clock.now_ms();
        let lag = {
            let mut status = self.shared.status.lock();
            if status.latest.as_ref() != Some(&latest) {
                self.last_growth_ms = now_ms;
            }
            status.latest = Some(latest);
            status.latest_at_ms = now_ms;
            status.lag(&self.spec).values().sum::<i64>()
        };
        let metrics = self.context.metrics.supervisor(&self.spec.id);
        metrics.lag_records.set(lag);
        let newest = self
            .groups
            .values()
            .filter_map(|group| group.board.with(|board| board.lanes.values().filter_map(|lane| lane.newest_ms).max()));
        metrics.lag_ms.set(if lag == 0 { 0 } else { newest.max().map_or(0, |newest| (now_ms - newest).max(0)) });
        Ok(())
    }

    /// Groups of which a lane has more to read and has not moved for long read through another connection.
    fn wake_standing(&mut self, latest: &BTreeMap<String, i64>) {
        let now_ms = self.context.clock.monotonic_ms();
        let stall_ms = u64::try_from(self.context.limits.stall.as_millis()).unwrap_or(u64::MAX);
        let is_multi = self.spec.io.is_multi_topic();
        let mut standing = BTreeMap::new();
        for group in self.groups.values() {
            let mut stalls = false;
            group.board.with(|board| {
                let reads = board.lanes.iter().filter(|(_, shown)| shown.trouble.is_none());
                for (lane, shown) in reads {
                    let end = latest.get(&partition_key(&shown.partition, is_multi));
                    if end.is_none_or(|end| *end <= shown.position) {
                        continue;
                    }
                    let known = self.standing.get(lane).filter(|(position, _)| *position == shown.position);
                    let since_ms = known.map_or(now_ms, |(_, since_ms)| *since_ms);
                    let is_long = now_ms.saturating_sub(since_ms) >= stall_ms;
                    stalls |= is_long;
                    standing.insert(lane.clone(), (shown.position, if is_long { now_ms } else { since_ms }));
                }
            });
            if stalls {
                tracing::warn!(supervisor = self.spec.id, "a lane has more to read and does not move");
                // A group that has ended is seen by its board.
                let _ = group.commands.send(Command::Rebuild);
            }
        }
        self.standing = standing;
    }

    fn show_state(&self) {
        let now_ms = self.context.clock.now_ms();
        let errors = self.groups.values().filter_map(|group| group.board.with(|board| board.source_error.clone()));
        let source_error = errors.max();
        let mut status = self.shared.status.lock();
        let lag: i64 = status.lag(&self.spec).values().sum();
        let is_idle = self
            .spec
            .io
            .idle
            .as_ref()
            .is_some_and(|idle| idle.enabled && lag == 0 && now_ms - self.last_growth_ms >= idle.inactive_after_ms);
        if status.num_failures >= 3 {
            return;
        }
        let state = match (status.halted.is_empty(), is_idle) {
            (false, _) => State::UnhealthyTasks,
            (true, true) => State::Idle,
            (true, false) => State::Running,
        };
        status.set(state);
        if let Some(error) = source_error {
            tracing::debug!(supervisor = self.spec.id, error, "the source does not answer");
        }
        let metrics = self.context.metrics.supervisor(&self.spec.id);
        metrics.lanes.set(i64::try_from(self.taken.len()).unwrap_or(i64::MAX));
        metrics.lanes_stopped.set(i64::try_from(status.halted.len()).unwrap_or(i64::MAX));
    }

    /// Takes note of lanes that their groups stopped reading.
    async fn look_at_lanes(&mut self) {
        let mut troubles = Vec::new();
        for group in self.groups.values() {
            group.board.with(|board| {
                let stopped = board.lanes.iter().filter_map(|(lane, shown)| {
                    shown.trouble.clone().map(|trouble| (lane.clone(), shown.partition.clone(), trouble))
                });
                troubles.extend(stopped.filter(|(_, _, trouble)| !matches!(trouble, Trouble::Paused(_))));
                board.lanes.retain(|_, shown| matches!(shown.trouble, None | Some(Trouble::Paused(_))));
            });
        }
        troubles.append(&mut self.held);
        for (lane, partition, trouble) in troubles {
            if matches!(trouble, Trouble::Halted(_)) && self.is_fresh(&partition) {
                self.held.push((lane, partition, trouble));
                continue;
            }
            let claim = self.taken.remove(&lane).map(|(claim, _)| claim);
            self.keep_lanes();
            self.next.discovery = 0;
            if let (Trouble::Halted(reason), Some(claim)) = (trouble, claim) {
                self.next.offsets = 0;
                self.halt(&claim, &partition, &reason).await;
            }
            self.context.handoff.lanes_changed(&self.datasource_id).await;
        }
    }

    /// Whether the task that reads `partition` has hardly been seen by anybody.
    fn is_fresh(&self, partition: &Partition) -> bool {
        let (group, now_ms) = (self.group_of(partition), self.context.clock.now_ms());
        let active = &self.shared.status.lock().active;
        active.iter().any(|task| task.group == group && now_ms - task.started_ms < SHOWN_MS)
    }

    /// Stops a lane until an operator has looked at it.
    pub(super) async fn halt(&mut self, claim: &LaneClaim, partition: &Partition, reason: &str) {
        tracing::error!(supervisor = self.spec.id, %partition, reason, "a lane is halted");
        let request = metastore::SetLane {
            lane: claim.lane.clone(),
            state: metastore::LaneState::Halted,
            reason: Some(reason.to_owned()),
            by: metastore::Authority::Owner(claim.clone()),
        };
        if let Err(refusal) = self.context.metastore.set_lane(&request).await.into_result() {
            tracing::warn!(%refusal, "the halt could not be recorded");
        }
        let key = partition_key(partition, self.spec.io.is_multi_topic());
        self.shared.status.lock().halted.insert(key, reason.to_owned());
        self.fail_group_of(partition, reason).await;
    }

    /// Which group reads a partition.
    pub(super) fn group_of(&self, partition: &Partition) -> i32 {
        let count = i32::try_from(self.partitions.len()).unwrap_or(i32::MAX).clamp(1, self.spec.io.task_count);
        let shift = match self.spec.io.is_multi_topic() {
            false => 0,
            true => partition.topic.bytes().fold(0i32, |sum, byte| sum.wrapping_mul(31).wrapping_add(i32::from(byte))),
        };
        partition.number.wrapping_add(shift).rem_euclid(count)
    }

    /// Gives lanes to their groups, which are made when they are needed.
    pub(super) async fn give(&mut self, grants: Vec<Grant>) -> Result<()> {
        let mut by_group: BTreeMap<i32, Vec<Grant>> = BTreeMap::new();
        for grant in grants {
            by_group.entry(self.group_of(&grant.partition)).or_default().push(grant);
        }
        for (no, grants) in by_group {
            for grant in &grants {
                self.taken.insert(grant.claim.lane.clone(), (grant.claim.clone(), grant.partition.clone()));
            }
            self.keep_lanes();
            if !self.groups.contains_key(&no) {
                let starts = grants
                    .iter()
                    .map(|grant| (partition_key(&grant.partition, self.spec.io.is_multi_topic()), grant.offset));
                let starts = starts.collect();
                self.start_group(no, starts).await?;
            }
            if let Some(group) = self.groups.get(&no) {
                // A group that has ended is seen by its board.
                let _ = group.commands.send(Command::Take(grants));
            }
        }
        self.context.handoff.lanes_changed(&self.datasource_id).await;
        Ok(())
    }

    pub(super) fn keep_lanes(&self) {
        self.keeper.keep(self.taken.values().map(|(claim, _)| claim.clone()).collect());
    }

    pub(super) fn tell_all(&self, command: &Command) {
        for group in self.groups.values() {
            // A group that has ended is seen by its board.
            let _ = group.commands.send(command.clone());
        }
    }

    /// Publishes everything that was read, then ends the groups.
    pub(super) async fn drain(&mut self) {
        self.tell_all(&Command::Drain);
        {
            let mut status = self.shared.status.lock();
            let is_multi = self.spec.io.is_multi_topic();
            for mut task in std::mem::take(&mut status.active) {
                task.ends = Some(current_offsets(&task, is_multi));
                status.publishing.push(task);
            }
        }
        while !self.groups.values().all(|group| group.board.with(|board| board.is_over)) {
            tokio::time::sleep(DRAIN_STEP).await;
            self.let_lost_go().await;
            self.finish_tasks().await;
        }
        self.finish_tasks().await;
        self.end().await;
    }

    /// Ends the groups at once; their tasks have failed.
    pub(super) async fn stop(&mut self, why: &str) {
        self.tell_all(&Command::Stop);
        while !self.groups.values().all(|group| group.board.with(|board| board.is_over)) {
            tokio::time::sleep(DRAIN_STEP).await;
        }
        let tasks: Vec<TaskRun> = {
            let mut status = self.shared.status.lock();
            let mut tasks = std::mem::take(&mut status.active);
            tasks.append(&mut status.publishing);
            tasks
        };
        for task in tasks {
            self.end_task(task, TaskEnd::Killed(why)).await;
        }
        self.end().await;
    }

    async fn end(&mut self) {
        self.groups.clear();
        self.joint = None;
        self.taken.clear();
        {
            let mut status = self.shared.status.lock();
            status.halted.clear();
            status.latest = None;
        }
        self.context.handoff.lanes_changed(&self.datasource_id).await;
    }

    /// The sources of this supervisor in the metastore, its datasource known by id.
    pub(super) async fn stored_lanes(&self, source_id: &str) -> Result<Vec<metastore::Lane>> {
        self.context.metastore.lanes(source_id).await.map_err(unavailable)
    }

    pub(super) fn task_payload(&self, task: &TaskRun) -> String {
        super::tasks::payload(&self.spec, task).unwrap_or_else(|| json!({})).to_string()
    }
}

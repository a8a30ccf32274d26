//! What a supervisor knows of itself, for those who ask.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use metastore::RowCounts;
use serde_json::{Value, json};

use super::report::Averages;
use crate::lane::Board;

/// States by Druid's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    Running,
    Idle,
    Suspended,
    Stopping,
    UnhealthySupervisor,
    UnhealthyTasks,
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            State::Pending => "PENDING",
            State::Running => "RUNNING",
            State::Idle => "IDLE",
            State::Suspended => "SUSPENDED",
            State::Stopping => "STOPPING",
            State::UnhealthySupervisor => "UNHEALTHY_SUPERVISOR",
            State::UnhealthyTasks => "UNHEALTHY_TASKS",
        }
    }

    fn is_healthy(self) -> bool {
        !matches!(self, State::UnhealthySupervisor | State::UnhealthyTasks)
    }
}

/// One task generation of one group.
#[derive(Debug, Clone)]
pub(super) struct TaskRun {
    pub(super) id: String,
    pub(super) group: i32,
    pub(super) started_ms: i64,
    /// Offsets it began at, by printed partition.
    pub(super) starts: BTreeMap<String, i64>,
    /// Offsets it ended at; absent while it reads.
    pub(super) ends: Option<BTreeMap<String, i64>>,
    pub(super) averages: Averages,
    pub(super) board: Arc<Board>,
    /// Whether clients see it; a generation that waits for its first record is not shown.
    pub(super) is_shown: bool,
}

impl TaskRun {
    fn has_rows(&self) -> bool {
        self.counts().processed > 0
    }

    pub(super) fn counts(&self) -> RowCounts {
        self.board.with(|board| board.counts.get(&self.id).copied().unwrap_or_default())
    }
}

/// Everything that answers are made of.
#[derive(Debug, Clone)]
pub(super) struct Status {
    pub(super) state: State,
    pub(super) detailed: &'static str,
    pub(super) num_partitions: usize,
    pub(super) active: Vec<TaskRun>,
    pub(super) publishing: Vec<TaskRun>,
    /// Ends of the log, by printed partition.
    pub(super) latest: Option<BTreeMap<String, i64>>,
    pub(super) latest_at_ms: i64,
    pub(super) errors: VecDeque<Value>,
    pub(super) num_failures: u32,
    /// Lanes that an operator has to look at, by printed partition.
    pub(super) halted: BTreeMap<String, String>,
}

const MAX_ERRORS: usize = 10;

impl Status {
    /// Whether a task that is shown has read rows.
    pub(super) fn has_rows(&self) -> bool {
        self.active.iter().chain(&self.publishing).any(TaskRun::has_rows)
    }

    pub(super) fn new() -> Status {
        Status {
            state: State::Pending,
            detailed: "PENDING",
            num_partitions: 0,
            active: Vec::new(),
            publishing: Vec::new(),
            latest: None,
            latest_at_ms: 0,
            errors: VecDeque::new(),
            num_failures: 0,
            halted: BTreeMap::new(),
        }
    }

    pub(super) fn is_healthy(&self) -> bool {
        self.state.is_healthy()
    }

    pub(super) fn set(&mut self, state: State) {
        self.state = state;
        self.detailed = state.name();
    }

    /// A failure of the source or of our own; several in a row make the supervisor unhealthy.
    pub(super) fn failed(&mut self, now_ms: i64, message: &str, is_stream: bool) {
        let class = if is_stream { "StreamException" } else { "SupervisorException" };
        self.errors.push_back(json!({
            "timestamp": timeline::instant::text(now_ms),
            "exceptionClass": class,
            "message": message,
            "streamException": is_stream,
        }));
        if self.errors.len() > MAX_ERRORS {
            self.errors.pop_front();
        }
        self.num_failures += 1;
        if self.num_failures >= 3 {
            let ran = self.latest.is_some();
            self.state = State::UnhealthySupervisor;
            self.detailed = match (is_stream, ran) {
                (true, true) => "LOST_CONTACT_WITH_STREAM",
                (true, false) => "UNABLE_TO_CONNECT_TO_STREAM",
                (false, _) => "UNHEALTHY_SUPERVISOR",
            };
        }
    }
}

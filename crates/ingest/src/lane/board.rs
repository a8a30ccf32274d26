//! What a task group shows of itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use metastore::{LaneId, RowCounts};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::parse::Reject;
use crate::source::Partition;

/// Why a lane is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It goes on by itself.
    Paused(&'static str),
    /// Somebody has to look at the source: the offset wanted is not in the log.
    OutOfRange,
    /// Everything above the committed offset was forgotten; the lane is to be taken anew.
    Forgotten(String),
    /// An operator is needed.
    Halted(String),
}

/// One lane.
#[derive(Debug, Clone)]
pub(crate) struct LaneBoard {
    pub(crate) partition: Partition,
    pub(crate) position: i64,
    pub(crate) newest_ms: Option<i64>,
    pub(crate) trouble: Option<Trouble>,
}

#[derive(Debug, Default)]
pub(crate) struct BoardState {
    pub(crate) lanes: BTreeMap<LaneId, LaneBoard>,
    /// Counters by task.
    pub(crate) counts: BTreeMap<String, RowCounts>,
    /// The task that reads now.
    pub(crate) current_task: String,
    /// Tasks of which something is not published.
    pub(crate) unpublished: BTreeSet<String>,
    /// The newest errors of records, and of which task.
    pub(crate) errors: VecDeque<(String, Value)>,
    /// The source does not answer.
    pub(crate) source_error: Option<String>,
    /// Publishing does not get on.
    pub(crate) publish_error: Option<String>,
    /// The thread has ended.
    pub(crate) is_over: bool,
}

/// Shared between the thread of a group and those who ask about it.
#[derive(Debug, Default)]
pub(crate) struct Board {
    state: Mutex<BoardState>,
}

impl Board {
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut BoardState) -> T) -> T {
        act(&mut self.state.lock())
    }

    /// Keeps errors of records for `parseErrors`.
    pub(crate) fn keep_errors(&self, task_id: &str, rejects: &[Reject], max_saved: usize, now_ms: i64) {
        if max_saved == 0 {
            return;
        }
        let mut state = self.state.lock();
        for reject in rejects {
            let Some(kind) = reject.error_type() else { continue };
            let entry = json!({
                "input": reject.input,
                "errorType": kind,
                "details": reject.details,
                "timeOfExceptionMillis": now_ms,
            });
            if state.errors.len() >= max_saved {
                state.errors.pop_front();
            }
            state.errors.push_back((task_id.to_owned(), entry));
        }
    }
}

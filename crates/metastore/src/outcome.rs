use serde::{Deserialize, Serialize};

use crate::records::{BundleState, LaneId};
use crate::{Error, ErrorKind};

/// What became of a verb. Closed: a caller matches every arm and never reads a message to decide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Outcome<T> {
    /// The facts were recorded by this call.
    Done(T),
    /// An earlier call with the same key and content recorded them.
    AlreadyDone(T),
    /// The caller lost its claim: forget everything above the committed state and reload.
    Fenced(Fence),
    /// A guard refused; nothing was recorded.
    Conflict(Conflict),
    /// Fate unknown. Ask again with the same key until a definite answer.
    Unavailable(Error),
}

/// Which claim was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Fence {
    #[error("lane {lane} is held under epoch {epoch} by {owner:?}")]
    Lane { lane: LaneId, epoch: i64, owner: Option<String> },
    #[error("job [{job_id}] is held under epoch {epoch} by [{worker}]")]
    Job { job_id: String, epoch: i64, worker: String },
    #[error("role [{role}] is led under epoch {epoch} by [{holder}]")]
    Leader { role: String, epoch: i64, holder: String },
}

/// Which guard refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum Conflict {
    /// The key was used before for other content: a bug in the caller, worth an alarm.
    #[error("{what} [{key}] was recorded before with other content")]
    OtherContent { what: String, key: String },
    /// The thing is there already.
    #[error("{what} [{key}] exists")]
    Exists { what: String, key: String },
    #[error("{what} [{key}] does not exist")]
    Missing { what: String, key: String },
    #[error("lane {lane} stands at {committed}, not at {asked}")]
    Offset { lane: LaneId, committed: i64, asked: i64 },
    /// The source was rebased; lanes of the old generation take nothing more.
    #[error("lane {lane} belongs to an old generation, the source is at {source_gen}")]
    Rebased { lane: LaneId, source_gen: i64 },
    /// indexed + filtered + late + dead + absent + skipped is not to - from.
    #[error("books of lane {lane} hold {booked} offsets, the range has {range}")]
    Books { lane: LaneId, booked: i64, range: i64 },
    #[error("segments weigh {segments}, the ledger {ledger}")]
    Weights { segments: i64, ledger: i64 },
    #[error("object [{bundle_id}] is {state:?}")]
    Bundle { bundle_id: String, state: Option<BundleState> },
    #[error("segment [{seg_id}] is not live")]
    NotLive { seg_id: String },
    /// `replace` would change a total.
    #[error("total of [{metric}] would change from {before} to {after}")]
    Totals { metric: String, before: String, after: String },
    /// A segment reaches beyond the intervals that are overwritten and was not rewritten.
    #[error("segment [{seg_id}] is only partly inside the intervals")]
    PartlyCovered { seg_id: String },
    #[error("{what} is at version {current}, not {expected}")]
    Version { what: String, current: i64, expected: i64 },
    #[error("object [{bundle_id}] may not be doomed yet: {why}")]
    TooEarly { bundle_id: String, why: String },
    #[error("role [{role}] is led by [{holder}] until {lease_until}")]
    Held { role: String, holder: String, lease_until: i64 },
    /// The request is wrong in itself.
    #[error("invalid {field}: {detail}")]
    Invalid { field: String, detail: String },
}

impl Conflict {
    /// True where only a bug can cause the conflict.
    pub fn is_alarm(&self) -> bool {
        matches!(
            self,
            Conflict::OtherContent { .. } | Conflict::Books { .. } | Conflict::Weights { .. } | Conflict::Totals { .. }
        )
    }
}

impl<T> Outcome<T> {
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Outcome::Done(value) => Outcome::Done(f(value)),
            Outcome::AlreadyDone(value) => Outcome::AlreadyDone(f(value)),
            Outcome::Fenced(fence) => Outcome::Fenced(fence),
            Outcome::Conflict(conflict) => Outcome::Conflict(conflict),
            Outcome::Unavailable(error) => Outcome::Unavailable(error),
        }
    }

    /// The recorded value, whether by this call or an earlier one.
    pub fn into_result(self) -> Result<T, Refusal> {
        match self {
            Outcome::Done(value) | Outcome::AlreadyDone(value) => Ok(value),
            Outcome::Fenced(fence) => Err(Refusal::Fenced(fence)),
            Outcome::Conflict(conflict) => Err(Refusal::Conflict(conflict)),
            Outcome::Unavailable(error) => Err(Refusal::Unavailable(error)),
        }
    }

    pub fn is_done(&self) -> bool {
        matches!(self, Outcome::Done(_) | Outcome::AlreadyDone(_))
    }
}

/// An outcome that recorded nothing, or nothing that is known.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    Fenced(Fence),
    #[error(transparent)]
    Conflict(Conflict),
    #[error(transparent)]
    Unavailable(Error),
}

impl Refusal {
    pub fn kind(&self) -> ErrorKind {
        match self {
            Refusal::Fenced(_) => ErrorKind::Fenced,
            Refusal::Conflict(Conflict::Invalid { .. }) => ErrorKind::Invalid,
            Refusal::Conflict(Conflict::Missing { .. }) => ErrorKind::NotFound,
            Refusal::Conflict(_) => ErrorKind::Conflict,
            Refusal::Unavailable(error) => error.kind(),
        }
    }
}

//! Facts that must survive: segments, offsets, allocations, specs, tasks, configuration.
//!
//! [`Metastore`] has one method per transaction. Guards and effects are written once, above four row
//! operations that SQLite, PostgreSQL and memory provide.

mod api;
#[cfg(test)]
mod conformance;
mod error;
pub mod fsck;
mod memory;
mod outcome;
mod reads;
mod records;
mod sql;
mod store;
mod table;
pub mod testing;
mod verbs;

pub use api::Metastore;
pub use error::{Error, ErrorKind, Result};
pub use memory::memory;
pub use outcome::{Conflict, Fence, Outcome, Refusal};
pub use reads::{Changes, LedgerFilter, LiveSet, TaskFilter, TaskSums};
pub use records::{
    Audit, Barrier, Books, Bundle, BundleKind, BundleState, Config, Cut, Datasource, DeadLetters, Gap, Job, JobClaim,
    JobKind, JobState, Lane, LaneClaim, LaneId, LaneState, Leader, LeaderClaim, Ledger, MetricSums, Reader, RemovedWhy,
    RowCounts, Segment, Snapshot, SnapshotKind, Source, Spec, SpecKind, Sum, Task, TaskLock, TaskStatus,
};
pub use sql::open;
pub use store::{Hook, Options};
pub use verbs::{
    Accept, Append, Assign, Authority, Claim, CreateTask, Doom, Forget, Hold, Intend, LaneCut, Lead, NameDatasource,
    NewBundle, NewDeadLetters, NewSegment, Open, PlaceBarrier, Publish, Published, Rebase, Rebased, Register, Removal,
    Renew, Renewed, Replace, ReplaceInputs, Replaced, Retire, SetConfig, SetLane, SetLocks, SetSpec, Skip, TakeJob,
    Undo, UpdateTask,
};

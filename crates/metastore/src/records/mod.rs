//! The facts: one file per record, each with its row form.

mod audit;
mod bundle;
mod codec;
mod config;
mod cut;
mod datasource;
mod dead_letters;
mod interval;
mod job;
mod lane;
mod leader;
mod ledger;
mod reader;
mod segment;
mod source;
mod spec;
mod sums;
mod task;

pub use audit::Audit;
pub use bundle::{Bundle, BundleKind, BundleState};
pub(crate) use codec::{Cells, Field, Record, Row, Value, record, words};
pub use config::Config;
pub use cut::{Cut, Snapshot, SnapshotKind};
pub use datasource::Datasource;
pub use dead_letters::DeadLetters;
pub(crate) use interval::IntervalCounter;
pub use job::{Job, JobClaim, JobKind, JobState};
pub use lane::{Lane, LaneClaim, LaneId, LaneState};
pub use leader::{Leader, LeaderClaim};
pub use ledger::{Books, Gap, Ledger, RowCounts};
pub use reader::Reader;
pub use segment::{RemovedWhy, Segment};
pub use source::Source;
pub use spec::{Barrier, Spec, SpecKind};
pub use sums::{MetricSums, Sum};
pub use task::{Task, TaskLock, TaskStatus};

#[cfg(test)]
mod tests;

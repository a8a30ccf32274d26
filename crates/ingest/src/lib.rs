//! Carries events from a source to a published segment, exactly once.

pub mod client_properties;
mod compaction;
mod context;
pub mod dead_letter;
mod error;
mod handoff;
mod lane;
mod live;
mod metrics;
pub mod parse;
mod publish;
pub mod source;
pub mod spec;
mod spill;
mod supervisor;
pub mod tasks;
pub mod transform;

pub use compaction::{Compactor, Merge, RunningMerge, RunningMerges, Tiers};
pub use context::{ConnectFn, EnvironmentFn, IngestContext, IngestLimits, NodeName, connect_kafka};
pub use error::{Error, Result};
pub use handoff::{Handoff, Publication};
pub use lane::{append_rows, rollup_schema};
pub use live::{LanePart, LivePart, LiveParts, MovedOn};
pub use metrics::{Counter, Gauge, Metrics, SupervisorMetrics};
pub use parse::{Interner, Outcome, ParsedBatch, Parser, RawBatch, RawRecord, Reason, Reject, RowStats};
pub use spec::DataSchema;
pub use supervisor::{Body, ListView, Reply, Settlement, Supervisors, Wishes};
pub use tasks::Tasks;

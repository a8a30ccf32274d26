//! When and which: instants, intervals, calendar buckets, segment ids. No I/O, and the time is
//! always given, never read. All instants are milliseconds since 1970-01-01T00:00Z in an `i64`.

mod calendar;
mod clock;
mod error;
pub mod granularity;
pub mod instant;
mod interval;
mod period;
mod segment_id;
mod shard_spec;
mod versions;
mod zone;

pub use clock::{Clock, ManualClock, Random, SeededRandom};
pub use error::{Error, Result};
pub use granularity::{Buckets, Granularity};
pub use instant::Timestamp;
pub use interval::{Interval, condense};
pub use period::Period;
pub use segment_id::SegmentId;
pub use shard_spec::ShardSpec;
pub use versions::{Timeline, Visible};
pub use zone::TimeZone;

//! Raw records into columns.

mod column;
mod interner;
mod raw;
mod reject;
mod stats;

pub use column::{NumberColumn, TextColumn};
pub use interner::{Interner, NULL_CODE, NotUtf8};
pub use raw::{RawBatch, RawRecord};
pub use reject::{Outcome, RAW_BYTES, Reason, Reject};
pub use stats::RowStats;

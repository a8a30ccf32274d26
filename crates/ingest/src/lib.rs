//! Carries events from a source to a published segment, exactly once.

mod error;
pub mod parse;

pub use error::{Error, Result};
pub use parse::{Interner, Outcome, RawBatch, RawRecord, Reason, Reject, RowStats};

//! Carries events from a source to a published segment, exactly once.

pub mod client_properties;
mod error;
pub mod parse;
pub mod spec;
pub mod transform;
pub mod source;

pub use error::{Error, Result};
pub use parse::{Interner, Outcome, ParsedBatch, Parser, RawBatch, RawRecord, Reason, Reject, RowStats};
pub use spec::DataSchema;

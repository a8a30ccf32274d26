//! Carries events from a source to a published segment, exactly once.

pub mod client_properties;
mod error;
pub mod parse;
pub mod source;
pub mod spec;
pub mod transform;

pub use error::{Error, Result};
pub use parse::{Interner, Outcome, ParsedBatch, Parser, RawBatch, RawRecord, Reason, Reject, RowStats};
pub use spec::DataSchema;

//! Raw records into columns.

mod auto;
mod batch;
mod cell;
mod column;
mod flatten;
mod formats;
mod interner;
mod json;
pub(crate) mod layout;
mod parser;
mod raw;
mod reject;
mod seen;
mod separated;
mod settle;
mod short;
mod slot;
mod stats;
#[cfg(test)]
pub(crate) mod tests;
mod values;

pub use batch::{ColumnView, ParsedBatch};
pub use cell::Cell;
pub use column::{NumberColumn, TextColumn};
pub use formats::{InputFormat, Reader, Row, Rows, parse_input_format};
pub use interner::{Interner, NULL_CODE, NotUtf8};
pub(crate) use json::tree::cell_of;
pub use parser::{MAX_RECORD_BYTES, Numbering, Parser};
pub use raw::{RawBatch, RawRecord};
pub use reject::{Outcome, RAW_BYTES, Reason, Reject};
pub use slot::MAX_VALUE_BYTES;
pub use stats::RowStats;

//! Partials into rows.

mod concat;
mod fill;
mod java_order;
mod keys;
mod print;
mod raw;
mod table;
mod values;

pub(crate) use concat::{WithNull, concat, of_printed};
pub(crate) use fill::{Bucket, all_start, buckets};
pub(crate) use keys::Keys;
pub(crate) use print::{EachRow, Objects, Stamp, array_row, millis};
pub(crate) use table::Table;
pub(crate) use values::{Values, print_json};

//! Nested data: the literals at each path of it as a column.
//!
//! A *literal* is a scalar or an array of scalars; what lies above it are objects, and arrays of more than scalars.
//! Documents are looked through once, when they are met first; each path to a literal gets values of its own type,
//! numbered by document.

mod fixed;
mod gather;
mod path_values;
mod walk;

pub(crate) use fixed::{FixedFields, counts_from_end, fields_of};
pub(crate) use gather::Gather;
pub(crate) use path_values::{Kept, PathValues};

use dialect::path::JsonPath;

use crate::ColumnRef;

/// The paths of a column of nested data that have columns of their own.
pub trait Fields: Send + Sync {
    /// These paths, in no special order.
    fn paths(&self) -> Vec<JsonPath>;

    /// The column of the literals at a path, null where there is none. It is of their type: long, double, string, or
    /// values where they are arrays or of several types.
    fn find(&self, path: &JsonPath) -> Field;

    /// Whether no other path leads to a literal.
    fn is_whole(&self) -> bool;
}

/// What is known of a path.
pub enum Field {
    Column(ColumnRef),
    /// No row has a literal there.
    Nothing,
    /// Only the documents can tell: the path has no column, or counts from an end.
    Unknown,
}

//! Reading JSON: a scanner directed by the schema for what events look like, and a tree for the rest.
//! Both give the same rows.

mod cursor;
mod depth;
mod escape;
mod expected;
mod nest;
pub(crate) mod number;
mod places;
mod scan;
#[cfg(test)]
mod tests;
pub(crate) mod tree;
mod values;

pub(crate) use cursor::Text;
pub(crate) use places::{Place, Places};
pub(crate) use scan::Scanner;

/// Levels of nesting that are read.
pub(crate) const MAX_DEPTH: usize = 64;

/// Fields that a row may have.
pub(crate) const MAX_FIELDS: usize = 10_000;

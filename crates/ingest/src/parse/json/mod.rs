//! Reading JSON: a scanner directed by the schema for what events look like, and a tree for the rest.
//! Both give the same rows.

mod cursor;
mod expected;
pub(crate) mod number;
mod scan;
mod skip;
#[cfg(test)]
mod tests;
pub(crate) mod tree;
mod walk;

pub(crate) use cursor::Text;
pub(crate) use scan::Scanner;
pub(crate) use walk::{Place, Places, Walk};

/// Levels of nesting that are read.
pub(crate) const MAX_DEPTH: usize = 64;

/// Fields that a row may have.
pub(crate) const MAX_FIELDS: usize = 10_000;

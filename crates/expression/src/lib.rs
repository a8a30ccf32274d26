//! One value, or one verdict, per row: filters, extraction functions, dimension specs, virtual columns and the
//! expression language. Everything is parsed once, bound to a segment and run a vector of rows at a time.

mod environment;
mod error;
pub mod expr;
mod java_format;
pub mod java_regex;
pub mod joda;
mod numbers;
mod verdict;
pub mod words;

pub use environment::{Environment, LookupMap, LookupResolver, NoLookups};
pub use error::{Error, Result};
pub use expr::{Columns, Expr, ExprType, Kind, Scalar, Vector};
pub use verdict::{Truth, Verdict};

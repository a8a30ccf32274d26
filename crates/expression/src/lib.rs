//! One value, or one verdict, per row: filters, extraction functions, dimension specs, virtual columns and the
//! expression language. Everything is parsed once, bound to a segment and run a vector of rows at a time.

mod aggregators;
mod by_codes;
mod columns;
mod dictionaries;
pub mod dimension_spec;
mod environment;
mod error;
pub mod expr;
pub mod extraction;
mod fields;
pub mod filter;
mod java_format;
pub mod java_regex;
pub mod joda;
mod json;
mod lookup;
mod numbers;
mod search_query;
mod steps;
mod timestamps;
mod values;
mod verdict;
pub mod virtual_columns;
pub mod words;

pub use aggregators::AGGREGATORS;
pub use dimension_spec::DimensionSpec;
pub use environment::{Environment, LookupResolver, NoLookups};
pub use error::{Error, Result};
pub use expr::{BoundExpr, Columns, Equalities, Equality, Expr, ExprType, Kind, Scalar, Vector};
pub use extraction::ExtractionFn;
pub use filter::{BoundFilter, Filter};
pub use lookup::{Lookup, LookupRef};
pub use search_query::SearchQuery;
pub use timestamps::{TIME_BOUNDS, TimestampFormat};
pub use values::plain as plain_column;
pub use verdict::{Truth, Verdict};
pub use virtual_columns::{ShownExpr, VirtualColumns, WithVirtual};

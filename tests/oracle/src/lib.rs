//! Queries answered one row after the other: slow, small, and easy to believe. A [`Case`] is drawn by chance: columns,
//! rows, how the rows are dealt to live and sealed segments, and a query of which every part can print itself as a
//! client writes it and work out what it means.

pub mod aggregate;
pub mod case;
pub mod chance;
pub mod computed;
pub mod dimension;
pub mod expression;
pub mod extraction;
pub mod filter;
pub mod granularity;
pub mod having;
pub mod kinds;
pub mod nested;
pub mod post;
pub mod query;
pub mod rows;
pub mod source;
pub mod store;
pub mod value;

pub use case::Case;

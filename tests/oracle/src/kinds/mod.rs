//! One file per kind of query.

pub mod boundary;
pub mod group_by;
pub mod metadata;
pub mod scan;
pub mod search;
pub mod timeseries;
pub mod top_n;

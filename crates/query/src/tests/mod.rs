//! Whole questions over rows in memory.

mod dealt;
mod first;
mod group_by;
mod joined;
mod joins;
mod leading;
mod live;
mod metadata;
mod problems;
mod scan;
mod shared;
mod sketches;
mod spills;
mod splits;
mod subqueries;
mod support;
mod timeseries;
mod top_n;

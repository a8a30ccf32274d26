//! Native batch: files into segments, appended or in place of what was there.

mod build;
mod census;
mod commit;
mod compact;
mod job;
mod part;
mod partition;
mod read;
mod repartition;
mod report;
mod reshape;
mod rewrite;
mod scratch;
mod spec;
mod stored_keys;
#[cfg(test)]
mod tests;
mod tuning;

pub(crate) use build::build;
pub(crate) use commit::commit;
pub(crate) use compact::{CompactSpec, compact};
pub(crate) use job::call;
pub(crate) use read::read_lines;
pub(crate) use report::{Phase, Report};
pub(crate) use scratch::Scratch;
pub(crate) use spec::BatchSpec;
pub(crate) use stored_keys::codes;
pub(crate) use tuning::Tuning;

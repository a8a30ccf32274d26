//! Reading records by Kafka's own protocol, without a driver in between: what a broker sends is read into a page,
//! and the records are decoded where they lie.
//!
//! The driver still answers questions about topics and offsets, and reads where this client does not: other security
//! than none, brokers before 2.3, logs of the older formats, readers that follow a replica. [`WireReader`] says
//! [`NotCovered`] then, at any time.

mod aborted;
mod answer;
mod bytes;
mod compression;
mod connection;
mod leaders;
mod messages;
mod pages;
mod reader;
mod records;
mod settings;
mod track;

pub use answer::records_of_answer;
pub(super) use reader::{NotCovered, WireReader};
pub(super) use settings::Settings;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) use tests::real_clock;

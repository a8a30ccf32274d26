//! Drives the real binary from outside: a store that can be killed, brokers whose log outlives it, a producer
//! that knows its own totals.

mod broker;
mod events;
mod kafka;
mod producer;
mod program;
mod spec;
mod store;
mod totals;
mod wait;

pub use broker::MockBroker;
pub use events::{Event, event, poison};
pub use kafka::Kafka;
pub use producer::{Producer, TransactionalProducer};
pub use program::{Told, run_within};
pub use spec::{DATASOURCE, Spec, TOPIC};
pub use store::{Running, Store};
pub use totals::{Sums, Totals};
pub use wait::{PATIENCE, until, until_by};

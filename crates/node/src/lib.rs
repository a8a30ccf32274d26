//! Doors and roles of one process: HTTP, command line, configuration, the pool, the quickstart.

mod admission;
pub mod cli;
mod clock;
pub mod config;
mod context;
mod data_dir;
mod http;
mod life;
mod logging;
mod lookups;
mod memory;
mod pool;
mod queries;
pub mod quickstart;
mod roles;
pub mod serve;
mod serving;
mod task_set;
mod vitals;

pub use context::{NodeContext, StartError};
pub use life::{Node, NodeOptions};
pub use pool::Slice;

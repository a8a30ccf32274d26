//! Lookups: what clients registered, and the contents that queries of this process see.

pub mod book;
mod kinds;
mod registry;
mod spec;

pub use kinds::World;
pub use registry::{Loaded, Registry};
pub use spec::{LookupSpec, version_of};

/// The tier that every process belongs to.
pub const TIER: &str = "__default";

//! Who serves what: the sealed segments and the lanes of every datasource as of one snapshot, and the rows that a
//! query reads of them.
//!
//! ```text
//! Loader::refresh(datasource)      metastore -> segments opened -> a new View, swapped in at once
//! Inventory::view(datasource)      the View of now
//! Binding::next(view)              the small segments that are worth binding into a Volume
//! Moment::new(inventory, leaf)     query::Sources for one query: every row once, and what it covers
//! ```

mod covers;
mod inventory;
mod leaf;
mod loader;
mod moment;
mod view;
mod volumes;

pub use covers::{Covers, SourceCovers};
pub use inventory::Inventory;
pub use leaf::{LeafClient, LivePart, LiveRows, MovedOn};
pub use loader::{LoadError, Loader, Open};
pub use moment::Moment;
pub use view::{Floor, Sealed, View};
pub use volumes::{Binding, Volume, Volumes};

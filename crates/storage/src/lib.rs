//! Bytes that must survive: objects in deep storage, and what a node keeps on its own disk.

mod cache;
mod deep;
mod disk;
mod error;
pub mod fail;
pub mod layout;

pub use cache::{BuildError, Pinned, SegmentCache, Wanted};
pub use deep::{DeepStorage, Stored, sha256_hex};
pub use disk::{Disk, DiskFault, FaultyDisk, RealDisk, RelativePath};
pub use error::{Error, ErrorKind, Result};

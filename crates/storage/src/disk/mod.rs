//! A node's own disk below one directory, behind a trait so that tests can make it fail.

mod faulty;
mod path;
mod real;

use std::path::{Path, PathBuf};

use crate::Result;

pub use faulty::{DiskFault, FaultyDisk};
pub use path::RelativePath;
pub use real::RealDisk;

/// Files below one root. Writes are whole files or appends; nothing is durable before it is synced.
pub trait Disk: Send + Sync {
    fn root(&self) -> &Path;
    /// Makes a directory and its parents.
    fn create_dir(&self, path: &RelativePath) -> Result<()>;
    /// Makes a new file with these bytes; one that is there is an error.
    fn create(&self, path: &RelativePath, bytes: &[u8]) -> Result<()>;
    /// Writes at the end of a file, making it when absent.
    fn append(&self, path: &RelativePath, bytes: &[u8]) -> Result<()>;
    /// Makes the bytes of a file survive a power loss.
    fn sync(&self, path: &RelativePath) -> Result<()>;
    /// Makes the names in a directory survive a power loss; an empty path is the root.
    fn sync_dir(&self, path: &RelativePath) -> Result<()>;
    /// Gives a file another name, replacing what has it.
    fn rename(&self, from: &RelativePath, to: &RelativePath) -> Result<()>;
    fn read(&self, path: &RelativePath) -> Result<Vec<u8>>;
    fn size(&self, path: &RelativePath) -> Result<u64>;
    /// Cuts a file to a length.
    fn truncate(&self, path: &RelativePath, size: u64) -> Result<()>;
    /// Removes a file; one that is absent is removed already.
    fn remove(&self, path: &RelativePath) -> Result<()>;
    /// Removes a directory with all below it.
    fn remove_dir(&self, path: &RelativePath) -> Result<()>;
    /// Names in a directory, sorted; an absent directory is empty.
    fn list(&self, path: &RelativePath) -> Result<Vec<String>>;
    /// Bytes that can still be written.
    fn free(&self) -> Result<u64>;

    /// Where a file is, for memory mapping and for writers that want a path.
    fn locate(&self, path: &RelativePath) -> PathBuf {
        path.below(self.root())
    }

    /// Writes a file so that it is there whole or not at all, whenever the power goes.
    fn write_atomic(&self, path: &RelativePath, bytes: &[u8]) -> Result<()> {
        let temporary = path.with_suffix(".tmp");
        self.remove(&temporary)?;
        self.create(&temporary, bytes)?;
        self.sync(&temporary)?;
        self.rename(&temporary, path)?;
        self.sync_dir(&path.parent())
    }
}

#[cfg(test)]
mod tests;

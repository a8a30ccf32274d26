//! The data directory: one process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// The directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    #[error("data directory {path}: {why}")]
    Unusable { path: PathBuf, why: std::io::Error },
    #[error("data directory {path} is in use by {holder}")]
    InUse { path: PathBuf, holder: String },
}

/// A directory that this process alone uses, until it is dropped.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory when it is absent and takes it. `holder` is what a second process is told.
    pub fn take(path: &Path, holder: &str) -> Result<Self, DataDirError> {
        let unusable = |why| DataDirError::Unusable { path: path.to_path_buf(), why };
        std::fs::create_dir_all(path).map_err(unusable)?;
        let path = path.canonicalize().map_err(unusable)?;
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join("dolmen.lock"))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(why)) => return Err(unusable(why)),
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                lock.read_to_string(&mut text).map_err(unusable)?;
                let holder = text.lines().next().unwrap_or("another process").to_string();
                return Err(DataDirError::InUse { path, holder });
            }
        }
        lock.set_len(0).and_then(|()| lock.rewind()).map_err(unusable)?;
        writeln!(lock, "{holder}").map_err(unusable)?;
        Ok(Self { path, _lock: lock })
    }

    /// Who this node is among others: made at the first start, the same ever after.
    pub fn node_id(&self) -> Result<String, DataDirError> {
        let file = self.path.join("node-id");
        let unusable = |why| DataDirError::Unusable { path: file.clone(), why };
        match std::fs::read_to_string(&file) {
            Ok(id) if !id.trim().is_empty() => return Ok(id.trim().to_string()),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(unusable(error)),
        }
        let id = uuid::Uuid::new_v4().to_string();
        std::fs::write(&file, &id).map_err(unusable)?;
        Ok(id)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_taker_is_told_who_has_it() {
        let dir = tempfile::tempdir().expect("a directory");
        let held = DataDir::take(dir.path(), "process 7").expect("free");
        let id = held.node_id().expect("an id");
        assert_eq!(held.node_id().expect("the same"), id);
        let error = DataDir::take(dir.path(), "process 8").expect_err("taken");
        assert!(error.to_string().ends_with("is in use by process 7"), "{error}");
        drop(held);
        DataDir::take(dir.path(), "process 8").expect("free again");
    }
}

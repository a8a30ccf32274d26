//! Images on the local disk, for as long as a task reads them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use segment::SegmentRef;
use storage::{Disk, RelativePath};
use timeline::SegmentId;

use crate::publish::image;
use crate::{Error, Result};

const DIRECTORY: &str = "batch";

/// Where a task keeps what does not fit in memory. Files lose their names as soon as they are mapped, so that
/// nothing is left behind however the task ends.
pub(crate) struct Scratch {
    disk: Arc<dyn Disk>,
    directory: RelativePath,
    prefix: String,
    next: AtomicU64,
}

impl Scratch {
    pub(crate) fn new(disk: Arc<dyn Disk>, task_id: &str) -> Result<Scratch> {
        let directory = RelativePath::new(DIRECTORY).map_err(failed)?;
        disk.create_dir(&directory).map_err(failed)?;
        let prefix = storage::sha256_hex(task_id.as_bytes());
        Ok(Scratch { disk, directory, prefix, next: AtomicU64::new(0) })
    }

    /// Removes what an earlier life of the process may have left. No task may be running.
    pub(crate) fn clear(disk: &dyn Disk) -> Result<()> {
        let directory = RelativePath::new(DIRECTORY).map_err(failed)?;
        match disk.list(&directory).map_err(failed)?.is_empty() {
            true => Ok(()),
            false => disk.remove_dir(&directory).map_err(failed),
        }
    }

    /// Writes an image and maps it.
    pub(crate) fn keep(&self, image: &[u8], id: SegmentId) -> Result<SegmentRef> {
        let path = self.write(image)?;
        let opened = image::open(&self.disk.locate(&path), id);
        self.disk.remove(&path).map_err(failed)?;
        opened
    }

    /// The rows of a sealed file, mapped.
    pub(crate) fn unseal(&self, bytes: &[u8], id: SegmentId) -> Result<SegmentRef> {
        let path = self.write(bytes)?;
        let image = image::of_sealed(&self.disk.locate(&path));
        self.disk.remove(&path).map_err(failed)?;
        self.keep(&image?, id)
    }

    fn write(&self, bytes: &[u8]) -> Result<RelativePath> {
        let name = format!("{}-{}", self.prefix, self.next.fetch_add(1, Ordering::Relaxed));
        let path = self.directory.join(&name).map_err(failed)?;
        self.disk.create(&path, bytes).map_err(failed)?;
        Ok(path)
    }
}

fn failed(error: storage::Error) -> Error {
    Error::Unavailable(error.to_string())
}

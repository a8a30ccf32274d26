use std::io;
use std::path::Path;
use std::sync::Mutex;

use crate::disk::{Disk, RelativePath};
use crate::{Error, Result};

/// What goes wrong with one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFault {
    /// No room; nothing is written.
    Full,
    /// The device fails; nothing is written.
    Broken,
    /// This many bytes are written, then the device fails.
    Torn(usize),
}

/// A disk on top of another whose changes fail as planned.
pub struct FaultyDisk<D> {
    inner: D,
    plan: Mutex<Plan>,
}

#[derive(Default)]
struct Plan {
    /// Changes until the fault, and the fault.
    fault: Option<(u32, DiskFault)>,
    /// Fails every change from then on.
    is_lasting: bool,
    num_changes: u32,
    free: Option<u64>,
}

impl<D: Disk> FaultyDisk<D> {
    pub fn new(inner: D) -> Self {
        Self { inner, plan: Mutex::new(Plan::default()) }
    }

    /// Lets `after` changes (creates, appends, syncs, renames, removals) pass, then fails one.
    pub fn fail(&self, after: u32, fault: DiskFault) {
        let mut plan = self.plan();
        plan.fault = Some((after, fault));
        plan.is_lasting = false;
    }

    /// As `fail`, but every later change fails too, until `heal`.
    pub fn fail_from(&self, after: u32, fault: DiskFault) {
        let mut plan = self.plan();
        plan.fault = Some((after, fault));
        plan.is_lasting = true;
    }

    pub fn heal(&self) {
        let mut plan = self.plan();
        plan.fault = None;
        plan.free = None;
    }

    /// Says that so many bytes are free.
    pub fn set_free(&self, bytes: u64) {
        self.plan().free = Some(bytes);
    }

    /// Changes asked for so far, so that a test can fail each in turn.
    pub fn num_changes(&self) -> u32 {
        self.plan().num_changes
    }

    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn next_fault(&self) -> Option<DiskFault> {
        let mut plan = self.plan();
        plan.num_changes += 1;
        let (after, fault) = plan.fault?;
        if after > 0 {
            plan.fault = Some((after - 1, fault));
            return None;
        }
        if !plan.is_lasting {
            plan.fault = None;
        }
        Some(fault)
    }

    fn error(&self, path: &RelativePath, fault: DiskFault) -> Error {
        let kind = match fault {
            DiskFault::Full => io::ErrorKind::StorageFull,
            DiskFault::Broken | DiskFault::Torn(_) => io::ErrorKind::Other,
        };
        Error::io(&self.locate(path), io::Error::new(kind, format!("{fault:?}")))
    }

    fn change(&self, path: &RelativePath, act: impl FnOnce() -> Result<()>) -> Result<()> {
        match self.next_fault() {
            None => act(),
            Some(fault) => Err(self.error(path, fault)),
        }
    }

    fn write(&self, path: &RelativePath, bytes: &[u8], act: impl FnOnce(&[u8]) -> Result<()>) -> Result<()> {
        match self.next_fault() {
            None => act(bytes),
            Some(DiskFault::Torn(kept)) => {
                act(&bytes[..kept.min(bytes.len())])?;
                Err(self.error(path, DiskFault::Torn(kept)))
            }
            Some(fault) => Err(self.error(path, fault)),
        }
    }
}

impl<D: Disk> Disk for FaultyDisk<D> {
    fn root(&self) -> &Path {
        self.inner.root()
    }

    fn create_dir(&self, path: &RelativePath) -> Result<()> {
        self.change(path, || self.inner.create_dir(path))
    }

    fn create(&self, path: &RelativePath, bytes: &[u8]) -> Result<()> {
        self.write(path, bytes, |bytes| self.inner.create(path, bytes))
    }

    fn append(&self, path: &RelativePath, bytes: &[u8]) -> Result<()> {
        self.write(path, bytes, |bytes| self.inner.append(path, bytes))
    }

    fn sync(&self, path: &RelativePath) -> Result<()> {
        self.change(path, || self.inner.sync(path))
    }

    fn sync_dir(&self, path: &RelativePath) -> Result<()> {
        self.change(path, || self.inner.sync_dir(path))
    }

    fn rename(&self, from: &RelativePath, to: &RelativePath) -> Result<()> {
        self.change(from, || self.inner.rename(from, to))
    }

    fn read(&self, path: &RelativePath) -> Result<Vec<u8>> {
        self.inner.read(path)
    }

    fn size(&self, path: &RelativePath) -> Result<u64> {
        self.inner.size(path)
    }

    fn truncate(&self, path: &RelativePath, size: u64) -> Result<()> {
        self.change(path, || self.inner.truncate(path, size))
    }

    fn remove(&self, path: &RelativePath) -> Result<()> {
        self.change(path, || self.inner.remove(path))
    }

    fn remove_dir(&self, path: &RelativePath) -> Result<()> {
        self.change(path, || self.inner.remove_dir(path))
    }

    fn list(&self, path: &RelativePath) -> Result<Vec<String>> {
        self.inner.list(path)
    }

    fn free(&self) -> Result<u64> {
        match self.plan().free {
            Some(bytes) => Ok(bytes),
            None => self.inner.free(),
        }
    }
}

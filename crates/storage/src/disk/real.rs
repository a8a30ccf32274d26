use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, RelativePath};
use crate::{Error, Result};

/// The disk of this machine.
#[derive(Debug)]
pub struct RealDisk {
    root: PathBuf,
}

impl RealDisk {
    /// Makes the root when it is absent.
    pub fn open(root: &Path) -> Result<Self> {
        fs::create_dir_all(root).map_err(|cause| Error::io(root, cause))?;
        let root = root.canonicalize().map_err(|cause| Error::io(root, cause))?;
        Ok(Self { root })
    }

    fn at<T>(&self, path: &RelativePath, act: impl FnOnce(&Path) -> std::io::Result<T>) -> Result<T> {
        let path = self.locate(path);
        act(&path).map_err(|cause| Error::io(&path, cause))
    }
}

/// Refuses to follow a link that somebody put in place of the file.
fn no_links(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NOFOLLOW);
    }
    options
}

impl Disk for RealDisk {
    fn root(&self) -> &Path {
        &self.root
    }

    fn create_dir(&self, path: &RelativePath) -> Result<()> {
        self.at(path, |path| fs::create_dir_all(path))
    }

    fn create(&self, path: &RelativePath, bytes: &[u8]) -> Result<()> {
        self.at(path, |path| no_links(OpenOptions::new().write(true).create_new(true)).open(path)?.write_all(bytes))
    }

    fn append(&self, path: &RelativePath, bytes: &[u8]) -> Result<()> {
        self.at(path, |path| no_links(OpenOptions::new().append(true).create(true)).open(path)?.write_all(bytes))
    }

    fn sync(&self, path: &RelativePath) -> Result<()> {
        self.at(path, |path| no_links(OpenOptions::new().read(true).write(true)).open(path)?.sync_all())
    }

    fn sync_dir(&self, path: &RelativePath) -> Result<()> {
        self.at(path, |path| File::open(path)?.sync_all())
    }

    fn rename(&self, from: &RelativePath, to: &RelativePath) -> Result<()> {
        let to = self.locate(to);
        self.at(from, |from| fs::rename(from, &to))
    }

    fn read(&self, path: &RelativePath) -> Result<Vec<u8>> {
        use std::io::Read;
        self.at(path, |path| {
            let mut bytes = Vec::new();
            no_links(OpenOptions::new().read(true)).open(path)?.read_to_end(&mut bytes)?;
            Ok(bytes)
        })
    }

    fn size(&self, path: &RelativePath) -> Result<u64> {
        self.at(path, |path| Ok(fs::symlink_metadata(path)?.len()))
    }

    fn truncate(&self, path: &RelativePath, size: u64) -> Result<()> {
        self.at(path, |path| no_links(OpenOptions::new().write(true)).open(path)?.set_len(size))
    }

    fn remove(&self, path: &RelativePath) -> Result<()> {
        self.at(path, |path| match fs::remove_file(path) {
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(()),
            other => other,
        })
    }

    fn remove_dir(&self, path: &RelativePath) -> Result<()> {
        self.at(path, |path| match fs::remove_dir_all(path) {
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(()),
            other => other,
        })
    }

    fn list(&self, path: &RelativePath) -> Result<Vec<String>> {
        self.at(path, |path| {
            let entries = match fs::read_dir(path) {
                Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
                other => other?,
            };
            let mut names = Vec::new();
            for entry in entries {
                // A name that is not text was not made here.
                names.extend(entry?.file_name().into_string());
            }
            names.sort();
            Ok(names)
        })
    }

    fn free(&self) -> Result<u64> {
        free_bytes(&self.root).map_err(|cause| Error::io(&self.root, cause))
    }
}

#[cfg(unix)]
#[allow(clippy::unnecessary_cast)] // The fields are narrower on some systems.
fn free_bytes(path: &Path) -> std::io::Result<u64> {
    use std::os::unix::ffi::OsStrExt;
    let path = std::ffi::CString::new(path.as_os_str().as_bytes())?;
    let mut stats = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the path ends in NUL and the buffer is of the type that the call fills.
    let status = unsafe { libc::statvfs(path.as_ptr(), stats.as_mut_ptr()) };
    if status != 0 {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so it filled the buffer.
    let stats = unsafe { stats.assume_init() };
    Ok((stats.f_bavail as u64).saturating_mul(stats.f_frsize as u64))
}

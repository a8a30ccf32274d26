//! Opening a file below a directory so that no symbolic link leads elsewhere.

use std::fs::File;
use std::io;
use std::path::{Component, Path};

/// Opens `below`, a relative path, inside `directory`. A symbolic link on the way is an error, and so is
/// anything but a plain file at its end.
pub(super) fn open_below(directory: &Path, below: &Path) -> io::Result<File> {
    let mut path = directory.to_owned();
    for part in below.components() {
        match part {
            Component::Normal(name) => path.push(name),
            _ => return Err(io::Error::other("the path leaves its directory")),
        }
        if path.symlink_metadata()?.file_type().is_symlink() {
            return Err(io::Error::other("the path has become a symbolic link"));
        }
    }
    let file = open_plain(&path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a plain file"));
    }
    Ok(file)
}

#[cfg(unix)]
fn open_plain(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // Neither follows a link that took the file's place nor waits for the writer of a pipe.
    let flags = if cfg!(target_os = "linux") { 0o400_000 | 0o4_000 } else { 0x100 | 0x4 };
    std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open_plain(path: &Path) -> io::Result<File> {
    File::open(path)
}

use std::fmt;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Longest path and longest name in it, in bytes.
const MAX_PATH: usize = 1024;
const MAX_NAME: usize = 255;

/// A path that cannot lead out of its root: plain names joined by `/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelativePath(String);

fn is_plain(name: &str) -> bool {
    let refused = |c: char| c.is_control() || matches!(c, '/' | '\\' | ':' | '%' | '*' | '?' | '"' | '<' | '>' | '|');
    !name.is_empty() && name.len() <= MAX_NAME && !name.starts_with('.') && !name.chars().any(refused)
}

impl RelativePath {
    /// Fails when a name is empty, starts with a dot, is too long, or holds a character with a meaning
    /// in paths of any system.
    pub fn new(text: &str) -> Result<Self> {
        if text.len() <= MAX_PATH && text.split('/').all(is_plain) {
            return Ok(Self(text.to_owned()));
        }
        let (what, text) = ("path", text.chars().take(80).collect());
        Err(Error::Invalid { what, text, why: "names in a path are plain".to_owned() })
    }

    /// The root itself.
    pub fn root() -> Self {
        Self(String::new())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path of a name in this directory.
    pub fn join(&self, name: &str) -> Result<Self> {
        if self.0.is_empty() { Self::new(name) } else { Self::new(&format!("{}/{name}", self.0)) }
    }

    pub fn parent(&self) -> Self {
        self.0.rsplit_once('/').map_or_else(Self::root, |(parent, _)| Self(parent.to_owned()))
    }

    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    pub(crate) fn with_suffix(&self, suffix: &str) -> Self {
        Self(format!("{}{suffix}", self.0))
    }

    pub(crate) fn below(&self, root: &Path) -> PathBuf {
        let mut path = root.to_owned();
        path.extend(self.0.split('/').filter(|name| !name.is_empty()));
        path
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

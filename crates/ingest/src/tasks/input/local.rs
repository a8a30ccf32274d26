//! `local`: files below the directories that the configuration allows.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::open_below::open_below;
use super::{InputFile, InputSource, Kind, Reach, unpacked};
use crate::spec::fields::Fields;
use crate::{Error, Result};

pub(super) static KIND: Kind = Kind { tag: "local", parse };

/// Files that one source may name, and levels of directories below `baseDir`.
const MAX_FILES: usize = 100_000;
const MAX_LEVELS: usize = 32;

#[derive(Debug)]
struct Local {
    base_dir: Option<PathBuf>,
    filter: Option<String>,
    files: Vec<PathBuf>,
}

fn parse(fields: &Fields<'_>) -> Result<Arc<dyn InputSource>> {
    let base_dir = fields.text("baseDir")?.filter(|text| !text.is_empty()).map(PathBuf::from);
    let files: Vec<PathBuf> = fields.texts("files")?.unwrap_or_default().into_iter().map(PathBuf::from).collect();
    let filter = fields.text("filter")?;
    match (&base_dir, files.is_empty()) {
        (None, true) => return Err(fields.wrong("baseDir", "either baseDir and filter or files is required")),
        (Some(_), false) => return Err(fields.wrong("files", "must not be given together with baseDir")),
        _ => {}
    }
    if base_dir.is_some() && filter.is_none() {
        return Err(fields.wrong("filter", "is required with baseDir"));
    }
    for path in base_dir.iter().chain(&files) {
        let plain = |part: std::path::Component<'_>| !matches!(part, std::path::Component::ParentDir);
        if path.to_string_lossy().contains('\0') || !path.components().all(plain) {
            return Err(fields.wrong("baseDir", format!("path [{}] must not contain [..]", path.display())));
        }
    }
    Ok(Arc::new(Local { base_dir, filter, files }))
}

impl InputSource for Local {
    fn to_json(&self) -> Value {
        match &self.base_dir {
            Some(base) => json!({"type": "local", "baseDir": base, "filter": self.filter}),
            None => json!({"type": "local", "files": self.files}),
        }
    }

    fn files(&self, reach: &Reach) -> Result<Vec<InputFile>> {
        let mut paths = Vec::new();
        match &self.base_dir {
            None => paths.extend(self.files.iter().cloned()),
            Some(base) => {
                // Like a glob: a directory that is not there has no files.
                let Ok(real) = base.canonicalize() else { return Ok(Vec::new()) };
                allowed(&real, reach)?;
                let mut tree = Tree { filter: self.filter.as_deref().unwrap_or("*"), reach, on_way: Vec::new(), paths };
                tree.walk(&real)?;
                paths = tree.paths;
                paths.sort();
            }
        }
        paths.into_iter().map(|path| file(path, reach)).collect()
    }
}

/// The allowed directory that a path lies below, and its way from there. Symbolic links are resolved.
fn allowed(path: &Path, reach: &Reach) -> Result<(PathBuf, PathBuf)> {
    let real = path.canonicalize().map_err(|error| Error::io(format!("cannot open [{}]", path.display()), error))?;
    for directory in &reach.allowed_directories {
        let Ok(directory) = directory.canonicalize() else { continue };
        if let Ok(below) = real.strip_prefix(&directory) {
            return Ok((directory, below.to_owned()));
        }
    }
    let verb = if real == path { "is" } else { "leads to what is" };
    Err(refused(path, &format!("{verb} not below a directory of ingest.allowed_directories")))
}

/// The files of a directory whose names match. Symbolic links are followed as long as they lead to what is allowed;
/// others are refused, since leaving them out in silence would pass for having no such file.
struct Tree<'a> {
    filter: &'a str,
    reach: &'a Reach,
    /// Directories that the present one lies in, links resolved.
    on_way: Vec<PathBuf>,
    paths: Vec<PathBuf>,
}

impl Tree<'_> {
    fn walk(&mut self, directory: &Path) -> Result<()> {
        let failed = |error| Error::io(format!("cannot list [{}]", directory.display()), error);
        let real = directory.canonicalize().map_err(failed)?;
        if self.on_way.contains(&real) {
            return Err(refused(directory, "leads back to a directory that it lies in"));
        }
        if self.on_way.len() > MAX_LEVELS {
            return Err(refused(directory, &format!("lies more than {MAX_LEVELS} levels deep")));
        }
        self.on_way.push(real);
        for entry in fs::read_dir(directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            self.take(&entry.path(), entry.file_type().map_err(failed)?, &entry.file_name().to_string_lossy())?;
        }
        self.on_way.pop();
        Ok(())
    }

    fn take(&mut self, path: &Path, kind: fs::FileType, name: &str) -> Result<()> {
        let is_match = matches(self.filter.as_bytes(), name.as_bytes());
        if !kind.is_symlink() {
            return match kind {
                kind if kind.is_dir() => self.walk(path),
                kind if kind.is_file() && is_match => self.add(path),
                _ if is_match => Err(refused(path, "is no plain file")),
                _ => Ok(()),
            };
        }
        match fs::metadata(path) {
            Ok(target) if target.is_dir() => {
                allowed(path, self.reach)?;
                self.walk(path)
            }
            _ if !is_match => Ok(()),
            Ok(target) if target.is_file() => {
                allowed(path, self.reach)?;
                self.add(path)
            }
            Ok(_) => Err(refused(path, "leads to no plain file")),
            Err(error) => Err(Error::io(format!("cannot follow [{}]", path.display()), error)),
        }
    }

    fn add(&mut self, path: &Path) -> Result<()> {
        self.paths.push(path.to_owned());
        match self.paths.len() {
            found if found > MAX_FILES => {
                let (what, found) = ("number of files".to_owned(), found as u64);
                Err(Error::LimitExceeded { what, found, limit: MAX_FILES as u64 })
            }
            _ => Ok(()),
        }
    }
}

fn refused(path: &Path, why: &str) -> Error {
    Error::invalid("ioConfig.inputSource.baseDir", format!("[{}] {why}", path.display()))
}

fn file(path: PathBuf, reach: &Reach) -> Result<InputFile> {
    let (directory, below) = allowed(&path, reach)?;
    let name = path.display().to_string();
    let shown = name.clone();
    let open = Box::new(move || {
        let file =
            open_below(&directory, &below).map_err(|error| Error::io(format!("cannot open [{shown}]"), error))?;
        unpacked(&shown, Box::new(file))
    });
    Ok(InputFile { name, open })
}

/// Whether a name matches a pattern of `*` (any text) and `?` (any byte).
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, n));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((after, at)) => {
                    star = Some((after, at + 1));
                    p = after;
                    n = at + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_globs_do() {
        for (pattern, name, wanted) in [
            ("*", "a.json", true),
            ("*.json", "a.json", true),
            ("*.json", "a.jsonl", false),
            ("a?c*", "abcd", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), wanted, "{pattern} {name}");
        }
    }
}

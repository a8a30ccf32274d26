//! Input sources of batch tasks: one file each, and this list.

mod http;
mod inline;
mod local;
mod open_below;
#[cfg(test)]
mod tests;

use std::fmt::Debug;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use crate::spec::fields::Fields;
use crate::{Error, Result};

/// What tasks may reach.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Directories below which `local` input may lie; none means none.
    pub allowed_directories: Vec<PathBuf>,
    /// Origins, such as `http://files.internal:8080`, that `http` input may fetch from although their
    /// addresses are not public.
    pub allowed_origins: Vec<String>,
}

/// A stream of bytes with a name for messages: a path or an address.
pub struct InputFile {
    pub name: String,
    /// Unpacks what the name says is packed. Blocks.
    pub open: Box<dyn FnOnce() -> Result<Box<dyn Read + Send>> + Send>,
}

/// The files of an `inputSource`, in order, as far as they may be reached. Blocks.
pub fn input_files(source: &Value, reach: &Reach) -> Result<Vec<InputFile>> {
    parse_input_source(source, "inputSource")?.files(reach)
}

/// An `inputSource` as meant.
pub(crate) trait InputSource: Send + Sync + Debug {
    /// The source with its defaults; secrets are not shown.
    fn to_json(&self) -> Value;

    /// The files to read, in order.
    fn files(&self, reach: &Reach) -> Result<Vec<InputFile>>;
}

/// A source: its tag in a spec and how it is read.
pub(crate) struct Kind {
    pub(crate) tag: &'static str,
    pub(crate) parse: fn(&Fields<'_>) -> Result<Arc<dyn InputSource>>,
}

pub(crate) static KINDS: &[&Kind] = &[&http::KIND, &inline::KIND, &local::KIND];

/// Reads the `inputSource` that stands at `path` of the spec.
pub(crate) fn parse_input_source(value: &Value, path: &str) -> Result<Arc<dyn InputSource>> {
    let fields = Fields::of(value, path)?;
    let tag = fields.tag(None)?;
    match KINDS.iter().find(|kind| kind.tag == tag) {
        Some(kind) => (kind.parse)(&fields),
        None => {
            let known: Vec<&str> = KINDS.iter().map(|kind| kind.tag).collect();
            Err(fields.wrong("type", format!("unknown input source [{tag}], known are {}", known.join(", "))))
        }
    }
}

/// Bytes that one compressed stream may unpack to, in all and for each byte read.
const MAX_UNPACKED: u64 = 64 << 30;
const MAX_RATIO: u64 = 200;

/// A stream unpacked as the name says: `.gz`, `.zst`, or as it is.
pub(super) fn unpacked(name: &str, packed: Box<dyn Read + Send>) -> Result<Box<dyn Read + Send>> {
    let counted = Counted::new(packed);
    let taken = counted.taken.clone();
    let inner: Box<dyn Read + Send> = if name.ends_with(".gz") {
        Box::new(flate2::read::MultiGzDecoder::new(counted))
    } else if name.ends_with(".zst") {
        Box::new(zstd::Decoder::new(counted).map_err(|error| Error::io(format!("cannot unpack [{name}]"), error))?)
    } else {
        return Ok(Box::new(counted));
    };
    Ok(Box::new(Ceiling { inner, taken, given: 0 }))
}

struct Counted {
    inner: Box<dyn Read + Send>,
    taken: Arc<std::sync::atomic::AtomicU64>,
}

impl Counted {
    fn new(inner: Box<dyn Read + Send>) -> Counted {
        Counted { inner, taken: Arc::default() }
    }
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(into)?;
        self.taken.fetch_add(read as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(read)
    }
}

/// Refuses streams that unpack to far more than was read.
struct Ceiling {
    inner: Box<dyn Read + Send>,
    taken: Arc<std::sync::atomic::AtomicU64>,
    given: u64,
}

impl Read for Ceiling {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(into)?;
        self.given += read as u64;
        let taken = self.taken.load(std::sync::atomic::Ordering::Relaxed).max(1 << 20);
        if self.given > MAX_UNPACKED || self.given > taken.saturating_mul(MAX_RATIO) {
            return Err(std::io::Error::other("the file unpacks to more than is allowed"));
        }
        Ok(read)
    }
}

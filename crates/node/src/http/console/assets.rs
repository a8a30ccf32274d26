//! The built files as they lie in the binary.

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use parking_lot::Mutex;
use rust_embed::{EmbeddedFile, RustEmbed};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;

#[derive(RustEmbed)]
#[folder = "console/dist"]
struct Dist;

/// Packed once, when first asked for.
static PACKED: Mutex<BTreeMap<String, Bytes>> = Mutex::new(BTreeMap::new());

/// What is smaller does not gain from packing.
const SMALL: usize = 1024;

/// One file.
pub struct Asset {
    path: String,
    file: EmbeddedFile,
    pub content_type: &'static str,
    /// Changes with the content.
    pub tag: String,
}

impl Asset {
    /// The file at a path below the root of the console, `index.html` or `assets/..`.
    pub fn find(path: &str) -> Option<Self> {
        let content_type = content_type(path)?;
        let file = Dist::get(path)?;
        let tag: String = file.metadata.sha256_hash().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        Some(Self { path: path.to_string(), file, content_type, tag: format!("\"{tag}\"") })
    }

    pub fn bytes(&self) -> Bytes {
        match &self.file.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::copy_from_slice(bytes),
        }
    }

    /// The content as gzip, where that is worth while.
    pub fn packed(&self) -> Option<Bytes> {
        if self.file.data.len() < SMALL {
            return None;
        }
        let mut kept = PACKED.lock();
        if let Some(packed) = kept.get(&self.path) {
            return Some(packed.clone());
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let packed = encoder.write_all(&self.file.data).and_then(|()| encoder.finish()).ok().map(Bytes::from)?;
        kept.insert(self.path.clone(), packed.clone());
        Some(packed)
    }
}

/// By the end of the name; `None` for what the console does not consist of.
fn content_type(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => return None,
    })
}

#[cfg(test)]
pub fn all() -> Vec<String> {
    Dist::iter().map(|path| path.to_string()).collect()
}

//! `cachedNamespace`: a file or an address, read again every so often.

use super::rows::Format;
use super::{Content, Fields, Keeper, MAX_BYTES, Slot, World, flag, text};
use async_trait::async_trait;
use expression::{Lookup, java_regex};
use ingest::tasks::{InputFile, input_files};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use timeline::Period;
use tokio_util::sync::CancellationToken;

/// How soon a file that could not be read is tried again.
const RETRY: Duration = Duration::from_secs(10);
const MIN_PERIOD: Duration = Duration::from_secs(1);

#[derive(Debug)]
struct Namespace {
    place: Place,
    format: Format,
    /// Absent: read once.
    period: Option<Duration>,
    is_injective: bool,
}

#[derive(Debug)]
enum Place {
    File(PathBuf),
    Address(String),
    /// The newest of the files of a directory whose path matches.
    Newest {
        directory: PathBuf,
        pattern: Option<String>,
    },
}

/// Tells contents apart.
type Stamp = [u8; 20];

pub(super) fn parse(fields: &Fields) -> Result<Content, String> {
    let Some(Value::Object(inner)) = fields.get("extractionNamespace") else {
        return Err("'extractionNamespace' must be an object".into());
    };
    match text(inner, "type")?.as_deref() {
        Some("uri") => {}
        Some("jdbc") => return Err("'extractionNamespace' of type 'jdbc' is not supported: use uri".into()),
        other => return Err(format!("unknown 'extractionNamespace' {other:?}: known is uri")),
    }
    let format = Format::parse(inner.get("namespaceParseSpec").ok_or("'namespaceParseSpec' is missing")?)?;
    let period = match text(inner, "pollPeriod")? {
        None => None,
        Some(period) => {
            let parsed = Period::parse(&period).map_err(|error| format!("'pollPeriod': {error}"))?;
            let ms = parsed.fixed_ms().ok_or_else(|| format!("'pollPeriod' {period} has no fixed length"))?;
            u64::try_from(ms).ok().filter(|ms| *ms > 0).map(|ms| Duration::from_millis(ms).max(MIN_PERIOD))
        }
    };
    let is_injective = flag(fields, "injective")? || flag(fields, "isOneToOne")?;
    Ok(Content::Kept(Arc::new(Namespace { place: place(inner)?, format, period, is_injective })))
}

fn place(fields: &Fields) -> Result<Place, String> {
    match (text(fields, "uri")?, text(fields, "uriPrefix")?) {
        (Some(uri), None) if uri.starts_with("http:") || uri.starts_with("https:") => Ok(Place::Address(uri)),
        (Some(uri), None) => Ok(Place::File(path_of(&uri)?)),
        (None, Some(prefix)) => {
            let pattern = text(fields, "fileRegex")?;
            if let Some(pattern) = &pattern {
                java_regex::whole(pattern).map_err(|error| format!("'fileRegex': {error}"))?;
            }
            Ok(Place::Newest { directory: path_of(&prefix)?, pattern })
        }
        _ => Err("exactly one of 'uri' and 'uriPrefix' must be given".into()),
    }
}

/// The path of a `file:` address or of a plain path.
fn path_of(uri: &str) -> Result<PathBuf, String> {
    let path = match uri.split_once(':') {
        Some(("file", rest)) => rest.strip_prefix("//").unwrap_or(rest),
        Some((scheme, _)) if !scheme.contains('/') => {
            return Err(format!("addresses of type '{scheme}' are not supported: known are file, http and https"));
        }
        _ => uri,
    };
    if !path.starts_with('/') {
        return Err(format!("[{uri}] is no absolute path"));
    }
    Ok(PathBuf::from(path))
}

#[async_trait]
impl Keeper for Namespace {
    async fn keep(&self, world: Arc<World>, slot: Arc<Slot>, stop: CancellationToken) {
        let mut known = None;
        loop {
            let wait = match self.load(&world, known).await {
                Ok(Some((stamp, lookup))) => {
                    tracing::info!(lookup = slot.name(), entries = lookup.len(), "a lookup was loaded");
                    known = Some(stamp);
                    slot.publish(Arc::new(lookup));
                    self.period
                }
                Ok(None) => self.period,
                Err(why) => {
                    tracing::warn!(lookup = slot.name(), why, "a lookup cannot be loaded, it stays as it is");
                    Some(self.period.map_or(RETRY, |period| period.min(RETRY)))
                }
            };
            let Some(wait) = wait else { return };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}

impl Namespace {
    /// The content, unless it is the one that is known.
    async fn load(&self, world: &Arc<World>, known: Option<Stamp>) -> Result<Option<(Stamp, Lookup)>, String> {
        let (source, pattern) = self.source();
        let world = Arc::clone(world);
        let read = tokio::task::spawn_blocking(move || {
            let files = input_files(&source, &world.reach).map_err(|error| error.to_string())?;
            read_file(choose(files, pattern.as_deref())?)
        });
        let bytes = read.await.map_err(|panic| panic.to_string())??;
        let stamp: Stamp = Sha1::digest(&bytes).into();
        if known == Some(stamp) {
            return Ok(None);
        }
        let file = String::from_utf8(bytes).map_err(|_| "the file is not UTF-8")?;
        let entries = self.format.entries(file.strip_prefix('\u{feff}').unwrap_or(&file))?;
        let lookup = Lookup::new(entries, self.is_injective).map_err(|error| error.to_string())?;
        Ok(Some((stamp, lookup)))
    }

    /// The place as an input source of a task, which has the same bounds.
    fn source(&self) -> (Value, Option<String>) {
        match &self.place {
            Place::File(path) => (json!({"type": "local", "files": [path]}), None),
            Place::Address(uri) => (json!({"type": "http", "uris": [uri]}), None),
            Place::Newest { directory, pattern } => {
                (json!({"type": "local", "baseDir": directory, "filter": "*"}), pattern.clone())
            }
        }
    }
}

/// The newest file whose name, or whose whole path, matches.
fn choose(files: Vec<InputFile>, pattern: Option<&str>) -> Result<InputFile, String> {
    let pattern = pattern.map(java_regex::whole).transpose().map_err(|error| error.to_string())?;
    let matches = |file: &InputFile| {
        let name = Path::new(&file.name).file_name().unwrap_or_default().to_string_lossy();
        pattern.as_ref().is_none_or(|pattern| pattern.is_match(&name) || pattern.is_match(&file.name))
    };
    let modified = |file: &InputFile| std::fs::metadata(&file.name).and_then(|data| data.modified()).ok();
    files.into_iter().filter(matches).max_by_key(modified).ok_or_else(|| "there is no such file".into())
}

fn read_file(file: InputFile) -> Result<Vec<u8>, String> {
    let failed = |error: &dyn std::fmt::Display| format!("[{}]: {error}", file.name);
    let stream = (file.open)().map_err(|error| failed(&error))?;
    let mut bytes = Vec::new();
    stream.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() > MAX_BYTES {
        return Err(failed(&format_args!("it is longer than {MAX_BYTES} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace(uri: &str) -> Result<Content, String> {
        let namespace =
            json!({"type": "uri", "uri": uri, "pollPeriod": "PT5M", "namespaceParseSpec": {"format": "simpleJson"}});
        let json = json!({"type": "cachedNamespace", "extractionNamespace": namespace});
        super::super::parse(&json)
    }

    #[test]
    fn only_files_and_addresses_are_places() {
        for good in ["file:/a/b.json", "file:///a/b.json", "/a/b.json", "http://h/x", "https://h/x"] {
            assert!(namespace(good).is_ok(), "{good}");
        }
        for (bad, word) in [("s3://b/k", "s3"), ("file:a", "absolute"), ("a/b", "absolute"), ("ftp://h/x", "ftp")] {
            let error = namespace(bad).err().expect("wrong");
            assert!(error.contains(word), "{error}");
        }
    }
}

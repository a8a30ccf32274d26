use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use sha2::{Digest, Sha256};
use url::Url;

use crate::disk::RelativePath;
use crate::{Error, Result, fail};

/// No object is larger.
const MAX_OBJECT: u64 = 64 << 30;

/// What is known of an object that was put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub path: String,
    pub size: u64,
    /// SHA-256 in hexadecimal.
    pub hash: String,
}

/// Objects that are written once and never changed.
#[derive(Clone)]
pub struct DeepStorage {
    store: Arc<dyn ObjectStore>,
    /// Where our objects begin inside the store.
    prefix: Path,
    url: String,
    /// Root of a local directory, whose files are synced by us.
    local: Option<PathBuf>,
}

pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn hex(digest: &[u8]) -> String {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half & 15)]);
    digest.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

impl DeepStorage {
    /// Opens a store by URL: `file:///dir`, `s3://bucket/prefix`, `gs://..`, `az://..`. Options of the
    /// store (credentials, endpoints) are pairs as `object_store` names them.
    pub fn open(url: &str, options: &[(String, String)]) -> Result<Self> {
        let parsed = Url::parse(url).map_err(|cause| invalid_url(url, cause.to_string()))?;
        match parsed.scheme() {
            "file" => {
                let path = parsed.to_file_path().map_err(|()| invalid_url(url, "is no absolute path".to_owned()))?;
                Self::local(&path)
            }
            "s3" | "s3a" | "gs" | "az" | "azure" | "abfs" | "abfss" => {
                let (store, prefix) = object_store::parse_url_opts(&parsed, options.iter().cloned())
                    .map_err(|cause| invalid_url(url, cause.to_string()))?;
                Ok(Self { store: Arc::from(store), prefix, url: url.to_owned(), local: None })
            }
            scheme => Err(invalid_url(url, format!("scheme [{scheme}] is not one of file, s3, gs, az"))),
        }
    }

    /// A directory of this machine, made when absent. Files are synced before they count as put.
    pub fn local(root: &std::path::Path) -> Result<Self> {
        std::fs::create_dir_all(root).map_err(|cause| Error::io(root, cause))?;
        let url = root.display().to_string();
        let store = object_store::local::LocalFileSystem::new_with_prefix(root).map_err(|cause| failed(&url, cause))?;
        Ok(Self { store: Arc::new(store), prefix: Path::default(), url, local: Some(root.to_owned()) })
    }

    /// Objects in memory, for tests.
    pub fn memory() -> Self {
        Self::over(Arc::new(object_store::memory::InMemory::new()), "memory")
    }

    /// Objects in a store that the caller made.
    pub fn over(store: Arc<dyn ObjectStore>, name: &str) -> Self {
        Self { store, prefix: Path::default(), url: name.to_owned(), local: None }
    }

    /// Where this is, without credentials.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn path(&self, path: &str) -> Result<Path> {
        let parsed = Path::parse(path).map_err(|cause| Error::Invalid {
            what: "object path",
            text: path.to_owned(),
            why: cause.to_string(),
        })?;
        Ok(self.prefix.parts().chain(parsed.parts()).collect())
    }

    /// Puts a new object and checks what arrived. An object with the same bytes under the name is as
    /// good; one with others is `Exists`.
    pub async fn put(&self, path: &str, bytes: Bytes) -> Result<Stored> {
        let at = self.path(path)?;
        let stored = Stored { path: path.to_owned(), size: bytes.len() as u64, hash: sha256_hex(&bytes) };
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        fail::point("U4");
        match self.store.put_opts(&at, PutPayload::from_bytes(bytes), options).await {
            Ok(_) => {}
            Err(object_store::Error::AlreadyExists { .. }) => {
                self.verify(&stored).await.map_err(|error| match error {
                    Error::Corrupt { path, detail } => Error::Exists { path, detail },
                    other => other,
                })?;
            }
            Err(cause) => return Err(failed(path, cause)),
        }
        self.sync(path).await?;
        fail::point("U5");
        self.check_size(&stored).await?;
        Ok(stored)
    }

    /// Makes a file and its name survive a power loss; other stores do so before they answer.
    async fn sync(&self, path: &str) -> Result<()> {
        let Some(root) = self.local.clone() else { return Ok(()) };
        let file = RelativePath::new(path)?.below(&root);
        let synced = tokio::task::spawn_blocking(move || sync_up(&file, &root)).await;
        synced.unwrap_or_else(|panic| Err(Error::Store { path: path.to_owned(), detail: panic.to_string() }))
    }

    /// Fails with `Corrupt` when the stored size differs.
    pub async fn check_size(&self, stored: &Stored) -> Result<()> {
        let size = self.size(&stored.path).await?;
        if size == stored.size {
            return Ok(());
        }
        let detail = format!("it has {size} bytes, not {}", stored.size);
        Err(Error::Corrupt { path: stored.path.clone(), detail })
    }

    /// Reads the object through and fails with `Corrupt` when size or hash differ.
    pub async fn verify(&self, stored: &Stored) -> Result<()> {
        self.check_size(stored).await?;
        let mut hasher = Sha256::new();
        self.read_through(&stored.path, |piece| {
            hasher.update(piece);
            Ok(())
        })
        .await?;
        check_hash(stored, &hex(&hasher.finalize()))
    }

    /// Hands the bytes of an object over piece by piece.
    pub(crate) async fn read_through(&self, path: &str, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let at = self.path(path)?;
        let found = self.store.get_opts(&at, GetOptions::default()).await.map_err(|cause| failed(path, cause))?;
        let mut pieces = found.into_stream();
        while let Some(piece) = pieces.try_next().await.map_err(|cause| failed(path, cause))? {
            take(&piece)?;
        }
        Ok(())
    }

    /// Size in bytes; `NotFound` when there is no such object.
    pub async fn size(&self, path: &str) -> Result<u64> {
        let meta = self.store.head(&self.path(path)?).await.map_err(|cause| failed(path, cause))?;
        Ok(meta.size)
    }

    pub async fn exists(&self, path: &str) -> Result<bool> {
        match self.size(path).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The whole object, which has at most `max_bytes`.
    pub async fn get(&self, path: &str, max_bytes: u64) -> Result<Bytes> {
        let size = self.size(path).await?;
        if size > max_bytes.min(MAX_OBJECT) {
            return Err(Error::Full { path: path.to_owned(), needed: size });
        }
        let found = self.store.get(&self.path(path)?).await.map_err(|cause| failed(path, cause))?;
        found.bytes().await.map_err(|cause| failed(path, cause))
    }

    /// Deletes an object; one that is absent is deleted already.
    pub async fn delete(&self, path: &str) -> Result<()> {
        match self.store.delete(&self.path(path)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(cause) => Err(failed(path, cause)),
        }
    }

    /// Paths of all objects below a folder, sorted.
    pub async fn list(&self, folder: &str) -> Result<Vec<String>> {
        let at = if folder.is_empty() { self.prefix.clone() } else { self.path(folder)? };
        let found: Vec<_> = self.store.list(Some(&at)).try_collect().await.map_err(|cause| failed(folder, cause))?;
        let skip = self.prefix.parts().count();
        let ours = |path: &Path| path.parts().skip(skip).collect::<Path>().to_string();
        let mut paths: Vec<String> = found.iter().map(|meta| ours(&meta.location)).collect();
        paths.sort();
        Ok(paths)
    }
}

pub(crate) fn check_hash(stored: &Stored, hash: &str) -> Result<()> {
    if hash == stored.hash {
        return Ok(());
    }
    let detail = format!("its hash is {hash}, not {}", stored.hash);
    Err(Error::Corrupt { path: stored.path.clone(), detail })
}

/// Syncs a file and the directories above it, up to the root.
fn sync_up(file: &std::path::Path, root: &std::path::Path) -> Result<()> {
    for path in file.ancestors() {
        let open = std::fs::File::open(path).and_then(|open| open.sync_all());
        open.map_err(|cause| Error::io(path, cause))?;
        if path == root {
            break;
        }
    }
    Ok(())
}

fn invalid_url(url: &str, why: String) -> Error {
    Error::Invalid { what: "storage url", text: url.to_owned(), why }
}

fn failed(path: &str, cause: object_store::Error) -> Error {
    let path = path.to_owned();
    match cause {
        object_store::Error::NotFound { .. } => Error::NotFound { path },
        other => Error::Store { path, detail: other.to_string() },
    }
}

#[cfg(test)]
mod tests;

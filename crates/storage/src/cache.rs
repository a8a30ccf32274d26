use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::deep::{check_hash, hex};
use crate::disk::{Disk, RelativePath};
use crate::{DeepStorage, Error, Result, Stored, layout};

/// A failure of the caller's closure.
pub type BuildError = Box<dyn std::error::Error + Send + Sync>;

/// A segment that should be on this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub bundle_id: String,
    pub stored: Stored,
}

/// Local images of segments below one directory, at most `capacity` bytes of them. What is pinned
/// stays; of the rest the one used longest ago goes first.
pub struct SegmentCache {
    disk: Arc<dyn Disk>,
    deep: DeepStorage,
    capacity: u64,
    state: Mutex<State>,
    /// One image is made at a time per segment.
    making: tokio::sync::Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

#[derive(Default)]
struct State {
    images: HashMap<String, Image>,
    /// Counts uses; orders them.
    uses: u64,
    bytes: u64,
}

struct Image {
    size: u64,
    last_use: u64,
    num_pins: u32,
}

impl SegmentCache {
    /// Takes over the images that are in the directory and removes what an ended process left halfway.
    pub fn open(disk: Arc<dyn Disk>, deep: DeepStorage, capacity: u64) -> Result<Self> {
        let mut state = State::default();
        for name in disk.list(&RelativePath::root())? {
            let Some(bundle_id) = name.strip_suffix(".image") else {
                if name.ends_with(".tmp") || name.ends_with(".object") {
                    disk.remove(&RelativePath::new(&name)?)?;
                }
                continue;
            };
            let size = disk.size(&layout::local_image(bundle_id)?)?;
            state.insert(bundle_id, size);
        }
        let making = tokio::sync::Mutex::default();
        Ok(Self { disk, deep, capacity, state: Mutex::new(state), making })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ids of the images that are here.
    pub fn held(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.state().images.keys().cloned().collect();
        ids.sort();
        ids
    }

    /// Bytes of all images.
    pub fn size_bytes(&self) -> u64 {
        self.state().bytes
    }

    /// Bytes of the image of a segment; none where it is not here.
    pub fn size_of(&self, bundle_id: &str) -> u64 {
        self.state().images.get(bundle_id).map_or(0, |image| image.size)
    }

    pub fn capacity_bytes(&self) -> u64 {
        self.capacity
    }

    /// The image of a segment, pinned, if it is here.
    pub fn get(self: &Arc<Self>, bundle_id: &str) -> Result<Option<Pinned>> {
        if !self.state().pin(bundle_id) {
            return Ok(None);
        }
        let path = self.disk.locate(&layout::local_image(bundle_id)?);
        Ok(Some(Pinned { cache: Arc::clone(self), bundle_id: bundle_id.to_owned(), path }))
    }

    /// The image of a segment, pinned. When it is not here, the object is downloaded, its hash checked,
    /// and `build` writes the image from the first path to the second.
    pub async fn load<F>(self: &Arc<Self>, wanted: &Wanted, build: F) -> Result<Pinned>
    where
        F: FnOnce(&Path, &Path) -> Result<(), BuildError> + Send + 'static,
    {
        let turn = Arc::clone(self.making.lock().await.entry(wanted.bundle_id.clone()).or_default());
        let made = {
            let _turn = turn.lock().await;
            match self.get(&wanted.bundle_id)? {
                Some(pinned) => Ok(pinned),
                None => self.make(wanted, build).await,
            }
        };
        self.making.lock().await.retain(|_, turn| Arc::strong_count(turn) > 1);
        made
    }

    async fn make<F>(self: &Arc<Self>, wanted: &Wanted, build: F) -> Result<Pinned>
    where
        F: FnOnce(&Path, &Path) -> Result<(), BuildError> + Send + 'static,
    {
        let object = layout::local_object(&wanted.bundle_id)?;
        self.make_room(wanted.stored.size)?;
        self.download(&wanted.stored, &object).await?;
        let cache = Arc::clone(self);
        let bundle_id = wanted.bundle_id.clone();
        let built = tokio::task::spawn_blocking(move || cache.install(&bundle_id, Some(&object), build)).await;
        built.unwrap_or_else(|panic| {
            let path = wanted.stored.path.clone();
            Err(Error::Build { path, cause: panic.to_string().into() })
        })
    }

    /// Keeps an image that the caller makes itself, pinned; `build` writes it to the path given.
    pub fn insert<F>(self: &Arc<Self>, bundle_id: &str, build: F) -> Result<Pinned>
    where
        F: FnOnce(&Path) -> Result<(), BuildError>,
    {
        if let Some(pinned) = self.get(bundle_id)? {
            return Ok(pinned);
        }
        self.install(bundle_id, None, |_, image| build(image))
    }

    /// Builds under a temporary name, makes it durable, then gives it its name.
    fn install<F>(self: &Arc<Self>, bundle_id: &str, object: Option<&RelativePath>, build: F) -> Result<Pinned>
    where
        F: FnOnce(&Path, &Path) -> Result<(), BuildError>,
    {
        let image = layout::local_image(bundle_id)?;
        let temporary = image.with_suffix(".tmp");
        self.disk.remove(&temporary)?;
        let from = object.map(|object| self.disk.locate(object)).unwrap_or_default();
        let built = build(&from, &self.disk.locate(&temporary));
        if let Some(object) = object {
            self.disk.remove(object)?;
        }
        let finished = built
            .map_err(|cause| Error::Build { path: bundle_id.to_owned(), cause })
            .and_then(|()| self.finish(bundle_id, &temporary, &image));
        if finished.is_err() {
            // The first failure is the one to tell; the rest is cleaned up at the next start.
            let _ = self.disk.remove(&temporary);
        }
        finished
    }

    fn finish(self: &Arc<Self>, bundle_id: &str, temporary: &RelativePath, image: &RelativePath) -> Result<Pinned> {
        let size = self.disk.size(temporary)?;
        self.make_room(size)?;
        self.disk.sync(temporary)?;
        self.disk.rename(temporary, image)?;
        self.disk.sync_dir(&RelativePath::root())?;
        let mut state = self.state();
        state.insert(bundle_id, size);
        state.pin(bundle_id);
        let path = self.disk.locate(image);
        Ok(Pinned { cache: Arc::clone(self), bundle_id: bundle_id.to_owned(), path })
    }

    async fn download(&self, stored: &Stored, to: &RelativePath) -> Result<()> {
        self.disk.remove(to)?;
        self.disk.create(to, &[])?;
        let mut hasher = Sha256::new();
        let mut size = 0u64;
        let (disk, path) = (&self.disk, &stored.path);
        let copied = self.deep.read_through(path, |piece| {
            size += piece.len() as u64;
            if size > stored.size {
                let detail = format!("it has more than {} bytes", stored.size);
                return Err(Error::Corrupt { path: path.clone(), detail });
            }
            hasher.update(piece);
            disk.append(to, piece)
        });
        let checked = copied.await.and_then(|()| check_hash(stored, &hex(&hasher.finalize())));
        if checked.is_err() {
            // As above: the failure to tell is the first one.
            let _ = self.disk.remove(to);
        }
        checked
    }

    /// Removes images that nobody pins until `needed` more bytes fit.
    fn make_room(&self, needed: u64) -> Result<()> {
        let full = || Error::Full { path: self.disk.root().display().to_string(), needed };
        loop {
            let victim = {
                let mut state = self.state();
                if state.bytes.saturating_add(needed) <= self.capacity {
                    return Ok(());
                }
                let victim = state.oldest_unpinned().ok_or_else(full)?;
                state.remove(&victim);
                victim
            };
            self.disk.remove(&layout::local_image(&victim)?)?;
        }
    }

    /// Removes the image of a segment that is gone; a pinned one stays, and the answer is false.
    pub fn evict(&self, bundle_id: &str) -> Result<bool> {
        {
            let mut state = self.state();
            match state.images.get(bundle_id) {
                None => return Ok(true),
                Some(image) if image.num_pins > 0 => return Ok(false),
                Some(_) => state.remove(bundle_id),
            }
        }
        self.disk.remove(&layout::local_image(bundle_id)?)?;
        Ok(true)
    }
}

impl State {
    fn insert(&mut self, bundle_id: &str, size: u64) {
        self.remove(bundle_id);
        self.uses += 1;
        self.bytes += size;
        self.images.insert(bundle_id.to_owned(), Image { size, last_use: self.uses, num_pins: 0 });
    }

    fn remove(&mut self, bundle_id: &str) {
        if let Some(image) = self.images.remove(bundle_id) {
            self.bytes -= image.size;
        }
    }

    fn pin(&mut self, bundle_id: &str) -> bool {
        self.uses += 1;
        let uses = self.uses;
        let image = self.images.get_mut(bundle_id);
        image.map(|image| (image.num_pins += 1, image.last_use = uses)).is_some()
    }

    fn oldest_unpinned(&self) -> Option<String> {
        let free = self.images.iter().filter(|(_, image)| image.num_pins == 0);
        free.min_by_key(|(_, image)| image.last_use).map(|(id, _)| id.clone())
    }
}

/// An image that stays on disk while this is held.
pub struct Pinned {
    cache: Arc<SegmentCache>,
    bundle_id: String,
    path: PathBuf,
}

impl Pinned {
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn bundle_id(&self) -> &str {
        &self.bundle_id
    }
}

impl std::fmt::Debug for Pinned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pinned({})", self.path.display())
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        if let Some(image) = self.cache.state().images.get_mut(&self.bundle_id) {
            image.num_pins -= 1;
        }
    }
}

#[cfg(test)]
mod tests;

//! Published segments made scannable: the local image if it is there, else built from the object.

use async_trait::async_trait;
use cluster::Open;
use parking_lot::Mutex;
use segment::{Held, SealedSegment, SegmentRef};
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use storage::{BuildError, Pinned, SegmentCache, Stored, Wanted};

/// Opens segments from the cache of local images.
pub struct SegmentOpener {
    cache: Arc<SegmentCache>,
    /// Segments that no new query asks for; their images go once no running query holds them.
    forgotten: Mutex<HashSet<String>>,
}

impl SegmentOpener {
    pub fn new(cache: Arc<SegmentCache>) -> Self {
        Self { cache, forgotten: Mutex::default() }
    }

    /// Removes images of forgotten segments that nobody reads any more.
    pub fn sweep(&self) {
        self.forgotten.lock().retain(|id| match self.cache.evict(id) {
            Ok(gone) => !gone,
            Err(error) => {
                tracing::warn!(%error, "an image could not be removed");
                false
            }
        });
    }

    /// Removes images that no view holds: of segments that were replaced while no process looked.
    pub fn evict_unserved(&self) {
        for id in self.cache.held() {
            if let Err(error) = self.cache.evict(&id) {
                tracing::warn!(%error, "an image could not be removed");
            }
        }
    }

    pub fn cache(&self) -> &Arc<SegmentCache> {
        &self.cache
    }

    /// The image, and whether it was made now.
    async fn image(&self, record: &metastore::Segment) -> Result<(Pinned, bool), storage::Error> {
        if let Some(held) = self.cache.get(&record.seg_id)? {
            return Ok((held, false));
        }
        let stored = Stored {
            path: record.path.clone(),
            size: u64::try_from(record.size).unwrap_or(0),
            hash: record.hash.clone(),
        };
        let made = self.cache.load(&Wanted { bundle_id: record.seg_id.clone(), stored }, build).await?;
        Ok((made, true))
    }
}

fn build(object: &Path, image: &Path) -> Result<(), BuildError> {
    let mut out = BufWriter::new(File::create(image)?);
    segment::image_from_parquet(object, &mut out)?;
    Ok(out.flush()?)
}

#[async_trait]
impl Open for SegmentOpener {
    async fn open(&self, record: &metastore::Segment) -> Result<SegmentRef, String> {
        self.forgotten.lock().remove(&record.seg_id);
        let (image, is_new) = self.image(record).await.map_err(|error| error.to_string())?;
        let id = record.id();
        let opened = tokio::task::spawn_blocking(move || {
            // What has its name in the cache was written whole and made durable before, so a start does not
            // read it all again.
            let open = if is_new { SealedSegment::open } else { SealedSegment::reopen };
            let inner: SegmentRef = Arc::new(open(image.path(), id).map_err(|error| error.to_string())?);
            Ok::<SegmentRef, String>(Arc::new(Held::new(inner, image)))
        });
        opened.await.map_err(|panic| panic.to_string())?
    }

    fn forget(&self, seg_ids: &[String]) {
        self.forgotten.lock().extend(seg_ids.iter().cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::{DeepStorage, RealDisk};

    #[test]
    fn images_that_no_view_holds_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Arc::new(RealDisk::open(folder.path()).expect("a disk"));
        let cache = Arc::new(SegmentCache::open(disk, DeepStorage::memory(), 1 << 20).expect("a cache"));
        let write = |path: &Path| Ok(std::fs::write(path, b"image")?);
        let served = cache.insert("served", write).expect("kept");
        drop(cache.insert("replaced", write).expect("kept"));
        SegmentOpener::new(Arc::clone(&cache)).evict_unserved();
        assert_eq!(cache.held(), ["served"]);
        drop(served);
    }
}

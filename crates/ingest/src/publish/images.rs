//! Local images of new segments, made where their rows are at hand: nobody has to fetch and decode what was just
//! written.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use segment::Table;
use storage::{BuildError, Pinned, SegmentCache};

/// Holds on to images from the writing of a segment until queries have it. An image that is missing costs time, and
/// nothing else: it is made of the object.
pub(crate) struct Images {
    cache: Option<Arc<SegmentCache>>,
    held: Mutex<Vec<Pinned>>,
}

impl Images {
    /// Images go into `cache`; without one none are made.
    pub(crate) fn new(cache: Option<Arc<SegmentCache>>) -> Images {
        Images { cache, held: Mutex::default() }
    }

    /// Makes the image of the segment that `bundle_id` names.
    pub(crate) fn keep(&self, bundle_id: &str, table: &Table) {
        let Some(cache) = &self.cache else { return };
        match cache.insert(bundle_id, |path| write(table, path)) {
            Ok(image) => self.held.lock().push(image),
            Err(error) => tracing::debug!(bundle_id, %error, "the image of a new segment is left to its readers"),
        }
    }
}

fn write(table: &Table, path: &Path) -> Result<(), BuildError> {
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    segment::write_image(table, &mut out)?;
    Ok(out.flush()?)
}

impl Drop for Images {
    /// What nobody else has taken up by now is not served here.
    fn drop(&mut self) {
        for image in self.held.get_mut().drain(..) {
            let bundle_id = image.bundle_id().to_owned();
            drop(image);
            if let Some(Err(error)) = self.cache.as_ref().map(|cache| cache.evict(&bundle_id)) {
                tracing::warn!(bundle_id, %error, "an image could not be removed");
            }
        }
    }
}

//! Small segments bound into volumes, in the background: an image of many is scanned as fast as that of a large one.

use cluster::{Binding, Inventory, Open, View, Volume};
use parking_lot::Mutex;
use segment::{Held, SealedSegment, SegmentRef};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use storage::{BuildError, Pinned, SegmentCache};
use timeline::{Clock, Interval, SegmentId};
use tokio_util::sync::CancellationToken;

use super::SegmentOpener;

/// The part of the cache that volumes leave free.
const FREE_SHARE: u64 = 4;
/// With less of the cache free, volumes are given up.
const FULL_SHARE: u64 = 8;
const MIN_PERIOD: Duration = Duration::from_millis(50);
const MAX_PERIOD: Duration = Duration::from_secs(30);

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Makes volumes of the views of this process.
pub struct Binder {
    inventory: Arc<Inventory>,
    opener: Arc<SegmentOpener>,
    clock: Arc<dyn Clock>,
    binding: Binding,
    /// Volumes that were made and may have an image.
    made: Mutex<HashSet<String>>,
    /// Snapshots of which something could not be bound, by datasource.
    failed: Mutex<HashMap<String, i64>>,
}

impl Binder {
    pub fn new(inventory: Arc<Inventory>, opener: Arc<SegmentOpener>, clock: Arc<dyn Clock>, binding: Binding) -> Self {
        Self { inventory, opener, clock, binding, made: Mutex::default(), failed: Mutex::default() }
    }

    /// Looks for segments to bind until `stop`.
    pub async fn run(&self, stop: CancellationToken) {
        let settled = Duration::from_millis(u64::try_from(self.binding.settled_ms).unwrap_or(0));
        let period = (settled / 4).clamp(MIN_PERIOD, MAX_PERIOD);
        while stop.run_until_cancelled(tokio::time::sleep(period)).await.is_some() {
            self.round(&stop).await;
        }
    }

    /// Binds what is worth it now, one volume after the other, and lets go of images that no view has any more.
    async fn round(&self, stop: &CancellationToken) {
        let cache = self.opener.cache();
        if cache.size_bytes() > cache.capacity_bytes() - cache.capacity_bytes() / FULL_SHARE {
            self.inventory.unbind_all();
        } else {
            for view in self.inventory.views() {
                self.bind_all(view, stop).await;
            }
        }
        let views = self.inventory.views();
        let served: HashSet<&str> =
            views.iter().flat_map(|view| view.volumes.all()).map(|volume| volume.id.as_str()).collect();
        let gone: Vec<String> = self.made.lock().extract_if(|id| !served.contains(id.as_str())).collect();
        self.opener.forget(&gone);
    }

    async fn bind_all(&self, mut view: Arc<View>, stop: &CancellationToken) {
        if self.failed.lock().get(&view.datasource) == Some(&view.snapshot) {
            return;
        }
        while !stop.is_cancelled()
            && let Some(places) = self.binding.next(&view.sealed, &view.volumes, self.clock.now_ms())
        {
            match self.bind(&view, &places).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(datasource = view.datasource, %error, "small segments stay apart");
                    self.failed.lock().insert(view.datasource.clone(), view.snapshot);
                    return;
                }
            }
            let Some(stands) = self.inventory.view(&view.datasource) else { return };
            view = stands;
        }
    }

    /// Binds some segments of a view; false when they are not served any more, or there is no room.
    async fn bind(&self, view: &View, places: &[usize]) -> Result<bool, Failed> {
        let members: Vec<SegmentRef> = places.iter().map(|at| Arc::clone(&view.sealed[*at].segment)).collect();
        let seg_ids: Vec<String> = places.iter().map(|at| view.sealed[*at].record.seg_id.clone()).collect();
        let (id, cache) = (id_of(&seg_ids), Arc::clone(self.opener.cache()));
        let num_bytes: u64 = seg_ids.iter().map(|seg_id| cache.size_of(seg_id)).sum();
        let room = cache.capacity_bytes() - cache.capacity_bytes() / FREE_SHARE;
        if cache.size_bytes().saturating_add(num_bytes) > room {
            return Ok(false);
        }
        let names = SegmentId::new(&*view.datasource, spanning(view, places), &*id, 0);
        self.made.lock().insert(id.clone());
        let image_id = id.clone();
        let made = tokio::task::spawn_blocking(move || make(&cache, &image_id, &members, names));
        let segment = made.await??;
        Ok(self.inventory.bind(&view.datasource, Volume { id, seg_ids, segment }))
    }
}

/// The same for the same segments.
fn id_of(seg_ids: &[String]) -> String {
    let hash = storage::sha256_hex(seg_ids.join(" ").as_bytes());
    format!("volume-{}", &hash[..32])
}

fn spanning(view: &View, places: &[usize]) -> Interval {
    let chunks = places.iter().map(|at| view.sealed[*at].record.interval());
    let spanning =
        |all: Interval, chunk: Interval| Interval { start: all.start.min(chunk.start), end: all.end.max(chunk.end) };
    chunks.reduce(spanning).unwrap_or(Interval { start: 0, end: 0 })
}

fn make(cache: &Arc<SegmentCache>, id: &str, members: &[SegmentRef], names: SegmentId) -> Result<SegmentRef, Failed> {
    let image: Pinned = cache.insert(id, |path| write(members, path))?;
    let inner: SegmentRef = Arc::new(SealedSegment::open(image.path(), names)?);
    Ok(Arc::new(Held::new(inner, image)))
}

fn write(members: &[SegmentRef], path: &Path) -> Result<(), BuildError> {
    let table = segment::bind(members, expression::AGGREGATORS)?;
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    segment::write_image(&table, &mut out)?;
    Ok(out.flush()?)
}

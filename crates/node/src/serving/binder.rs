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
        while !stop.is_cancelled() {
            let (binding, stands, now_ms) = (self.binding.clone(), Arc::clone(&view), self.clock.now_ms());
            let next = tokio::task::spawn_blocking(move || binding.next(&stands.sealed, &stands.volumes, now_ms)).await;
            let Some(places) = next.ok().flatten() else { return };
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
    let inner: SegmentRef = Arc::new(SealedSegment::reopen(image.path(), names)?);
    Ok(Arc::new(Held::new(inner, image)))
}

fn write(members: &[SegmentRef], path: &Path) -> Result<(), BuildError> {
    let table = segment::bind(members, expression::AGGREGATORS)?;
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    segment::write_image(&table, &mut out)?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::Sealed;
    use metastore::Datasource;
    use segment::{BatchView, RollupSchema, Source};
    use storage::{DeepStorage, RealDisk};
    use timeline::ManualClock;

    const HOUR: i64 = 3_600_000;
    const NUM_SEGMENTS: i64 = 8;

    struct Bench {
        _folder: tempfile::TempDir,
        inventory: Arc<Inventory>,
        opener: Arc<SegmentOpener>,
        binder: Binder,
    }

    fn bench(capacity: u64) -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Arc::new(RealDisk::open(folder.path()).expect("a disk"));
        let cache = Arc::new(SegmentCache::open(disk, DeepStorage::memory(), capacity).expect("a cache"));
        let (inventory, opener) = (Arc::new(Inventory::default()), Arc::new(SegmentOpener::new(cache)));
        let clock = Arc::new(ManualClock::new(1_000_000));
        let binder = Binder::new(Arc::clone(&inventory), Arc::clone(&opener), clock, Binding::default());
        Bench { _folder: folder, inventory, opener, binder }
    }

    impl Bench {
        fn cache(&self) -> &Arc<SegmentCache> {
            self.opener.cache()
        }

        /// A segment of an hour, with its image.
        fn segment(&self, hour: i64) -> Sealed {
            let rows = BatchView::builder().time(vec![hour * HOUR; 500]).string("k", vec![Some("a"); 500]).build();
            let rows: SegmentRef = rows.expect("rows");
            let schema = RollupSchema::of_segments(&[&*rows], &[]).expect("a schema");
            let schema = RollupSchema { rollup: false, ..schema };
            let write = |path: &Path| {
                let table = segment::merge(&[Source::all(&*rows)], &schema)?;
                segment::write_image(&table, File::create(path)?)?;
                Ok(())
            };
            let seg_id = format!("s{hour}");
            let image = self.cache().insert(&seg_id, write).expect("an image");
            let chunk = Interval { start: hour * HOUR, end: (hour + 1) * HOUR };
            let id = SegmentId::new("d", chunk, "v", 0);
            let inner: SegmentRef = Arc::new(SealedSegment::open(image.path(), id).expect("opened"));
            let record = Arc::new(metastore::testing::segment(&seg_id, chunk, 500));
            Sealed { record, segment: Arc::new(Held::new(inner, image)) }
        }

        fn install(&self, snapshot: i64, sealed: Vec<Sealed>) {
            let (datasource_id, name) = ("d".to_owned(), "d".to_owned());
            let datasource = Datasource { datasource_id, name, created_at: 0, snapshot, weight_forgotten: 0 };
            self.inventory.install(View::new(datasource, Vec::new(), &[], sealed));
        }

        /// Volumes after a round, and images of volumes after the files that nobody needs are gone.
        async fn round(&self) -> (usize, usize) {
            self.binder.round(&CancellationToken::new()).await;
            self.opener.sweep();
            let volumes = self.inventory.view("d").map_or(0, |view| view.volumes.all().len());
            (volumes, self.cache().held().iter().filter(|id| id.starts_with("volume-")).count())
        }
    }

    #[tokio::test]
    async fn images_of_volumes_go_with_them() {
        let bench = bench(u64::MAX);
        let mut sealed: Vec<Sealed> = (0..NUM_SEGMENTS).map(|hour| bench.segment(hour)).collect();
        bench.install(1, sealed.clone());
        assert_eq!(bench.round().await, (1, 1));
        assert_eq!(bench.round().await, (1, 1));
        sealed.pop();
        bench.install(2, sealed);
        assert_eq!(bench.round().await, (0, 0));
    }

    #[tokio::test]
    async fn volumes_leave_room_for_segments() {
        let size = {
            let bench = bench(u64::MAX);
            bench.segment(0);
            bench.cache().size_bytes()
        };
        let sealed = |bench: &Bench| (0..NUM_SEGMENTS).map(|hour| bench.segment(hour)).collect();
        let tight = bench(size * NUM_SEGMENTS as u64 * 2);
        tight.install(1, sealed(&tight));
        assert_eq!(tight.round().await, (0, 0));

        let wide = bench(size * NUM_SEGMENTS as u64 * 3);
        wide.install(1, sealed(&wide));
        assert_eq!(wide.round().await, (1, 1));
        let rest = wide.cache().capacity_bytes() - wide.cache().size_bytes();
        let fill = |path: &Path| Ok(std::fs::write(path, vec![0; rest as usize])?);
        let _other = wide.cache().insert("other", fill).expect("room");
        assert_eq!(wide.round().await, (0, 0));
    }
}

use bytes::Bytes;

use super::*;
use crate::disk::{DiskFault, FaultyDisk, RealDisk};
use crate::{ErrorKind, sha256_hex};

struct Bench {
    _folder: tempfile::TempDir,
    disk: Arc<FaultyDisk<RealDisk>>,
    deep: DeepStorage,
    cache: Arc<SegmentCache>,
}

impl Bench {
    fn new(capacity: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Arc::new(FaultyDisk::new(RealDisk::open(folder.path()).unwrap()));
        let deep = DeepStorage::memory();
        let cache = Arc::new(SegmentCache::open(disk.clone(), deep.clone(), capacity).unwrap());
        Self { _folder: folder, disk, deep, cache }
    }

    async fn stored(&self, id: &str, size: usize) -> Wanted {
        let path = format!("d/{id}.parquet");
        let stored = self.deep.put(&path, Bytes::from(vec![b'x'; size])).await.unwrap();
        Wanted { bundle_id: id.to_owned(), stored }
    }

    fn files(&self) -> Vec<String> {
        self.disk.list(&RelativePath::root()).unwrap()
    }

    fn reopen(&self, capacity: u64) -> Arc<SegmentCache> {
        Arc::new(SegmentCache::open(self.disk.clone(), self.deep.clone(), capacity).unwrap())
    }
}

/// The image is the object twice.
fn twice(object: &Path, image: &Path) -> Result<(), BuildError> {
    let bytes = std::fs::read(object)?;
    std::fs::write(image, [bytes.clone(), bytes].concat())?;
    Ok(())
}

fn never(_: &Path, _: &Path) -> Result<(), BuildError> {
    Err("built once only".into())
}

#[tokio::test]
async fn a_segment_is_loaded_once_and_found_again() {
    let bench = Bench::new(100);
    let wanted = bench.stored("a", 10).await;
    assert!(bench.cache.get("a").unwrap().is_none());
    let pinned = bench.cache.load(&wanted, twice).await.unwrap();
    assert_eq!(std::fs::read(pinned.path()).unwrap().len(), 20);
    assert_eq!(bench.cache.load(&wanted, never).await.unwrap().path(), pinned.path());
    assert_eq!((bench.cache.held(), bench.cache.size_bytes()), (vec!["a".to_owned()], 20));
    assert_eq!(bench.files(), ["a.image"], "the object is removed when its image stands");
    let again = bench.reopen(100);
    assert_eq!(again.size_bytes(), 20);
    again.load(&wanted, never).await.unwrap();
}

#[tokio::test]
async fn damage_is_never_served() {
    let bench = Bench::new(100);
    let mut wanted = bench.stored("a", 10).await;
    wanted.stored.hash = sha256_hex(b"other");
    assert_eq!(bench.cache.load(&wanted, twice).await.unwrap_err().kind(), ErrorKind::Corrupt);
    wanted.stored.size = 9;
    assert_eq!(bench.cache.load(&wanted, twice).await.unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(bench.files(), [""; 0]);
    let gone = Wanted { bundle_id: "b".into(), stored: Stored { path: "d/b".into(), size: 1, hash: String::new() } };
    assert_eq!(bench.cache.load(&gone, twice).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn the_longest_unused_goes_first_and_pins_stay() {
    let bench = Bench::new(70);
    for id in ["a", "b", "c"] {
        drop(bench.cache.load(&bench.stored(id, 10).await, twice).await.unwrap());
    }
    let a = bench.cache.get("a").unwrap().unwrap();
    let d = bench.cache.load(&bench.stored("d", 10).await, twice).await.unwrap();
    assert_eq!(bench.cache.held(), ["a", "c", "d"]);
    assert_eq!(bench.files(), ["a.image", "c.image", "d.image"]);
    assert!(!bench.cache.evict("a").unwrap(), "it is pinned");
    let e = bench.cache.load(&bench.stored("e", 10).await, twice).await.unwrap();
    let full = bench.cache.load(&bench.stored("f", 10).await, twice).await.unwrap_err();
    assert_eq!(full.kind(), ErrorKind::LimitExceeded);
    assert!(a.path().exists() && d.path().exists() && e.path().exists());
    drop((a, d, e));
    assert!(bench.cache.evict("a").unwrap());
    assert!(bench.cache.evict("a").unwrap());
    assert_eq!(bench.cache.held(), ["d", "e"]);
}

#[tokio::test]
async fn a_failed_build_leaves_nothing() {
    let bench = Bench::new(100);
    let wanted = bench.stored("a", 10).await;
    let failed = bench.cache.load(&wanted, |_, image| {
        std::fs::write(image, "half")?;
        Err("no".into())
    });
    assert!(failed.await.unwrap_err().to_string().contains("no"));
    let panicked = bench.cache.load(&wanted, |_, _| panic!("broken closure"));
    assert_eq!(panicked.await.unwrap_err().kind(), ErrorKind::Internal);
    assert!(bench.cache.held().is_empty());
    bench.cache.load(&wanted, twice).await.unwrap();
    assert_eq!(bench.files(), ["a.image"]);
}

/// Fails each change in turn: either the image is whole or it is not there.
#[tokio::test]
async fn a_failing_disk_leaves_no_half_image() {
    for fault in [DiskFault::Full, DiskFault::Broken, DiskFault::Torn(1)] {
        for after in 0.. {
            let bench = Bench::new(100);
            let wanted = bench.stored("a", 10).await;
            bench.disk.fail_from(after, fault);
            let loaded = bench.cache.load(&wanted, twice).await.is_ok();
            bench.disk.heal();
            let restarted = bench.reopen(100);
            if loaded {
                assert!(after > 4);
                break;
            }
            if let Some(found) = restarted.get("a").unwrap() {
                assert_eq!(std::fs::read(found.path()).unwrap().len(), 20);
            }
            restarted.load(&wanted, twice).await.unwrap();
            assert_eq!(bench.files(), ["a.image"]);
        }
    }
}

#[tokio::test]
async fn two_loads_of_one_segment_build_it_once() {
    let bench = Bench::new(100);
    let wanted = bench.stored("a", 10).await;
    let built = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let load = || {
        let (cache, wanted, built) = (bench.cache.clone(), wanted.clone(), built.clone());
        async move {
            let build = move |object: &Path, image: &Path| {
                built.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                twice(object, image)
            };
            cache.load(&wanted, build).await.map(drop)
        }
    };
    let (one, two, three) = tokio::join!(load(), load(), load());
    one.and(two).and(three).unwrap();
    assert_eq!(built.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[test]
fn an_image_can_be_handed_over() {
    let bench = Bench::new(10);
    let made = bench.cache.insert("a", |image| Ok(std::fs::write(image, "12345")?)).unwrap();
    assert_eq!((bench.cache.size_bytes(), made.bundle_id()), (5, "a"));
    let big = bench.cache.insert("b", |image| Ok(std::fs::write(image, "123456")?));
    assert_eq!(big.unwrap_err().kind(), ErrorKind::LimitExceeded);
    assert!(bench.cache.insert("../b", |_| Ok(())).is_err());
    assert_eq!(bench.files(), ["a.image"]);
}

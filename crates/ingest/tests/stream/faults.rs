//! Faults that no kill makes, each named by the crash point that it stands for.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use ingest::{IngestLimits, Supervisors, Wishes};
use metastore::Rebase;
use metastore::testing::Fault;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};
use serde_json::json;
use storage::DeepStorage;
use timeline::SeededRandom;

use super::world::{World, limits, spec, until, wanted};

/// Damages the first objects that it is given.
#[derive(Debug)]
struct Damaging {
    inner: InMemory,
    left: AtomicU32,
    num_damaged: AtomicU32,
}

impl std::fmt::Display for Damaging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Damaging {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let is_due = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        if !is_due {
            return self.inner.put_opts(location, payload, options).await;
        }
        self.num_damaged.fetch_add(1, Ordering::Relaxed);
        let mut bytes: Vec<u8> = payload.iter().flat_map(|part| part.iter().copied()).collect();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        self.inner.put_opts(location, bytes.into(), options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<bytes::Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn u6_damaged_objects_are_sent_again_under_another_name() {
    let store = Arc::new(Damaging { inner: InMemory::new(), left: AtomicU32::new(3), num_damaged: AtomicU32::new(0) });
    let mut world = World::new();
    world.storage = DeepStorage::over(store.clone(), "damaging");
    let supervisors = Supervisors::start(world.context("a", limits())).await.expect("started");
    supervisors.submit(&spec(), Wishes::default()).await;
    world.produce(0, 300);
    until("all is published", async || world.all_published().await).await;
    assert_eq!(store.num_damaged.load(Ordering::Relaxed), 3);
    assert_eq!(world.published().await, wanted(300));
    let metastore = world.metastore.as_metastore();
    let datasource = metastore.datasource("clicks").await.expect("asked").expect("a datasource");
    for segment in metastore.live(&datasource.datasource_id).await.expect("the live set").segments {
        let bundle = metastore.bundle(&segment.seg_id).await.expect("asked").expect("an object");
        let object = world.storage.get(&bundle.path, u64::MAX).await.expect("the object");
        assert_eq!(Some(storage::sha256_hex(&object)), bundle.hash, "a live segment is as it was sent");
    }
    let source = metastore.sources("clicks").await.expect("sources").remove(0);
    let mut letters = Vec::new();
    for object in metastore.dead_letters(&source.source_id, 100).await.expect("dead letters") {
        let bytes = world.storage.get(&object.path, 1 << 20).await.expect("the object");
        letters.extend(ingest::dead_letter::decode(&bytes, 1 << 20).expect("letters"));
    }
    assert_eq!(letters.len(), 30);
    assert!(letters.iter().all(|letter| letter["offset"].is_i64() && letter["raw"] == "b29wcw=="));
    assert!(letters.iter().all(|letter| letter["reason"] == "malformed"), "{:?}", letters[0]);
    supervisors.drain(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b8_lanes_that_are_moved_while_a_cut_is_in_flight() {
    let world = World::new();
    let context = world.context("a", limits());
    let metrics = context.metrics.clone();
    let supervisors = Supervisors::start(context).await.expect("started");
    supervisors.submit(&spec(), Wishes::default()).await;
    world.produce(0, 100);
    until("the first part", async || world.all_published().await).await;
    let metastore = world.metastore.as_metastore();
    let source = metastore.sources("clicks").await.expect("sources").remove(0);
    world.metastore.fail(Some("publish"), 0, Fault::LoseRequest);
    world.produce(100, 200);
    until("a cut whose publishing was lost", async || {
        let cuts = metastore.doomable(-1_000_000, 100).await.expect("asked");
        cuts.iter().any(|bundle| bundle.state == metastore::BundleState::Intent)
    })
    .await;
    let request = Rebase {
        source_id: source.source_id,
        expected_gen: source.source_gen,
        starts: Vec::new(),
        forget_others: false,
        cluster_id: None,
        topic_uuid: None,
        by: "operator".to_owned(),
    };
    metastore.rebase(&request).await.into_result().expect("moved");
    until("everything in the new generation", async || world.all_published().await).await;
    assert_eq!(world.published().await, wanted(200));
    assert!(metrics.supervisor("clicks").cuts.get() > 0);
    supervisors.drain(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b9_a_database_that_is_away_for_a_while() {
    let world = World::new();
    let mut body = spec();
    body["spec"]["tuningConfig"]["maxRowsInMemory"] = json!(2);
    let context = world.context("a", IngestLimits { live_bytes: 1, ..limits() });
    let metrics = context.metrics.clone();
    let supervisors = Supervisors::start(context).await.expect("started");
    supervisors.submit(&body, Wishes::default()).await;
    world.produce(0, 100);
    until("the first part", async || world.all_published().await).await;
    world.metastore.set_down(true);
    let read = metrics.supervisor("clicks").events.get();
    for round in 1..6 {
        world.produce(round * 100, (round + 1) * 100);
        until("reading to go on", async || {
            metrics.supervisor("clicks").events.get() >= read + 100 * (round as u64 - 1)
        })
        .await;
    }
    world.metastore.set_down(false);
    until("all is published", async || world.all_published().await).await;
    assert_eq!(world.published().await, wanted(600));
    supervisors.drain(Duration::from_secs(30)).await;
}

/// B7: two owners of the same lanes in one process; equality of offsets lets exactly one win each cut.
#[tokio::test(flavor = "multi_thread")]
async fn b7_two_owners_count_every_event_once() {
    let world = World::new();
    let first = world.context("a", limits());
    let mut second = world.context("a", IngestLimits { spill_directory: "spill2".to_owned(), ..limits() });
    second.random = Arc::new(SeededRandom::new(77));
    let metrics = [first.metrics.clone(), second.metrics.clone()];
    let one = Supervisors::start(first).await.expect("started");
    one.submit(&spec(), Wishes::default()).await;
    let other = Supervisors::start(second).await.expect("started");
    let mut num = 0;
    let have_read = || metrics.iter().all(|metrics| metrics.supervisor("clicks").events.get() > 0);
    for round in 0..200 {
        if round >= 6 && have_read() {
            break;
        }
        world.produce(num, num + 50);
        num += 50;
        until("all is published", async || world.all_published().await).await;
        assert_eq!(world.published().await, wanted(num), "round {round}");
    }
    assert!(have_read(), "both believed that they own the lanes");
    one.drain(Duration::from_secs(30)).await;
    other.drain(Duration::from_secs(30)).await;
    assert_eq!(world.published().await, wanted(num));
}

/// I8: a node that cannot renew its lease publishes nothing and claims no freshness, but shows what it has.
#[tokio::test(flavor = "multi_thread")]
async fn i8_an_owner_without_a_lease_fences_itself() {
    let world = World::new();
    world.produce(0, 100);
    let context = world.context("a", limits());
    let (live, clock) = (context.live.clone(), context.clock.clone());
    let supervisors = Supervisors::start(context).await.expect("started");
    supervisors.submit(&spec(), Wishes::default()).await;
    until("the first part", async || world.all_published().await).await;
    for _ in 0..60 {
        world.metastore.fail(Some("renew"), 0, Fault::LoseRequest);
    }
    // Whether all that was produced is readable here, and whether rows are shown that claim no freshness. One offset
    // alone may be a marker, of which nothing is known.
    let shown = async || {
        let floors: Vec<_> = world.lanes().await.into_values().collect();
        let parts = live.snapshots("clicks", &floors).unwrap_or_default();
        let covered: i64 = parts.iter().map(|part| part.covered).sum();
        let is_stale = parts.iter().any(|part| part.covered - part.floor > 1 && part.newest_ms.is_none());
        (covered == world.ends().await.iter().sum::<i64>(), is_stale)
    };
    let mut num = 100;
    until("the lease is over", async || {
        world.produce(num, num + 4);
        num += 4;
        until("it is read", async || shown().await.0).await;
        shown().await.1
    })
    .await;
    let before = world.published().await;
    world.produce(num, num + 100);
    let since = clock.monotonic_ms();
    until("cuts are long due", async || shown().await.0 && clock.monotonic_ms() - since > 2_000).await;
    assert_eq!(world.published().await, before, "nothing is published without a lease");
    until("the lease is renewed", async || world.all_published().await).await;
    assert_eq!(world.published().await, wanted(num + 100));
    supervisors.drain(Duration::from_secs(30)).await;
}

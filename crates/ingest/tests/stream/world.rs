//! A log, a store and a disk that a node works on, and what must come of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ingest::source::{MemoryLog, MemorySource, Partition, Source};
use ingest::{Body, Handoff, IngestContext, IngestLimits, LiveParts, Metrics, NodeName, Publication};
use metastore::testing::Faulty;
use metastore::{LaneId, Options};
use parking_lot::Mutex;
use serde_json::{Value, json};
use storage::{DeepStorage, FaultyDisk, RealDisk};
use timeline::{Clock, SeededRandom};

/// Queries move on at once.
#[derive(Default)]
struct AtOnce {
    snapshots: Mutex<Vec<i64>>,
}

#[async_trait]
impl Handoff for AtOnce {
    async fn published(&self, publication: &Publication) -> ingest::Result<()> {
        self.snapshots.lock().push(publication.snapshot);
        Ok(())
    }

    async fn lanes_changed(&self, _: &str) {}
}

/// A clock that runs as the test goes on, many times faster than the real one.
struct FastClock {
    start: std::time::Instant,
}

impl Clock for FastClock {
    fn now_ms(&self) -> i64 {
        1_700_000_000_000 + i64::try_from(self.monotonic_ms()).unwrap_or(0)
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(0) * 10
    }
}

pub struct World {
    pub log: MemoryLog,
    pub metastore: Arc<Faulty>,
    pub storage: DeepStorage,
    pub disk: Arc<FaultyDisk<RealDisk>>,
    _directory: tempfile::TempDir,
}

pub fn partition(number: i32) -> Partition {
    Partition::new("events", number)
}

impl World {
    pub fn new() -> World {
        let directory = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(FastClock { start: std::time::Instant::now() });
        let log = MemoryLog::default();
        log.create_topic("events", Some("u1"), 2);
        World {
            log,
            metastore: Faulty::new(Options::new(clock, Arc::new(SeededRandom::new(1)))),
            storage: DeepStorage::memory(),
            disk: Arc::new(FaultyDisk::new(RealDisk::open(directory.path()).expect("a disk"))),
            _directory: directory,
        }
    }

    pub fn context(&self, node: &str, limits: IngestLimits) -> IngestContext {
        let log = self.log.clone();
        IngestContext {
            metastore: self.metastore.as_metastore(),
            storage: self.storage.clone(),
            images: None,
            disk: self.disk.clone(),
            clock: Arc::new(FastClock { start: std::time::Instant::now() }),
            random: Arc::new(SeededRandom::new(u64::from(node.as_bytes()[0]))),
            handoff: Arc::new(AtOnce::default()),
            live: Arc::new(LiveParts::default()),
            metrics: Arc::new(Metrics::default()),
            limits,
            node: NodeName { id: node.to_owned(), host: "localhost".to_owned(), port: 8888 },
            environment: Arc::new(|_| None),
            property_policy: Default::default(),
            connect: Arc::new(move |_| Ok(Arc::new(MemorySource::new(log.clone(), Some("c1"))) as Arc<dyn Source>)),
        }
    }

    pub fn produce(&self, from: i64, to: i64) {
        World::produce_to(&self.log, from, to);
    }

    pub fn produce_to(log: &MemoryLog, from: i64, to: i64) {
        for n in from..to {
            let event = json!({"ts": 1_700_000_000_000i64 + n, "k": format!("k{}", n % 3), "n": n});
            let text = if n % 10 == 7 { "oops".to_owned() } else { event.to_string() };
            let number = i32::try_from(n % 2).expect("small");
            log.append(&partition(number), 1_700_000_000_000 + n, text.as_bytes());
            if n % 5 == 0 {
                log.append_marker(&partition(number));
            }
        }
    }

    pub async fn lanes(&self) -> BTreeMap<i32, (LaneId, i64)> {
        let lanes = self.all_lanes().await;
        lanes.into_iter().map(|lane| (lane.partition, (lane.id(), lane.next_offset))).collect()
    }

    pub async fn all_lanes(&self) -> Vec<metastore::Lane> {
        let metastore = self.metastore.as_metastore();
        let mut found = Vec::new();
        for source in metastore.sources("clicks").await.expect("sources") {
            found.extend(metastore.lanes(&source.source_id).await.expect("lanes"));
        }
        found
    }

    /// Count and sum of what is published, checked against the ledger.
    pub async fn published(&self) -> (i64, i64) {
        let metastore = self.metastore.as_metastore();
        assert_eq!(metastore.check().await.expect("checked"), vec![]);
        let Some(datasource) = metastore.datasource("clicks").await.expect("a datasource") else { return (0, 0) };
        let live = metastore.live(&datasource.datasource_id).await.expect("the live set");
        let sum = |name: &str| -> i64 {
            let sums = live.segments.iter().filter_map(|segment| segment.metric_sums.0.get(name));
            sums.map(|sum| if let metastore::Sum::Long(sum) = sum { *sum } else { 0 }).sum()
        };
        (sum("count"), sum("total"))
    }

    pub async fn ends(&self) -> Vec<i64> {
        let source = MemorySource::new(self.log.clone(), None);
        (0..2).map(|number| source.bounds(&partition(number)).expect("bounds").end).collect()
    }

    /// Whether a query sees every event of the log beside what is published.
    pub async fn all_live(&self, live: &LiveParts) -> bool {
        let floors: Vec<_> = self.lanes().await.into_values().collect();
        let Ok(parts) = live.snapshots("clicks", &floors) else { return false };
        let covered: i64 = parts.iter().map(|part| part.covered).sum();
        covered == self.ends().await.iter().sum::<i64>()
    }

    pub async fn all_published(&self) -> bool {
        let lanes = self.lanes().await;
        let ends = self.ends().await;
        lanes.len() == 2 && lanes.values().zip(ends).all(|((_, at), end)| *at == end)
    }
}

/// Count and sum that the first `num` events must give.
pub fn wanted(num: i64) -> (i64, i64) {
    let taken = (0..num).filter(|n| n % 10 != 7);
    (taken.clone().count() as i64, taken.sum())
}

pub fn spec() -> Value {
    json!({
        "type": "kafka",
        "spec": {
            "dataSchema": {
                "dataSource": "clicks",
                "timestampSpec": {"column": "ts", "format": "millis"},
                "dimensionsSpec": {"dimensions": ["k"]},
                "metricsSpec": [{"type": "count", "name": "count"}, {"type": "longSum", "name": "total", "fieldName": "n"}],
                "granularitySpec": {"segmentGranularity": "HOUR", "queryGranularity": "MINUTE", "rollup": true}
            },
            "ioConfig": {
                "topic": "events",
                "inputFormat": {"type": "json"},
                "consumerProperties": {"bootstrap.servers": "memory:1"},
                "useEarliestOffset": true, "startDelay": "PT0S", "period": "PT0.2S", "taskCount": 2
            },
            "tuningConfig": {"type": "kafka", "maxSavedParseExceptions": 5}
        }
    })
}

pub fn limits() -> IngestLimits {
    IngestLimits { cut_period: Duration::from_millis(300), disk_reserve_bytes: 0, ..IngestLimits::default() }
}

/// Waits until `condition` holds; gives up loudly.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while !condition().await {
        assert!(std::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub fn json_of(body: &Body) -> &Value {
    match body {
        Body::Json(json) => json,
        other => panic!("not JSON: {other:?}"),
    }
}

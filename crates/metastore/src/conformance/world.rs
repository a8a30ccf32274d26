use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use timeline::{Interval, ManualClock, ShardSpec};

use crate::*;

pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const START: i64 = 1_700_000_000_000;

/// A store with a source of two lanes that node `a` owns.
pub(crate) struct World {
    pub store: Arc<dyn Metastore>,
    pub clock: Arc<ManualClock>,
    pub source: Source,
    pub leader: LeaderClaim,
    pub claims: Vec<LaneClaim>,
    next_id: AtomicU32,
}

pub(crate) fn done<T: std::fmt::Debug>(outcome: Outcome<T>) -> T {
    match outcome {
        Outcome::Done(value) => value,
        other => panic!("not done: {other:?}"),
    }
}

pub(crate) fn already<T: std::fmt::Debug>(outcome: Outcome<T>) -> T {
    match outcome {
        Outcome::AlreadyDone(value) => value,
        other => panic!("not already done: {other:?}"),
    }
}

pub(crate) fn conflict<T: std::fmt::Debug>(outcome: Outcome<T>) -> Conflict {
    match outcome {
        Outcome::Conflict(conflict) => conflict,
        other => panic!("no conflict: {other:?}"),
    }
}

pub(crate) fn fenced<T: std::fmt::Debug>(outcome: Outcome<T>) -> Fence {
    match outcome {
        Outcome::Fenced(fence) => fence,
        other => panic!("not fenced: {other:?}"),
    }
}

pub(crate) fn operator() -> Authority {
    Authority::Operator("olga".to_owned())
}

/// Asserts a pattern and shows what was found instead.
macro_rules! assert_is {
    ($value:expr, $pattern:pat $(if $guard:expr)?) => {
        match $value {
            $pattern $(if $guard)? => {}
            other => panic!("found {other:?}"),
        }
    };
}
pub(crate) use assert_is;

impl World {
    pub async fn new(store: Arc<dyn Metastore>, clock: Arc<ManualClock>) -> Self {
        let lead = Lead { role: "coordinator".into(), holder: "c1".into(), ttl_ms: 10_000 };
        let leader = done(store.lead(&lead).await).claim();
        let register = Register {
            supervisor_id: "sup".into(),
            datasource: "ads".into(),
            topic: "events".into(),
            cluster_id: Some("k1".into()),
            topic_uuid: None,
        };
        let source = done(store.register(&register).await);
        let source_id = source.source_id.clone();
        done(store.open(&Open { source_id, source_gen: 1, starts: vec![(0, 0), (1, 100)] }).await);
        let (claims, next_id) = (Vec::new(), AtomicU32::new(0));
        let mut world = Self { store, clock, source, leader, claims, next_id };
        world.claims = world.assign_all("a", 0).await;
        world
    }

    pub fn lane(&self, partition: i32) -> LaneId {
        LaneId { source_id: self.source.source_id.clone(), source_gen: 1, partition }
    }

    pub fn datasource_id(&self) -> String {
        self.source.datasource_id.clone()
    }

    pub async fn assign_all(&self, node: &str, seen: i64) -> Vec<LaneClaim> {
        let lanes = vec![(self.lane(0), seen), (self.lane(1), seen)];
        let assign = Assign { leader: self.leader.clone(), lanes, node: node.into(), ttl_ms: 10_000 };
        done(self.store.assign(&assign).await).iter().map(Lane::claim).collect()
    }

    pub fn id(&self, what: &str) -> String {
        format!("{what}{:04}", self.next_id.fetch_add(1, Ordering::Relaxed))
    }

    /// Announces objects for node `a`.
    pub async fn intend(&self, ids: &[&str], kind: BundleKind, created_by: &str) {
        let bundle = |id: &&str| NewBundle { bundle_id: id.to_string(), kind, path: format!("d/{id}") };
        let intend = Intend {
            claim: Claim::Lanes(self.claims.clone()),
            datasource_id: self.datasource_id(),
            bundles: ids.iter().map(bundle).collect(),
            created_by: created_by.to_owned(),
        };
        done(self.store.intend(&intend).await);
    }

    pub fn segment(&self, bundle_id: &str, hour: i64, weight: i64) -> NewSegment {
        let interval = Interval { start: hour * HOUR, end: (hour + 1) * HOUR };
        let sums = [("clicks".to_owned(), Sum::Long(weight * 2)), ("cost".to_owned(), double(weight))];
        NewSegment {
            bundle_id: bundle_id.to_owned(),
            interval,
            shard_spec: ShardSpec::Numbered { partition_num: 0, partitions: 0 },
            size: 10,
            hash: format!("hash of {bundle_id}"),
            rows: 1,
            weight_sum: weight,
            metric_sums: sums.into_iter().collect(),
            min_time: interval.start,
            max_time: interval.end - 1,
            meta: "{}".to_owned(),
        }
    }

    pub fn lane_cut(&self, partition: usize, from_offset: i64, to_offset: i64) -> LaneCut {
        let count = to_offset - from_offset;
        LaneCut {
            claim: self.claims[partition].clone(),
            from_offset,
            to_offset,
            books: Books { indexed: count, ..Books::default() },
            row_counts: RowCounts { processed: count, processed_bytes: 7 * count, ..RowCounts::default() },
            rows_out: 1,
            weight_sum: count,
            spec_version: 1,
            task_id: Some("task1".to_owned()),
            tail_fp: Some(format!("fp{to_offset}")),
            leader_epoch: Some(3),
        }
    }

    /// A good cut of lane 0 with one announced segment in hour 0.
    pub async fn cut(&self, from_offset: i64, to_offset: i64) -> Publish {
        let (cut_id, bundle_id) = (self.id("cut"), self.id("seg"));
        self.intend(&[&bundle_id], BundleKind::Segment, &cut_id).await;
        Publish {
            digest: format!("digest of {cut_id}"),
            cut_id,
            datasource_id: self.datasource_id(),
            lanes: vec![self.lane_cut(0, from_offset, to_offset)],
            segments: vec![self.segment(&bundle_id, 0, to_offset - from_offset)],
            dead_letters: Vec::new(),
        }
    }

    /// Publishes a range of lane 0 and gives its segment.
    pub async fn published(&self, from_offset: i64, to_offset: i64) -> Segment {
        let cut = self.cut(from_offset, to_offset).await;
        done(self.store.publish(&cut).await).segments.remove(0)
    }

    pub async fn take_job(&self, kind: JobKind) -> JobClaim {
        let take = TakeJob {
            job_id: self.id("job"),
            kind,
            datasource_id: self.datasource_id(),
            worker: "w1".into(),
            ttl_ms: 10_000,
        };
        done(self.store.take_job(&take).await).claim()
    }

    /// Announces one object for a job.
    pub async fn intend_for(&self, job: &JobClaim) -> String {
        let bundle_id = self.id("seg");
        let path = format!("d/{bundle_id}");
        let intend = Intend {
            claim: Claim::Job(job.clone()),
            datasource_id: self.datasource_id(),
            bundles: vec![NewBundle { bundle_id: bundle_id.clone(), kind: BundleKind::Segment, path }],
            created_by: job.job_id.clone(),
        };
        done(self.store.intend(&intend).await);
        bundle_id
    }

    pub async fn live(&self) -> LiveSet {
        self.store.live(&self.datasource_id()).await.unwrap()
    }

    pub async fn live_ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.live().await.segments.into_iter().map(|segment| segment.seg_id).collect();
        ids.sort();
        ids
    }

    pub async fn next_offset(&self, partition: i32) -> i64 {
        let lanes = self.store.lanes(&self.source.source_id).await.unwrap();
        let offsets: BTreeMap<i32, i64> = lanes.into_iter().map(|lane| (lane.partition, lane.next_offset)).collect();
        offsets[&partition]
    }

    /// Facts agree with each other.
    pub async fn check(&self) {
        assert_eq!(self.store.check().await.unwrap(), []);
    }
}

pub(crate) fn double(weight: i64) -> Sum {
    let weight = weight as f64;
    Sum::double(weight * 0.1, weight * 0.1)
}

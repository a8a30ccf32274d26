//! Logs whose readers misbehave.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ingest::source::{
    Bounds, FetchedBatch, MemorySource, OwnedRecord, Partition, PollLimits, Reader, Source, SourceError, Topic,
    TopicChoice,
};
use ingest::{IngestContext, IngestLimits, Supervisors};
use metastore::LaneState;
use serde_json::{Value, json};

use super::patched;
use super::world::{World, limits, partition, until, wanted};

/// What is wrong with the first readers.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    /// Polls never return.
    Hangs,
    /// Polls find nothing.
    IsDeaf,
    /// Polls of partition 0 fail their checksum.
    IsCorrupt,
}

/// A source whose faults are counted down: readers made, or polls answered.
struct Sick {
    inner: MemorySource,
    fault: Fault,
    left: Arc<AtomicU32>,
}

impl Sick {
    fn takes_one(left: &AtomicU32) -> bool {
        left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

impl Source for Sick {
    fn cluster_id(&self) -> Result<Option<String>, SourceError> {
        self.inner.cluster_id()
    }

    fn topics(&self, choice: &TopicChoice) -> Result<Vec<Topic>, SourceError> {
        self.inner.topics(choice)
    }

    fn bounds(&self, partition: &Partition) -> Result<Bounds, SourceError> {
        self.inner.bounds(partition)
    }

    fn fetch(&self, partition: &Partition, offset: i64) -> Result<Option<OwnedRecord>, SourceError> {
        self.inner.fetch(partition, offset)
    }

    fn reader(&self) -> Result<Box<dyn Reader>, SourceError> {
        let is_sick = self.fault == Fault::IsCorrupt || Sick::takes_one(&self.left);
        let inner = self.inner.reader()?;
        let (fault, left) = (self.fault, self.left.clone());
        Ok(if is_sick { Box::new(SickReader { inner, fault, left, reads_first: false }) } else { inner })
    }
}

struct SickReader {
    inner: Box<dyn Reader>,
    fault: Fault,
    left: Arc<AtomicU32>,
    reads_first: bool,
}

impl Reader for SickReader {
    fn assign(&mut self, starts: &[(Partition, i64)]) -> Result<(), SourceError> {
        self.reads_first = starts.iter().any(|(assigned, _)| *assigned == partition(0));
        self.inner.assign(starts)
    }

    fn pause(&mut self, partitions: &[Partition], paused: bool) -> Result<(), SourceError> {
        self.inner.pause(partitions, paused)
    }

    fn poll(&mut self, limits: PollLimits, out: &mut Vec<FetchedBatch>) -> Result<(), SourceError> {
        match self.fault {
            Fault::Hangs => loop {
                std::thread::park();
            },
            Fault::IsDeaf => Ok(()),
            Fault::IsCorrupt if self.reads_first && Sick::takes_one(&self.left) => {
                Err(SourceError::Corrupt(partition(0)))
            }
            Fault::IsCorrupt => self.inner.poll(limits, out),
        }
    }
}

fn sick_context(world: &World, fault: Fault, times: u32) -> IngestContext {
    let mut context = world.context("a", IngestLimits { stall: Duration::from_secs(2), ..limits() });
    let (log, left) = (world.log.clone(), Arc::new(AtomicU32::new(times)));
    context.connect = Arc::new(move |_| {
        let inner = MemorySource::new(log.clone(), Some("c1"));
        Ok(Arc::new(Sick { inner, fault, left: left.clone() }) as Arc<dyn Source>)
    });
    context
}

fn one_group() -> Value {
    let mut body = patched("/spec/ioConfig/taskCount", json!(1));
    body["spec"]["tuningConfig"]["offsetFetchPeriod"] = json!("PT0.5S");
    body
}

/// I7: a consumer that stalls is made anew, and reads on at the open chunk.
#[tokio::test(flavor = "multi_thread")]
async fn i7_a_reader_that_stalls_is_made_anew() {
    for fault in [Fault::Hangs, Fault::IsDeaf] {
        let world = World::new();
        world.produce(0, 300);
        let supervisors = Supervisors::start(sick_context(&world, fault, 2)).await.expect("started");
        supervisors.submit(&one_group(), false).await;
        until("all is published by a later reader", async || world.all_published().await).await;
        assert_eq!(world.published().await, wanted(300));
        supervisors.drain(Duration::from_secs(30)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_fail_their_checksum_are_fetched_again() {
    let world = World::new();
    world.produce(0, 200);
    let supervisors = Supervisors::start(sick_context(&world, Fault::IsCorrupt, 3)).await.expect("started");
    supervisors.submit(&one_group(), false).await;
    until("all is published", async || world.all_published().await).await;
    assert_eq!(world.published().await, wanted(200));
    supervisors.drain(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checksum_that_stays_wrong_halts_its_lane_alone() {
    let world = World::new();
    world.produce(0, 200);
    let supervisors = Supervisors::start(sick_context(&world, Fault::IsCorrupt, u32::MAX)).await.expect("started");
    supervisors.submit(&one_group(), false).await;
    until("one lane is halted, the other published", async || {
        let lanes = world.all_lanes().await;
        let halted = lanes.iter().find(|lane| lane.state == LaneState::Halted);
        let says = halted.is_some_and(|lane| {
            lane.partition == 0 && lane.reason.as_deref().is_some_and(|reason| reason.starts_with("CorruptBatch"))
        });
        let end = world.ends().await[1];
        says && lanes.iter().any(|lane| lane.partition == 1 && lane.next_offset == end)
    })
    .await;
    let odd = (0..200).filter(|n| n % 2 == 1 && n % 10 != 7);
    assert_eq!(world.published().await, (odd.clone().count() as i64, odd.sum()));
    supervisors.drain(Duration::from_secs(30)).await;
}

//! Logs whose readers misbehave.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ingest::source::{
    Bounds, FetchedBatch, Identity, MemoryLog, MemorySource, OwnedRecord, Partition, PollLimits, Reader, Source,
    SourceError, Topic, TopicChoice,
};
use ingest::{IngestContext, IngestLimits, Settlement, Supervisors, Wishes};
use metastore::{LaneId, LaneState, LedgerFilter};
use parking_lot::{Condvar, Mutex};
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
    /// Nothing is answered before the gate opens.
    IsMute,
    /// Records are read, but whose they are is not told as often as it is counted down.
    IsShy,
    /// Each time the bounds of a partition are told, ten of its records leave the log.
    IsFleeting,
}

/// What the answers of a mute source wait for.
#[derive(Default)]
struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn pass(&self) {
        self.opened.wait_while(&mut self.is_open.lock(), |is_open| !*is_open);
    }

    fn open(&self) {
        *self.is_open.lock() = true;
        self.opened.notify_all();
    }
}

/// A source whose faults are counted down: readers made, or polls answered.
struct Sick {
    log: MemoryLog,
    inner: MemorySource,
    fault: Fault,
    left: Arc<AtomicU32>,
    gate: Arc<Gate>,
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
        if self.fault == Fault::IsMute {
            self.left.fetch_add(1, Ordering::SeqCst);
            self.gate.pass();
        }
        self.inner.topics(choice)
    }

    fn identity(&self, topic: &str) -> Result<Identity, SourceError> {
        match self.fault == Fault::IsShy && Sick::takes_one(&self.left) {
            true => Err(SourceError::Unavailable("who knows".to_owned())),
            false => self.inner.identity(topic),
        }
    }

    fn bounds(&self, partition: &Partition) -> Result<Bounds, SourceError> {
        let bounds = self.inner.bounds(partition)?;
        if self.fault == Fault::IsFleeting && Sick::takes_one(&self.left) {
            self.log.expire(partition, bounds.earliest + 10);
        }
        Ok(bounds)
    }

    fn fetch(&self, partition: &Partition, offset: i64) -> Result<Option<OwnedRecord>, SourceError> {
        self.inner.fetch(partition, offset)
    }

    fn reader(&self) -> Result<Box<dyn Reader>, SourceError> {
        let is_sick = match self.fault {
            Fault::IsShy | Fault::IsFleeting => false,
            Fault::IsCorrupt => true,
            _ => Sick::takes_one(&self.left),
        };
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
            Fault::IsDeaf | Fault::IsMute | Fault::IsShy | Fault::IsFleeting => Ok(()),
            Fault::IsCorrupt if self.reads_first && Sick::takes_one(&self.left) => {
                Err(SourceError::Corrupt(partition(0)))
            }
            Fault::IsCorrupt => self.inner.poll(limits, out),
        }
    }
}

fn sick_context(world: &World, fault: Fault, times: u32) -> IngestContext {
    sick_context_with(world, fault, (Arc::new(AtomicU32::new(times)), Arc::default()))
}

fn sick_context_with(world: &World, fault: Fault, (left, gate): (Arc<AtomicU32>, Arc<Gate>)) -> IngestContext {
    let mut context = world.context("a", IngestLimits { stall: Duration::from_secs(2), ..limits() });
    let log = world.log.clone();
    context.connect = Arc::new(move |_| {
        let inner = MemorySource::new(log.clone(), Some("c1"));
        Ok(Arc::new(Sick { log: log.clone(), inner, fault, left: left.clone(), gate: gate.clone() }) as Arc<dyn Source>)
    });
    context
}

fn one_group() -> Value {
    let mut body = patched("/spec/ioConfig/taskCount", json!(1));
    body["spec"]["tuningConfig"]["offsetFetchPeriod"] = json!("PT0.5S");
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_that_never_reached_its_log_ends_at_once() {
    let world = World::new();
    let (asked, gate) = <(Arc<AtomicU32>, Arc<Gate>)>::default();
    let context = sick_context_with(&world, Fault::IsMute, (asked.clone(), gate.clone()));
    let supervisors = Supervisors::start(context).await.expect("started");
    supervisors.submit(&one_group(), Wishes::default()).await;
    until("the log is asked", async || asked.load(Ordering::SeqCst) > 0).await;
    let begun = std::time::Instant::now();
    supervisors.drain(Duration::from_secs(60)).await;
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    gate.open();
}

/// A start that falls due while offsets are moved waits for that.
#[tokio::test(flavor = "multi_thread")]
async fn offsets_are_moved_whole_whatever_falls_due_meanwhile() {
    let world = World::new();
    world.produce(0, 200);
    let (asked, gate) = <(Arc<AtomicU32>, Arc<Gate>)>::default();
    let context = sick_context_with(&world, Fault::IsMute, (asked.clone(), gate.clone()));
    let supervisors = Supervisors::start(context).await.expect("started");
    let mut body = one_group();
    body["spec"]["ioConfig"]["startDelay"] = json!("PT0.3S");
    supervisors.submit(&body, Wishes::default()).await;
    let moved =
        json!({"type": "kafka", "partitions": {"type": "end", "stream": "events", "partitionOffsetMap": {"0": 40}}});
    let mut moving = std::pin::pin!(supervisors.reset_offsets("clicks", &moved));
    let early = tokio::time::timeout(Duration::from_millis(900), &mut moving).await;
    let num_asked = asked.load(Ordering::SeqCst);
    gate.open();
    assert!(early.is_err(), "there is an answer before the log's: {early:?}");
    assert_eq!(num_asked, 1, "nobody else asks the log");
    assert_eq!(moving.await.status, 200);
    let starts: Vec<(i32, i64)> =
        world.all_lanes().await.iter().map(|lane| (lane.partition, lane.start_offset)).collect();
    assert_eq!(starts, [(0, 40), (1, 0)]);
    supervisors.drain(Duration::from_secs(60)).await;
}

/// A lane that has read nothing yet keeps up with a log whose first records leave while it begins.
#[tokio::test(flavor = "multi_thread")]
async fn a_lane_begins_where_the_log_does_however_fast_that_moves() {
    let world = World::new();
    world.produce(0, 200);
    let supervisors = Supervisors::start(sick_context(&world, Fault::IsFleeting, 6)).await.expect("started");
    supervisors.submit(&one_group(), Wishes::default()).await;
    until("all that is left is published", async || world.all_published().await).await;
    assert!(world.all_lanes().await.iter().all(|lane| lane.state == LaneState::Reading));
    let metastore = world.metastore.as_metastore();
    let source = metastore.sources("clicks").await.expect("sources").remove(0);
    assert!(metastore.gaps(&source.source_id).await.expect("gaps").len() > 1, "each step is in the books");
    supervisors.drain(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_was_made_anew_halts_its_lanes_until_a_reset() {
    let world = World::new();
    world.produce(0, 100);
    let supervisors = Supervisors::start(world.context("a", limits())).await.expect("started");
    supervisors.submit(&one_group(), Wishes::default()).await;
    until("the old topic is published", async || world.all_published().await).await;
    let log = world.log.clone();
    // Reading stops first, so that nothing of the new topic can pass for the old one's next records.
    supervisors.suspend("clicks").await;
    until("reading has stopped", async || {
        super::world::json_of(&supervisors.status("clicks").await.body)["payload"]["state"] == "SUSPENDED"
    })
    .await;
    log.create_topic("events", Some("u2"), 2);
    world.produce(0, 300);
    supervisors.resume("clicks").await;
    let are_halted = async || {
        let lanes = world.all_lanes().await;
        let says = |lane: &metastore::Lane| lane.reason.as_deref().is_some_and(|why| why.starts_with("SourceChanged"));
        lanes.len() == 2 && lanes.iter().all(|lane| lane.state == LaneState::Halted && says(lane))
    };
    until("both lanes are halted", are_halted).await;
    assert_eq!(world.published().await, wanted(100));
    assert_eq!(supervisors.reset("clicks").await.status, 200);
    until("the new topic is published", async || world.all_published().await).await;
    let (old, new) = (wanted(100), wanted(300));
    assert_eq!(world.published().await, (old.0 + new.0, old.1 + new.1));
    log.create_topic("events", Some("u3"), 2);
    until("lanes that are read are halted too", are_halted).await;
    supervisors.drain(Duration::from_secs(30)).await;
}

/// Nothing is cut by itself, and no lease ends where the machine has other work for a while, so that nobody has to
/// begin anew.
fn undisturbed() -> IngestLimits {
    let long = Duration::from_secs(100_000);
    IngestLimits { cut_period: long, lease: long, ..limits() }
}

/// The reader notices nothing, since the new topic has as many records as the old one had and more.
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_topic_made_anew_are_never_booked_under_the_old_one() {
    for is_drained in [false, true] {
        let world = World::new();
        world.produce(0, 100);
        let context = world.context("a", undisturbed());
        let (live, metrics) = (context.live.clone(), context.metrics.clone());
        let supervisors = Supervisors::start(context).await.expect("started");
        let mut body = one_group();
        body["spec"]["ioConfig"]["period"] = json!("PT1000H");
        supervisors.submit(&body, Wishes::default()).await;
        let is_read_to_the_end = async || {
            let floors: Vec<_> = world.lanes().await.into_values().collect();
            let Ok(parts) = live.snapshots("clicks", &floors) else { return false };
            parts.iter().map(|part| part.covered).sum::<i64>() == world.ends().await.iter().sum::<i64>()
        };
        until("the old topic is read", is_read_to_the_end).await;
        let other = MemoryLog::default();
        other.create_topic("events", Some("u2"), 2);
        World::produce_to(&other, 0, 300);
        world.log.take_topic("events", &other);
        until("the new topic is read", is_read_to_the_end).await;
        if is_drained {
            supervisors.suspend("clicks").await;
            until("the cut is refused", async || metrics.supervisor("clicks").refused_cuts.get() == 1).await;
            supervisors.resume("clicks").await;
        } else {
            supervisors.handoff_groups("clicks", &json!({"taskGroupIds": [0]})).await;
        }
        until("both lanes are halted", async || {
            let lanes = world.all_lanes().await;
            let says =
                |lane: &metastore::Lane| lane.reason.as_deref().is_some_and(|why| why.starts_with("SourceChanged"));
            lanes.len() == 2 && lanes.iter().all(|lane| lane.state == LaneState::Halted && says(lane))
        })
        .await;
        assert_eq!(metrics.supervisor("clicks").refused_cuts.get(), 1);
        assert_eq!(world.published().await, (0, 0), "drained: {is_drained}");
        supervisors.drain(Duration::from_secs(30)).await;
    }
}

/// A topic that is deleted takes nothing back.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_of_a_deleted_topic_is_published() {
    let world = World::new();
    world.produce(0, 100);
    let context = world.context("a", undisturbed());
    let live = context.live.clone();
    let supervisors = Supervisors::start(context).await.expect("started");
    let mut body = one_group();
    body["spec"]["ioConfig"]["period"] = json!("PT1000H");
    supervisors.submit(&body, Wishes::default()).await;
    let ends = world.ends().await;
    until("the topic is read", async || {
        let floors: Vec<_> = world.lanes().await.into_values().collect();
        let Ok(parts) = live.snapshots("clicks", &floors) else { return false };
        parts.iter().map(|part| part.covered).sum::<i64>() == ends.iter().sum::<i64>()
    })
    .await;
    world.log.delete_topic("events");
    supervisors.drain(Duration::from_secs(30)).await;
    assert_eq!(world.published().await, wanted(100));
}

/// Nothing is published of topics that may be others; a supervisor that is to end does not wait for ever, and what it
/// gave up is read again.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_of_another_topic_waits_and_is_read_again() {
    let world = World::new();
    world.produce(0, 100);
    let left = Arc::new(AtomicU32::new(u32::MAX));
    let supervisors = Supervisors::start(sick_context_with(&world, Fault::IsShy, (left.clone(), Arc::default())))
        .await
        .expect("started");
    supervisors.submit(&one_group(), Wishes::default()).await;
    until("the cut waits", async || left.load(Ordering::SeqCst) < u32::MAX - 2).await;
    assert_eq!(world.published().await, (0, 0));
    supervisors.drain(Duration::from_secs(60)).await;
    assert_eq!(world.published().await, (0, 0), "it ended without knowing");
    left.store(2, Ordering::SeqCst);
    let supervisors =
        Supervisors::start(sick_context_with(&world, Fault::IsShy, (left, Arc::default()))).await.expect("started");
    until("all is published once it is known", async || world.all_published().await).await;
    assert_eq!(world.published().await, wanted(100));
    supervisors.drain(Duration::from_secs(30)).await;
}

/// I7: a consumer that stalls is made anew, and reads on at the open chunk.
#[tokio::test(flavor = "multi_thread")]
async fn i7_a_reader_that_stalls_is_made_anew() {
    for fault in [Fault::Hangs, Fault::IsDeaf] {
        let world = World::new();
        world.produce(0, 300);
        let supervisors = Supervisors::start(sick_context(&world, fault, 2)).await.expect("started");
        supervisors.submit(&one_group(), Wishes::default()).await;
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
    supervisors.submit(&one_group(), Wishes::default()).await;
    until("all is published", async || world.all_published().await).await;
    assert_eq!(world.published().await, wanted(200));
    supervisors.drain(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checksum_that_stays_wrong_halts_its_lane_alone() {
    let world = World::new();
    world.produce(0, 200);
    let supervisors = Supervisors::start(sick_context(&world, Fault::IsCorrupt, u32::MAX)).await.expect("started");
    supervisors.submit(&one_group(), Wishes::default()).await;
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

async fn halted(world: &World, why: &str) -> bool {
    let lanes = world.all_lanes().await;
    let says = |lane: &metastore::Lane| lane.reason.as_deref().is_some_and(|reason| reason.starts_with(why));
    lanes.iter().any(|lane| lane.partition == 0 && lane.state == LaneState::Halted && says(lane))
}

/// Stops reading, changes the log, and reads on.
async fn change_log(world: &World, supervisors: &Supervisors, change: impl FnOnce()) {
    supervisors.suspend("clicks").await;
    until("reading has stopped", async || {
        super::world::json_of(&supervisors.status("clicks").await.body)["payload"]["state"] == "SUSPENDED"
    })
    .await;
    assert!(world.all_published().await);
    change();
    supervisors.resume("clicks").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_that_the_log_lost_is_skipped_by_an_operator() {
    let world = World::new();
    world.produce(0, 100);
    let supervisors = Supervisors::start(world.context("a", limits())).await.expect("started");
    supervisors.submit(&one_group(), Wishes::default()).await;
    until("the first part", async || world.all_published().await).await;
    let not_halted = supervisors.settle("clicks", None, 0, Settlement::Skip(None)).await;
    assert_eq!(not_halted.status, 400, "{not_halted:?}");
    change_log(&world, &supervisors, || {
        world.produce(100, 200);
        world.log.expire(&partition(0), 100);
    })
    .await;
    until("the lane is halted", async || halted(&world, "RetentionGap").await).await;
    assert_eq!(supervisors.settle("clicks", None, 0, Settlement::Accept).await.status, 400, "nothing was cut off");
    let skipped = supervisors.settle("clicks", None, 0, Settlement::Skip(None)).await;
    assert_eq!(skipped.status, 200, "{skipped:?}");
    until("all is published", async || world.all_published().await).await;
    let metastore = world.metastore.as_metastore();
    let source = metastore.sources("clicks").await.expect("sources").remove(0);
    let gaps = metastore.gaps(&source.source_id).await.expect("gaps");
    assert_eq!(gaps.iter().map(|gap| (gap.partition, gap.to_offset)).collect::<Vec<_>>(), vec![(0, 100)]);
    assert!(gaps[0].why.starts_with("RetentionGap"));
    let (count, _) = world.published().await;
    assert!((wanted(100).0..wanted(200).0).contains(&count));
    supervisors.drain(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_cut_off_goes_on_at_its_end_by_an_operator() {
    let world = World::new();
    world.produce(0, 100);
    let supervisors = Supervisors::start(world.context("a", limits())).await.expect("started");
    supervisors.submit(&one_group(), Wishes::default()).await;
    until("the first part", async || world.all_published().await).await;
    change_log(&world, &supervisors, || world.log.truncate(&partition(0), 20)).await;
    until("the lane is halted", async || halted(&world, "LogTruncated").await).await;
    let accepted = supervisors.settle("clicks", None, 0, Settlement::Accept).await;
    assert_eq!(super::world::json_of(&accepted.body)["offset"], 20, "{accepted:?}");
    let metastore = world.metastore.as_metastore();
    let source = metastore.sources("clicks").await.expect("sources").remove(0);
    let old = LaneId { source_id: source.source_id.clone(), source_gen: source.source_gen - 1, partition: 0 };
    let ledger = metastore.ledger(&LedgerFilter::of_lane(&old)).await.expect("the ledger");
    let back = ledger.last().expect("a row");
    assert_eq!((back.to_offset, back.skipped), (20, 20 - back.from_offset), "the loss is in the books");
    world.produce(100, 200);
    until("all is published", async || world.all_published().await).await;
    assert_eq!(world.published().await, wanted(200), "what was indexed is kept, what comes is added");
    supervisors.drain(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_is_gone_is_let_go_by_an_operator() {
    let world = World::new();
    world.produce(0, 100);
    let supervisors = Supervisors::start(world.context("a", limits())).await.expect("started");
    supervisors.submit(&one_group(), Wishes::default()).await;
    until("the first part", async || world.all_published().await).await;
    world.log.create_topic("events", Some("u1"), 1);
    until("the lane is halted", async || {
        let lanes = world.all_lanes().await;
        lanes.iter().any(|lane| lane.partition == 1 && lane.state == LaneState::Halted)
    })
    .await;
    assert_eq!(supervisors.settle("clicks", None, 1, Settlement::Gone).await.status, 200);
    let state = async || super::world::json_of(&supervisors.status("clicks").await.body)["payload"]["state"].clone();
    until("it is well again", async || state().await == "RUNNING").await;
    let lanes = world.all_lanes().await;
    assert_eq!(lanes.iter().map(|lane| lane.state).collect::<Vec<_>>(), vec![LaneState::Reading, LaneState::Gone]);
    supervisors.drain(Duration::from_secs(30)).await;
}

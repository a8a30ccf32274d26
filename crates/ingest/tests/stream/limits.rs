//! What is too much for a chunk, a cut or a lane.

use std::time::Duration;

use ingest::{IngestLimits, Supervisors, Wishes};
use metastore::LaneState;
use serde_json::{Value, json};

use super::patched;
use super::world::{World, limits, partition, until, wanted};

const HOUR_MS: i64 = 3_600_000;

impl World {
    /// Events of as many hours, over both partitions.
    fn produce_hours(&self, hours: i64) {
        for n in 0..hours {
            let event = json!({"ts": 1_700_000_000_000i64 + n * HOUR_MS, "k": "k", "n": 1});
            let number = i32::try_from(n % 2).expect("small");
            self.log.append(&partition(number), 1_700_000_000_000, event.to_string().as_bytes());
        }
    }
}

fn one_group() -> Value {
    patched("/spec/ioConfig/taskCount", json!(1))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_dictionary_closes_the_chunk_and_not_the_lane() {
    let world = World::new();
    let index = segment::Limits { max_dictionary_values: 60, ..segment::Limits::default() };
    let mut body = one_group();
    body["spec"]["dataSchema"]["dimensionsSpec"]["dimensions"] = json!(["k", "n"]);
    let quick = IngestLimits { index, poll_records: 50, ..limits() };
    let supervisors = Supervisors::start(world.context("a", quick)).await.expect("started");
    world.produce(0, 600);
    supervisors.submit(&body, Wishes::default()).await;
    until("all is published", async || world.all_published().await).await;
    assert_eq!(world.published().await, wanted(600));
    assert!(world.all_lanes().await.iter().all(|lane| lane.state == LaneState::Reading));
    supervisors.drain(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_time_chunks_make_a_cut_early() {
    // Neither lane has so many by itself, whether one group reads both or each has its own.
    for num_groups in [1, 2] {
        let world = World::new();
        let quick = IngestLimits { cut_period: Duration::from_secs(36_000), time_chunks_per_cut: 20, ..limits() };
        let supervisors = Supervisors::start(world.context("a", quick)).await.expect("started");
        world.produce_hours(30);
        supervisors.submit(&patched("/spec/ioConfig/taskCount", json!(num_groups)), Wishes::default()).await;
        until("all is published", async || world.all_published().await).await;
        assert_eq!(world.published().await, (30, 30));
        supervisors.drain(Duration::from_secs(30)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn far_too_many_time_chunks_halt_a_lane_and_say_which_years() {
    let world = World::new();
    let quick = IngestLimits { time_chunks_per_lane: 40, ..limits() };
    let supervisors = Supervisors::start(world.context("a", quick)).await.expect("started");
    world.produce_hours(100);
    supervisors.submit(&one_group(), Wishes::default()).await;
    until("both lanes are halted", async || {
        let lanes = world.all_lanes().await;
        let says = |lane: &metastore::Lane| lane.reason.as_deref().is_some_and(|why| why.contains("2023: 50 rows"));
        lanes.len() == 2 && lanes.iter().all(|lane| lane.state == LaneState::Halted && says(lane))
    })
    .await;
    assert_eq!(world.published().await, (0, 0));
    supervisors.drain(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn small_live_indexes_stay_small() {
    let world = World::new();
    let wide = IngestLimits {
        cut_period: Duration::from_secs(36_000),
        time_chunks_per_cut: 10_000,
        time_chunks_per_lane: 10_000,
        ..limits()
    };
    let context = world.context("a", wide);
    let metrics = context.metrics.supervisor("clicks");
    let supervisors = Supervisors::start(context).await.expect("started");
    world.produce_hours(600);
    supervisors.submit(&one_group(), Wishes::default()).await;
    until("all is read", async || metrics.live_rows.get() == 600).await;
    let each = metrics.live_bytes.get() / 600;
    assert!(each < 24 << 10, "{each} bytes for a row of its own hour");
    supervisors.drain(Duration::from_secs(30)).await;
    assert_eq!(world.published().await, (600, 600));
}

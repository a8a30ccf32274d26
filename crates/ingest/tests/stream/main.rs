//! From a log in memory to published segments, through the supervisors' own API.

mod faults;
mod limits;
mod sources;
mod world;

use std::sync::Arc;
use std::time::Duration;

use ingest::{Body, Compactor, IngestLimits, Supervisors, Tiers, Wishes};
use metastore::testing::Fault;
use serde_json::{Value, json};
use storage::DiskFault;
use world::{World, json_of, limits, spec, until, wanted};

#[tokio::test(flavor = "multi_thread")]
async fn trap_57_every_event_is_published_once_and_seen_before() {
    let world = World::new();
    world.produce(0, 500);
    let context = world.context("a", IngestLimits { cut_period: Duration::from_secs(3600), ..limits() });
    let live = context.live.clone();
    let supervisors = Supervisors::start(context).await.expect("started");
    assert_eq!(supervisors.submit(&spec(), Wishes::default()).await.status, 200);
    until("live rows", async || world.all_live(&live).await).await;
    assert_eq!(world.published().await, (0, 0), "nothing is cut before it is due");
    let status = supervisors.status("clicks").await;
    assert_eq!(json_of(&status.body)["payload"]["activeTasks"].as_array().map(Vec::len), Some(2));
    assert_eq!(supervisors.suspend("clicks").await.status, 200);
    until("all is published", async || world.all_published().await).await;
    assert_eq!(world.published().await, wanted(500));
    let metastore = world.metastore.as_metastore();
    let source = metastore.sources("clicks").await.expect("sources").remove(0);
    let dead = metastore.dead_letters(&source.source_id, 100).await.expect("dead letters");
    assert_eq!(dead.iter().map(|dead| dead.num_records).sum::<i64>(), 50);
    until("tasks have ended", async || {
        let tasks = metastore.tasks(&Default::default()).await.expect("tasks");
        tasks.len() == 2 && tasks.iter().all(|task| task.status == metastore::TaskStatus::Success)
    })
    .await;
    supervisors.drain(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stops_waits_for_supervisors_that_were_terminated() {
    let world = World::new();
    world.produce(0, 500);
    let context = world.context("a", IngestLimits { cut_period: Duration::from_secs(3600), ..limits() });
    let live = context.live.clone();
    let supervisors = Supervisors::start(context).await.expect("started");
    supervisors.submit(&spec(), Wishes::default()).await;
    until("live rows", async || world.all_live(&live).await).await;
    assert_eq!(supervisors.terminate("clicks").await.status, 200);
    supervisors.drain(Duration::from_secs(30)).await;
    assert_eq!(world.published().await, wanted(500));
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_store_and_disk_lose_and_double_nothing() {
    let world = World::new();
    let disk = world.disk.clone();
    let faulty = world.metastore.clone();
    let small = IngestLimits { live_bytes: 1, chunk_credits: 2, ..limits() };
    let mut body = spec();
    body["spec"]["tuningConfig"]["maxRowsInMemory"] = json!(2);
    let supervisors = Supervisors::start(world.context("a", small)).await.expect("started");
    supervisors.submit(&body, Wishes::default()).await;
    for round in 0..6 {
        world.produce(round * 100, (round + 1) * 100);
        match round {
            1 => faulty.fail(Some("publish"), 0, Fault::LoseReply),
            2 => faulty.fail(Some("publish"), 0, Fault::LoseRequest),
            3 => faulty.fail(Some("intend"), 0, Fault::LoseReply),
            4 => disk.fail_from(0, DiskFault::Full),
            5 => disk.fail_from(1, DiskFault::Torn(3)),
            _ => {}
        }
        if round >= 4 {
            let before = disk.num_changes();
            until("the disk refuses", async || disk.num_changes() > before + 20).await;
            disk.heal();
        }
        until("all is published", async || world.all_published().await).await;
        assert_eq!(world.published().await, wanted((round + 1) * 100), "round {round}");
    }
    supervisors.drain(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_taken_back_is_read_again() {
    let world = World::new();
    let supervisors = Supervisors::start(world.context("a", limits())).await.expect("started");
    supervisors.submit(&spec(), Wishes::default()).await;
    world.produce(0, 100);
    until("the first part", async || world.all_published().await).await;
    let before = world.metastore.remember().await;
    world.produce(100, 200);
    until("the second part", async || world.all_published().await).await;
    world.metastore.take_back(before).await;
    world.produce(200, 300);
    until("everything again", async || world.all_published().await).await;
    assert_eq!(world.published().await, wanted(300));
    supervisors.drain(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_goes_on_where_the_last_one_stopped() {
    let world = World::new();
    let mut body = spec();
    body["spec"]["tuningConfig"]["maxRowsInMemory"] = json!(2);
    for life in 0..4 {
        let quick = IngestLimits { live_bytes: 1, ..limits() };
        let supervisors = Supervisors::start(world.context("a", quick)).await.expect("started");
        if life == 0 {
            supervisors.submit(&body, Wishes::default()).await;
        }
        world.produce(life * 100, (life + 1) * 100);
        until("something is published", async || world.published().await.0 > wanted(life * 100).0).await;
        if life == 3 {
            until("all is published", async || world.all_published().await).await;
        }
        // What is not published when the drain gives up is read again by the next life.
        supervisors.drain(if life % 2 == 0 { Duration::ZERO } else { Duration::from_secs(30) }).await;
    }
    assert_eq!(world.published().await, wanted(400));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_lost_its_lanes_publishes_nothing_more() {
    let world = World::new();
    let context = world.context("a", limits());
    let metrics = context.metrics.clone();
    let supervisors = Supervisors::start(context).await.expect("started");
    supervisors.submit(&spec(), Wishes::default()).await;
    let metastore = world.metastore.as_metastore();
    for round in 0..5 {
        world.produce(round * 100, (round + 1) * 100);
        until("lanes", async || world.lanes().await.len() == 2).await;
        let leader = metastore.leader("overlord").await.expect("asked").expect("a leader");
        let mut lanes = Vec::new();
        for source in metastore.sources("clicks").await.expect("sources") {
            let found = metastore.lanes(&source.source_id).await.expect("lanes");
            lanes.extend(found.into_iter().map(|lane| (lane.id(), lane.epoch)));
        }
        let request = metastore::Assign { leader: leader.claim(), lanes, node: "b".to_owned(), ttl_ms: 300 };
        metastore.assign(&request).await.into_result().expect("assigned");
        until("all is published by the owner that took the lanes back", async || world.all_published().await).await;
        assert_eq!(world.published().await, wanted((round + 1) * 100), "round {round}");
    }
    assert!(metrics.supervisor("clicks").cuts.get() > 0);
    supervisors.drain(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn small_segments_become_few_and_keep_their_totals() {
    let world = World::new();
    let context = world.context("a", IngestLimits { cut_period: Duration::from_millis(50), ..limits() });
    let compactor = Compactor::new(context.clone(), Tiers::default());
    let metrics = Arc::clone(&context.metrics);
    let supervisors = Supervisors::start(context).await.expect("started");
    supervisors.submit(&spec(), Wishes::default()).await;
    for round in 0..10 {
        world.produce(round * 50, (round + 1) * 50);
        until("all is published", async || world.all_published().await).await;
    }
    let metastore = world.metastore.as_metastore();
    let count = async || {
        let datasource = metastore.datasource("clicks").await.expect("asked").expect("a datasource");
        metastore.live(&datasource.datasource_id).await.expect("the live set").segments.len()
    };
    let before = count().await;
    assert!(before >= 10);
    world.metastore.fail(Some("replace"), 0, Fault::LoseReply);
    let cancelled = Default::default();
    let watched = until("a merge is under way", async || metrics.merges.list().iter().any(|merge| merge.rows > 0));
    let (done, ()) = tokio::join!(compactor.round(&cancelled), watched);
    let done = done.expect("a round");
    assert_eq!(metrics.merges.list(), []);
    assert!(done >= 1 && count().await < before, "{done} merges of {before} segments");
    assert_eq!(world.published().await, wanted(500));
    supervisors.drain(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_answers_as_druid_does() {
    let world = World::new();
    world.produce(0, 20);
    let supervisors = Supervisors::start(world.context("a", limits())).await.expect("started");
    let missing = supervisors.status("clicks").await;
    assert_eq!(
        (missing.status, missing.body),
        (404, Body::Text("Cannot find any supervisor with id: [clicks]".to_owned()))
    );
    for (field, bad) in [
        ("type", json!({})),
        ("ioConfig", json!({"type": "kafka", "spec": {"dataSchema": spec()["spec"]["dataSchema"]}})),
        ("taskDuration", patched("/spec/ioConfig/taskDuration", json!("one hour"))),
        ("consumerProperties", patched("/spec/ioConfig/consumerProperties", json!({}))),
        ("plugin.library.paths", patched("/spec/ioConfig/consumerProperties/plugin.library.paths", json!("x"))),
        ("tuningConfig.type", patched("/spec/tuningConfig/type", json!("index_parallel"))),
    ] {
        let answer = supervisors.submit(&bad, Wishes::default()).await;
        let message = json_of(&answer.body)["error"].as_str().expect("an error");
        assert!(answer.status == 400 && message.contains(field), "{field}: {message}");
    }
    assert_eq!(json_of(&supervisors.submit(&spec(), Wishes::default()).await.body), &json!({"id": "clicks"}));
    until("all is read", async || {
        let stats = supervisors.stats("clicks").await;
        let groups = json_of(&stats.body).as_object().expect("groups").clone();
        let tasks = groups.values().flat_map(|group| group.as_object().expect("tasks").values());
        tasks.map(|task| task["totals"]["buildSegments"]["processed"].as_i64().unwrap_or(0)).sum::<i64>() == 18
    })
    .await;
    let errors = supervisors.parse_errors("clicks").await;
    assert_eq!(json_of(&errors.body).as_array().map(Vec::len), Some(2));
    assert_eq!(json_of(&errors.body)[0]["errorType"], "unparseable");
    let shown = supervisors.spec("clicks").await;
    assert_eq!(json_of(&shown.body)["ioConfig"]["taskDuration"], "PT3600S");
    assert_eq!(json_of(&supervisors.suspend("clicks").await.body)["suspended"], true);
    let again = supervisors.suspend("clicks").await;
    assert_eq!((again.status, json_of(&again.body)), (400, &json!({"error": "[clicks] is already suspended"})));
    until("suspended", async || {
        let status = supervisors.status("clicks").await;
        json_of(&status.body)["payload"]["state"] == "SUSPENDED"
    })
    .await;
    assert_eq!(supervisors.resume("clicks").await.status, 200);
    let moved =
        json!({"type": "kafka", "partitions": {"type": "end", "stream": "events", "partitionOffsetMap": {"0": 0}}});
    assert_eq!(supervisors.reset_offsets("clicks", &moved).await.status, 200);
    assert_eq!(supervisors.handoff_groups("clicks", &json!({"taskGroupIds": []})).await.status, 400);
    assert_eq!(supervisors.terminate("clicks").await.status, 200);
    assert_eq!(supervisors.status("clicks").await.status, 404);
    let history = supervisors.history("clicks", None).await;
    assert_eq!(json_of(&history.body)[0]["spec"]["type"], "noop");
    supervisors.drain(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn offsets_that_are_set_before_the_first_look_at_the_topic_hold() {
    let world = World::new();
    world.produce(0, 200);
    let supervisors = Supervisors::start(world.context("a", limits())).await.expect("started");
    supervisors.submit(&patched("/spec/ioConfig/startDelay", json!("PT1H")), Wishes::default()).await;
    let moved =
        json!({"type": "kafka", "partitions": {"type": "end", "stream": "events", "partitionOffsetMap": {"0": 40}}});
    assert_eq!(supervisors.reset_offsets("clicks", &moved).await.status, 200);
    let metastore = world.metastore.as_metastore();
    let sources = metastore.sources("clicks").await.expect("sources");
    let lanes = metastore.lanes(&sources[0].source_id).await.expect("lanes");
    let starts: Vec<(i32, i64)> = lanes.iter().map(|lane| (lane.partition, lane.start_offset)).collect();
    assert_eq!(starts, [(0, 40), (1, 0)]);
    until("all is published", async || world.all_published().await).await;
    supervisors.drain(Duration::from_secs(30)).await;
}

/// One cut takes the lanes of all task groups: one segment per time chunk, whatever their number.
#[tokio::test(flavor = "multi_thread")]
async fn groups_are_cut_together() {
    let world = World::new();
    world.produce(0, 200);
    // Neither group has so many rows by itself.
    let seldom = IngestLimits { cut_rows: 150, cut_period: Duration::from_secs(36_000), ..limits() };
    let supervisors = Supervisors::start(world.context("a", seldom)).await.expect("started");
    supervisors.submit(&patched("/spec/dataSchema/granularitySpec/rollup", json!(false)), Wishes::default()).await;
    until("all is published", async || world.all_published().await).await;
    supervisors.drain(Duration::from_secs(30)).await;
    assert_eq!(world.published().await, wanted(200));
    let metastore = world.metastore.as_metastore();
    let datasource = metastore.datasource("clicks").await.expect("asked").expect("a datasource");
    let live = metastore.live(&datasource.datasource_id).await.expect("the live set");
    let ledger = metastore.ledger(&Default::default()).await.expect("the ledger");
    let cuts: std::collections::BTreeSet<_> = ledger.iter().map(|range| &range.cut_id).collect();
    assert_eq!((live.segments.len(), cuts.len()), (1, 1), "{ledger:?}");
    assert_eq!(ledger.len(), 2, "a range of each lane");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_spec_is_tried_on_the_newest_records() {
    let world = World::new();
    world.produce(0, 200);
    let supervisors = Supervisors::start(world.context("a", limits())).await.expect("started");
    supervisors.submit(&spec(), Wishes::default()).await;
    until("all is published", async || world.all_published().await).await;
    let blind = patched("/spec/dataSchema/timestampSpec", json!({"column": "nothing", "format": "millis"}));
    let refused = supervisors.submit(&blind, Wishes::default()).await;
    let why = json_of(&refused.body)["error"].as_str().expect("an error").to_owned();
    assert!(refused.status == 400 && why.contains("200 records the present spec reads 180, the new one none"), "{why}");
    let filter = json!({"filter": {"type": "selector", "dimension": "k", "value": "k1"}});
    let taken = supervisors.submit(&patched("/spec/dataSchema/transformSpec", filter), Wishes::default()).await;
    let replay = &json_of(&taken.body)["replay"];
    assert_eq!((&replay["indexed"]["before"], &replay["unparseable"]["after"]), (&json!(180), &json!(20)), "{taken:?}");
    assert_eq!(replay["thrownAway"]["after"], json!(120), "{replay}");
    assert_eq!(
        supervisors.submit(&blind, Wishes { is_forced: true, ..Wishes::default() }).await.body,
        Body::Json(json!({"id": "clicks"}))
    );
    supervisors.drain(Duration::from_secs(30)).await;
}

fn patched(pointer: &str, value: Value) -> Value {
    let mut spec = spec();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    spec.pointer_mut(parent).expect("a parent")[name] = value;
    spec
}

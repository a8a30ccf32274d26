use std::sync::Arc;
use std::time::Duration;

use metastore::testing::{Fault, Faulty};
use serde_json::{Value, json};
use storage::DeepStorage;
use timeline::{ManualClock, SeededRandom};

use super::*;
use crate::{Handoff, Publication};

pub(super) struct Bench {
    pub(super) tasks: Arc<Tasks>,
    pub(super) store: Arc<Faulty>,
    pub(super) storage: DeepStorage,
    handoff: Arc<Late>,
    /// Holds the local disk.
    directory: tempfile::TempDir,
}

/// Queries see what went live when they are asked for the second time.
#[derive(Default)]
pub(super) struct Late {
    asked: parking_lot::Mutex<Vec<i64>>,
}

#[async_trait::async_trait]
impl Handoff for Late {
    async fn published(&self, publication: &Publication) -> crate::Result<()> {
        let mut asked = self.asked.lock();
        let again = asked.contains(&publication.snapshot);
        asked.push(publication.snapshot);
        if again { Ok(()) } else { Err(crate::Error::Unavailable("not yet".to_owned())) }
    }

    async fn lanes_changed(&self, _: &str) {}
}

/// Samples of an empty log.
fn no_streams() -> StreamSamples {
    StreamSamples {
        connect: Arc::new(|_| {
            Ok(Arc::new(crate::source::MemorySource::new(crate::source::MemoryLog::default(), None)))
        }),
        property_policy: Default::default(),
        environment: Arc::new(|_| None),
    }
}

pub(super) fn bench() -> Bench {
    bench_with(Reach::default())
}

pub(super) fn bench_with(reach: Reach) -> Bench {
    let directory = tempfile::tempdir().unwrap();
    let disk = Arc::new(storage::RealDisk::open(directory.path()).unwrap());
    let clock = Arc::new(ManualClock::new(1_700_000_000_000));
    let random = Arc::new(SeededRandom::new(7));
    let store = Faulty::new(metastore::Options::new(clock.clone(), random.clone()));
    let storage = DeepStorage::memory();
    let handoff = Arc::new(Late::default());
    let context = TaskContext {
        metastore: store.as_metastore(),
        storage: storage.clone(),
        images: None,
        handoff: handoff.clone(),
        disk,
        clock,
        random,
        runtime: tokio::runtime::Handle::current(),
        reach,
        max_running: 2,
        node: "n1".to_owned(),
        host: "localhost".to_owned(),
        port: 8888,
        aggregators: &[],
    };
    Bench { tasks: Tasks::new(context), store, storage, handoff, directory }
}

pub(super) fn body(reply: &Reply) -> &Value {
    match &reply.body {
        Body::Json(body) => body,
        other => panic!("no JSON: {other:?}"),
    }
}

impl Bench {
    pub(super) async fn submit(&self, task: Value) -> String {
        let reply = self.tasks.submit(&task).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        body(&reply)["task"].as_str().unwrap().to_owned()
    }

    /// Submits a task and waits for its end.
    pub(super) async fn run(&self, task: Value) -> (String, Value) {
        let id = self.submit(task).await;
        let status = self.wait(&id).await;
        (id, status)
    }

    /// Waits for the end of a task.
    pub(super) async fn wait(&self, id: &str) -> Value {
        let mut changed = self.store.as_metastore().changed();
        loop {
            let status = body(&self.tasks.status(id).await)["status"].clone();
            if status["status"] != "RUNNING" {
                return status;
            }
            tokio::time::timeout(Duration::from_secs(30), changed.changed()).await.unwrap().unwrap();
        }
    }

    /// What tasks left on the local disk.
    pub(super) fn files(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.directory.path().join("batch")).unwrap();
        files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    pub(super) async fn live(&self, datasource: &str) -> Vec<metastore::Segment> {
        let store = self.store.as_metastore();
        match store.datasource(datasource).await.unwrap() {
            Some(found) => store.live(&found.datasource_id).await.unwrap().segments,
            None => Vec::new(),
        }
    }
}

pub(super) fn task(data: &str, io: Value, tuning: Value, granularity: Value) -> Value {
    let mut io_config = json!({"type": "index_parallel", "inputSource": {"type": "inline", "data": data},
        "inputFormat": {"type": "json"}});
    io_config.as_object_mut().unwrap().extend(io.as_object().unwrap().clone());
    json!({"type": "index_parallel", "spec": {
        "dataSchema": {
            "dataSource": "d", "timestampSpec": {"column": "ts", "format": "auto"},
            "dimensionsSpec": {"dimensions": ["ad_id", "province", {"type": "long", "name": "n"}]},
            "metricsSpec": [{"type": "count", "name": "count"}, {"type": "doubleSum", "name": "cost", "fieldName": "cost"}],
            "granularitySpec": granularity},
        "ioConfig": io_config, "tuningConfig": tuning}})
}

pub(super) fn hourly() -> Value {
    json!({"segmentGranularity": "DAY", "queryGranularity": "HOUR", "rollup": true})
}

const ROWS: &str = r#"{"ts": "2024-03-10T00:00:00Z", "ad_id": "a0", "province": "P0", "n": 0, "cost": 0.5}
{"ts": "2024-03-10T00:10:00Z", "ad_id": "a0", "province": "P0", "n": 0, "cost": 1.5}
{"ts": "2024-03-10T01:00:00Z", "ad_id": "a1", "province": "P0", "n": 1, "cost": 2}
oops
{"ad_id": "no time"}
{"ts": "2024-03-10T01:00:00Z", "ad_id": "a1", "n": "x1", "cost": "free"}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_load_counts_its_rows_as_the_reports_do() {
    let bench = bench();
    let tuning = json!({"maxParseExceptions": 100, "maxSavedParseExceptions": 5});
    let (id, status) = bench.run(task(ROWS, json!({}), tuning, hourly())).await;
    assert_eq!(status["status"], "SUCCESS", "{status}");
    assert!(id.starts_with("index_parallel_d_") && id.ends_with("_2023-11-14T22:13:20.000Z"), "{id}");
    let report = bench.tasks.report(&id).await;
    let payload = &body(&report)["ingestionStatsAndErrors"]["payload"];
    assert_eq!(payload["ingestionState"], "COMPLETED");
    assert_eq!(payload["segmentsPublished"], 1);
    let build = &payload["rowStats"]["buildSegments"];
    assert_eq!(
        (&build["processed"], &build["processedWithError"], &build["unparseable"]),
        (&json!(3), &json!(1), &json!(2))
    );
    let determine = &payload["rowStats"]["determinePartitions"];
    assert_eq!((&determine["processed"], &determine["unparseable"]), (&json!(4), &json!(2)));
    let events = payload["unparseableEvents"]["buildSegments"].as_array().unwrap();
    assert_eq!(events[0]["errorType"], "processedWithError");
    assert_eq!(events[0]["details"].as_array().unwrap().len(), 2);
    assert_eq!(events.len(), 3);
    let live = bench.live("d").await;
    assert_eq!((live.len(), live[0].rows, live[0].weight_sum), (1, 3, 4));
    assert_eq!(
        serde_json::to_value(&live[0].shard_spec).unwrap(),
        json!({"type": "numbered", "partitionNum": 0, "partitions": 1})
    );
    assert!(bench.storage.exists(&live[0].path).await.unwrap());
    assert_eq!(bench.tasks.log(&id, 0).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn append_adds_and_overwrite_takes_the_place() {
    let bench = bench();
    let rows = |day: &str, id: &str| format!("{{\"ts\":\"2024-03-{day}T00:00:00Z\",\"ad_id\":\"{id}\"}}");
    let both = format!("{}\n{}", rows("10", "a"), rows("11", "b"));
    bench.run(task(&both, json!({}), json!({}), hourly())).await;
    bench.run(task(&rows("10", "c"), json!({"appendToExisting": true}), json!({}), hourly())).await;
    let live = bench.live("d").await;
    assert_eq!(live.iter().map(|s| s.partition_num).collect::<Vec<_>>(), [0, 1, 0]);
    bench.run(task(&rows("10", "e"), json!({}), json!({}), hourly())).await;
    let live = bench.live("d").await;
    assert_eq!(live.len(), 2);
    assert!(live[0].version > live[1].version);
    let granularity = json!({"segmentGranularity": "DAY", "intervals": ["2024-03-10/2024-03-12"]});
    let outside = format!("{}\n{}", rows("10", "f"), rows("20", "g"));
    let (id, _) = bench.run(task(&outside, json!({"dropExisting": true}), json!({}), granularity)).await;
    let live = bench.live("d").await;
    assert_eq!((live.len(), live[0].rows), (1, 1));
    let report = bench.tasks.report(&id).await;
    let stats = &body(&report)["ingestionStatsAndErrors"]["payload"]["rowStats"];
    assert_eq!(stats["buildSegments"]["thrownAway"], 1);
    assert_eq!(stats["determinePartitions"]["processed"], 0);
    // Each of the four tasks succeeded only when queries saw what it had published.
    let asked = bench.handoff.asked.lock().clone();
    assert_eq!(asked.len(), 8);
    assert!(asked.chunks(2).all(|pair| pair[0] == pair[1]), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_are_cut_as_the_spec_says() {
    let bench = bench();
    let rows: String = (0..100)
        .map(|at| format!("{{\"ts\":\"2024-03-10T00:00:00Z\",\"ad_id\":\"a{:02}\",\"n\":{at}}}\n", at % 40))
        .collect();
    let forced = |spec: Value| json!({"partitionsSpec": spec, "forceGuaranteedRollup": true});
    for (tuning, kind, at_least) in [
        (json!({"partitionsSpec": {"type": "dynamic", "maxRowsPerSegment": 30}}), "numbered", 4),
        (forced(json!({"type": "hashed", "numShards": 3, "partitionDimensions": ["ad_id"]})), "hashed", 2),
        (forced(json!({"type": "hashed", "targetRowsPerSegment": 25})), "hashed", 3),
        (forced(json!({"type": "range", "partitionDimensions": ["ad_id"], "targetRowsPerSegment": 25})), "range", 3),
        (forced(json!({"type": "single_dim", "partitionDimension": "ad_id", "targetRowsPerSegment": 25})), "single", 3),
    ] {
        let (_, status) = bench.run(task(&rows, json!({}), tuning.clone(), hourly())).await;
        assert_eq!(status["status"], "SUCCESS", "{tuning} {status}");
        let live = bench.live("d").await;
        assert!(live.len() >= at_least, "{tuning} {}", live.len());
        assert_eq!(live.iter().map(|segment| segment.weight_sum).sum::<i64>(), 100, "{tuning}");
        let shards: Vec<Value> =
            live.iter().map(|segment| serde_json::to_value(&segment.shard_spec).unwrap()).collect();
        assert!(shards.iter().all(|shard| shard["type"] == kind), "{shards:?}");
        if kind == "range" {
            assert_eq!(shards[0]["start"], Value::Null);
            assert_eq!(shards[0]["end"], shards[1]["start"]);
        }
        if kind == "numbered" {
            assert!(live.iter().all(|segment| segment.rows <= 30));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_task_leaves_nothing_and_says_why() {
    let bench = bench();
    let (id, status) = bench
        .run(task("x\n", json!({}), json!({"maxParseExceptions": 0, "maxSavedParseExceptions": 5}), hourly()))
        .await;
    assert_eq!(status["status"], "FAILED");
    assert!(status["errorMsg"].as_str().unwrap().contains("Max parse exceptions[0] exceeded"), "{status}");
    let report = bench.tasks.report(&id).await;
    let payload = &body(&report)["ingestionStatsAndErrors"]["payload"];
    assert_eq!(payload["ingestionState"], "DETERMINE_PARTITIONS");
    assert_eq!(payload["rowStats"]["buildSegments"]["unparseable"], 0);
    assert_eq!(
        payload["unparseableEvents"]["determinePartitions"][0]["details"][0],
        "Unable to parse row [x] (Record: 1, Line: 1)"
    );
    assert!(bench.live("d").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_counts_nothing_twice() {
    for (verb, fault) in [
        ("replace", Fault::LoseReply),
        ("replace", Fault::LoseRequest),
        ("intend", Fault::LoseReply),
        ("take_job", Fault::LoseReply),
    ] {
        let bench = bench();
        bench.store.fail(Some(verb), 0, fault);
        let (_, status) = bench.run(task(ROWS, json!({}), json!({}), hourly())).await;
        assert_eq!(status["status"], "SUCCESS", "{verb} {fault:?} {status}");
        let live = bench.live("d").await;
        assert_eq!(live.iter().map(|segment| segment.weight_sum).sum::<i64>(), 4, "{verb} {fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_states_and_lists_are_those_of_the_overlord() {
    let bench = bench();
    let id = bench.submit(json!({"type": "noop", "id": "mine", "dataSource": "q", "runTime": 600_000})).await;
    assert_eq!(id, "mine");
    let again = bench.tasks.submit(&json!({"type": "noop", "id": "mine"})).await;
    assert_eq!((again.status, &body(&again)["errorCode"]), (400, &json!("entryAlreadyExists")));
    let filter = |state: &str| TaskListFilter { state: Some(state.to_owned()), ..TaskListFilter::default() };
    assert_eq!(bench.tasks.list(&filter("dancing")).await.status, 400);
    assert!(body(&bench.tasks.list(&filter("complete")).await).as_array().unwrap().is_empty());
    bench.tasks.shutdown("mine").await;
    let status = body(&bench.tasks.status("mine").await)["status"].clone();
    assert_eq!((&status["status"], &status["duration"]), (&json!("FAILED"), &json!(-1)));
    assert_eq!(status["errorMsg"], "Shutdown request from user");
    assert_eq!(bench.tasks.status("none").await.status, 404);
    assert_eq!(body(&bench.tasks.statuses(&["none".to_owned()]).await), &json!({}));
    assert_eq!(bench.tasks.shutdown_all("nobody").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_tasks_are_refused_by_name() {
    let bench = bench();
    let with = |io: Value, tuning: Value| task("{}", io, tuning, hourly());
    let mut no_name = with(json!({}), json!({}));
    no_name["spec"]["dataSchema"]["dataSource"] = Value::Null;
    for (task, field) in [
        (json!({}), "type"),
        (json!({"type": "nope"}), "nope"),
        (json!({"type": "index_parallel"}), "spec"),
        (no_name, "dataSchema.dataSource"),
        (with(json!({"inputSource": null}), json!({})), "ioConfig.inputSource"),
        (with(json!({"inputFormat": null}), json!({})), "ioConfig.inputFormat"),
        (with(json!({"inputSource": {"type": "ftp"}}), json!({})), "ftp"),
        (
            with(
                json!({"appendToExisting": true}),
                json!({"partitionsSpec": {"type": "hashed"}, "forceGuaranteedRollup": true}),
            ),
            "Perfect rollup",
        ),
        (
            with(json!({}), json!({"partitionsSpec": {"type": "dynamic"}, "forceGuaranteedRollup": true})),
            "perfect rollup",
        ),
        (with(json!({"appendToExisting": true, "dropExisting": true}), json!({})), "dropExisting"),
        (json!({"type": "noop", "id": "../x"}), "id"),
    ] {
        let reply = bench.tasks.submit(&task).await;
        assert_eq!(reply.status, 400, "{task}");
        let error = body(&reply)["error"].as_str().unwrap().to_owned();
        assert!(error.contains(field), "{error} lacks {field}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sampler_reads_a_stream_from_its_beginning() {
    use crate::source::{MemoryLog, MemorySource, Partition};
    let log = MemoryLog::default();
    log.create_topic("t", None, 1);
    for (at, value) in ["{\"a\":\"x\",\"n\":2}", "{\"a\":\"x\",\"n\":3}", "oops"].iter().enumerate() {
        log.append(&Partition::new("t", 0), 1000 + at as i64, value.as_bytes());
    }
    let streams = StreamSamples {
        connect: Arc::new(move |_| Ok(Arc::new(MemorySource::new(log.clone(), Some("c"))))),
        property_policy: Default::default(),
        environment: Arc::new(|_| None),
    };
    let request = json!({"type": "kafka", "samplerConfig": {"numRows": 3, "timeoutMs": 5000}, "spec": {
        "ioConfig": {"topic": "t", "useEarliestOffset": true, "inputFormat": {"type": "kafka", "valueFormat": {"type": "json"}},
            "consumerProperties": {"bootstrap.servers": "localhost:9092"}},
        "dataSchema": {"dataSource": "d", "timestampSpec": {"column": "kafka.timestamp", "format": "millis"},
            "dimensionsSpec": {"dimensions": ["a"]}, "metricsSpec": [{"type": "longSum", "name": "s", "fieldName": "n"}],
            "granularitySpec": {"queryGranularity": "HOUR"}}}});
    let reply = sample(bench().tasks.context.clone(), &streams, &request).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let answer = body(&reply);
    assert_eq!((&answer["numRowsRead"], &answer["numRowsIndexed"]), (&json!(3), &json!(2)));
    assert_eq!(answer["data"][0]["parsed"], json!({"__time": 0, "a": "x", "s": 5}));
    assert_eq!(answer["data"][1]["unparseable"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sampler_shows_no_dimension_of_filtered_rows_alone() {
    let streams = no_streams();
    let rows = "{\"ts\":1,\"a\":\"x\"}\n{\"ts\":2,\"a\":\"y\",\"b\":1}\n{\"ts\":3,\"a\":\"x\",\"c\":null,\"d\":2}";
    let filter = json!({"type": "selector", "dimension": "a", "value": "x"});
    let request = json!({"type": "index", "spec": {
        "ioConfig": {"inputSource": {"type": "inline", "data": rows}, "inputFormat": {"type": "json"}},
        "dataSchema": {"dataSource": "d", "timestampSpec": {"column": "ts"}, "dimensionsSpec": {},
            "transformSpec": {"filter": filter}}}});
    let reply = sample(bench().tasks.context.clone(), &streams, &request).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let answer = body(&reply);
    let names: Vec<_> = answer["logicalDimensions"].as_array().unwrap().iter().map(|d| d["name"].as_str()).collect();
    assert!(!names.contains(&Some("b")) && names.contains(&Some("d")), "{names:?}");
    assert_eq!(answer["data"][0]["parsed"].get("b"), None);
    assert_eq!(answer["numRowsRead"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sampler_shows_every_field_that_a_flatten_spec_names() {
    let streams = no_streams();
    let flatten = json!({"fields": [{"type": "path", "name": "never", "expr": "$.o.none"},
        {"type": "path", "name": "k", "expr": "$.o.k"}]});
    let request = json!({"type": "index", "spec": {
        "ioConfig": {"inputSource": {"type": "inline", "data": "{\"ts\":1,\"o\":{\"k\":\"x\"},\"a\":1}"},
            "inputFormat": {"type": "json", "flattenSpec": flatten}},
        "dataSchema": {"dataSource": "d", "timestampSpec": {"column": "ts"}, "dimensionsSpec": {}}}});
    let reply = sample(bench().tasks.context.clone(), &streams, &request).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let answer = body(&reply);
    let names: Vec<_> = answer["logicalDimensions"].as_array().unwrap().iter().map(|d| d["name"].as_str()).collect();
    assert_eq!(names, [Some("never"), Some("k"), Some("a")]);
    assert_eq!(answer["data"][0]["parsed"], json!({"__time": 1, "never": null, "k": "x", "a": "1"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sampler_calls_values_of_several_types_texts() {
    let streams = no_streams();
    let rows = "{\"ts\":1,\"a\":1.5,\"b\":[1],\"c\":7}\n{\"ts\":2,\"a\":\"2\",\"b\":null,\"c\":8}";
    let request = json!({"type": "index", "spec": {
        "ioConfig": {"inputSource": {"type": "inline", "data": rows}, "inputFormat": {"type": "json"}},
        "dataSchema": {"dataSource": "d", "timestampSpec": {"column": "ts"},
            "dimensionsSpec": {"useSchemaDiscovery": true}}}});
    let reply = sample(bench().tasks.context.clone(), &streams, &request).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let answer = body(&reply);
    let types = |of: &str| -> Vec<(Value, Value)> {
        let dimensions = answer[of].as_array().unwrap().iter();
        dimensions.map(|dimension| (dimension["name"].clone(), dimension["type"].clone())).collect()
    };
    let wanted = |types: [&str; 3]| ["a", "b", "c"].into_iter().zip(types).map(|(a, b)| (json!(a), json!(b))).collect();
    let (logical, physical): (Vec<_>, Vec<_>) = (wanted(["string", "auto", "long"]), wanted(["auto"; 3]));
    assert_eq!(answer["logicalDimensions"][2]["createBitmapIndex"], false, "numbers have no index");
    assert_eq!((types("logicalDimensions"), types("physicalDimensions")), (logical, physical));
}

use serde_json::{Value, json};

use super::KINDS;
use crate::tasks::tests::{Bench, bench, body, hourly, task};

#[test]
fn the_list_holds_every_type_once() {
    let tags: Vec<&str> = KINDS.iter().map(|kind| kind.tag).collect();
    assert_eq!(tags, ["compact", "index", "index_parallel", "kill", "noop"]);
}

/// Segments of two hours of a day, one a task.
async fn load(bench: &Bench, number: usize) {
    for at in 0..number {
        let row = json!({"ts": format!("2024-03-10T{:02}:10:00Z", at % 2), "ad_id": "a", "n": 7, "cost": at});
        let append = json!({"appendToExisting": true});
        let (_, status) = bench.run(task(&row.to_string(), append, json!({}), hourly())).await;
        assert_eq!(status["status"], "SUCCESS", "{status}");
    }
}

async fn run(bench: &Bench, task: Value) -> Value {
    let (id, status) = bench.run(task).await;
    assert_eq!(status["status"], "SUCCESS", "{status}");
    body(&bench.tasks.report(&id).await).clone()
}

fn day() -> Value {
    json!({"type": "compact", "inputSpec": {"type": "interval", "interval": "2024-03-10/2024-03-11"}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compaction_keeps_rows_and_sums() {
    let bench = bench();
    load(&bench, 5).await;
    let before = bench.live("d").await;
    let report = run(&bench, json!({"type": "compact", "dataSource": "d", "ioConfig": day()})).await;
    let payload = &report["ingestionStatsAndErrors_0"]["payload"];
    assert_eq!((&payload["segmentsRead"], &payload["segmentsPublished"]), (&json!(5), &json!(1)));
    assert_eq!(payload["rowStats"]["buildSegments"]["processed"], 5);
    assert_eq!(report["taskContext_0"]["payload"]["priority"], 25);
    let after = bench.live("d").await;
    assert_eq!((after.len(), after[0].rows, after[0].weight_sum), (1, 2, 5));
    let mut sums = metastore::MetricSums::default();
    before.iter().for_each(|segment| sums.add(&segment.metric_sums));
    assert_eq!(sums.first_change(&after[0].metric_sums, 5), None);
    assert_eq!(bench.files(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compaction_cuts_time_anew() {
    let bench = bench();
    load(&bench, 4).await;
    let hours = json!({"type": "compact", "dataSource": "d", "ioConfig": day(),
        "granularitySpec": {"segmentGranularity": "HOUR"}});
    run(&bench, hours).await;
    let live = bench.live("d").await;
    let facts: Vec<_> = live.iter().map(|s| (s.end - s.start, s.rows, s.weight_sum)).collect();
    assert_eq!(facts, [(3_600_000, 1, 2), (3_600_000, 1, 2)]);
    let days = json!({"type": "compact", "dataSource": "d", "ioConfig": day(),
        "granularitySpec": {"segmentGranularity": "DAY", "queryGranularity": "DAY"}});
    run(&bench, days).await;
    let live = bench.live("d").await;
    assert_eq!((live.len(), live[0].rows, live[0].weight_sum), (1, 1, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compaction_refuses_what_it_cannot_do() {
    let bench = bench();
    let filtered =
        json!([{"type": "filtered", "filter": {"type": "true"}, "aggregator": {"type": "count", "name": "c"}}]);
    for more in [
        json!({"metricsSpec": filtered}),
        json!({"transformSpec": {"filter": {"type": "true"}}}),
        json!({"dimensionsSpec": {"dimensions": [{"type": "spatial", "name": "x"}]}}),
        json!({"ioConfig": {"type": "index"}}),
    ] {
        let mut wrong = json!({"type": "compact", "dataSource": "d", "ioConfig": day()});
        wrong.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(bench.tasks.submit(&wrong).await.status, 400, "{wrong}");
    }
}

fn perfect(partitions: Value) -> Value {
    json!({"forceGuaranteedRollup": true, "partitionsSpec": partitions})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compaction_spreads_rows_by_dimensions() {
    let bench = bench();
    for at in 0..60 {
        let ad = if at % 20 == 19 { json!(null) } else { json!(format!("a{:02}", at % 20)) };
        let row = json!({"ts": "2024-03-10T01:10:00Z", "ad_id": ad, "n": 1, "cost": at});
        if at % 10 == 0 {
            load_rows(&bench, &row).await;
        } else {
            load_rows(&bench, &json!({"ts": "2024-03-10T02:10:00Z", "ad_id": ad, "n": 1, "cost": at})).await;
        }
    }
    let compact = |partitions: Value| {
        json!({"type": "compact", "dataSource": "d", "ioConfig": day(), "tuningConfig": perfect(partitions),
            "granularitySpec": {"queryGranularity": "DAY"}})
    };
    run(&bench, compact(json!({"type": "range", "partitionDimensions": ["ad_id"], "targetRowsPerSegment": 15}))).await;
    let live = bench.live("d").await;
    let rows: Vec<i64> = live.iter().map(|segment| segment.rows).collect();
    assert_eq!((rows.iter().sum::<i64>(), live.iter().map(|segment| segment.weight_sum).sum::<i64>()), (20, 60));
    assert_eq!(live.len(), 4, "{rows:?}");
    let mut shards: Vec<Value> = live.iter().map(|segment| json!(segment.shard_spec)).collect();
    shards.sort_by_key(|shard| shard["partitionNum"].as_i64());
    assert_eq!((&shards[0]["type"], &shards[0]["start"]), (&json!("range"), &json!(null)));
    assert!(shards.windows(2).all(|pair| pair[0]["end"] == pair[1]["start"]), "{shards:?}");
    run(&bench, compact(json!({"type": "hashed", "numShards": 3}))).await;
    let live = bench.live("d").await;
    let kinds: Vec<Value> = live.iter().map(|segment| json!(segment.shard_spec)["type"].clone()).collect();
    assert!(live.len() > 1 && live.len() <= 3 && kinds.iter().all(|kind| kind == "hashed"), "{kinds:?}");
    assert_eq!(live.iter().map(|segment| segment.rows).sum::<i64>(), 20, "equal keys share a bucket");
    assert_eq!(bench.store.as_metastore().check().await.unwrap(), []);
}

async fn load_rows(bench: &Bench, row: &Value) {
    let (_, status) = bench.run(task(&row.to_string(), json!({"appendToExisting": true}), json!({}), hourly())).await;
    assert_eq!(status["status"], "SUCCESS", "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compaction_drops_dimensions_and_metrics() {
    let bench = bench();
    load(&bench, 4).await;
    let before = bench.live("d").await;
    let known: Value = serde_json::from_str(&before[0].meta).unwrap();
    let kept = json!([{"type": "doubleSum", "name": "cost", "fieldName": "cost"}]);
    let compact = |more: Value| {
        let mut task = json!({"type": "compact", "dataSource": "d", "ioConfig": day()});
        task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        task
    };
    for (more, word) in [
        (json!({"metricsSpec": [{"type": "longSum", "name": "cost", "fieldName": "cost"}]}), "cannot become [longSum]"),
        (
            json!({"metricsSpec": [{"type": "longSum", "name": "new", "fieldName": "n"}]}),
            "no segment has a metric [new]",
        ),
    ] {
        let (_, status) = bench.run(compact(more)).await;
        let error = status["errorMsg"].as_str().unwrap_or_default().to_owned();
        assert!(status["status"] == "FAILED" && error.contains(word), "{status}");
    }
    assert_eq!(bench.live("d").await.len(), before.len(), "a task that failed leaves everything as it was");
    run(
        &bench,
        compact(json!({"metricsSpec": kept, "dimensionsSpec": {"dimensions": ["no_such"]},
        "granularitySpec": {"queryGranularity": "DAY", "segmentGranularity": "DAY"}})),
    )
    .await;
    let live = bench.live("d").await;
    assert_eq!((live.len(), live[0].rows, live[0].weight_sum), (1, 1, 4), "before: {known}");
    let meta: Value = serde_json::from_str(&live[0].meta).unwrap();
    assert_eq!((&meta["dimensions"], &meta["metrics"]), (&json!([]), &json!(["cost"])));
    assert_eq!(bench.store.as_metastore().check().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_meaning_is_told() {
    let tuning = json!({"maxRowsInMemory": 5, "pushTimeout": 3, "indexSpec": null, "colour": "red"});
    let reply = bench().tasks.submit(&task("x", json!({}), tuning, hourly())).await;
    assert_eq!(body(&reply)["ignored"], json!(["tuningConfig.colour", "tuningConfig.pushTimeout"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_deletes_only_what_is_out_of_use() {
    let bench = bench();
    load(&bench, 3).await;
    let paths: Vec<String> = bench.live("d").await.into_iter().map(|segment| segment.path).collect();
    let kill = json!({"type": "kill", "dataSource": "d", "interval": "2024-03-01/2024-04-01", "batchSize": 2});
    let payload = |report: &Value| report["killUnusedSegments"]["payload"].clone();
    let nothing = json!({"numSegmentsKilled": 0, "numBatchesProcessed": 1});
    assert_eq!(payload(&run(&bench, kill.clone()).await), nothing);
    run(&bench, json!({"type": "compact", "dataSource": "d", "ioConfig": day()})).await;
    let elsewhere = json!({"type": "kill", "dataSource": "d", "interval": "2024-03-10T01/2024-04-01"});
    assert_eq!(payload(&run(&bench, elsewhere).await), nothing);
    let limited = json!({"type": "kill", "dataSource": "d", "interval": "2024-03-10/2024-03-11", "limit": 1});
    assert_eq!(payload(&run(&bench, limited).await), json!({"numSegmentsKilled": 1, "numBatchesProcessed": 1}));
    assert_eq!(payload(&run(&bench, kill).await), json!({"numSegmentsKilled": 2, "numBatchesProcessed": 2}));
    for path in paths {
        assert!(!bench.storage.exists(&path).await.unwrap(), "{path}");
    }
    let live = bench.live("d").await;
    assert_eq!((live.len(), live[0].weight_sum), (1, 3));
    assert!(bench.storage.exists(&live[0].path).await.unwrap());
    assert_eq!(bench.store.as_metastore().check().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_without_a_positive_limit_is_refused() {
    let kill = json!({"type": "kill", "dataSource": "d", "interval": "2024/2025", "limit": 0});
    let reply = bench().tasks.submit(&kill).await;
    assert_eq!(reply.status, 400, "{reply:?}");
}

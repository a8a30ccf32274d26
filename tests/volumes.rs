//! Small segments that are read together.

use crate::store::Store;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const HOURS: i64 = 12;
const DAY: &str = "2026-03-01";

/// Rows of one hour, appended or in place of what is there.
fn batch(hour: i64, rows: i64, appends: bool) -> Value {
    let row = |n: i64| {
        json!({"ts": format!("{DAY}T{hour:02}:{:02}:00Z", n % 60), "city": format!("c{}", (n + hour) % 7), "user": n % 5, "cost": n})
            .to_string()
    };
    let data: Vec<String> = (0..rows).map(row).collect();
    json!({"type": "index_parallel", "spec": {
        "dataSchema": {
            "dataSource": "ads",
            "timestampSpec": {"column": "ts", "format": "iso"},
            "dimensionsSpec": {"dimensions": ["city", {"type": "long", "name": "user"}]},
            "metricsSpec": [
                {"type": "longSum", "name": "cost", "fieldName": "cost"},
                {"type": "HLLSketchBuild", "name": "users", "fieldName": "user"}
            ],
            "granularitySpec": {"segmentGranularity": "HOUR", "queryGranularity": "MINUTE", "rollup": true}
        },
        "ioConfig": {
            "type": "index_parallel", "inputFormat": {"type": "json"}, "appendToExisting": appends,
            "inputSource": {"type": "inline", "data": data.join("\n")}
        },
        "tuningConfig": {"type": "index_parallel"}
    }})
}

fn queries() -> Vec<Value> {
    let of = |kind: &str, from: &str, more: Value| {
        let mut query = json!({
            "queryType": kind, "dataSource": "ads", "intervals": [format!("{from}/2026-03-03")],
            "aggregations": [
                {"type": "count", "name": "rows"}, {"type": "longSum", "name": "cost", "fieldName": "cost"},
                {"type": "HLLSketchMerge", "name": "users", "fieldName": "users", "round": true}
            ]
        });
        query.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        query
    };
    vec![
        of("timeseries", DAY, json!({"granularity": "all"})),
        of("timeseries", DAY, json!({"granularity": "all", "context": {"skipEmptyBuckets": true}})),
        of("timeseries", "2026-03-01T04:30", json!({"granularity": "hour"})),
        of("topN", DAY, json!({"granularity": "day", "dimension": "city", "metric": "cost", "threshold": 3})),
        of("groupBy", "2026-03-01T02", json!({"granularity": "all", "dimensions": ["city", "user"]})),
        json!({"queryType": "scan", "dataSource": "ads", "intervals": [DAY.to_owned() + "/P1D"], "order": "ascending", "columns": ["__time", "city"]}),
        json!({"queryType": "segmentMetadata", "dataSource": "ads", "analysisTypes": ["cardinality"], "merge": true}),
    ]
}

async fn answers(store: &Store) -> Vec<Value> {
    let mut answers = Vec::new();
    for query in queries() {
        let answer = store.post("/druid/v2", &query).await;
        assert_eq!(answer.status(), 200, "{query}");
        let mut answer: Value = answer.json().await.expect("JSON");
        // A name with the moment of writing in it.
        let batches = answer.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut);
        batches.for_each(|batch| drop(batch.remove("segmentId")));
        answers.push(answer);
    }
    answers
}

async fn num_volumes(store: &Store) -> u64 {
    let text = store.http.get(store.url("/metrics")).send().await.expect("an answer").text().await.expect("text");
    let line = text.lines().find(|line| line.starts_with("dolmen_volumes{"));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
}

async fn until_there_are(store: &Store, wanted: u64) {
    let begun = Instant::now();
    while num_volumes(store).await != wanted {
        assert!(begun.elapsed().as_secs() < 60, "not {wanted} volumes");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What was loaded, asked of a store that binds nothing.
async fn apart(batches: &[Value]) -> Vec<Value> {
    let store = loaded(0, batches).await;
    answers(&store).await
}

async fn loaded(volumes_after_ms: u64, batches: &[Value]) -> Store {
    let store = Store::start_with(|config| {
        config.storage.volumes_after_ms = volumes_after_ms;
        config.ingest.compaction_period_ms = 0;
    });
    let store = store.await;
    load(&store, batches).await;
    store
}

async fn load(store: &Store, batches: &[Value]) {
    for batch in batches {
        let status = store.run_task(batch).await;
        assert_eq!(status["statusCode"], "SUCCESS", "{status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn volumes_come_and_go_and_change_no_answer() {
    let hours: Vec<Value> = (0..HOURS).map(|hour| batch(hour, 40, false)).collect();
    let store = loaded(1, &hours).await;
    // The first are bound as soon as they are enough, the others when they are.
    until_there_are(&store, 1).await;
    assert_eq!(answers(&store).await, apart(&hours).await);

    let late = [batch(3, 5, true), batch(20, 9, true)];
    load(&store, &late).await;
    assert_eq!(num_volumes(&store).await, 1, "what is added does not undo what is bound");
    assert_eq!(answers(&store).await, apart(&[&hours[..], &late].concat()).await);

    let again = [batch(2, 13, false)];
    load(&store, &again).await;
    until_there_are(&store, 1).await;
    assert_eq!(answers(&store).await, apart(&[&hours[..], &late, &again].concat()).await);
}

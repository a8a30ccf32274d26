//! A new version of a spec that gives a metric another type.

use crate::scenarios::produce;
use crate::store::Store;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SUPERVISOR: &str = "/druid/indexer/v1/supervisor";

fn spec(servers: &str, metric: &Value) -> Value {
    json!({"type": "kafka", "spec": {
        "dataSchema": {
            "dataSource": "sales",
            "timestampSpec": {"column": "ts", "format": "millis"},
            "dimensionsSpec": {"dimensions": ["k"]},
            "metricsSpec": [metric],
            "granularitySpec": {"segmentGranularity": "DAY", "queryGranularity": "NONE", "rollup": true}
        },
        "ioConfig": {
            "topic": "sales", "inputFormat": {"type": "json"}, "useEarliestOffset": true, "startDelay": "PT0S",
            "consumerProperties": {"bootstrap.servers": servers}
        }
    }})
}

fn metric(name: &str, tag: &str) -> Value {
    json!({"type": tag, "name": name, "fieldName": "n"})
}

async fn submit(store: &Store, asked: &str, spec: &Value) -> (u16, Value) {
    let answer = store.post(&format!("{SUPERVISOR}{asked}"), spec).await;
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_type_of_a_metric_is_refused_until_it_is_asked_for() {
    let store = Store::start().await;
    let events = (1..=4).map(|n| json!({"ts": 1_700_000_000_000i64 + n, "k": "a", "n": n})).collect();
    let broker = produce(&BTreeMap::from([("sales".to_owned(), events)]));
    let servers = broker.bootstrap_servers();
    let first = spec(&servers, &metric("total", "longSum"));
    assert_eq!(submit(&store, "", &first).await, (200, json!({"id": "sales"})));
    let query = json!({
        "queryType": "timeseries", "dataSource": "sales", "granularity": "all", "intervals": ["2023-11-14/2023-11-16"],
        "aggregations": [{"type": "longSum", "name": "total", "fieldName": "total"}]
    });
    let answer = json!([{"timestamp": "2023-11-14T22:13:20.001Z", "result": {"total": 10}}]);
    store.expect("live rows", &query, &answer).await;

    let (status, error) = submit(&store, "", &spec(&servers, &metric("total", "doubleSum"))).await;
    let text = error["error"].as_str().expect("a message");
    assert_eq!(status, 409, "{text}");
    assert!(text.starts_with("column [total] is a metric [longSum]") && text.contains("were just read"), "{text}");

    // The same once they are sealed, and for a column that is no metric any more.
    assert_eq!(store.post(&format!("{SUPERVISOR}/sales/suspend"), &json!({})).await.status(), 200);
    let sealed = async || store.get_json("/druid/coordinator/v1/metadata/segments").await;
    let begun = std::time::Instant::now();
    while sealed().await.as_array().is_none_or(Vec::is_empty) {
        assert!(begun.elapsed().as_secs() < 60, "nothing is sealed");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let mut as_dimension = spec(&servers, &metric("other", "longSum"));
    as_dimension["spec"]["dataSchema"]["dimensionsSpec"]["dimensions"] = json!(["k", "total"]);
    for next in [spec(&servers, &metric("total", "longMax")), as_dimension] {
        let (status, error) = submit(&store, "", &next).await;
        let text = error["error"].as_str().expect("a message");
        assert!(status == 409 && text.contains("in segments [sales_2023-11-14"), "{status} {text}");
    }

    let renamed = spec(&servers, &metric("total_exact", "doubleSum"));
    assert_eq!(submit(&store, "", &renamed).await.0, 200);
    let (status, answer) = submit(&store, "?recast=true", &spec(&servers, &metric("total", "doubleSum"))).await;
    assert_eq!(status, 200, "{answer}");
    // The broker is let go when nobody asks it anything any more.
    let begun = std::time::Instant::now();
    while store.get_json(&format!("{SUPERVISOR}/sales/status")).await["payload"]["state"] != "RUNNING" {
        assert!(begun.elapsed().as_secs() < 60, "the new spec does not run");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    store.node.stop().await;
}

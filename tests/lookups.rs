//! Lookups over HTTP: registered, versioned, loaded, asked for, removed.

use crate::store::Store;
use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::{Value, json};
use std::time::Duration;

const CONFIG: &str = "/druid/coordinator/v1/lookups/config";

fn map(version: &str, map: Value) -> Value {
    json!({"version": version, "lookupExtractorFactory": {"type": "map", "map": map}})
}

async fn status(store: &Store, path: &str) -> u16 {
    store.http.get(store.url(path)).send().await.expect("an answer").status().as_u16()
}

async fn post(store: &Store, path: &str, body: &Value) -> (u16, Value) {
    let answer = store.post(path, body).await;
    (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
}

async fn delete(store: &Store, path: &str) -> u16 {
    store.http.delete(store.url(path)).send().await.expect("an answer").status().as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lookups_are_registered_by_version() {
    let store = Store::start().await;
    assert_eq!(status(&store, CONFIG).await, 404);
    assert_eq!(store.get_json("/druid/coordinator/v1/lookups/status").await, json!({"error": "No lookups found"}));
    assert_eq!(post(&store, CONFIG, &json!({})).await, (202, json!({})));
    assert_eq!(store.get_json(CONFIG).await, json!([]));
    let first = json!({"__default": {"colors": map("v1", json!({"r": "red", "b": "blue"}))}});
    assert_eq!(post(&store, CONFIG, &first).await, (202, first.clone()));
    assert_eq!(store.get_json(CONFIG).await, json!(["__default"]));
    assert_eq!(store.get_json(&format!("{CONFIG}/all")).await, first);
    assert_eq!(store.get_json(&format!("{CONFIG}/__default")).await, json!(["colors"]));
    let one = format!("{CONFIG}/__default/colors");
    assert_eq!(store.get_json(&one).await, first["__default"]["colors"]);

    let rows = json!([{"k": "b", "v": "blue"}, {"k": "r", "v": "red"}]);
    assert_eq!(entries(&store, "colors").await, rows);
    let (refused, why) = post(&store, &one, &map("v1", json!({}))).await;
    assert!(
        refused == 400 && why["error"].as_str().is_some_and(|why| why.contains("can't replace")),
        "{refused} {why}"
    );
    assert_eq!(post(&store, &one, &map("v2", json!({"r": "rouge"}))).await.0, 202);
    assert_eq!(entries(&store, "colors").await, json!([{"k": "r", "v": "rouge"}]));
    let introspect = "/druid/v1/lookups/introspect/colors";
    assert_eq!(store.get_json(introspect).await, json!({"r": "rouge"}));
    assert_eq!(store.get_json(&format!("{introspect}/keys")).await, json!(["r"]));
    assert_eq!(store.get_json(&format!("{introspect}/values")).await, json!(["rouge"]));
    assert_eq!(store.get_json(&format!("{introspect}/version")).await, json!({"version": "v2"}));
    let loaded = json!({"__default": {"colors": {"loaded": true}}});
    assert_eq!(store.get_json("/druid/coordinator/v1/lookups/status").await, loaded);

    let (wrong, why) = post(&store, &one, &json!({"version": "v3", "lookupExtractorFactory": {"type": "odd"}})).await;
    assert!(wrong == 400 && why["error"].as_str().is_some_and(|why| why.contains("odd")), "{why}");
    assert_eq!(delete(&store, &one).await, 202);
    assert_eq!(delete(&store, &one).await, 404);
    assert_eq!(status(&store, &one).await, 404);
    assert_eq!(status(&store, introspect).await, 404);
    store.node.stop().await;
}

/// The rows of a lookup as a source, waited for.
async fn entries(store: &Store, name: &str) -> Value {
    let query = json!({"queryType": "scan", "dataSource": {"type": "lookup", "lookup": name},
        "intervals": ["0000/3000"], "columns": ["k", "v"], "resultFormat": "list"});
    let answer = store.post("/druid/v2", &query).await;
    let batches: Value = answer.json().await.expect("JSON");
    batches[0]["events"].clone()
}

async fn until(store: &Store, name: &str, expected: Value) {
    for _ in 0..600 {
        if entries(store, name).await == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{name} is {}, not {expected}", entries(store, name).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_read_again_and_only_below_allowed_directories() {
    let (allowed, outside) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let store = Store::start_with(|config| config.ingest.allowed_directories = vec![allowed.path().to_owned()]).await;
    let namespace = |path: &std::path::Path| {
        json!({"version": "v1", "lookupExtractorFactory": {"type": "cachedNamespace", "extractionNamespace": {
            "type": "uri", "uri": format!("file:{}", path.display()), "pollPeriod": "PT1S",
            "namespaceParseSpec": {"format": "csv", "columns": ["key", "value"]}}}})
    };
    let (inside, secret) = (allowed.path().join("colors.csv"), outside.path().join("secret.csv"));
    std::fs::write(&inside, "r,red\n").expect("written");
    std::fs::write(&secret, "s,secret\n").expect("written");
    let all = json!({"__default": {"colors": namespace(&inside), "secret": namespace(&secret)}});
    assert_eq!(post(&store, CONFIG, &all).await.0, 202);
    until(&store, "colors", json!([{"k": "r", "v": "red"}])).await;
    std::fs::write(&inside, "r,rouge\nb,bleu\n").expect("written");
    until(&store, "colors", json!([{"k": "b", "v": "bleu"}, {"k": "r", "v": "rouge"}])).await;
    let status = store.get_json("/druid/coordinator/v1/lookups/status").await;
    assert_eq!(status, json!({"__default": {"colors": {"loaded": true}, "secret": {"loaded": false}}}));
    store.node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_are_followed() {
    let store = Store::start().await;
    let cluster = MockCluster::new(1).expect("a broker");
    cluster.create_topic("names", 2, 1).expect("a topic");
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", cluster.bootstrap_servers()).create().expect("a producer");
    let send = |key: &str, value: Option<&str>| {
        let record = BaseRecord::to("names").key(key).partition(i32::from(key > "m"));
        let record = match value {
            Some(value) => record.payload(value),
            None => record,
        };
        producer.send(record).map_err(|(error, _)| error).expect("taken");
        producer.flush(Duration::from_secs(10)).expect("produced");
    };
    send("a", Some("1"));
    send("z", Some("2"));
    let spec = json!({"version": "v1", "lookupExtractorFactory": {"type": "kafka", "kafkaTopic": "names",
        "kafkaProperties": {"bootstrap.servers": cluster.bootstrap_servers()}}});
    assert_eq!(post(&store, &format!("{CONFIG}/__default/names"), &spec).await.0, 202);
    until(&store, "names", json!([{"k": "a", "v": "1"}, {"k": "z", "v": "2"}])).await;
    send("z", Some("3"));
    send("a", None);
    until(&store, "names", json!([{"k": "z", "v": "3"}])).await;
    store.node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_are_read_when_their_origin_is_allowed() {
    let served = Store::start().await;
    let colors = map("v1", json!({"r": "red"}));
    assert_eq!(post(&served, &format!("{CONFIG}/__default/colors"), &colors).await.0, 202);
    let uri = served.url("/druid/v1/lookups/introspect/colors");
    let spec = json!({"version": "v1", "lookupExtractorFactory": {"type": "cachedNamespace", "extractionNamespace": {
        "type": "uri", "uri": uri, "namespaceParseSpec": {"format": "simpleJson"}}}});
    let origin = served.url("");
    let store = Store::start_with(|config| config.ingest.allowed_origins = vec![origin]).await;
    assert_eq!(post(&store, &format!("{CONFIG}/__default/copy"), &spec).await.0, 202);
    until(&store, "copy", json!([{"k": "r", "v": "red"}])).await;
    // Elsewhere the address is not one of the open internet.
    assert_eq!(post(&served, &format!("{CONFIG}/__default/copy"), &spec).await.0, 202);
    let (status, _) = post(
        &served,
        "/druid/v2",
        &json!({"queryType": "scan", "intervals": ["0000/3000"],
        "dataSource": {"type": "lookup", "lookup": "copy"}}),
    )
    .await;
    assert_eq!(status, 400);
    store.node.stop().await;
    served.node.stop().await;
}

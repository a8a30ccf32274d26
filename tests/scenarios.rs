//! Every file of `scenarios/`: events or tasks in, questions with their answers.

use crate::store::Store;
use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    /// What it shows.
    about: String,
    /// Records by topic; record n goes to partition n modulo 2.
    #[serde(default)]
    events: BTreeMap<String, Vec<Value>>,
    /// Supervisors that read them; `bootstrap.servers` is filled in.
    #[serde(default)]
    supervisors: Vec<Value>,
    /// Batch tasks, one after the other; all must succeed.
    #[serde(default)]
    tasks: Vec<Value>,
    queries: Vec<Question>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    query: Value,
    answer: Value,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_gives_its_answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).expect("the folder").map(|file| file.expect("a file").path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("readable");
        let scenario: Scenario =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        play(&scenario).await;
    }
}

async fn play(scenario: &Scenario) {
    let store = Store::start().await;
    let cluster = (!scenario.events.is_empty()).then(|| produce(&scenario.events));
    for supervisor in &scenario.supervisors {
        let mut spec = supervisor.clone();
        let servers = cluster.as_ref().expect("events for the supervisors").bootstrap_servers();
        spec["spec"]["ioConfig"]["consumerProperties"] = json!({"bootstrap.servers": servers});
        let answer = store.post("/druid/indexer/v1/supervisor", &spec).await;
        assert!(answer.status().is_success(), "{}: {}", scenario.about, answer.text().await.unwrap_or_default());
    }
    for task in &scenario.tasks {
        let status = store.run_task(task).await;
        assert_eq!(status["statusCode"], "SUCCESS", "{}: {status}", scenario.about);
    }
    for question in &scenario.queries {
        store.expect(&scenario.about, &question.query, &question.answer).await;
    }
    // What was live must give the same answers once it is sealed.
    for supervisor in store.get_json("/druid/indexer/v1/supervisor").await.as_array().into_iter().flatten() {
        let path = format!("/druid/indexer/v1/supervisor/{}/suspend", supervisor.as_str().expect("an id"));
        store.post(&path, &json!({})).await;
    }
    for question in &scenario.queries {
        store.expect(&scenario.about, &question.query, &question.answer).await;
    }
    assert_eq!(store.get_json("/dolmen/v1/fsck").await, json!([]), "{}", scenario.about);
    store.node.stop().await;
}

pub fn produce(
    events: &BTreeMap<String, Vec<Value>>,
) -> MockCluster<'static, rdkafka::producer::DefaultProducerContext> {
    let cluster = MockCluster::new(1).expect("a broker");
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", cluster.bootstrap_servers()).create().expect("a producer");
    for (topic, records) in events {
        cluster.create_topic(topic, 2, 1).expect("a topic");
        for (number, record) in records.iter().enumerate() {
            let text = record.as_str().map_or_else(|| record.to_string(), str::to_string);
            let message = BaseRecord::<(), str>::to(topic).partition((number % 2) as i32).payload(&text);
            producer.send(message).map_err(|(error, _)| error).expect("taken");
        }
    }
    producer.flush(Duration::from_secs(10)).expect("produced");
    cluster
}

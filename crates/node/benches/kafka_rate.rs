//! Events a second from a real Kafka to queryable rows, by the clock and by the processor time of the store.

use harness::{Kafka, Producer, Running, Store, TOPIC, until};
use node::quickstart::Events;
use serde_json::{Value, json};
use std::time::Instant;

const NUM_PARTITIONS: i32 = 4;
/// Event time moves on by a millisecond each so many events.
const EVENTS_A_MS: i64 = 100;
const FIRST_MS: i64 = 1_714_521_600_000;

fn spec(bootstrap_servers: &str) -> Value {
    let mut spec: Value =
        serde_json::from_str(include_str!("../../../config/specs/ads.kafka.json")).expect("the example is JSON");
    let io = &mut spec["spec"]["ioConfig"];
    io["topic"] = json!(TOPIC);
    io["startDelay"] = json!("PT0S");
    io["consumerProperties"]["bootstrap.servers"] = json!(bootstrap_servers);
    spec
}

fn produce(bootstrap_servers: &str, num_events: i64) -> usize {
    let mut producer = Producer::new(bootstrap_servers, NUM_PARTITIONS);
    let (mut events, mut line, mut num_bytes) = (Events::new(1), Vec::new(), 0);
    for number in 0..num_events {
        line.clear();
        events.ad(FIRST_MS + number / EVENTS_A_MS, &mut line);
        num_bytes += line.len();
        producer.put(std::str::from_utf8(&line).expect("JSON is text"));
    }
    producer.flush();
    num_bytes
}

fn count(store: &Running) -> Option<i64> {
    let query = json!({
        "queryType": "timeseries",
        "dataSource": "ads",
        "intervals": ["2000-01-01/2100-01-01"],
        "granularity": "all",
        "aggregations": [{"type": "longSum", "name": "count", "fieldName": "count"}],
    });
    let (status, rows) = store.post("/druid/v2", &query).ok()?;
    (status == 200).then(|| rows[0]["result"]["count"].as_i64().unwrap_or(0))
}

fn main() {
    let num_events = std::env::var("DOLMEN_KAFKA_EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000_000);
    let Some(kafka) = Kafka::start() else { return };
    kafka.create_topic(TOPIC, NUM_PARTITIONS);
    let num_bytes = produce(&kafka.bootstrap_servers(), num_events);
    let store = Store::new(env!("CARGO_BIN_EXE_dolmen"));
    let running = store.start();
    let (cpu, start) = (running.cpu_time(), Instant::now());
    let posted = running.post("/druid/indexer/v1/supervisor", &spec(&kafka.bootstrap_servers()));
    assert_eq!(posted.expect("an answer").0, 200);
    until("every event to be seen", || (count(&running)? == num_events).then_some(()));
    let (cpu, elapsed) = ((running.cpu_time() - cpu).as_secs_f64(), start.elapsed().as_secs_f64());
    let events = num_events as f64;
    println!(
        "{num_events} events of {:.0} bytes in {elapsed:.2} s, {cpu:.2} s of processor time",
        num_bytes as f64 / events
    );
    println!("{:.0} events/s by the clock, {:.0} events/s of one core", events / elapsed, events / cpu);
}

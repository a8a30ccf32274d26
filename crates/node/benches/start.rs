//! How long after its start a store serves what stands on its disk, and what it occupies then.

use harness::{DATASOURCE, Event, MockBroker, Producer, Running, Spec, Store, event, until};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const HOUR_MS: i64 = 3_600_000;
const ROWS_A_SEGMENT: u64 = 10;
const NUM_STARTS: usize = 5;

/// Segments and rows that a query touches, by what it says of itself.
fn count(store: &Running) -> Option<i64> {
    let query = json!({
        "queryType": "timeseries",
        "dataSource": DATASOURCE,
        "intervals": ["2000-01-01/2100-01-01"],
        "granularity": "all",
        "aggregations": [{"type": "longSum", "name": "count", "fieldName": "count"}],
    });
    match store.post("/druid/v2", &query) {
        Ok((200, rows)) => rows[0]["result"]["count"].as_i64(),
        _ => None,
    }
}

fn num_segments(store: &Running) -> usize {
    let path = format!("/druid/coordinator/v1/metadata/datasources/{DATASOURCE}/segments");
    store.get(&path).ok().and_then(|(_, segments)| segments.as_array().map(Vec::len)).unwrap_or(0)
}

/// Publishes rows of so many hours: a segment each.
fn fill(store: &Store, wanted: u64) {
    let broker = MockBroker::start(1);
    let mut producer = Producer::new(&broker.bootstrap_servers(), 1);
    let start_ms = event(0).time_ms;
    for number in 0..wanted * ROWS_A_SEGMENT {
        let hour = i64::try_from(number % wanted).unwrap_or_default();
        producer.put(&Event { time_ms: start_ms + hour * HOUR_MS, ..event(number) }.to_json());
    }
    producer.flush();
    let running = store.start();
    let posted = running.post("/druid/indexer/v1/supervisor", &Spec::new(broker.bootstrap_servers()).to_json());
    assert_eq!(posted.expect("an answer").0, 200);
    let all = i64::try_from(wanted * ROWS_A_SEGMENT).ok();
    until("all rows to be read", || (count(&running) == all).then_some(()));
    let ended = running.post(&format!("/druid/indexer/v1/supervisor/{DATASOURCE}/terminate"), &Value::Null);
    assert_eq!(ended.expect("an answer").0, 200);
    until("all rows to be published", || (num_segments(&running) as u64 == wanted).then_some(()));
    running.drain();
}

fn main() {
    let wanted = std::env::var("DOLMEN_SEGMENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000);
    let store = Store::new(env!("CARGO_BIN_EXE_dolmen"));
    let empty = store.start();
    let idle = empty.resident_bytes();
    empty.drain();
    fill(&store, wanted);
    let all = i64::try_from(wanted * ROWS_A_SEGMENT).ok();
    let mut served: Vec<(Duration, Duration, u64)> = Vec::new();
    for _ in 0..NUM_STARTS {
        let begun = Instant::now();
        let running = store.start();
        until("all rows to be served", || (count(&running) == all).then_some(()));
        served.push((begun.elapsed(), running.cpu_time(), running.resident_bytes()));
        running.drain();
    }
    served.sort();
    let (middle, cpu, resident) = served[NUM_STARTS / 2];
    let (least, most) = (served[0].0, served[NUM_STARTS - 1].0);
    println!("{wanted} segments served after {middle:?} ({least:?} to {most:?}), {cpu:?} of processor time");
    println!("{} MB resident then; {} MB without data", resident >> 20, idle >> 20);
}

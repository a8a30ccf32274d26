//! How long after its acknowledged produce a row is seen by a query, while other events flow.

use harness::{DATASOURCE, Event, Kafka, MockBroker, Producer, Running, Spec, Store, TOPIC, event};
use serde_json::json;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const NUM_PARTITIONS: i32 = 4;
const STEP: Duration = Duration::from_millis(10);
const PAUSE: Duration = Duration::from_millis(40);

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Sends `rate` events a second until told to stop; answers how many those were.
fn flow(bootstrap_servers: &str, rate: u64, stop: &AtomicBool) -> u64 {
    let mut producer = Producer::new(bootstrap_servers, NUM_PARTITIONS);
    let start = Instant::now();
    let mut sent = 0;
    while !stop.load(Ordering::Relaxed) {
        let due = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX) * rate / 1_000;
        (sent..due).for_each(|number| producer.put(&event(number).to_json()));
        sent = sent.max(due);
        std::thread::sleep(STEP);
    }
    producer.flush();
    sent
}

fn is_seen(store: &Running, key: &str) -> bool {
    let query = json!({
        "queryType": "timeseries",
        "dataSource": DATASOURCE,
        "intervals": ["2000-01-01/2100-01-01"],
        "granularity": "all",
        "filter": {"type": "selector", "dimension": "key", "value": key},
        "aggregations": [{"type": "longSum", "name": "count", "fieldName": "count"}],
    });
    match store.post("/druid/v2", &query) {
        Ok((200, rows)) => rows[0]["result"]["count"].as_i64() == Some(1),
        _ => false,
    }
}

/// Sends marked events one by one, each when the one before was seen.
fn probe(store: &Running, bootstrap_servers: &str, numbers: Range<u64>) -> Vec<Duration> {
    let mut producer = Producer::new(bootstrap_servers, NUM_PARTITIONS);
    let probes = numbers.map(|number| {
        let key = format!("probe-{number}");
        let taken = producer.send_one(&Event { key: key.clone(), ..event(number) });
        while !is_seen(store, &key) {}
        let seen = taken.elapsed();
        std::thread::sleep(PAUSE);
        seen
    });
    probes.collect()
}

fn main() {
    let (rate, num_probes) = (variable("DOLMEN_RATE", 20_000), variable("DOLMEN_PROBES", 400));
    let kafka = Kafka::start();
    let mock = kafka.is_none().then(|| MockBroker::start(NUM_PARTITIONS));
    let (broker, bootstrap_servers) = match (&kafka, &mock) {
        (Some(kafka), _) => ("Apache Kafka", kafka.bootstrap_servers()),
        (None, Some(mock)) => ("a broker in memory", mock.bootstrap_servers()),
        (None, None) => return,
    };
    if let Some(kafka) = &kafka {
        kafka.create_topic(TOPIC, NUM_PARTITIONS);
    }
    let mut store = Store::new(env!("CARGO_BIN_EXE_dolmen"));
    if let Some(cut_rows) = std::env::var_os("DOLMEN_CUT_ROWS") {
        store.set("DOLMEN__INGEST__CUT_MAX_ROWS", cut_rows.to_string_lossy());
    }
    let running = store.start();
    let posted = running.post("/druid/indexer/v1/supervisor", &Spec::new(&bootstrap_servers).to_json());
    assert_eq!(posted.expect("an answer").0, 200);
    probe(&running, &bootstrap_servers, 0..1);
    let (stop, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let (cpu, start) = (running.cpu_time(), Instant::now());
    let mut seen = std::thread::scope(|scope| {
        scope.spawn(|| sent.store(flow(&bootstrap_servers, rate, &stop), Ordering::Relaxed));
        let seen = probe(&running, &bootstrap_servers, 1..num_probes + 1);
        stop.store(true, Ordering::Relaxed);
        seen
    });
    let (cpu, elapsed) = (running.cpu_time() - cpu, start.elapsed());
    seen.sort();
    let at = |percent: usize| seen[(seen.len() * percent / 100).min(seen.len() - 1)];
    let cores = cpu.as_secs_f64() / elapsed.as_secs_f64();
    let rate = sent.load(Ordering::Relaxed) as f64 / elapsed.as_secs_f64();
    println!("{broker}, {rate:.0} events/s beside {} probes, {cores:.2} cores", seen.len());
    let segments = running.get(&format!("/druid/coordinator/v1/metadata/datasources/{DATASOURCE}/segments"));
    let num_segments = segments.ok().and_then(|(_, segments)| segments.as_array().map(Vec::len)).unwrap_or(0);
    println!("{num_segments} segments published meanwhile");
    println!("acknowledged to seen: p50 {:?}, p90 {:?}, p99 {:?}, most {:?}", at(50), at(90), at(99), at(100));
}

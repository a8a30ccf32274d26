//! Events a second from a real Kafka to queryable rows, by the clock and by the processor time of the store.

mod forms;
#[path = "../../../../benches/src/unusual.rs"]
mod unusual;

use forms::Form;
use harness::{Kafka, Producer, Running, Store, until_by};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Between two looks at how far the store is. A look is a query over all rows, whose processor time is counted with
/// that of reading them.
const PAUSE: Duration = Duration::from_millis(100);

/// One line of the table.
struct Case {
    name: &'static str,
    form: Form,
    num_partitions: i32,
    num_tasks: i32,
    /// Measured until everything is published and found where it was published to.
    is_sealed: bool,
}

const fn case(name: &'static str, form: Form) -> Case {
    Case { name, form, num_partitions: 1, num_tasks: 1, is_sealed: false }
}

const CASES: &[Case] = &[
    case("roll-up", Form::Ads),
    Case { is_sealed: true, ..case("roll-up sealed", Form::Ads) },
    case("raw", Form::Raw),
    Case { is_sealed: true, ..case("raw sealed", Form::Raw) },
    Case { num_partitions: 2, num_tasks: 2, ..case("two partitions", Form::Ads) },
    case("general JSON", Form::General),
    case("orders", Form::Orders),
    case("dirty", Form::Dirty),
    case("distinct strings", Form::Distinct),
    Case { num_partitions: 4, is_sealed: true, ..case("the example", Form::Sketch) },
];

/// What one case came to.
struct Measured {
    num_events: i64,
    num_bytes: usize,
    elapsed: Duration,
    cpu: Duration,
    /// Resident bytes before and after.
    resident: (u64, u64),
}

fn main() {
    let variable = |name| std::env::var(name).ok();
    let num_events = variable("DOLMEN_KAFKA_EVENTS").and_then(|text| text.parse().ok()).unwrap_or(2_000_000);
    let wanted = variable("DOLMEN_KAFKA_CASES");
    let is_wanted = |case: &&Case| wanted.as_ref().is_none_or(|wanted| wanted.split(',').any(|name| name == case.name));
    let Some(kafka) = Kafka::start() else { return };
    println!("| case | bytes an event | events/s by the clock | events/s of one core | ns an event | bytes a row |");
    println!("|---|---:|---:|---:|---:|---:|");
    for (number, case) in CASES.iter().filter(is_wanted).enumerate() {
        let topic = format!("rate-{number}");
        kafka.create_topic(&topic, case.num_partitions);
        let Measured { num_events, num_bytes, elapsed, cpu, resident } =
            measure(case, &topic, &kafka.bootstrap_servers(), num_events);
        let (events, cpu) = (num_events as f64, cpu.as_secs_f64());
        println!(
            "| {} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} |",
            case.name,
            num_bytes as f64 / events,
            events / elapsed.as_secs_f64(),
            events / cpu,
            cpu * 1e9 / events,
            resident.1.saturating_sub(resident.0) as f64 / events
        );
    }
}

fn measure(case: &Case, topic: &str, bootstrap_servers: &str, num_events: i64) -> Measured {
    let mut producer = Producer::new(bootstrap_servers, case.num_partitions).to_topic(topic);
    let mut num_bytes = 0;
    let num_rows = case.form.write(num_events, |line| {
        num_bytes += line.len();
        producer.put(line);
    });
    producer.flush();
    drop(producer);
    let mut store = Store::new(env!("CARGO_BIN_EXE_dolmen"));
    let mut spec = case.form.spec(topic, bootstrap_servers, case.num_tasks);
    if !case.is_sealed {
        store.set("DOLMEN__INGEST__CUT_MAX_AGE_MS", 3_600_000);
        store.set("DOLMEN__INGEST__CUT_MAX_ROWS", 1_000_000_000);
        store.set("DOLMEN__INGEST__CUT_MAX_BYTES", 1u64 << 40);
        spec["spec"]["tuningConfig"]["maxRowsInMemory"] = 1_000_000_000.into();
    }
    let running = store.start();
    let (cpu, resident, start) = (running.cpu_time(), running.resident_bytes(), Instant::now());
    let (status, answer) = running.post("/druid/indexer/v1/supervisor", &spec).expect("an answer");
    assert_eq!(status, 200, "{answer}");
    let is_seen = || (count(&running, case.form)? == num_rows).then_some(());
    until_by(PAUSE, "every event to be seen", is_seen);
    let seen = running.resident_bytes();
    if case.is_sealed {
        let suspended = running.post("/druid/indexer/v1/supervisor/ads/suspend", &json!({}));
        assert_eq!(suspended.expect("an answer").0, 200);
        until_by(PAUSE, "every event to be published", || is_published(&running).then_some(()));
        until_by(PAUSE, "every event to be seen", is_seen);
    }
    let (cpu, elapsed) = (running.cpu_time() - cpu, start.elapsed());
    Measured { num_events, num_bytes, elapsed, cpu, resident: (resident, seen) }
}

fn is_published(store: &Running) -> bool {
    let status = store.get("/druid/indexer/v1/supervisor/ads/status");
    let Ok((200, status)) = status else { return false };
    let none = |tasks: &Value| tasks.as_array().is_some_and(Vec::is_empty);
    none(&status["payload"]["activeTasks"]) && none(&status["payload"]["publishingTasks"])
}

fn count(store: &Running, form: Form) -> Option<i64> {
    let query = json!({
        "queryType": "timeseries",
        "dataSource": "ads",
        "intervals": ["2000-01-01/2100-01-01"],
        "granularity": "all",
        "aggregations": [form.rows()],
    });
    let (status, rows) = store.post("/druid/v2", &query).ok()?;
    (status == 200).then(|| rows[0]["result"]["count"].as_i64().unwrap_or(0))
}

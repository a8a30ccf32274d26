//! A real Apache Kafka, transactions that abort, and a store that is killed at any moment.

use harness::{Kafka, Producer, Running, Spec, Store, TOPIC, Totals, TransactionalProducer};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::ops::Range;
use std::time::Duration;

const NUM_PARTITIONS: i32 = 4;
const NUM_KILLS: u64 = 10;
const DEFAULT_EVENTS: u64 = 200_000;
const DEFAULT_SEED: u64 = 7;
/// Events of one transaction, and of one flush outside of transactions.
const BATCH: u64 = 2_000;

fn variable(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}: [{text}] is no number")),
        Err(_) => default,
    }
}

const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];

/// Events go in plainly, in transactions, and in transactions that abort, in turn; the plain ones by each codec.
struct Sender {
    plain: Vec<Producer>,
    transactions: TransactionalProducer,
}

impl Sender {
    fn new(bootstrap_servers: &str) -> Sender {
        Sender {
            plain: CODECS.map(|codec| Producer::compressing(bootstrap_servers, NUM_PARTITIONS, codec)).into(),
            transactions: TransactionalProducer::new(bootstrap_servers, NUM_PARTITIONS, "proof"),
        }
    }

    fn send(&mut self, numbers: Range<u64>) {
        let mut at = numbers.start;
        while at < numbers.end {
            let batch = at..numbers.end.min(at + BATCH);
            at = batch.end;
            let turn = batch.start / BATCH;
            match turn % 4 {
                0 | 1 => self.plain[turn as usize % CODECS.len()].send(batch),
                2 => {
                    self.transactions.send(batch.start..batch.start + BATCH / 4, true);
                    self.transactions.send(batch, false);
                }
                _ => self.transactions.send(batch, false),
            }
        }
    }

    fn totals(&self) -> Totals {
        let mut totals = self.transactions.totals.clone();
        self.plain.iter().for_each(|plain| totals.merge(&plain.totals));
        totals
    }
}

/// Lets the store read for a random while, in the middle of `numbers` being sent, and kills it.
fn send_and_kill(running: Running, sender: &mut Sender, numbers: Range<u64>, random: &mut StdRng) {
    let life = Duration::from_millis(random.random_range(50..2_500));
    std::thread::scope(|scope| {
        scope.spawn(|| sender.send(numbers));
        std::thread::sleep(life);
        running.kill();
    });
}

#[test]
fn ten_kills_change_no_number() {
    let Some(kafka) = Kafka::start() else { return };
    let (num_events, seed) = (variable("DOLMEN_KAFKA_EVENTS", DEFAULT_EVENTS), variable("DOLMEN_SEED", DEFAULT_SEED));
    println!("{num_events} events, seed {seed}");
    kafka.create_topic(TOPIC, NUM_PARTITIONS);
    let mut random = StdRng::seed_from_u64(seed);
    let mut sender = Sender::new(&kafka.bootstrap_servers());
    let mut store = Store::new(env!("CARGO_BIN_EXE_dolmen"));
    store.set("DOLMEN__INGEST__CUT_MAX_AGE_MS", 500);
    let mut running = store.start();
    let spec = Spec::new(kafka.bootstrap_servers()).to_json();
    let (status, body) = running.post("/druid/indexer/v1/supervisor", &spec).expect("an answer");
    assert_eq!(status, 200, "{body}");
    let share = num_events / (NUM_KILLS + 1);
    for kill in 0..NUM_KILLS {
        send_and_kill(running, &mut sender, kill * share..(kill + 1) * share, &mut random);
        running = store.start();
        sender.totals().settle(&running, &format!("after kill {}", kill + 1));
    }
    sender.send(NUM_KILLS * share..num_events);
    sender.totals().settle(&running, "before the drain");
    running.drain();
    sender.totals().settle(&store.start(), "after the drain");
}

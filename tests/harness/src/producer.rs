//! Producers that count what the broker has taken.

use crate::{Event, PATIENCE, TOPIC, Totals, event, poison};
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(10);
const SHORT_POLL: Duration = Duration::from_millis(1);

/// Sends events; a record that the broker does not take is a panic.
pub struct Producer {
    inner: BaseProducer<Deliveries>,
    topic: String,
    num_partitions: i32,
    next: i32,
    /// Of the events sent.
    pub totals: Totals,
    /// Records sent that no format reads.
    pub num_poison: u64,
}

/// What the broker said of records.
#[derive(Clone, Default)]
struct Deliveries {
    num_lost: Arc<AtomicU64>,
    newest: Arc<Mutex<Option<Instant>>>,
}

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if result.is_err() {
            self.num_lost.fetch_add(1, Ordering::Relaxed);
        }
        if let Ok(mut newest) = self.newest.lock() {
            *newest = Some(Instant::now());
        }
    }
}

fn config(bootstrap_servers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", bootstrap_servers)
        .set("enable.idempotence", "true")
        .set("linger.ms", "2")
        .set("queue.buffering.max.messages", "500000");
    config
}

impl Producer {
    pub fn new(bootstrap_servers: &str, num_partitions: i32) -> Producer {
        Producer::from_config(&config(bootstrap_servers), num_partitions)
    }

    /// The same, with records compressed in a way that the client knows by this name.
    pub fn compressing(bootstrap_servers: &str, num_partitions: i32, codec: &str) -> Producer {
        let mut config = config(bootstrap_servers);
        config.set("compression.type", codec);
        Producer::from_config(&config, num_partitions)
    }

    fn from_config(config: &ClientConfig, num_partitions: i32) -> Producer {
        let inner = config.create_with_context(Deliveries::default()).expect("a producer");
        Producer { inner, topic: TOPIC.to_owned(), num_partitions, next: 0, totals: Totals::default(), num_poison: 0 }
    }

    /// The same for another topic than [`TOPIC`].
    pub fn to_topic(self, topic: &str) -> Producer {
        Producer { topic: topic.to_owned(), ..self }
    }

    /// Sends the events of these numbers, in turn to every partition, and waits until all are taken.
    pub fn send(&mut self, numbers: Range<u64>) {
        for number in numbers {
            let event = event(number);
            self.totals.add(&event);
            self.put(&event.to_json());
        }
        self.flush();
    }

    /// Sends a record that no format reads and waits until it is taken.
    pub fn send_poison(&mut self) {
        self.num_poison += 1;
        self.put(&poison(self.num_poison));
        self.flush();
    }

    /// Sends one event and answers when the broker said that it has it.
    pub fn send_one(&mut self, event: &Event) -> Instant {
        self.totals.add(event);
        self.put(&event.to_json());
        loop {
            self.inner.poll(SHORT_POLL);
            let newest = self.inner.context().newest.lock().expect("no panic in a delivery").take();
            if let Some(taken) = newest {
                self.flush();
                return taken;
            }
        }
    }

    /// Hands over any record, and does not wait.
    pub fn put(&mut self, value: &str) {
        self.next = (self.next + 1) % self.num_partitions;
        let mut record = BaseRecord::<(), str>::to(&self.topic).partition(self.next).payload(value);
        while let Err((error, back)) = self.inner.send(record) {
            assert_eq!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), "a record was refused");
            self.inner.poll(POLL);
            record = back;
        }
    }

    /// Waits until the broker has taken everything.
    pub fn flush(&self) {
        self.inner.flush(PATIENCE).expect("the broker takes what was sent");
        assert_eq!(self.inner.context().num_lost.load(Ordering::Relaxed), 0, "records were not taken");
    }
}

/// Sends events in transactions.
pub struct TransactionalProducer {
    inner: Producer,
    /// Of the events in transactions that were committed.
    pub totals: Totals,
}

impl TransactionalProducer {
    pub fn new(bootstrap_servers: &str, num_partitions: i32, id: &str) -> TransactionalProducer {
        let mut config = config(bootstrap_servers);
        config.set("transactional.id", id);
        let inner = Producer::from_config(&config, num_partitions);
        inner.inner.init_transactions(PATIENCE).expect("transactions");
        TransactionalProducer { inner, totals: Totals::default() }
    }

    /// Sends the events of these numbers in one transaction. They are on the broker before it ends, however it
    /// ends.
    pub fn send(&mut self, numbers: Range<u64>, is_aborted: bool) {
        self.inner.inner.begin_transaction().expect("a transaction");
        self.inner.totals = Totals::default();
        self.inner.send(numbers);
        if is_aborted {
            self.inner.inner.abort_transaction(PATIENCE).expect("aborted");
        } else {
            self.inner.inner.commit_transaction(PATIENCE).expect("committed");
            self.totals.merge(&self.inner.totals);
        }
    }
}

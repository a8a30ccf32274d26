//! The source of the quickstart's events: a thread that produces at a steady rate and waits for the reader.

use super::broker::PARTITION_BYTES;
use super::events::Events;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

const TICK: Duration = Duration::from_millis(20);
const FLUSH: Duration = Duration::from_secs(5);

/// One topic that is written to.
pub struct Stream {
    pub topic: &'static str,
    pub num_partitions: i32,
    pub rate_per_s: u32,
    pub write: fn(&mut Events, i64, &mut Vec<u8>),
    /// Records that the store has read of it.
    pub num_read: Box<dyn Fn() -> u64 + Send>,
}

/// The running generator.
pub struct Generator {
    stop: Arc<AtomicBool>,
    num_sent: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

impl Generator {
    /// Starts to produce; `now_ms` stamps the events.
    pub fn start(
        producer: ThreadedProducer<DefaultProducerContext>,
        streams: Vec<Stream>,
        seed: u64,
        now_ms: impl Fn() -> i64 + Send + 'static,
    ) -> std::io::Result<Self> {
        let (stop, num_sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut writer = Writer {
            producer,
            events: Events::new(seed),
            sent: vec![Sent::default(); streams.len()],
            total: Arc::clone(&num_sent),
        };
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("generator".into()).spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                for (number, stream) in streams.iter().enumerate() {
                    writer.tick(number, stream, now_ms());
                }
                std::thread::sleep(TICK);
            }
            if let Err(error) = writer.producer.flush(FLUSH) {
                tracing::warn!(%error, "the last events did not reach the broker");
            }
        })?;
        Ok(Self { stop, num_sent, thread })
    }

    /// Events handed to the broker so far.
    pub fn num_sent(&self) -> u64 {
        self.num_sent.load(Ordering::Relaxed)
    }

    /// Stops and waits until the last event has reached the broker; how many there were.
    pub fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        if self.thread.join().is_err() {
            tracing::error!("the generator ended in a panic");
        }
        self.num_sent.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Sent {
    num_records: u64,
    num_bytes: u64,
    owed: f64,
}

struct Writer {
    producer: ThreadedProducer<DefaultProducerContext>,
    events: Events,
    sent: Vec<Sent>,
    total: Arc<AtomicU64>,
}

impl Writer {
    /// Sends what is due since the last tick, unless the reader is too far behind for the broker's short log.
    fn tick(&mut self, number: usize, stream: &Stream, now_ms: i64) {
        if !self.has_room(number, stream) {
            return;
        }
        self.sent[number].owed += f64::from(stream.rate_per_s) * TICK.as_secs_f64();
        let mut record = Vec::with_capacity(512);
        while self.sent[number].owed >= 1.0 {
            record.clear();
            (stream.write)(&mut self.events, now_ms, &mut record);
            if !self.send(number, stream, &record) {
                return;
            }
        }
    }

    fn has_room(&self, number: usize, stream: &Stream) -> bool {
        let sent = self.sent[number];
        let unread = sent.num_records.saturating_sub((stream.num_read)());
        let average = sent.num_bytes.checked_div(sent.num_records).unwrap_or(0);
        unread * average < PARTITION_BYTES / 2 * u64::from(stream.num_partitions.unsigned_abs())
    }

    fn send(&mut self, number: usize, stream: &Stream, record: &[u8]) -> bool {
        let sent = &mut self.sent[number];
        let partition = i32::try_from(sent.num_records % u64::from(stream.num_partitions.unsigned_abs())).unwrap_or(0);
        let message = BaseRecord::<(), [u8]>::to(stream.topic).partition(partition).payload(record);
        match self.producer.send(message) {
            Ok(()) => {
                sent.owed -= 1.0;
                sent.num_records += 1;
                sent.num_bytes += record.len() as u64;
                self.total.fetch_add(1, Ordering::Relaxed);
                true
            }
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => false,
            Err((error, _)) => {
                tracing::warn!(%error, topic = stream.topic, "an event was not sent");
                false
            }
        }
    }
}

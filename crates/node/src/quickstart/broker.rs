//! The Kafka broker of the quickstart: librdkafka's mock cluster, in this process and in memory only.

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{DefaultProducerContext, Producer, ThreadedProducer};
use std::time::Duration;

/// What the broker keeps of a partition; older records go.
pub const PARTITION_BYTES: u64 = 5 << 20;

/// A broker in this process answers at once.
const ANSWER: Duration = Duration::from_secs(5);

/// A broker on a free port of this machine. Its log ends with it.
pub struct Broker {
    cluster: MockCluster<'static, DefaultProducerContext>,
}

impl Broker {
    /// Starts the broker with the given topics and their numbers of partitions.
    pub fn start(topics: &[(&str, i32)]) -> Result<Self, KafkaError> {
        let cluster = MockCluster::new(1)?;
        for (topic, num_partitions) in topics {
            cluster.create_topic(topic, *num_partitions, 1)?;
        }
        Ok(Self { cluster })
    }

    pub fn bootstrap_servers(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    /// What the cluster calls itself; another one at every start.
    pub fn cluster_id(&self) -> Result<Option<String>, KafkaError> {
        Ok(self.producer()?.client().fetch_cluster_id(ANSWER))
    }

    /// A producer that flushes within a few milliseconds.
    pub fn producer(&self) -> Result<ThreadedProducer<DefaultProducerContext>, KafkaError> {
        ClientConfig::new()
            .set("bootstrap.servers", self.bootstrap_servers())
            .set("linger.ms", "5")
            .set("queue.buffering.max.messages", "200000")
            .create()
    }
}

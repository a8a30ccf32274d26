//! A broker in the test's own process: its log survives whatever happens to the store.

use crate::TOPIC;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

/// A broker with one topic. It keeps 5 MB of each partition and knows no aborted transactions.
pub struct MockBroker {
    cluster: MockCluster<'static, DefaultProducerContext>,
}

impl MockBroker {
    pub fn start(num_partitions: i32) -> MockBroker {
        let cluster = MockCluster::new(1).expect("a broker starts");
        cluster.create_topic(TOPIC, num_partitions, 1).expect("a topic");
        MockBroker { cluster }
    }

    pub fn bootstrap_servers(&self) -> String {
        self.cluster.bootstrap_servers()
    }
}

mod damage;

use std::time::Instant;

use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use serde_json::json;

use super::*;
use crate::client_properties::{PropertyPolicy, translate};
use crate::source::wire::real_clock;

type Mock = MockCluster<'static, DefaultProducerContext>;

fn cluster(topic: &str, partitions: i32) -> Mock {
    let cluster = MockCluster::new(1).expect("a mock cluster");
    cluster.create_topic(topic, partitions, 1).expect("a topic");
    cluster
}

fn source(cluster: &Mock) -> KafkaSource {
    let properties = json!({"bootstrap.servers": cluster.bootstrap_servers(), "default.api.timeout.ms": 10_000});
    let properties = properties.as_object().expect("an object");
    let properties = translate(properties, &|_| None, &PropertyPolicy::default()).expect("translated");
    KafkaSource::new(&properties, real_clock()).expect("a source")
}

fn produce(cluster: &Mock, topic: &str, partition: i32, values: std::ops::Range<usize>) {
    let producer: ThreadedProducer<_> =
        ClientConfig::new().set("bootstrap.servers", cluster.bootstrap_servers()).create().expect("a producer");
    for value in values {
        let text = format!("v{value}");
        let record = BaseRecord::to(topic).partition(partition).key("k").payload(&text).timestamp(1000);
        producer.send(record).map_err(|(error, _)| error).expect("queued");
    }
    producer.flush(Duration::from_secs(20)).expect("flushed");
}

fn read_until(reader: &mut dyn Reader, partition: &Partition, end: i64) -> Vec<(i64, Vec<u8>)> {
    let limits = PollLimits { max_records: 100, timeout: Duration::from_millis(50) };
    let deadline = Instant::now() + Duration::from_secs(30);
    let (mut records, mut at) = (Vec::new(), 0);
    while at < end && Instant::now() < deadline {
        let mut out = Vec::new();
        reader.poll(limits, &mut out).expect("polled");
        for batch in out.iter().filter(|batch| batch.partition() == partition) {
            assert_eq!(batch.size_bytes() > 0, !batch.is_empty());
            at = batch.next_offset();
            records.extend(batch.records().map(|record| (record.offset, record.value.expect("a value").to_vec())));
        }
    }
    records
}

#[test]
fn a_reader_delivers_every_record_once_and_in_order() {
    let cluster = cluster("ads", 2);
    produce(&cluster, "ads", 1, 0..250);
    let source = source(&cluster);
    let topics = source.topics(&TopicChoice::pattern("a.s").expect("a pattern")).expect("topics");
    assert_eq!(topics.iter().map(|topic| (&*topic.name, topic.num_partitions)).collect::<Vec<_>>(), vec![("ads", 2)]);
    let partition = Partition::new("ads", 1);
    assert_eq!(source.bounds(&partition).expect("bounds"), Bounds { earliest: 0, end: 250 });
    let mut reader = source.reader().expect("a reader");
    reader.assign(&[(Partition::new("ads", 0), 0), (partition.clone(), 10)]).expect("assigned");
    let records = read_until(&mut *reader, &partition, 250);
    let wanted: Vec<_> = (10..250).map(|n| (n, format!("v{n}").into_bytes())).collect();
    assert_eq!(records, wanted);
    let fetched = source.fetch(&partition, 42).expect("asked").expect("found");
    assert_eq!((fetched.value.as_deref(), fetched.timestamp_ms), (Some(&b"v42"[..]), Some(1000)));
}

#[test]
fn an_offset_outside_of_the_log_is_an_error_that_names_the_partition() {
    let cluster = cluster("ads", 1);
    produce(&cluster, "ads", 0, 0..5);
    let source = source(&cluster);
    let partition = Partition::new("ads", 0);
    let mut reader = source.reader().expect("a reader");
    reader.assign(&[(partition.clone(), 900)]).expect("assigned");
    let limits = PollLimits { max_records: 10, timeout: Duration::from_millis(100) };
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut answer = Ok(());
    while answer.is_ok() && Instant::now() < deadline {
        answer = reader.poll(limits, &mut Vec::new());
    }
    assert_eq!(answer, Err(SourceError::OutOfRange(partition)));
}

#[test]
fn a_cluster_that_does_not_answer_is_unavailable() {
    let properties = json!({"bootstrap.servers": "127.0.0.1:1", "default.api.timeout.ms": 500});
    let properties = translate(properties.as_object().expect("object"), &|_| None, &PropertyPolicy::default());
    let source = KafkaSource::new(&properties.expect("translated"), real_clock()).expect("a source");
    let answer = source.topics(&TopicChoice::Name("ads".into()));
    assert!(matches!(answer, Err(SourceError::Unavailable(_))), "{answer:?}");
}

#[test]
fn a_topic_of_the_same_name_elsewhere_is_another_one() {
    let (here, there) = (cluster("ads", 1), cluster("ads", 1));
    let choice = TopicChoice::Name("ads".into());
    let uuid = |cluster: &Mock| source(cluster).topics(&choice).expect("topics").remove(0).uuid.expect("an identity");
    assert_eq!(uuid(&here), uuid(&here));
    assert_ne!(uuid(&here), uuid(&there));
}

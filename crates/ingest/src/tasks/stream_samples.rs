//! Records of a stream for the sampler.

use std::time::Duration;

use serde_json::Value;

use super::sampler::{SampleRecord, SampleSource};
use crate::client_properties::{PropertyPolicy, translate};
use crate::source::{Partition, PollLimits, Source, SourceError, TopicChoice};
use crate::spec::fields::Fields;
use crate::{ConnectFn, EnvironmentFn, Error, Result};

/// Longest wait of one poll.
const POLL: Duration = Duration::from_millis(100);

/// Samples the topic that a supervisor's `ioConfig` names.
pub struct StreamSamples {
    /// Connects to clusters.
    pub connect: ConnectFn,
    /// What client properties may reach.
    pub property_policy: PropertyPolicy,
    /// Environment variables that password providers may name.
    pub environment: EnvironmentFn,
}

#[async_trait::async_trait]
impl SampleSource for StreamSamples {
    async fn records(&self, io_config: &Value, most: usize, timeout: Duration) -> Result<(String, Vec<SampleRecord>)> {
        let fields = Fields::of(io_config, "spec.ioConfig")?;
        let topic = fields.required_text("topic")?;
        let earliest = fields.boolean("useEarliestOffset", false)?;
        let Value::Object(given) = fields.required("consumerProperties")? else {
            return Err(fields.wrong("consumerProperties", "must be an object"));
        };
        let properties = translate(given, &*self.environment, &self.property_policy)?;
        let connect = self.connect.clone();
        let name = topic.clone();
        let read = tokio::task::spawn_blocking(move || {
            let source = connect(&properties)?;
            read(&*source, &name, earliest, most, timeout)
        });
        let records = read.await.map_err(|error| Error::Internal(error.to_string()))?;
        Ok((topic, records.map_err(|error| Error::Unavailable(error.to_string()))?))
    }
}

/// Records from the beginning of every partition, or those that come next.
fn read(
    source: &dyn Source,
    topic: &str,
    earliest: bool,
    most: usize,
    timeout: Duration,
) -> Result<Vec<SampleRecord>, SourceError> {
    let mut starts = Vec::new();
    for found in source.topics(&TopicChoice::Name(topic.into()))? {
        for number in 0..found.num_partitions {
            let partition = Partition::new(found.name.clone(), number);
            let bounds = source.bounds(&partition)?;
            starts.push((partition, if earliest { bounds.earliest } else { bounds.end }));
        }
    }
    let mut reader = source.reader()?;
    reader.assign(&starts)?;
    let mut records = Vec::new();
    // Polls are counted, not timed: none takes longer than its own limit.
    let polls = timeout.as_millis().div_ceil(POLL.as_millis());
    for _ in 0..polls {
        let mut batches = Vec::new();
        reader.poll(PollLimits { max_records: most, timeout: POLL }, &mut batches)?;
        for batch in &batches {
            for record in batch.records() {
                records.push(owned(batch.partition().number, &record));
            }
        }
        if records.len() >= most {
            break;
        }
    }
    records.truncate(most);
    Ok(records)
}

fn owned(partition: i32, record: &crate::source::Record<'_>) -> SampleRecord {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    SampleRecord {
        partition,
        offset: record.offset,
        time_ms: record.timestamp_ms,
        key: record.key.map(<[u8]>::to_vec),
        value: record.value.map(<[u8]>::to_vec),
        headers: record.headers().map(|(name, value)| (text(name), value.map(<[u8]>::to_vec))).collect(),
    }
}

//! `kafka`: a topic whose keys and values are the entries; the last value of a key holds, none removes it.

use super::{Content, Fields, Keeper, MAX_BYTES, Slot, World, flag, text};
use async_trait::async_trait;
use expression::Lookup;
use ingest::client_properties::translate;
use ingest::source::{FetchedBatch, Partition, PollLimits, Source, TopicChoice};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const RETRY: Duration = Duration::from_secs(10);
const POLL: PollLimits = PollLimits { max_records: 10_000, timeout: Duration::from_millis(500) };
/// Contents are made anew at most so often, and for at most a tenth of the time.
const MIN_PAUSE: Duration = Duration::from_millis(200);

type Offsets = Vec<(Partition, i64)>;

#[derive(Debug, Clone)]
struct Topic {
    name: Arc<str>,
    properties: Fields,
    is_injective: bool,
}

pub(super) fn parse(fields: &Fields) -> Result<Content, String> {
    let name = text(fields, "kafkaTopic")?.filter(|name| !name.is_empty()).ok_or("'kafkaTopic' is missing")?;
    let Some(Value::Object(properties)) = fields.get("kafkaProperties") else {
        return Err("'kafkaProperties' must be an object".into());
    };
    if !properties.contains_key("bootstrap.servers") {
        return Err("'kafkaProperties' must contain an entry for [bootstrap.servers]".into());
    }
    let is_injective = flag(fields, "isOneToOne")? || flag(fields, "injective")?;
    Ok(Content::Kept(Arc::new(Topic { name: name.into(), properties: properties.clone(), is_injective })))
}

#[async_trait]
impl Keeper for Topic {
    async fn keep(&self, world: Arc<World>, slot: Arc<Slot>, stop: CancellationToken) {
        loop {
            let (topic, world, publish, until) = (self.clone(), world.clone(), slot.clone(), stop.clone());
            let followed = tokio::task::spawn_blocking(move || topic.follow(&world, &publish, &until)).await;
            match followed.unwrap_or_else(|panic| Err(panic.to_string())) {
                Ok(()) => return,
                Err(why) => tracing::warn!(lookup = slot.name(), why, "a lookup cannot be read, it stays as it is"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(RETRY) => {}
            }
        }
    }
}

impl Topic {
    /// Reads the topic from its start until `stop`. Blocks.
    fn follow(&self, world: &World, slot: &Slot, stop: &CancellationToken) -> Result<(), String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let properties =
            translate(&self.properties, &*world.environment, &world.property_policy).map_err(|e| text(&e))?;
        let source = (world.connect)(&properties).map_err(|e| text(&e))?;
        let (starts, mut waiting) = self.ends(&*source)?;
        let mut reader = source.reader().map_err(|e| text(&e))?;
        reader.assign(&starts).map_err(|e| text(&e))?;
        let (mut entries, mut batches) = (Entries::default(), Vec::new());
        let (mut is_due, mut next_at) = (true, Instant::now());
        while !stop.is_cancelled() {
            reader.poll(POLL, &mut batches).map_err(|e| text(&e))?;
            for batch in batches.drain(..) {
                is_due |= entries.apply(&batch)?;
                waiting.retain(|(partition, end)| partition != batch.partition() || batch.next_offset() < *end);
            }
            // Nobody sees a content that lacks what was there when it was asked for.
            if is_due && waiting.is_empty() && Instant::now() >= next_at {
                let started = Instant::now();
                slot.publish(Arc::new(entries.lookup(self.is_injective)?));
                is_due = false;
                next_at = Instant::now() + MIN_PAUSE.max(started.elapsed() * 10);
            }
        }
        Ok(())
    }

    /// Where each partition starts, and where those that hold records end now.
    fn ends(&self, source: &dyn Source) -> Result<(Offsets, Offsets), String> {
        let choice = TopicChoice::Name(Arc::clone(&self.name));
        let topics = source.topics(&choice).map_err(|error| error.to_string())?;
        let topic = topics.first().ok_or_else(|| format!("there is no topic [{}]", self.name))?;
        let (mut starts, mut ends) = (Vec::new(), Vec::new());
        for number in 0..topic.num_partitions {
            let partition = Partition::new(Arc::clone(&self.name), number);
            let bounds = source.bounds(&partition).map_err(|error| error.to_string())?;
            starts.push((partition.clone(), bounds.earliest));
            if bounds.earliest < bounds.end {
                ends.push((partition, bounds.end));
            }
        }
        Ok((starts, ends))
    }
}

/// What was read so far.
#[derive(Default)]
struct Entries {
    by_key: HashMap<String, String>,
    num_bytes: usize,
}

impl Entries {
    /// Takes the records of a batch; whether something changed. Records without a key say nothing.
    fn apply(&mut self, batch: &FetchedBatch) -> Result<bool, String> {
        let mut changed = false;
        for record in batch.records() {
            let Some(key) = record.key else { continue };
            let key = String::from_utf8_lossy(key).into_owned();
            let len = key.len();
            let old = match record.value {
                Some(value) => {
                    let value = String::from_utf8_lossy(value).into_owned();
                    self.num_bytes += len + value.len();
                    self.by_key.insert(key, value)
                }
                None => self.by_key.remove(&key),
            };
            changed |= record.value.is_some() || old.is_some();
            self.num_bytes -= old.map_or(0, |old| len + old.len());
            if self.num_bytes > MAX_BYTES {
                return Err(format!("the topic holds more than {MAX_BYTES} bytes of keys and values"));
            }
        }
        Ok(changed)
    }

    fn lookup(&self, is_injective: bool) -> Result<Lookup, String> {
        let entries = self.by_key.iter().map(|(key, value)| (key.clone(), Some(value.clone())));
        Lookup::new(entries, is_injective).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_a_key_holds() {
        let mut batch = FetchedBatch::new(Partition::new("t", 0), 0);
        let records: [(Option<&str>, Option<&str>); 6] = [
            (Some("a"), Some("1")),
            (Some("b"), Some("2")),
            (Some("a"), Some("3")),
            (None, Some("x")),
            (Some("b"), None),
            (Some("c"), None),
        ];
        for (offset, (key, value)) in records.into_iter().enumerate() {
            batch.push(offset as i64, None, key.map(str::as_bytes), value.map(str::as_bytes));
        }
        let mut entries = Entries::default();
        assert_eq!(entries.apply(&batch), Ok(true));
        let lookup = entries.lookup(false).expect("a lookup");
        assert_eq!(lookup.iter().collect::<Vec<_>>(), [("a", Some("3"))]);
        assert_eq!(entries.num_bytes, 2);
    }
}

//! Finding the brokers that lead partitions, and whether a new leader has what the old one had. Everything here
//! blocks, so that it is done on a thread of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use super::connection::{Broken, Connection};
use super::messages::codes;
use super::messages::epochs::{self, End};
use super::messages::metadata::{self, Leader, Metadata, TopicLeaders};
use super::settings::Settings;
use crate::source::{Partition, SourceError};

/// A partition whose leader is wanted.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) partition: Partition,
    /// The next offset that is wanted of it.
    pub(super) position: i64,
    /// The leader that the last record was taken by; -1 where none was read or leaders are not counted.
    pub(super) epoch: i32,
}

/// The leader of a partition: number of the broker, and which leader of the partition it is.
pub(super) type Led = (i32, i32);

/// What came of it.
pub(super) struct Answer {
    pub(super) partitions: Vec<(Partition, Result<Led, SourceError>)>,
    /// Connections to leaders to whom there was none.
    pub(super) connections: BTreeMap<i32, Connection>,
    /// Brokers that are known now, to be asked next time.
    pub(super) brokers: Vec<(String, u16)>,
    /// Why nothing is known.
    pub(super) failed: Option<Broken>,
}

/// Asks on a thread of its own. To brokers in `connected` no connection is made.
pub(super) fn find(
    settings: Arc<Settings>,
    known: Vec<(String, u16)>,
    wanted: Vec<Wanted>,
    connected: BTreeSet<i32>,
) -> std::io::Result<Receiver<Answer>> {
    let (tell, answer) = channel();
    std::thread::Builder::new().name("ingest-leaders".to_owned()).spawn(move || {
        // Whoever asked may be gone.
        let _ = tell.send(look(&settings, &known, &wanted, &connected));
    })?;
    Ok(answer)
}

fn look(settings: &Settings, known: &[(String, u16)], wanted: &[Wanted], connected: &BTreeSet<i32>) -> Answer {
    let mut answer = Answer { partitions: Vec::new(), connections: BTreeMap::new(), brokers: Vec::new(), failed: None };
    let metadata = match ask_any(settings, known, wanted) {
        Ok(metadata) => metadata,
        Err(broken) => {
            answer.failed = Some(broken);
            return answer;
        }
    };
    answer.brokers = metadata.brokers.values().cloned().collect();
    let mut refused: BTreeMap<i32, Broken> = BTreeMap::new();
    for wanted in wanted {
        let found = leader(&metadata, &wanted.partition).and_then(|leader| {
            let is_moved = wanted.epoch >= 0 && leader.epoch > wanted.epoch;
            if !connected.contains(&leader.broker) || is_moved {
                reach(settings, &metadata, leader.broker, &mut answer.connections, &mut refused)?;
            }
            if is_moved && let Some(connection) = answer.connections.get_mut(&leader.broker) {
                compare(settings, connection, wanted, leader.epoch)?;
            }
            Ok((leader.broker, leader.epoch))
        });
        answer.partitions.push((wanted.partition.clone(), found));
    }
    let not_covered = refused.into_values().find(|broken| matches!(broken, Broken::NotCovered(_)));
    answer.failed = not_covered;
    answer
}

/// What the first broker says that answers.
fn ask_any(settings: &Settings, known: &[(String, u16)], wanted: &[Wanted]) -> Result<Metadata, Broken> {
    let mut topics: Vec<&str> = wanted.iter().map(|wanted| &*wanted.partition.topic).collect();
    topics.sort_unstable();
    topics.dedup();
    let mut last = Broken::Unavailable("no broker is named".to_owned());
    for (host, port) in known.iter().chain(&settings.servers) {
        let asked = Connection::open(host, *port, settings).and_then(|mut connection| {
            let answer = connection.ask(metadata::API, settings.answer_timeout, |out| metadata::write(&topics, out))?;
            metadata::read(&answer).map_err(|_| connection.malformed())
        });
        match asked {
            Ok(metadata) => return Ok(metadata),
            Err(broken @ Broken::NotCovered(_)) => return Err(broken),
            Err(broken) => last = broken,
        }
    }
    Err(last)
}

fn leader(metadata: &Metadata, partition: &Partition) -> Result<Leader, SourceError> {
    let gone = || SourceError::NotFound(format!("no partition {partition}"));
    let topic: &TopicLeaders = metadata.topics.iter().find(|topic| *topic.name == *partition.topic).ok_or_else(gone)?;
    refusal(partition, topic.error)?;
    let leader = topic.partitions.get(&partition.number).ok_or_else(gone)?;
    if leader.broker < 0 || !metadata.brokers.contains_key(&leader.broker) {
        return Err(SourceError::Unavailable(format!("{partition} has no leader now")));
    }
    Ok(*leader)
}

fn refusal(partition: &Partition, error: i16) -> Result<(), SourceError> {
    match error {
        codes::NONE => Ok(()),
        codes::UNKNOWN_TOPIC_OR_PARTITION => Err(SourceError::NotFound(format!("no partition {partition}"))),
        codes::TOPIC_AUTHORIZATION_FAILED => Err(SourceError::Refused(format!("no right to read {partition}"))),
        other => Err(SourceError::Unavailable(format!("{partition}: error {other} of the broker"))),
    }
}

/// Connects to a broker, once.
fn reach(
    settings: &Settings,
    metadata: &Metadata,
    broker: i32,
    connections: &mut BTreeMap<i32, Connection>,
    refused: &mut BTreeMap<i32, Broken>,
) -> Result<(), SourceError> {
    if !connections.contains_key(&broker) && !refused.contains_key(&broker) {
        let opened = match metadata.brokers.get(&broker) {
            Some((host, port)) => Connection::open(host, *port, settings),
            None => Err(Broken::Unavailable(format!("broker {broker} is not known"))),
        };
        match opened {
            Ok(connection) => drop(connections.insert(broker, connection)),
            Err(broken) => drop(refused.insert(broker, broken)),
        }
    }
    match refused.get(&broker) {
        Some(Broken::Unavailable(why) | Broken::NotCovered(why)) => Err(SourceError::Unavailable(why.clone())),
        None => Ok(()),
    }
}

/// Whether the new leader has everything that was read of the old one.
fn compare(settings: &Settings, connection: &mut Connection, wanted: &Wanted, epoch: i32) -> Result<(), SourceError> {
    let partition = &wanted.partition;
    let asked = connection.ask(epochs::API, settings.answer_timeout, |out| {
        epochs::write(&partition.topic, partition.number, epoch, wanted.epoch, out);
    });
    let unavailable = |broken| match broken {
        Broken::Unavailable(why) | Broken::NotCovered(why) => SourceError::Unavailable(why),
    };
    let answer = asked.map_err(unavailable)?;
    let End { error, epoch, offset } = epochs::read(&answer).map_err(|_| unavailable(connection.malformed()))?;
    refusal(partition, error)?;
    if epoch < 0 || offset < wanted.position {
        return Err(SourceError::OutOfRange(partition.clone()));
    }
    Ok(())
}

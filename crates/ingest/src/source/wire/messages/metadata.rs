//! Which broker leads which partition.

use std::collections::BTreeMap;

use super::Api;
use crate::source::wire::bytes::{Input, Output, Read};

pub(in super::super) const API: Api = Api { key: 3, version: 7 };

/// What a cluster says of some topics.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Metadata {
    /// Host and port by the number of the broker.
    pub(in super::super) brokers: BTreeMap<i32, (String, u16)>,
    pub(in super::super) topics: Vec<TopicLeaders>,
}

#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct TopicLeaders {
    pub(in super::super) name: String,
    pub(in super::super) error: i16,
    pub(in super::super) partitions: BTreeMap<i32, Leader>,
}

/// Who leads a partition since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Leader {
    pub(in super::super) error: i16,
    /// Number of the broker, -1 where there is none.
    pub(in super::super) broker: i32,
    /// Counts the leaders that the partition had; -1 where the cluster does not count them.
    pub(in super::super) epoch: i32,
}

pub(in super::super) fn write(topics: &[&str], out: &mut Output) {
    out.count(topics.len());
    for topic in topics {
        out.text(topic);
    }
    // No topic is made by being asked for.
    out.i8(0);
}

pub(in super::super) fn read(answer: &[u8]) -> Read<Metadata> {
    let mut input = Input::new(answer);
    let mut metadata = Metadata::default();
    input.i32()?;
    for _ in 0..input.count(12)? {
        let (number, host, port) = (input.i32()?, input.text()?, input.i32()?);
        input.optional_text()?;
        if let Ok(port) = u16::try_from(port) {
            metadata.brokers.insert(number, (host.to_owned(), port));
        }
    }
    input.optional_text()?;
    input.i32()?;
    for _ in 0..input.count(9)? {
        metadata.topics.push(topic(&mut input)?);
    }
    Ok(metadata)
}

fn topic(input: &mut Input<'_>) -> Read<TopicLeaders> {
    let (error, name) = (input.i16()?, input.text()?.to_owned());
    input.i8()?;
    let mut partitions = BTreeMap::new();
    for _ in 0..input.count(26)? {
        let (error, number, broker, epoch) = (input.i16()?, input.i32()?, input.i32()?, input.i32()?);
        for _lists in 0..3 {
            let count = input.count(4)?;
            input.take(count * 4)?;
        }
        partitions.insert(number, Leader { error, broker, epoch });
    }
    Ok(TopicLeaders { name, error, partitions })
}

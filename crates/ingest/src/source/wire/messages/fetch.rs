//! Records from the broker that leads their partitions.

use std::ops::Range;

use super::Api;
use crate::source::wire::bytes::{Input, Output, Read};

pub(in super::super) const API: Api = Api { key: 1, version: 11 };

/// How much a broker may send at once, and how long it waits for anything to send.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Bounds {
    pub(in super::super) wait_ms: i32,
    pub(in super::super) least_bytes: i32,
    pub(in super::super) most_bytes: i32,
    pub(in super::super) most_bytes_of_partition: i32,
    /// Whether records of transactions that are open or were given up stay out.
    pub(in super::super) is_committed: bool,
}

/// What is asked of one partition.
#[derive(Debug, Clone)]
pub(in super::super) struct Want<'a> {
    pub(in super::super) topic: &'a str,
    pub(in super::super) partition: i32,
    pub(in super::super) epoch: i32,
    pub(in super::super) offset: i64,
}

/// What came of one partition.
#[derive(Debug)]
pub(in super::super) struct Got<'a> {
    pub(in super::super) topic: &'a str,
    pub(in super::super) partition: i32,
    pub(in super::super) error: i16,
    /// Producer and first offset of each transaction that was given up and may have records here.
    pub(in super::super) aborted: Vec<(i64, i64)>,
    /// Another broker that is nearer, and has to be asked in place of this one.
    pub(in super::super) preferred: Option<i32>,
    /// Where the records lie in the answer.
    pub(in super::super) records: Range<usize>,
}

/// Wants of the same topic must follow each other.
pub(in super::super) fn write(bounds: &Bounds, wants: &[Want<'_>], out: &mut Output) {
    out.i32(-1).i32(bounds.wait_ms).i32(bounds.least_bytes).i32(bounds.most_bytes);
    // No session is kept: every request says all that it wants.
    out.i8(i8::from(bounds.is_committed)).i32(0).i32(-1);
    let topics = || wants.chunk_by(|a, b| a.topic == b.topic);
    out.count(topics().count());
    for of_topic in topics() {
        out.text(of_topic[0].topic).count(of_topic.len());
        for want in of_topic {
            out.i32(want.partition).i32(want.epoch).i64(want.offset).i64(-1).i32(bounds.most_bytes_of_partition);
        }
    }
    out.count(0).text("");
}

/// The error of the answer as a whole, and what came of each partition.
pub(in super::super) fn read(answer: &[u8]) -> Read<(i16, Vec<Got<'_>>)> {
    let mut input = Input::new(answer);
    input.i32()?;
    let error = input.i16()?;
    input.i32()?;
    let mut all = Vec::new();
    for _ in 0..input.count(6)? {
        let topic = input.text()?;
        for _ in 0..input.count(42)? {
            all.push(got(topic, &mut input)?);
        }
    }
    Ok((error, all))
}

fn got<'a>(topic: &'a str, input: &mut Input<'a>) -> Read<Got<'a>> {
    let (partition, error) = (input.i32()?, input.i16()?);
    // The ends of the log: as the replicas have it, as transactions leave it, and its beginning.
    input.take(24)?;
    let mut aborted = Vec::new();
    for _ in 0..input.count(16)? {
        aborted.push((input.i64()?, input.i64()?));
    }
    let preferred = Some(input.i32()?).filter(|broker| *broker >= 0);
    let length = input.count(1)?;
    let start = input.position();
    input.take(length)?;
    Ok(Got { topic, partition, error, aborted, preferred, records: start..start + length })
}

mod broker;
mod encode;
mod faults;
mod laws;

use std::sync::Arc;
use std::time::Instant;

use timeline::Clock;

use super::compression::Unpacker;
use super::pages::Pages;
use super::track::{OtherFormat, Tools, Track};
use crate::source::{FetchedBatch, OwnedRecord, Partition, SourceError};
use encode::Written;

struct RealClock(Instant);

impl Clock for RealClock {
    fn now_ms(&self) -> i64 {
        0
    }

    fn monotonic_ms(&self) -> u64 {
        self.0.elapsed().as_millis() as u64
    }
}

/// For tests that wait for sockets.
pub(in crate::source) fn real_clock() -> Arc<dyn Clock> {
    Arc::new(RealClock(Instant::now()))
}

fn partition() -> Partition {
    Partition::new("ads", 0)
}

/// What a track hands on of an answer, how far it comes, and how it ends.
#[derive(Debug, PartialEq, Eq)]
struct HandedOn {
    records: Vec<OwnedRecord>,
    next_offset: i64,
    trouble: Option<SourceError>,
}

/// Answers are taken one after the other, from `start` on, at most `most` records at once.
fn hand_on(answers: &[Vec<u8>], aborted: Option<Vec<(i64, i64)>>, start: i64, most: usize) -> HandedOn {
    try_hand_on(answers, aborted, start, most).expect("the format that is read here")
}

fn try_hand_on(
    answers: &[Vec<u8>],
    aborted: Option<Vec<(i64, i64)>>,
    start: i64,
    most: usize,
) -> Result<HandedOn, OtherFormat> {
    let (mut unpacker, mut pages, mut spent) = (Unpacker::default(), Pages::default(), Vec::new());
    let mut track = Track::new(partition(), start);
    let mut records = Vec::new();
    for answer in answers {
        // Answers begin somewhere on their page.
        let page = Arc::new([b"before", answer.as_slice(), b"after"].concat());
        track.take(&page, 6..6 + answer.len(), aborted.clone())?;
        drop(page);
        let mut tools = Tools { is_checked: true, unpacker: &mut unpacker, pages: &mut pages, spent: &mut spent };
        while track.is_filled() {
            if let Some(batch) = track.hand_on(most, &mut tools) {
                assert!(batch.len() <= most && batch.partition() == &partition());
                assert_eq!(batch.size_bytes(), size_of(&batch));
                records.extend(batch.records().map(OwnedRecord::from));
                tools.spend(batch);
            }
        }
    }
    Ok(HandedOn { records, next_offset: track.position(), trouble: track.trouble().cloned() })
}

fn size_of(batch: &FetchedBatch) -> usize {
    let len = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len);
    let headers = |(name, value): (&[u8], Option<&[u8]>)| name.len() + len(value);
    batch.records().map(|one| len(one.key) + len(one.value) + one.headers().map(headers).sum::<usize>()).sum()
}

fn log(batches: &[Written]) -> Vec<u8> {
    batches.iter().flat_map(Written::bytes).collect()
}

/// The records of a batch as whoever reads it should see them.
fn seen(batch: &Written) -> Vec<OwnedRecord> {
    let record = |record: &encode::WrittenRecord| OwnedRecord {
        offset: batch.first_offset + i64::from(record.delta),
        timestamp_ms: Some(batch.log_time.unwrap_or(encode::FIRST_MS + record.time)).filter(|time| *time >= 0),
        key: record.key.clone(),
        value: record.value.clone(),
        headers: record.headers.clone(),
    };
    batch.records.iter().map(record).collect()
}

//! Records as a log holds them, many to an allocation.

use std::ops::Range;

use super::Partition;
use crate::parse::{RawBatch, RawRecord};

/// One record, borrowed from its batch.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// The partition it was read from.
    pub partition: &'a Partition,
    /// Its place in the partition.
    pub offset: i64,
    /// When the log says it was written, in ms.
    pub timestamp_ms: Option<i64>,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value; absent in a tombstone.
    pub value: Option<&'a [u8]>,
    headers: Headers<'a>,
}

#[derive(Debug, Clone, Copy)]
struct Headers<'a> {
    bytes: &'a [u8],
    entries: &'a [(Range<usize>, Option<Range<usize>>)],
}

impl<'a> Record<'a> {
    /// Names and values of the headers, in the order of the record.
    pub fn headers(&self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + use<'a> {
        let Headers { bytes, entries } = self.headers;
        entries.iter().map(move |(name, value)| (slice(bytes, name), value.as_ref().map(|range| slice(bytes, range))))
    }
}

fn slice<'a>(bytes: &'a [u8], range: &Range<usize>) -> &'a [u8] {
    bytes.get(range.clone()).unwrap_or_default()
}

/// A record on its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnedRecord {
    /// Its place in the partition.
    pub offset: i64,
    /// When the log says it was written, in ms.
    pub timestamp_ms: Option<i64>,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value.
    pub value: Option<Vec<u8>>,
    /// Names and values of its headers.
    pub headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// One record: its key, then its value, from `start` on.
#[derive(Debug, Clone)]
struct Entry {
    offset: i64,
    /// [`NO_TIME`] where the log has none.
    timestamp_ms: i64,
    start: usize,
    key_len: Length,
    value_len: Length,
    headers: Range<u32>,
}

const NO_TIME: i64 = i64::MIN;

/// The length of bytes that may be absent. Logs give lengths in 31 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Length(u32);

impl Length {
    const ABSENT: Length = Length(u32::MAX);

    fn of(bytes: Option<&[u8]>) -> Length {
        bytes.map_or(Length::ABSENT, |bytes| Length(u32::try_from(bytes.len()).unwrap_or(u32::MAX - 1)))
    }

    /// Bytes that are there.
    fn bytes(self) -> usize {
        if self == Length::ABSENT { 0 } else { self.0 as usize }
    }

    fn slice(self, bytes: &[u8], start: usize) -> Option<&[u8]> {
        (self != Length::ABSENT).then(|| slice(bytes, &(start..start + self.bytes())))
    }
}

/// Records of one partition in the order of their offsets, and the position after them.
///
/// Positions between records that no record has (markers of transactions, records removed by
/// compaction) are the reader's word for it: everything below [`FetchedBatch::next_offset`] that is
/// not in the batch or an earlier one is absent from the log for good.
#[derive(Debug, Clone)]
pub struct FetchedBatch {
    partition: Partition,
    next_offset: i64,
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    headers: Vec<(Range<usize>, Option<Range<usize>>)>,
}

impl FetchedBatch {
    /// An empty batch of `partition`, whose next record will be looked for at `next_offset`.
    pub fn new(partition: Partition, next_offset: i64) -> FetchedBatch {
        FetchedBatch { partition, next_offset, bytes: Vec::new(), entries: Vec::new(), headers: Vec::new() }
    }

    /// The partition of all its records.
    pub fn partition(&self) -> &Partition {
        &self.partition
    }

    /// The position after the batch.
    pub fn next_offset(&self) -> i64 {
        self.next_offset
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds no record; it may still move the position.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of keys, values and headers.
    pub fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// An empty batch as [`FetchedBatch::new`] makes one, in the memory of `spent`.
    pub fn renewed(spent: FetchedBatch, partition: Partition, next_offset: i64) -> FetchedBatch {
        let FetchedBatch { mut bytes, mut entries, mut headers, .. } = spent;
        bytes.clear();
        entries.clear();
        headers.clear();
        FetchedBatch { partition, next_offset, bytes, entries, headers }
    }

    /// Bytes of memory behind it.
    pub(super) fn capacity_bytes(&self) -> usize {
        let headers = self.headers.capacity() * size_of::<(Range<usize>, Option<Range<usize>>)>();
        self.bytes.capacity() + self.entries.capacity() * size_of::<Entry>() + headers
    }

    /// Adds a record; offsets must rise.
    pub fn push(&mut self, offset: i64, timestamp_ms: Option<i64>, key: Option<&[u8]>, value: Option<&[u8]>) {
        debug_assert!(self.entries.last().is_none_or(|last| last.offset < offset));
        let start = self.bytes.len();
        let (key_len, value_len) = (Length::of(key), Length::of(value));
        self.bytes.extend_from_slice(key.unwrap_or_default());
        self.bytes.extend_from_slice(value.unwrap_or_default());
        let headers = self.headers.len() as u32..self.headers.len() as u32;
        let timestamp_ms = timestamp_ms.unwrap_or(NO_TIME);
        self.entries.push(Entry { offset, timestamp_ms, start, key_len, value_len, headers });
        self.next_offset = self.next_offset.max(offset.saturating_add(1));
    }

    /// Adds a header to the record pushed last.
    pub fn push_header(&mut self, name: &[u8], value: Option<&[u8]>) {
        let name = self.store(name);
        let value = value.map(|value| self.store(value));
        if let Some(entry) = self.entries.last_mut() {
            self.headers.push((name, value));
            entry.headers.end = self.headers.len() as u32;
        }
    }

    /// Says that nothing more is stored below `offset`.
    pub fn advance(&mut self, offset: i64) {
        self.next_offset = self.next_offset.max(offset);
    }

    /// The records, in order.
    pub fn records(&self) -> impl ExactSizeIterator<Item = Record<'_>> {
        self.entries.iter().map(|entry| self.view(entry))
    }

    /// Shows the batch to a parser.
    pub fn with_raw<T>(&self, parse: impl FnOnce(&RawBatch<'_>) -> T) -> T {
        // Most logs have no headers at all.
        let headers: Vec<Named<'_>> = match self.headers.is_empty() {
            true => Vec::new(),
            false => self.records().map(|record| named(&record)).collect(),
        };
        let mut records = Vec::with_capacity(self.len());
        for (at, record) in self.records().enumerate() {
            let headers = headers.get(at).map(Vec::as_slice).unwrap_or_default();
            let Record { offset, timestamp_ms: time_ms, key, value, .. } = record;
            records.push(RawRecord { offset, time_ms, key, value, headers });
        }
        parse(&RawBatch { topic: &self.partition.topic, partition: self.partition.number, records: &records })
    }

    /// The record at position `index` of the batch.
    pub fn record(&self, index: usize) -> Option<Record<'_>> {
        self.entries.get(index).map(|entry| self.view(entry))
    }

    /// The records from `offset` on, cut off this batch.
    pub fn split_at_offset(&mut self, offset: i64) -> FetchedBatch {
        let at = self.entries.partition_point(|entry| entry.offset < offset);
        let mut rest = FetchedBatch::new(self.partition.clone(), offset.max(self.first_offset().unwrap_or(offset)));
        for entry in self.entries.split_off(at) {
            let record = self.view(&entry);
            rest.push(record.offset, record.timestamp_ms, record.key, record.value);
            for (name, value) in record.headers() {
                rest.push_header(name, value);
            }
        }
        rest.advance(self.next_offset);
        self.next_offset = self.next_offset.min(offset);
        rest
    }

    /// The offset of the first record.
    pub fn first_offset(&self) -> Option<i64> {
        self.entries.first().map(|entry| entry.offset)
    }

    /// The newest time of the log in this batch, in ms.
    pub fn newest_ms(&self) -> Option<i64> {
        self.entries.iter().map(|entry| entry.timestamp_ms).max().filter(|time| *time != NO_TIME)
    }

    fn store(&mut self, bytes: &[u8]) -> Range<usize> {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        from..self.bytes.len()
    }

    fn view<'a>(&'a self, entry: &Entry) -> Record<'a> {
        let headers = entry.headers.start as usize..entry.headers.end as usize;
        Record {
            partition: &self.partition,
            offset: entry.offset,
            timestamp_ms: (entry.timestamp_ms != NO_TIME).then_some(entry.timestamp_ms),
            key: entry.key_len.slice(&self.bytes, entry.start),
            value: entry.value_len.slice(&self.bytes, entry.start + entry.key_len.bytes()),
            headers: Headers { bytes: &self.bytes, entries: self.headers.get(headers).unwrap_or_default() },
        }
    }
}

type Named<'a> = Vec<(&'a str, Option<&'a [u8]>)>;

/// Headers whose names are text; others cannot be named in a spec.
fn named<'a>(record: &Record<'a>) -> Named<'a> {
    record.headers().filter_map(|(name, value)| std::str::from_utf8(name).ok().map(|name| (name, value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_keeps_every_record_and_the_position() {
        let mut batch = FetchedBatch::new(Partition::new("t", 0), 5);
        batch.push(5, Some(10), Some(b"k"), Some(b"five"));
        batch.push_header(b"h", Some(b"v"));
        batch.push(8, None, None, None);
        batch.push_header(b"x", None);
        batch.advance(12);
        let rest = batch.split_at_offset(7);
        assert_eq!((batch.len(), batch.next_offset()), (1, 7));
        assert_eq!((rest.len(), rest.next_offset()), (1, 12));
        let first = batch.record(0).expect("one record");
        assert_eq!((first.offset, first.key, first.value), (5, Some(&b"k"[..]), Some(&b"five"[..])));
        assert_eq!(first.headers().collect::<Vec<_>>(), vec![(&b"h"[..], Some(&b"v"[..]))]);
        let second = rest.record(0).expect("one record");
        assert_eq!((second.offset, second.value, second.headers().count()), (8, None, 1));
    }
}

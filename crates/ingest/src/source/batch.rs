//! Records as a log holds them, many to an allocation.

use std::ops::Range;
use std::sync::Arc;

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

/// Where some bytes of a record lie in the memory of its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) start: usize,
    pub(super) len: u32,
}

/// One record.
#[derive(Debug, Clone)]
struct Entry {
    offset: i64,
    /// [`NO_TIME`] where the log has none.
    timestamp_ms: i64,
    key_start: usize,
    value_start: usize,
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

    fn of(place: Place) -> Length {
        Length(place.len.min(u32::MAX - 1))
    }

    /// Bytes that are there.
    fn bytes(self) -> usize {
        if self == Length::ABSENT { 0 } else { self.0 as usize }
    }

    #[inline]
    fn slice(self, bytes: &[u8], start: usize) -> Option<&[u8]> {
        (self != Length::ABSENT).then(|| slice(bytes, &(start..start + self.bytes())))
    }
}

/// The memory of a batch: its own, or what was fetched as a whole and other batches have a part in.
#[derive(Debug, Clone)]
enum Memory {
    Own(Vec<u8>),
    Page(Arc<Vec<u8>>),
}

impl Memory {
    fn bytes(&self) -> &[u8] {
        match self {
            Memory::Own(bytes) => bytes,
            Memory::Page(page) => page,
        }
    }

    /// Its own bytes, to be added to.
    fn own(&mut self) -> &mut Vec<u8> {
        if let Memory::Page(page) = self {
            *self = Memory::Own(page.to_vec());
        }
        match self {
            Memory::Own(bytes) => bytes,
            Memory::Page(_) => unreachable!("made its own above"),
        }
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
    memory: Memory,
    /// Bytes of keys, values and headers.
    size: usize,
    entries: Vec<Entry>,
    headers: Vec<(Range<usize>, Option<Range<usize>>)>,
}

impl FetchedBatch {
    /// An empty batch of `partition`, whose next record will be looked for at `next_offset`.
    pub fn new(partition: Partition, next_offset: i64) -> FetchedBatch {
        let memory = Memory::Own(Vec::new());
        FetchedBatch { partition, next_offset, memory, size: 0, entries: Vec::new(), headers: Vec::new() }
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
        self.size
    }

    /// An empty batch as [`FetchedBatch::new`] makes one, in the memory of `spent`.
    pub fn renewed(spent: FetchedBatch, partition: Partition, next_offset: i64) -> FetchedBatch {
        let FetchedBatch { memory, mut entries, mut headers, .. } = spent;
        let mut bytes = match memory {
            Memory::Own(bytes) => bytes,
            Memory::Page(_) => Vec::new(),
        };
        bytes.clear();
        entries.clear();
        headers.clear();
        FetchedBatch { partition, next_offset, memory: Memory::Own(bytes), size: 0, entries, headers }
    }

    /// Takes the batch, which has no record yet, to where its records lie already; [`FetchedBatch::push_at`] tells of
    /// each.
    pub(super) fn lie_on(&mut self, page: Arc<Vec<u8>>) {
        self.memory = Memory::Page(page);
    }

    /// The memory that it shared, once nobody else does.
    pub(super) fn take_page(&mut self) -> Option<Vec<u8>> {
        match std::mem::replace(&mut self.memory, Memory::Own(Vec::new())) {
            Memory::Page(page) => Arc::try_unwrap(page).ok(),
            Memory::Own(bytes) => {
                self.memory = Memory::Own(bytes);
                None
            }
        }
    }

    /// Bytes of memory behind it.
    pub(super) fn capacity_bytes(&self) -> usize {
        let headers = self.headers.capacity() * size_of::<(Range<usize>, Option<Range<usize>>)>();
        let bytes = match &self.memory {
            Memory::Own(bytes) => bytes.capacity(),
            Memory::Page(_) => 0,
        };
        bytes + self.entries.capacity() * size_of::<Entry>() + headers
    }

    /// Takes back all records but the first `len`, and the position with them.
    pub(super) fn truncate(&mut self, len: usize, next_offset: i64) {
        self.entries.truncate(len);
        self.headers.truncate(self.entries.last().map_or(0, |entry| entry.headers.end as usize));
        let values = self.entries.iter().map(|entry| entry.key_len.bytes() + entry.value_len.bytes());
        (self.size, self.next_offset) = (values.sum::<usize>() + size_of_headers(&self.headers), next_offset);
    }

    /// Makes room for so many more records.
    pub(super) fn reserve(&mut self, count: usize) {
        self.entries.reserve(count);
    }

    /// Adds a record; offsets must rise.
    pub fn push(&mut self, offset: i64, timestamp_ms: Option<i64>, key: Option<&[u8]>, value: Option<&[u8]>) {
        let (key, value) = (key.map(|key| self.store(key)), value.map(|value| self.store(value)));
        self.push_at(offset, timestamp_ms, key, value);
    }

    /// Adds a record that lies in the memory of the batch; offsets must rise.
    #[inline]
    pub(super) fn push_at(&mut self, offset: i64, timestamp_ms: Option<i64>, key: Option<Place>, value: Option<Place>) {
        debug_assert!(self.entries.last().is_none_or(|last| last.offset < offset));
        let part = |place: Option<Place>| place.map_or((0, Length::ABSENT), |place| (place.start, Length::of(place)));
        let ((key_start, key_len), (value_start, value_len)) = (part(key), part(value));
        self.size += key_len.bytes() + value_len.bytes();
        let headers = self.headers.len() as u32..self.headers.len() as u32;
        let timestamp_ms = timestamp_ms.unwrap_or(NO_TIME);
        self.entries.push(Entry { offset, timestamp_ms, key_start, value_start, key_len, value_len, headers });
        self.next_offset = self.next_offset.max(offset.saturating_add(1));
    }

    /// Adds a header to the record pushed last.
    pub fn push_header(&mut self, name: &[u8], value: Option<&[u8]>) {
        let name = self.store(name);
        let value = value.map(|value| self.store(value));
        self.push_header_at(name, value);
    }

    /// Adds a header, which lies in the memory of the batch, to the record pushed last.
    pub(super) fn push_header_at(&mut self, name: Place, value: Option<Place>) {
        let range = |place: Place| place.start..place.start + place.len as usize;
        if let Some(entry) = self.entries.last_mut() {
            self.size += name.len as usize + value.map_or(0, |value| value.len as usize);
            self.headers.push((range(name), value.map(range)));
            entry.headers.end = self.headers.len() as u32;
        }
    }

    /// A batch of the records at `range` of this one, in the memory of `spent`; its position is after the last of
    /// them, or after this batch when there are no more.
    pub(super) fn part(&self, range: Range<usize>, spent: Option<FetchedBatch>) -> FetchedBatch {
        let entries = self.entries.get(range.clone()).unwrap_or_default();
        let first = entries.first().map_or(self.next_offset, |entry| entry.offset);
        let mut part = match spent {
            Some(spent) => FetchedBatch::renewed(spent, self.partition.clone(), first),
            None => FetchedBatch::new(self.partition.clone(), first),
        };
        part.memory = self.memory.clone();
        for entry in entries {
            let from = part.headers.len() as u32;
            let headers = entry.headers.start as usize..entry.headers.end as usize;
            let headers = self.headers.get(headers).unwrap_or_default();
            part.headers.extend_from_slice(headers);
            part.size += entry.key_len.bytes() + entry.value_len.bytes() + size_of_headers(headers);
            part.entries.push(Entry { headers: from..part.headers.len() as u32, ..entry.clone() });
            part.next_offset = entry.offset.saturating_add(1);
        }
        if range.end >= self.len() {
            part.advance(self.next_offset);
        }
        part
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

    fn store(&mut self, bytes: &[u8]) -> Place {
        let own = self.memory.own();
        let start = own.len();
        // Logs give lengths in 31 bits.
        let bytes = bytes.get(..bytes.len().min(u32::MAX as usize - 1)).unwrap_or_default();
        own.extend_from_slice(bytes);
        Place { start, len: bytes.len() as u32 }
    }

    #[inline]
    fn view<'a>(&'a self, entry: &Entry) -> Record<'a> {
        let (bytes, headers) = (self.memory.bytes(), entry.headers.start as usize..entry.headers.end as usize);
        Record {
            partition: &self.partition,
            offset: entry.offset,
            timestamp_ms: (entry.timestamp_ms != NO_TIME).then_some(entry.timestamp_ms),
            key: entry.key_len.slice(bytes, entry.key_start),
            value: entry.value_len.slice(bytes, entry.value_start),
            headers: Headers { bytes, entries: self.headers.get(headers).unwrap_or_default() },
        }
    }
}

fn size_of_headers(headers: &[(Range<usize>, Option<Range<usize>>)]) -> usize {
    headers.iter().map(|(name, value)| name.len() + value.as_ref().map_or(0, |value| value.len())).sum()
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

//! Batches of records as a log holds them (version 2 of the format), decoded where they lie.

use std::ops::Range;

use super::bytes::{Input, Malformed, Read};
use crate::source::batch::{FetchedBatch, Place};

/// Bytes before the records of a batch.
pub(super) const HEAD_BYTES: usize = 61;
/// Bytes before the length of a batch counts, with the length itself.
const BEFORE_LENGTH: usize = 12;
/// Where the part begins that the checksum covers.
const CHECKED_FROM: usize = 21;
const VERSION: i8 = 2;
/// The least that a record takes: six numbers of one byte and its length.
const LEAST_RECORD: usize = 7;

/// What a batch says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) first_offset: i64,
    /// Bytes of the batch, this head included.
    pub(super) bytes: usize,
    /// Which leader took it.
    pub(super) epoch: i32,
    crc: u32,
    attributes: i16,
    last_delta: i32,
    first_ms: i64,
    newest_ms: i64,
    pub(super) producer: i64,
    count: i32,
}

/// What lies at some place of a log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Batch(Head),
    /// The beginning of a batch; the rest did not fit into the answer.
    Part,
    /// A batch of a format that is not read here.
    OtherFormat,
}

impl Head {
    /// What lies at the front of `bytes`.
    pub(super) fn at(bytes: &[u8]) -> Read<Found> {
        let mut input = Input::new(bytes);
        let (Ok(first_offset), Ok(length)) = (input.i64(), input.i32()) else { return Ok(Found::Part) };
        let length = usize::try_from(length).map_err(|_| Malformed)?;
        let total = length.checked_add(BEFORE_LENGTH).ok_or(Malformed)?;
        if total > bytes.len() {
            return Ok(Found::Part);
        }
        let epoch = input.i32()?;
        if input.i8()? != VERSION {
            return Ok(Found::OtherFormat);
        }
        if total < HEAD_BYTES {
            return Err(Malformed);
        }
        let crc = input.u32()?;
        let (attributes, last_delta) = (input.i16()?, input.i32()?);
        let (first_ms, newest_ms, producer) = (input.i64()?, input.i64()?, input.i64()?);
        input.take(6)?;
        let count = input.i32()?;
        if first_offset < 0 || last_delta < 0 || first_offset.checked_add(i64::from(last_delta) + 1).is_none() {
            return Err(Malformed);
        }
        let bytes = total;
        let head =
            Head { first_offset, bytes, epoch, crc, attributes, last_delta, first_ms, newest_ms, producer, count };
        Ok(Found::Batch(head))
    }

    /// The offset after the batch.
    pub(super) fn next_offset(&self) -> i64 {
        self.first_offset + i64::from(self.last_delta) + 1
    }

    /// Number of the way in which the records are compressed; 0 is not at all.
    pub(super) fn codec(&self) -> u8 {
        (self.attributes & 7) as u8
    }

    pub(super) fn is_transactional(&self) -> bool {
        self.attributes & 16 != 0
    }

    /// Whether it holds a marker in place of records.
    pub(super) fn is_control(&self) -> bool {
        self.attributes & 32 != 0
    }

    /// Whether `batch`, which this is the head of, is what was written.
    pub(super) fn is_intact(&self, batch: &[u8]) -> bool {
        batch.get(CHECKED_FROM..).is_some_and(|checked| crc32c::crc32c(checked) == self.crc)
    }

    /// Adds the records in `range` of `bytes`, decompressed, to `out`, whose memory `bytes` are; those before the
    /// position of `out` were read before.
    pub(super) fn decode(&self, bytes: &[u8], range: Range<usize>, out: &mut FetchedBatch) -> Read<()> {
        let from = out.next_offset();
        let mut input = Input::new(bytes.get(..range.end).ok_or(Malformed)?);
        input.take(range.start)?;
        let count = usize::try_from(self.count).map_err(|_| Malformed)?;
        if count > input.left() / LEAST_RECORD {
            return Err(Malformed);
        }
        out.reserve(count);
        let mut least = 0;
        for _ in 0..count {
            let delta = self.record(&mut input, least, from, out)?;
            least = delta + 1;
        }
        if input.left() == 0 { Ok(()) } else { Err(Malformed) }
    }

    /// Reads one record and answers how far behind the first it stands, which must be at `least`.
    #[inline]
    fn record(&self, input: &mut Input<'_>, least: i64, from: i64, out: &mut FetchedBatch) -> Read<i64> {
        let length = usize::try_from(input.varint()?).map_err(|_| Malformed)?;
        let end = input.position().checked_add(length).ok_or(Malformed)?;
        input.i8()?;
        let (time, delta) = (input.varint()?, input.varint()?);
        if !(least..=i64::from(self.last_delta)).contains(&delta) {
            return Err(Malformed);
        }
        let (key, value) = (place(input)?, place(input)?);
        let num_headers = usize::try_from(input.varint()?).map_err(|_| Malformed)?;
        let offset = self.first_offset + delta;
        if offset >= from {
            out.push_at(offset, self.time_of(time), key, value);
            for _ in 0..num_headers {
                let name = place(input)?.ok_or(Malformed)?;
                out.push_header_at(name, place(input)?);
            }
        } else {
            for _ in 0..num_headers {
                place(input)?.ok_or(Malformed)?;
                place(input)?;
            }
        }
        if input.position() == end { Ok(delta) } else { Err(Malformed) }
    }

    fn time_of(&self, delta: i64) -> Option<i64> {
        let is_of_log = self.attributes & 8 != 0;
        let time = if is_of_log { self.newest_ms } else { self.first_ms.wrapping_add(delta) };
        (time >= 0).then_some(time)
    }

    /// Whether the marker, whose records these are, gives its transaction up.
    pub(super) fn is_abort(&self, records: &[u8]) -> Read<bool> {
        let mut input = Input::new(records);
        input.varint()?;
        input.i8()?;
        input.varint()?;
        input.varint()?;
        let length = usize::try_from(input.varint()?).map_err(|_| Malformed)?;
        let mut key = Input::new(input.take(length)?);
        key.i16()?;
        Ok(key.i16()? == 0)
    }
}

/// Where bytes lie that may be absent.
#[inline]
fn place(input: &mut Input<'_>) -> Read<Option<Place>> {
    let length = input.varint()?;
    if length == -1 {
        return Ok(None);
    }
    let len = u32::try_from(length).map_err(|_| Malformed)?;
    let start = input.position();
    input.take(len as usize)?;
    Ok(Some(Place { start, len }))
}

//! Chunks of one lane: the open one that takes rows, and closed ones that never change.

use std::collections::BTreeMap;
use std::sync::Arc;

use metastore::{Books, LaneId, RowCounts};
use parking_lot::RwLock;
use segment::{LiveIndex, SegmentRef};
use timeline::{Interval, SegmentId};

use super::sink;
use super::state::{ChunkFacts, ChunkNo};
use crate::dead_letter::DeadLetter;
use crate::parse::{ColumnView, Outcome, ParsedBatch, Reason, Reject};
use crate::source::{FetchedBatch, Record};
use crate::spec::Dimension;
use crate::{Error, Result};

/// How the rows of a lane are folded.
#[derive(Clone)]
pub(crate) struct FoldPlan {
    pub(crate) schema: Arc<crate::spec::DataSchema>,
    pub(crate) limits: segment::Limits,
    pub(crate) max_dead_letters: usize,
    pub(crate) max_time_chunks: usize,
    /// Version that ids of live rows carry.
    pub(crate) version: String,
    /// Partition number that ids of live rows carry: one a lane.
    pub(crate) partition_num: u32,
}

/// Everything about a chunk but its rows.
#[derive(Debug, Clone)]
pub(crate) struct ChunkHead {
    pub(crate) lane: LaneId,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) spec_version: i64,
    pub(crate) task_id: Option<String>,
    pub(crate) books: Books,
    pub(crate) row_counts: RowCounts,
    pub(crate) dead: Vec<DeadLetter>,
    /// Fingerprint of the last record; absent when the range has none.
    pub(crate) tail_fp: Option<String>,
    pub(crate) newest_ms: Option<i64>,
    /// Records folded into rows.
    pub(crate) weight: i64,
}

impl ChunkHead {
    fn new(lane: LaneId, from: i64, spec_version: i64) -> ChunkHead {
        ChunkHead {
            lane,
            from,
            to: from,
            spec_version,
            task_id: None,
            books: Books::default(),
            row_counts: RowCounts::default(),
            dead: Vec::new(),
            tail_fp: None,
            newest_ms: None,
            weight: 0,
        }
    }
}

/// Records of a chunk that tell whether folding them was worth it.
const TRIAL_RECORDS: u64 = 1 << 16;
/// Chunks that are not folded before they are sealed, after one that had next to nothing to fold.
const CHUNKS_A_TRIAL: u32 = 7;

/// The chunk that takes rows.
pub(crate) struct OpenChunk {
    pub(crate) head: ChunkHead,
    indexes: BTreeMap<i64, LiveIndex>,
    dimensions: Vec<Dimension>,
    /// Chunks, from this one on, whose rows only follow one another until they are sealed.
    num_appending: u32,
}

/// Rows of a chunk, per time chunk.
pub(crate) type Rows = Vec<(Interval, SegmentRef)>;

/// A chunk whose range is fixed.
pub(crate) struct ClosedChunk {
    pub(crate) no: ChunkNo,
    pub(crate) head: ChunkHead,
    /// In memory, or mapped from the local disk.
    rows: RwLock<Rows>,
}

impl ClosedChunk {
    pub(crate) fn new(no: ChunkNo, head: ChunkHead, rows: Rows) -> ClosedChunk {
        ClosedChunk { no, head, rows: RwLock::new(rows) }
    }

    pub(crate) fn rows(&self) -> Rows {
        self.rows.read().clone()
    }

    /// The same rows from another place.
    pub(crate) fn replace_rows(&self, rows: Rows) {
        *self.rows.write() = rows;
    }

    pub(crate) fn facts(&self, bytes: u64) -> ChunkFacts {
        let rows = self.rows.read();
        ChunkFacts {
            from: self.head.from,
            to: self.head.to,
            rows: rows.iter().map(|(_, rows)| rows.num_rows() as u64).sum(),
            bytes,
            time_chunks: rows.len(),
        }
    }
}

impl OpenChunk {
    pub(crate) fn new(lane: LaneId, from: i64, spec_version: i64) -> OpenChunk {
        let head = ChunkHead::new(lane, from, spec_version);
        OpenChunk { head, indexes: BTreeMap::new(), dimensions: Vec::new(), num_appending: 0 }
    }

    /// The chunk that begins where this one ends.
    pub(crate) fn next(&self) -> OpenChunk {
        let num_appending = match self.num_appending {
            0 if self.folds_in_vain() => CHUNKS_A_TRIAL,
            num => num.saturating_sub(1),
        };
        let next = OpenChunk::new(self.head.lane.clone(), self.head.to, self.head.spec_version);
        OpenChunk { num_appending, ..next }
    }

    fn folds_in_vain(&self) -> bool {
        let sums = self
            .indexes
            .values()
            .fold((0, 0), |(rows, records), index| (rows + index.num_rows() as u64, records + index.num_records()));
        sums.1 >= TRIAL_RECORDS && segment::folds_in_vain(sums.0, sums.1)
    }

    /// Whether the columns of `parsed` fit behind those that the chunk has.
    pub(crate) fn fits(&self, parsed: &ParsedBatch) -> bool {
        let dimensions = parsed.dimensions();
        self.indexes.is_empty()
            || self.dimensions.len() <= dimensions.len()
                && self
                    .dimensions
                    .iter()
                    .zip(&dimensions)
                    .all(|(a, b)| a.name == b.name && a.dimension_type == b.dimension_type)
    }

    /// Whether the rows of `parsed` are sure to pass no limit of the indexes; a chunk without rows takes any.
    pub(crate) fn has_room(&self, parsed: &ParsedBatch) -> bool {
        if self.indexes.is_empty() {
            return true;
        }
        let num_values = |at| match parsed.dimension(at) {
            ColumnView::Text(column, _) => column.codes.len(),
            _ => parsed.num_rows(),
        };
        let most = (0..parsed.dimensions().len()).map(num_values).max().unwrap_or(0);
        self.indexes.values().all(|index| index.has_room(most))
    }

    /// Starts of the time chunks, and their rows.
    pub(crate) fn time_chunks(&self) -> Vec<(i64, u64)> {
        self.indexes.iter().map(|(start, index)| (*start, index.num_rows() as u64)).collect()
    }

    /// Takes the rows of `parsed`, which was parsed from `raw`, and books every offset up to the end of
    /// the batch. After an error the chunk must be thrown away.
    pub(crate) fn append(&mut self, plan: &FoldPlan, raw: &FetchedBatch, parsed: &ParsedBatch) -> Result<()> {
        self.book(raw, parsed);
        self.bury(plan, raw, parsed.rejects())?;
        if parsed.num_kept() > 0 {
            self.fold(plan, parsed)?;
        }
        self.head.weight += i64::try_from(parsed.num_kept()).unwrap_or(i64::MAX);
        self.head.to = self.head.to.max(raw.next_offset());
        self.head.newest_ms = self.head.newest_ms.max(raw.newest_ms());
        if let Some(last) = raw.len().checked_sub(1).and_then(|last| raw.record(last)) {
            self.head.tail_fp = Some(fingerprint(&last));
        }
        Ok(())
    }

    /// Books a record that ended the process as often as it was read.
    pub(crate) fn bury_killer(&mut self, record: &Record<'_>) {
        let raw = record.value.unwrap_or_default();
        let raw = raw.get(..raw.len().min(crate::parse::RAW_BYTES)).unwrap_or_default();
        self.head.books.absent += record.offset - self.head.to;
        self.head.books.dead += 1;
        self.head.row_counts.unparseable += 1;
        self.head.dead.push(DeadLetter::new(record.offset, record.timestamp_ms, "killed", raw));
        self.head.to = record.offset + 1;
        self.head.tail_fp = Some(fingerprint(record));
    }

    fn book(&mut self, raw: &FetchedBatch, parsed: &ParsedBatch) {
        let books = &mut self.head.books;
        for outcome in parsed.outcomes() {
            match outcome {
                Outcome::Indexed | Outcome::WithError => books.indexed += 1,
                Outcome::ThrownAway(Reason::Late | Reason::Early) => books.late += 1,
                Outcome::ThrownAway(_) => books.filtered += 1,
                Outcome::Unparseable(_) => books.dead += 1,
            }
        }
        let records = i64::try_from(parsed.outcomes().len()).unwrap_or(i64::MAX);
        books.absent += raw.next_offset().max(self.head.to) - self.head.to - records;
        let (stats, counts) = (parsed.stats(), &mut self.head.row_counts);
        let long = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        counts.processed += long(stats.processed);
        counts.processed_bytes += long(stats.processed_bytes);
        counts.processed_with_error += long(stats.processed_with_error);
        counts.thrown_away += long(stats.thrown_away);
        counts.unparseable += long(stats.unparseable);
    }

    fn bury(&mut self, plan: &FoldPlan, raw: &FetchedBatch, rejects: &[Reject]) -> Result<()> {
        for reject in rejects {
            let late = matches!(reject.reason, Reason::Late | Reason::Early);
            if !late && !matches!(reject.reason.outcome(), Outcome::Unparseable(_)) {
                continue;
            }
            if self.head.dead.len() >= plan.max_dead_letters {
                if late {
                    continue;
                }
                let (found, limit) = (self.head.dead.len() as u64, plan.max_dead_letters as u64);
                return Err(Error::LimitExceeded {
                    what: "the number of dead letters of a chunk".to_owned(),
                    found,
                    limit,
                });
            }
            let record = raw.record(reject.record as usize);
            let timestamp_ms = record.and_then(|record| record.timestamp_ms);
            let mut letter = DeadLetter::new(reject.offset, timestamp_ms, reject.reason.code(), &reject.raw);
            letter.field.clone_from(&reject.field);
            letter.details.clone_from(&reject.details);
            self.head.dead.push(letter);
        }
        Ok(())
    }

    fn fold(&mut self, plan: &FoldPlan, parsed: &ParsedBatch) -> Result<()> {
        let dimensions = parsed.dimensions();
        if dimensions.len() > self.dimensions.len() {
            for added in dimensions.iter().skip(self.dimensions.len()) {
                for index in self.indexes.values_mut() {
                    index.add_dimension(sink::dimension_schema(added)).map_err(fold_error)?;
                }
            }
            self.dimensions = dimensions;
        }
        let granularity = &plan.schema.granularity.segment_granularity;
        let chunks = sink::by_time_chunk(parsed, granularity);
        let rows_of = |mask: &[u64]| mask.iter().map(|word| u64::from(word.count_ones())).sum();
        let brought = chunks.iter().map(|(interval, mask)| (interval.start, rows_of(mask)));
        super::years::check(self.time_chunks().into_iter().chain(brought), plan.max_time_chunks)?;
        for (interval, mask) in chunks {
            let index = match self.indexes.entry(interval.start) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    let index = new_index(plan, interval, &self.dimensions)?;
                    entry.insert(if self.num_appending > 0 { index.appending() } else { index })
                }
            };
            sink::append(index, parsed, &mask).map_err(fold_error)?;
        }
        Ok(())
    }

    /// The rows of now.
    pub(crate) fn snapshots(&mut self, granularity: &timeline::Granularity) -> Rows {
        let rows = self.indexes.iter_mut();
        rows.map(|(start, index)| (granularity.bucket(*start), index.snapshot() as SegmentRef)).collect()
    }

    pub(crate) fn facts(&self) -> ChunkFacts {
        ChunkFacts {
            from: self.head.from,
            to: self.head.to,
            rows: self.indexes.values().map(|index| index.num_rows() as u64).sum(),
            bytes: self.indexes.values().map(|index| index.memory_bytes() as u64).sum(),
            time_chunks: self.indexes.len(),
        }
    }

    /// Fixes the range.
    pub(crate) fn close(mut self, no: ChunkNo, task_id: Option<String>, plan: &FoldPlan) -> ClosedChunk {
        let rows = self.snapshots(&plan.schema.granularity.segment_granularity);
        ClosedChunk::new(no, ChunkHead { task_id, ..self.head }, rows)
    }
}

fn new_index(plan: &FoldPlan, interval: Interval, dimensions: &[Dimension]) -> Result<LiveIndex> {
    let id = SegmentId::new(plan.schema.data_source.clone(), interval, plan.version.clone(), plan.partition_num);
    let schema = Arc::new(sink::rollup_schema(&plan.schema, dimensions));
    LiveIndex::new(id, schema, plan.limits).map_err(fold_error)
}

fn fold_error(error: segment::Error) -> Error {
    Error::Internal(format!("rows cannot be folded: {error}"))
}

/// Tells a record from any other that could stand at its place: offset, then a hash of time, key and value.
pub(crate) fn fingerprint(record: &Record<'_>) -> String {
    fingerprint_of(record.offset, record.timestamp_ms, record.key, record.value)
}

pub(crate) fn fingerprint_of(
    offset: i64,
    timestamp_ms: Option<i64>,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
) -> String {
    let mut text = format!("{timestamp_ms:?}/{:?}/{:?}/", key.map(<[u8]>::len), value.map(<[u8]>::len)).into_bytes();
    text.extend_from_slice(key.unwrap_or_default());
    text.extend_from_slice(value.unwrap_or_default());
    format!("{offset}:{}", storage::sha256_hex(&text))
}

#[cfg(test)]
mod tests;

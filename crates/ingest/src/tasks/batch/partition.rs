//! Which segment of its time chunk a row belongs to.

use hashbrown::HashMap;
use serde_json::json;
use timeline::{Granularity, ShardSpec};

use super::tuning::Partitions;
use crate::parse::{ColumnView, ParsedBatch};
use crate::{Error, Result};

/// Values of the partition dimensions of a row.
pub(crate) type Key = Vec<Option<String>>;

/// The columns of a batch that decide.
pub(crate) struct KeyColumns<'a> {
    times: &'a [i64],
    columns: Vec<(String, ColumnView<'a>)>,
    all: bool,
}

impl<'a> KeyColumns<'a> {
    /// The named dimensions, or all without a name.
    pub(crate) fn of(batch: &'a ParsedBatch, names: &[String]) -> KeyColumns<'a> {
        let dimensions = batch.dimensions();
        let place = |name: &str| dimensions.iter().position(|dimension| dimension.name == name);
        let column = |name: &String| (name.clone(), place(name).map_or(ColumnView::Absent, |at| batch.dimension(at)));
        let all = names.is_empty();
        let mut columns: Vec<_> = match all {
            true => dimensions.iter().map(|dimension| column(&dimension.name)).collect(),
            false => names.iter().map(column).collect(),
        };
        if all {
            columns.sort_by(|a, b| a.0.cmp(&b.0));
        }
        KeyColumns { times: batch.time(), columns, all }
    }

    /// Columns beside the times of their rows; `all` where they are all dimensions, by name.
    pub(super) fn new(times: &'a [i64], columns: Vec<(String, ColumnView<'a>)>, all: bool) -> KeyColumns<'a> {
        KeyColumns { times, columns, all }
    }

    pub(super) fn num_rows(&self) -> usize {
        self.times.len()
    }

    /// The values of a row as numbers that are equal, within this batch, where the values are. `None` where a
    /// dimension has several values.
    fn codes(&self, row: usize, out: &mut Vec<u64>) -> Option<()> {
        out.clear();
        for (_, column) in &self.columns {
            let number = match column {
                ColumnView::Text(column, _) => match column.row(row) {
                    [] => Some(0),
                    [code] => Some(u64::from(*code)),
                    _ => return None,
                },
                ColumnView::Long(column) => column.get(row).map(|value| value as u64),
                ColumnView::Double(column) => column.get(row).map(f64::to_bits),
                ColumnView::Float(column) => column.get(row).map(|value| u64::from(value.to_bits())),
                ColumnView::Time(times) => Some(times[row] as u64),
                ColumnView::Absent => None,
            };
            out.extend([u64::from(number.is_some()), number.unwrap_or(0)]);
        }
        Some(())
    }

    /// The rows that have equal values: one of them, and how many there are.
    pub(super) fn distinct(&self, rows: &[usize]) -> Vec<(usize, u64)> {
        let mut places: HashMap<Box<[u64]>, usize> = HashMap::new();
        let mut found: Vec<(usize, u64)> = Vec::new();
        let mut codes = Vec::new();
        for &row in rows {
            if self.codes(row, &mut codes).is_none() {
                found.push((row, 1));
            } else if let Some(&place) = places.get(codes.as_slice()) {
                found[place].1 += 1;
            } else {
                places.insert(codes.as_slice().into(), found.len());
                found.push((row, 1));
            }
        }
        found
    }

    /// The values of a row; several values of one dimension are refused.
    pub(super) fn key(&self, row: usize) -> Result<Key> {
        let value = |(name, column): &(String, ColumnView<'_>)| {
            let mut texts = texts(*column, row);
            match texts.len() {
                0 => Ok(None),
                1 => Ok(texts.pop().flatten()),
                _ => Err(Error::invalid(
                    "tuningConfig.partitionsSpec",
                    format!("dimension [{name}] has several values in a row, ranges need one"),
                )),
            }
        };
        self.columns.iter().map(value).collect()
    }

    /// The hash of a row, as Druid takes it: of the JSON of its values.
    fn hash(&self, row: usize, query_granularity: &Granularity) -> u32 {
        let mut json = Vec::with_capacity(256);
        json.push(b'[');
        if self.all {
            json.extend_from_slice(query_granularity.bucket_start(self.times[row]).to_string().as_bytes());
            json.extend_from_slice(b",{");
        }
        let mut is_first = true;
        for (name, column) in &self.columns {
            let start = json.len();
            if !is_first {
                json.push(b',');
            }
            if self.all {
                write_text(Some(name), &mut json);
                json.push(b':');
            }
            let is_empty = write_texts(*column, row, &mut json);
            match self.all && is_empty {
                true => json.truncate(start),
                false => is_first = false,
            }
        }
        json.extend_from_slice(if self.all { b"}]" } else { b"]" });
        murmur3_32(&json)
    }
}

/// Writes the values of a row as a JSON array. Answers whether there are none.
fn write_texts(column: ColumnView<'_>, row: usize, out: &mut Vec<u8>) -> bool {
    out.push(b'[');
    let start = out.len();
    let mut write = |text: Option<&str>| {
        if out.len() > start {
            out.push(b',');
        }
        write_text(text, out);
    };
    match column {
        ColumnView::Text(column, interner) => match column.row(row) {
            [code] => interner.get(*code).into_iter().for_each(|text| write(Some(text))),
            codes => codes.iter().for_each(|code| write(interner.get(*code))),
        },
        other => texts(other, row).iter().for_each(|text| write(text.as_deref())),
    }
    let is_empty = out.len() == start;
    out.push(b']');
    is_empty
}

fn write_text(text: Option<&str>, out: &mut Vec<u8>) {
    // Writing to memory cannot fail.
    let _ = serde_json::to_writer(out, &text);
}

fn texts(column: ColumnView<'_>, row: usize) -> Vec<Option<String>> {
    let one = |text: Option<String>| text.map(Some).into_iter().collect();
    match column {
        ColumnView::Text(column, interner) => {
            let codes = column.row(row);
            if let [code] = codes {
                return one(interner.get(*code).map(str::to_owned));
            }
            codes.iter().map(|code| interner.get(*code).map(str::to_owned)).collect()
        }
        ColumnView::Long(column) => one(column.get(row).map(|value| value.to_string())),
        ColumnView::Double(column) => one(column.get(row).map(dialect::print::double_text)),
        ColumnView::Float(column) => one(column.get(row).map(dialect::print::float_text)),
        ColumnView::Time(times) => vec![Some(times[row].to_string())],
        ColumnView::Absent => Vec::new(),
    }
}

pub(super) fn compare(a: &[Option<String>], b: &[Option<String>]) -> std::cmp::Ordering {
    let pairs = a.iter().zip(b).map(|(a, b)| dialect::order::compare_nullable(a.as_deref(), b.as_deref()));
    pairs.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
}

/// Buckets of the rows of one batch and time chunk, by their values.
#[derive(Debug, Default)]
pub(crate) struct KnownBuckets {
    buckets: HashMap<Box<[u64]>, usize>,
    codes: Vec<u64>,
}

/// How one time chunk is cut into segments.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ChunkPlan {
    Whole,
    Hashed(u32),
    Range(Vec<Key>),
}

impl ChunkPlan {
    pub(crate) fn num_buckets(&self) -> usize {
        match self {
            ChunkPlan::Whole => 1,
            ChunkPlan::Hashed(number) => *number as usize,
            ChunkPlan::Range(bounds) => bounds.len() + 1,
        }
    }

    /// The bucket of a row. Rows of a batch with equal values are in one bucket, which `known` remembers.
    pub(crate) fn bucket(
        &self,
        columns: &KeyColumns<'_>,
        row: usize,
        granularity: &Granularity,
        known: &mut KnownBuckets,
    ) -> Result<usize> {
        if columns.all || columns.codes(row, &mut known.codes).is_none() {
            return self.bucket_of(columns, row, granularity);
        }
        if let Some(&bucket) = known.buckets.get(known.codes.as_slice()) {
            return Ok(bucket);
        }
        let bucket = self.bucket_of(columns, row, granularity)?;
        known.buckets.insert(known.codes.as_slice().into(), bucket);
        Ok(bucket)
    }

    fn bucket_of(&self, columns: &KeyColumns<'_>, row: usize, granularity: &Granularity) -> Result<usize> {
        Ok(match self {
            ChunkPlan::Whole => 0,
            ChunkPlan::Hashed(number) => {
                let hash = columns.hash(row, granularity) as i32;
                hash.wrapping_rem((*number).max(1) as i32).unsigned_abs() as usize
            }
            ChunkPlan::Range(bounds) => {
                let key = columns.key(row)?;
                bounds.partition_point(|bound| compare(bound, &key).is_le())
            }
        })
    }

    /// What clients see of a bucket. `number` is its place among the buckets with rows, of which there are `core`.
    pub(crate) fn shard(&self, partitions: &Partitions, bucket: usize, number: u32, core: u32) -> Result<ShardSpec> {
        match (self, partitions) {
            (ChunkPlan::Hashed(buckets), Partitions::Hashed { dimensions, .. }) => hashed(json!({
                "type": "hashed", "partitionNum": number, "partitions": core, "bucketId": bucket,
                "numBuckets": buckets, "partitionDimensions": dimensions, "partitionFunction": "murmur3_32_abs",
            })),
            (ChunkPlan::Range(bounds), Partitions::Range { dimensions, single, .. }) => {
                let start = bucket.checked_sub(1).and_then(|at| bounds.get(at)).cloned();
                let end = bounds.get(bucket).cloned();
                Ok(range(dimensions, *single, start, end, (number, core)))
            }
            _ => Ok(ShardSpec::Numbered { partition_num: number, partitions: core }),
        }
    }
}

fn hashed(json: serde_json::Value) -> Result<ShardSpec> {
    serde_json::from_value(json).map_err(|error| Error::Internal(error.to_string()))
}

fn range(
    dimensions: &[String],
    single: bool,
    start: Option<Key>,
    end: Option<Key>,
    (partition_num, num_core_partitions): (u32, u32),
) -> ShardSpec {
    let first = |key: Option<Key>| key.and_then(|key| key.into_iter().next()).flatten();
    match dimensions {
        [dimension] if single => ShardSpec::Single {
            dimension: dimension.clone(),
            start: first(start),
            end: first(end),
            partition_num,
            num_core_partitions,
        },
        _ => ShardSpec::Range { dimensions: dimensions.to_vec(), start, end, partition_num, num_core_partitions },
    }
}

/// MurmurHash3 of 32 bits with seed 0.
fn murmur3_32(bytes: &[u8]) -> u32 {
    const C1: u32 = 0xcc9e_2d51;
    const C2: u32 = 0x1b87_3593;
    let mix = |k: u32| k.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2);
    let mut hash = 0u32;
    let mut blocks = bytes.chunks_exact(4);
    for block in &mut blocks {
        let mut word = [0; 4];
        word.copy_from_slice(block);
        hash = (hash ^ mix(u32::from_le_bytes(word))).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    let tail = blocks.remainder().iter().rev().fold(0u32, |word, &byte| word << 8 | u32::from(byte));
    if !blocks.remainder().is_empty() {
        hash ^= mix(tail);
    }
    hash ^= bytes.len() as u32;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn murmur_gives_the_published_values() {
        for (text, wanted) in [("", 0), ("test", 0xba6b_d213), ("Hello, world!", 0xc036_3e43)] {
            assert_eq!(murmur3_32(text.as_bytes()), wanted, "{text}");
        }
    }
}

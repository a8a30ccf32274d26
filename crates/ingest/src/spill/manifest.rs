//! The append-only record of what the local disk holds. One JSON line a record, each with its CRC; a
//! record that is torn or damaged ends the manifest, and it is cut off there.

use std::sync::Arc;

use metastore::{Books, LaneId, RowCounts};
use serde::{Deserialize, Serialize};
use storage::{Disk, RelativePath};
use timeline::Interval;

use crate::dead_letter::DeadLetter;

/// One fact about the local disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Record {
    /// A chunk whose files are on the disk, whole.
    Chunk(Box<SpilledChunk>),
    /// A cut was chosen: these ranges go out under this id, whoever tries.
    Cut(CutNote),
    /// The process died while it parsed records of the range.
    Entering { lane: LaneId, from: i64, to: i64 },
}

/// A chunk on the disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SpilledChunk {
    pub(crate) lane: LaneId,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) spec_version: i64,
    pub(crate) task_id: Option<String>,
    pub(crate) books: Books,
    pub(crate) row_counts: RowCounts,
    pub(crate) tail_fp: Option<String>,
    pub(crate) newest_ms: Option<i64>,
    pub(crate) weight: i64,
    pub(crate) dead: Vec<DeadLetter>,
    pub(crate) files: Vec<SpilledFile>,
}

/// The rows of one time chunk of a chunk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SpilledFile {
    pub(crate) name: String,
    pub(crate) interval: Interval,
    pub(crate) size: u64,
    pub(crate) hash: String,
    /// Of the id that the rows are shown under.
    pub(crate) version: String,
    pub(crate) partition_num: u32,
}

/// A cut with the id it keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CutNote {
    pub(crate) cut_id: String,
    pub(crate) lanes: Vec<(LaneId, i64, i64)>,
}

/// The manifest file of one task group.
pub(crate) struct Manifest {
    disk: Arc<dyn Disk>,
    path: RelativePath,
}

impl Manifest {
    /// Opens the manifest at `path`, cuts off a torn end, and answers the records before it.
    pub(crate) fn open(disk: Arc<dyn Disk>, path: RelativePath) -> storage::Result<(Manifest, Vec<Record>)> {
        let bytes = match disk.read(&path) {
            Ok(bytes) => bytes,
            Err(storage::Error::NotFound { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        let (records, whole) = decode(&bytes);
        if whole < bytes.len() {
            tracing::warn!(%path, lost = bytes.len() - whole, "the end of a manifest is torn; it is cut off");
            disk.truncate(&path, whole as u64)?;
            disk.sync(&path)?;
        }
        Ok((Manifest { disk, path }, records))
    }

    /// Appends a record; once this returns, it survives a power loss.
    pub(crate) fn append(&self, record: &Record) -> storage::Result<()> {
        let is_new = matches!(self.disk.size(&self.path), Err(storage::Error::NotFound { .. }));
        let before = if is_new { 0 } else { self.disk.size(&self.path)? };
        let written = self.write(&encode(record));
        if let Err(error) = written {
            // Whatever part arrived must not stand before the next record.
            self.disk.truncate(&self.path, before)?;
            return Err(error);
        }
        if is_new {
            self.disk.sync_dir(&self.path.parent())?;
        }
        Ok(())
    }

    /// In two halves, as a write may arrive that a crash cuts short.
    fn write(&self, line: &[u8]) -> storage::Result<()> {
        let (head, tail) = line.split_at(line.len() / 2);
        self.disk.append(&self.path, head)?;
        storage::fail::point("P4");
        self.disk.append(&self.path, tail)?;
        self.disk.sync(&self.path)
    }

    /// Writes the manifest anew with these records only.
    pub(crate) fn rewrite(&self, records: &[Record]) -> storage::Result<()> {
        let bytes: Vec<u8> = records.iter().flat_map(encode).collect();
        self.disk.write_atomic(&self.path, &bytes)
    }
}

pub(super) fn encode(record: &Record) -> Vec<u8> {
    // Records are trees of text and numbers, which always have a JSON form.
    let json = serde_json::to_vec(record).unwrap_or_default();
    let mut line = format!("{:08x} ", crc32fast::hash(&json)).into_bytes();
    line.extend(json);
    line.push(b'\n');
    line
}

/// The records up to the first damaged one, and the bytes they take.
pub(super) fn decode(bytes: &[u8]) -> (Vec<Record>, usize) {
    let (mut records, mut whole) = (Vec::new(), 0);
    while let Some(end) = memchr::memchr(b'\n', bytes.get(whole..).unwrap_or_default()) {
        let line = bytes.get(whole..whole + end).unwrap_or_default();
        let Some(record) = decode_line(line) else { break };
        records.push(record);
        whole += end + 1;
    }
    (records, whole)
}

fn decode_line(line: &[u8]) -> Option<Record> {
    let (crc, json) = line.split_at_checked(9)?;
    let crc = u32::from_str_radix(std::str::from_utf8(crc).ok()?.trim_end(), 16).ok()?;
    if crc32fast::hash(json) != crc {
        return None;
    }
    serde_json::from_slice(json).ok()
}

#[cfg(test)]
mod tests {
    use storage::{DiskFault, FaultyDisk, RealDisk};

    use super::*;

    fn lane() -> LaneId {
        LaneId { source_id: "s".to_owned(), source_gen: 1, partition: 0 }
    }

    fn record(from: i64) -> Record {
        Record::Entering { lane: lane(), from, to: from + 1 }
    }

    fn path() -> RelativePath {
        RelativePath::new("manifest").expect("a path")
    }

    #[test]
    fn every_tear_and_every_flipped_byte_keeps_a_prefix() {
        let records: Vec<Record> = (0..3).map(record).collect();
        let bytes: Vec<u8> = records.iter().flat_map(encode).collect();
        for cut in 0..=bytes.len() {
            let (found, whole) = decode(&bytes[..cut]);
            assert_eq!(found, records[..found.len()]);
            assert!(whole <= cut);
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            let (found, _) = decode(&damaged);
            assert!(found.len() < 3 && found == records[..found.len()]);
        }
    }

    #[test]
    fn a_failed_append_leaves_nothing_behind() {
        let root = tempfile::tempdir().expect("a directory");
        let disk = Arc::new(FaultyDisk::new(RealDisk::open(root.path()).expect("a disk")));
        let (manifest, found) = Manifest::open(disk.clone(), path()).expect("opened");
        assert!(found.is_empty());
        manifest.append(&record(1)).expect("appended");
        for fault in [DiskFault::Full, DiskFault::Torn(5)] {
            disk.fail(0, fault);
            assert!(manifest.append(&record(2)).is_err());
        }
        manifest.append(&record(3)).expect("appended");
        let (_, found) = Manifest::open(disk, path()).expect("opened");
        assert_eq!(found, vec![record(1), record(3)]);
    }
}

//! Chunks on the local disk: a cache of the log that makes a restart fast. Losing it costs seconds.

mod deaths;
mod manifest;

use std::sync::Arc;

use metastore::LaneId;
use parking_lot::Mutex;
use storage::{Disk, RelativePath, fail};
use timeline::SegmentId;

pub(crate) use manifest::{CutNote, Manifest, Record, SpilledChunk, SpilledFile};

use crate::lane::{ChunkHead, ClosedChunk, Rows};
use crate::publish::{image, rollup_of};
use crate::spec::DataSchema;
use crate::{Error, Result};

/// The spilled chunks of one task group.
pub(crate) struct SpillStore {
    disk: Arc<dyn Disk>,
    directory: RelativePath,
    schema: Arc<DataSchema>,
    entering: RelativePath,
    inner: Mutex<Inner>,
}

struct Inner {
    manifest: Manifest,
    records: Vec<Record>,
}

impl SpillStore {
    /// Opens the directory: files that no record names are stray and removed.
    pub(crate) fn open(disk: Arc<dyn Disk>, directory: RelativePath, schema: Arc<DataSchema>) -> Result<SpillStore> {
        disk.create_dir(&directory).map_err(failed)?;
        let path = directory.join("manifest").map_err(failed)?;
        let (manifest, records) = Manifest::open(disk.clone(), path).map_err(failed)?;
        let entering = directory.join(deaths::FILE).map_err(failed)?;
        let store = SpillStore { disk, directory, schema, entering, inner: Mutex::new(Inner { manifest, records }) };
        store.compact(None)?;
        store.count_deaths()?;
        Ok(store)
    }

    /// Chunks of `lane` that follow one another from `offset` on, were parsed by `spec_version`, and whose files
    /// are whole.
    pub(crate) fn reusable(&self, lane: &LaneId, offset: i64, spec_version: i64) -> Vec<(ChunkHead, Rows)> {
        let chunks = self.chunks();
        let (mut at, mut found) = (offset, Vec::new());
        while let Some(chunk) =
            chunks.iter().find(|c| c.lane == *lane && c.from == at && c.spec_version == spec_version)
        {
            match self.read(chunk) {
                Ok(rows) => found.push((head(chunk), rows)),
                Err(error) => {
                    tracing::warn!(%lane, from = chunk.from, to = chunk.to, %error, "a spilled chunk cannot be read; its range is read again");
                    break;
                }
            }
            at = chunk.to;
        }
        found
    }

    fn chunks(&self) -> Vec<SpilledChunk> {
        let inner = self.inner.lock();
        let chunks = inner.records.iter().filter_map(|record| match record {
            Record::Chunk(chunk) => Some((**chunk).clone()),
            Record::Cut(_) | Record::Entering { .. } => None,
        });
        chunks.collect()
    }

    /// Bytes of all chunks on the disk.
    pub(crate) fn bytes(&self) -> u64 {
        self.inner.lock().records.iter().flat_map(Record::files).map(|file| file.size).sum()
    }

    /// The cut noted last, if any.
    pub(crate) fn noted_cut(&self) -> Option<CutNote> {
        let inner = self.inner.lock();
        inner.records.iter().rev().find_map(|record| match record {
            Record::Cut(note) => Some(note.clone()),
            Record::Chunk(_) | Record::Entering { .. } => None,
        })
    }

    /// Keeps the id of a cut before its first attempt.
    pub(crate) fn note_cut(&self, note: CutNote) -> Result<()> {
        self.append(Record::Cut(note))
    }

    /// Writes the rows of `chunk` and answers them as read back from the disk. On an error nothing stays.
    pub(crate) fn write(&self, chunk: &ClosedChunk, stem: &str) -> Result<Rows> {
        let mut files = Vec::new();
        let written = self.write_files(chunk, stem, &mut files);
        let recorded = written.and_then(|()| {
            fail::point("P3");
            self.append(Record::Chunk(Box::new(spilled(&chunk.head, files.clone()))))
        });
        if let Err(error) = recorded {
            for file in &files {
                self.remove(&file.name);
            }
            return Err(error);
        }
        fail::point("P5");
        self.read(&spilled(&chunk.head, files))
    }

    fn write_files(&self, chunk: &ClosedChunk, stem: &str, files: &mut Vec<SpilledFile>) -> Result<()> {
        fail::point("P1");
        for (at, (interval, rows)) in chunk.rows().into_iter().enumerate() {
            let bytes = image::encode(&rows, &rollup_of(&self.schema, std::slice::from_ref(&rows)))?;
            let name = format!("{stem}-{at}.image");
            let (size, hash) = (bytes.len() as u64, storage::sha256_hex(&bytes));
            let (version, partition_num) = (rows.id().version.clone(), rows.id().partition_num);
            files.push(SpilledFile { name: name.clone(), interval, size, hash, version, partition_num });
            let path = self.directory.join(&name).map_err(failed)?;
            self.disk.create(&path, &bytes).map_err(failed)?;
            fail::point("P2");
            self.disk.sync(&path).map_err(failed)?;
        }
        self.disk.sync_dir(&self.directory).map_err(failed)
    }

    fn read(&self, chunk: &SpilledChunk) -> Result<Rows> {
        let mut rows = Rows::new();
        for file in &chunk.files {
            let path = self.directory.join(&file.name).map_err(failed)?;
            let bytes = self.disk.read(&path).map_err(failed)?;
            if bytes.len() as u64 != file.size || storage::sha256_hex(&bytes) != file.hash {
                return Err(Error::Corrupt(format!("[{path}] is not what was written")));
            }
            let id = SegmentId::new(
                self.schema.data_source.clone(),
                file.interval,
                file.version.clone(),
                file.partition_num,
            );
            rows.push((file.interval, image::open(&self.disk.locate(&path), id)?));
        }
        Ok(rows)
    }

    /// Everything of `lane` below `offset` is published and let go.
    pub(crate) fn release(&self, lane: &LaneId, offset: i64) -> Result<()> {
        let is_there = {
            let inner = self.inner.lock();
            inner.records.iter().any(|record| match record {
                Record::Chunk(chunk) => chunk.lane == *lane && chunk.to <= offset,
                Record::Entering { lane: of, to, .. } => of == lane && *to <= offset,
                Record::Cut(_) => false,
            })
        };
        if is_there { self.compact(Some((lane, offset))) } else { Ok(()) }
    }

    /// Forgets every chunk of `lane`.
    pub(crate) fn forget(&self, lane: &LaneId) -> Result<()> {
        self.compact(Some((lane, i64::MAX)))
    }

    fn append(&self, record: Record) -> Result<()> {
        let mut inner = self.inner.lock();
        inner.manifest.append(&record).map_err(failed)?;
        inner.records.push(record);
        Ok(())
    }

    /// Writes the manifest anew without what is no longer needed, then removes files that it does not name.
    fn compact(&self, released: Option<(&LaneId, i64)>) -> Result<()> {
        let mut inner = self.inner.lock();
        let goes = |record: &Record| match (record, released) {
            (Record::Chunk(chunk), Some((lane, offset))) => chunk.lane == *lane && chunk.to <= offset,
            (Record::Entering { lane: of, to, .. }, Some((lane, offset))) => {
                of == lane && offset != i64::MAX && *to <= offset
            }
            (Record::Chunk(_) | Record::Cut(_) | Record::Entering { .. }, _) => false,
        };
        let last_cut = inner.records.iter().rposition(|record| matches!(record, Record::Cut(_)));
        let kept = inner
            .records
            .iter()
            .enumerate()
            .filter(|(at, record)| !goes(record) && (Some(*at) == last_cut || !matches!(record, Record::Cut(_))));
        let kept: Vec<Record> = kept.map(|(_, record)| record.clone()).collect();
        inner.manifest.rewrite(&kept).map_err(failed)?;
        inner.records = kept;
        let named: Vec<&str> = inner.records.iter().flat_map(Record::files).map(|file| file.name.as_str()).collect();
        for name in self.disk.list(&self.directory).map_err(failed)? {
            if name != "manifest" && name != deaths::FILE && !named.contains(&name.as_str()) {
                self.remove(&name);
            }
        }
        Ok(())
    }

    fn remove(&self, name: &str) {
        let removed = self.directory.join(name).and_then(|path| self.disk.remove(&path));
        if let Err(error) = removed {
            tracing::warn!(name, %error, "a spilled file cannot be removed");
        }
    }
}

impl Record {
    fn files(&self) -> &[SpilledFile] {
        match self {
            Record::Chunk(chunk) => &chunk.files,
            Record::Cut(_) | Record::Entering { .. } => &[],
        }
    }
}

fn spilled(head: &ChunkHead, files: Vec<SpilledFile>) -> SpilledChunk {
    SpilledChunk {
        lane: head.lane.clone(),
        from: head.from,
        to: head.to,
        spec_version: head.spec_version,
        task_id: head.task_id.clone(),
        books: head.books,
        row_counts: head.row_counts,
        tail_fp: head.tail_fp.clone(),
        newest_ms: head.newest_ms,
        weight: head.weight,
        dead: head.dead.clone(),
        files,
    }
}

fn head(chunk: &SpilledChunk) -> ChunkHead {
    ChunkHead {
        lane: chunk.lane.clone(),
        from: chunk.from,
        to: chunk.to,
        spec_version: chunk.spec_version,
        task_id: chunk.task_id.clone(),
        books: chunk.books,
        row_counts: chunk.row_counts,
        dead: chunk.dead.clone(),
        tail_fp: chunk.tail_fp.clone(),
        newest_ms: chunk.newest_ms,
        weight: chunk.weight,
    }
}

pub(crate) fn failed(error: storage::Error) -> Error {
    match error.kind() {
        storage::ErrorKind::Corrupt => Error::Corrupt(error.to_string()),
        _ => Error::Unavailable(error.to_string()),
    }
}

//! Which records the process died over. A note stands while records are parsed; one that is still there
//! when a process starts is a death.

use metastore::LaneId;

use super::manifest::{Record, decode, encode};
use super::{SpillStore, failed};
use crate::Result;

/// Holds the note of the range that is being parsed, or nothing.
pub(super) const FILE: &str = "entering";

impl SpillStore {
    /// Takes over the note of a former life as a death.
    pub(super) fn count_deaths(&self) -> Result<()> {
        let bytes = match self.disk.read(&self.entering) {
            Ok(bytes) => bytes,
            Err(storage::Error::NotFound { .. }) => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        for record in decode(&bytes).0 {
            if let Record::Entering { lane, from, to } = &record {
                tracing::warn!(%lane, from, to, "the process died while it read these records");
                self.append(record)?;
            }
        }
        self.disk.remove(&self.entering).map_err(failed)
    }

    /// Records from `from` to `to` are about to be parsed. Not synced: a power loss is no record's fault.
    pub(crate) fn enter(&self, lane: &LaneId, from: i64, to: i64) {
        let note = encode(&Record::Entering { lane: lane.clone(), from, to });
        if let Err(error) = self.disk.append(&self.entering, &note) {
            tracing::debug!(%error, "what is read next is not noted");
        }
    }

    /// They are parsed.
    pub(crate) fn left(&self) {
        if let Err(error) = self.disk.truncate(&self.entering, 0) {
            tracing::debug!(%error, "a note of what was read stays");
        }
    }

    /// Deaths over ranges that meet this one.
    pub(crate) fn num_deaths(&self, lane: &LaneId, from: i64, to: i64) -> usize {
        self.count(|of, a, b| of == lane && a < to && from < b)
    }

    /// Deaths over one record alone.
    pub(crate) fn num_deaths_alone(&self, lane: &LaneId, offset: i64) -> usize {
        self.count(|of, a, b| of == lane && a == offset && b == offset + 1)
    }

    fn count(&self, is_meant: impl Fn(&LaneId, i64, i64) -> bool) -> usize {
        let inner = self.inner.lock();
        let deaths = inner.records.iter().filter(|record| match record {
            Record::Entering { lane, from, to } => is_meant(lane, *from, *to),
            Record::Chunk(_) | Record::Cut(_) => false,
        });
        deaths.count()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use storage::{Disk, RealDisk, RelativePath};

    use super::*;
    use crate::spec::DataSchema;

    fn open(disk: Arc<dyn Disk>) -> SpillStore {
        let schema =
            json!({"dataSource": "d", "timestampSpec": {"column": "t"}, "dimensionsSpec": {"dimensions": ["a"]}});
        let schema = Arc::new(DataSchema::parse(&schema, &[]).expect("a schema"));
        SpillStore::open(disk, RelativePath::new("spill").expect("a path"), schema).expect("opened")
    }

    #[test]
    fn only_deaths_while_reading_are_counted() {
        let root = tempfile::tempdir().expect("a directory");
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(root.path()).expect("a disk"));
        let lane = LaneId { source_id: "s".to_owned(), source_gen: 1, partition: 0 };
        let store = open(disk.clone());
        store.enter(&lane, 0, 10);
        store.left();
        drop(store);
        assert_eq!(open(disk.clone()).num_deaths(&lane, 0, 100), 0, "it died elsewhere");
        for deaths in 1..=2 {
            open(disk.clone()).enter(&lane, 10, 20);
            assert_eq!(open(disk.clone()).num_deaths(&lane, 15, 16), deaths);
        }
        let store = open(disk.clone());
        assert_eq!((store.num_deaths(&lane, 20, 30), store.num_deaths_alone(&lane, 15)), (0, 0));
        store.enter(&lane, 15, 16);
        let store = open(disk.clone());
        assert_eq!(store.num_deaths_alone(&lane, 15), 1);
        store.release(&lane, 20).expect("released");
        assert_eq!(open(disk).num_deaths(&lane, 0, 100), 0, "published records are not suspected");
    }
}

//! From facts to served rows: reads what changed, opens what is new, and swaps the view when all of it is open.

use crate::inventory::Inventory;
use crate::view::{Sealed, View};
use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use metastore::{Changes, Metastore, Segment};
use segment::SegmentRef;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Segments of one datasource that are opened side by side.
const OPEN_AT_ONCE: usize = 16;

/// Makes a published segment scannable: fetches it, checks it, maps it.
#[async_trait]
pub trait Open: Send + Sync {
    async fn open(&self, record: &Segment) -> Result<SegmentRef, String>;

    /// These are live no longer and no new query will ask for them.
    fn forget(&self, seg_ids: &[String]);
}

/// Why a view could not be brought up to date; the old one stays.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("metastore: {0}")]
    Metastore(#[from] metastore::Error),
    #[error("segment {id}: {why}")]
    Segment { id: String, why: String },
}

/// Brings views up to date, one at a time.
pub struct Loader {
    metastore: Arc<dyn Metastore>,
    inventory: Arc<Inventory>,
    opener: Arc<dyn Open>,
    loading: Mutex<()>,
}

impl Loader {
    pub fn new(metastore: Arc<dyn Metastore>, inventory: Arc<Inventory>, opener: Arc<dyn Open>) -> Self {
        Self { metastore, inventory, opener, loading: Mutex::default() }
    }

    /// Brings every datasource up to date. One that cannot be loaded holds up no other: its error is in the answer,
    /// by its name.
    pub async fn refresh_all(&self) -> Result<Vec<(String, LoadError)>, LoadError> {
        let mut failed = Vec::new();
        for datasource in self.metastore.datasources().await? {
            if let Err(error) = self.refresh(&datasource.name, &datasource.datasource_id).await {
                failed.push((datasource.name, error));
            }
        }
        Ok(failed)
    }

    /// Brings one datasource up to date and gives its view.
    pub async fn refresh(&self, datasource: &str, datasource_id: &str) -> Result<Arc<View>, LoadError> {
        let _one_at_a_time = self.loading.lock().await;
        let before = self.inventory.view(datasource).filter(|view| view.datasource_id == datasource_id);
        let Some(before) = before else {
            let live = self.metastore.live(datasource_id).await?;
            let sealed = self.open_all(&live.segments).await?;
            return Ok(self.inventory.install(View::new(live.datasource, live.sources, &live.lanes, sealed)));
        };
        let changes = self.metastore.changes(datasource_id, before.snapshot).await?;
        let sealed = self.apply(&before, &changes).await?;
        let view = View::new(changes.datasource, changes.sources, &changes.lanes, sealed);
        let view = self.inventory.install(view);
        if !changes.removed.is_empty() {
            self.opener.forget(&changes.removed);
        }
        Ok(view)
    }

    async fn apply(&self, before: &View, changes: &Changes) -> Result<Vec<Sealed>, LoadError> {
        let added = self.open_all(&changes.added).await?;
        let replaced: HashSet<&str> = changes
            .removed
            .iter()
            .chain(added.iter().map(|sealed| &sealed.record.seg_id))
            .map(String::as_str)
            .collect();
        let kept = before.sealed.iter().filter(|sealed| !replaced.contains(sealed.record.seg_id.as_str()));
        let mut sealed: Vec<Sealed> = kept.cloned().collect();
        if !added.is_empty() {
            sealed.extend(added);
            sealed.sort_by_key(|s| (s.record.start, s.record.end, s.record.version, s.record.partition_num));
        }
        Ok(sealed)
    }

    async fn open_all(&self, records: &[Segment]) -> Result<Vec<Sealed>, LoadError> {
        let open = |record: Segment| async move {
            let opened = self.opener.open(&record).await;
            let segment = opened.map_err(|why| LoadError::Segment { id: record.id().to_string(), why })?;
            Ok(Sealed { record: Arc::new(record), segment })
        };
        stream::iter(records.iter().cloned()).map(open).buffered(OPEN_AT_ONCE).try_collect().await
    }
}

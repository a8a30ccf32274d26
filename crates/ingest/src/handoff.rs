//! From our rows to sealed ones without counting a row twice or not at all.

use async_trait::async_trait;
use metastore::Published;

use crate::Result;

/// Segments that went live, and what they replace.
#[derive(Debug, Clone)]
pub struct Publication {
    /// Id of the datasource, as in object paths.
    pub datasource_id: String,
    /// Its name.
    pub datasource: String,
    /// The snapshot that holds the segments and the offsets they paid for.
    pub snapshot: i64,
    /// The new segments, as recorded.
    pub segments: Vec<metastore::Segment>,
    /// Segments that left the live set with this snapshot (compaction only).
    pub removed: Vec<String>,
}

impl Publication {
    /// What a verb of the metastore made live, and took away.
    pub fn new(datasource: &str, published: Published, removed: Vec<String>) -> Self {
        Self {
            datasource_id: published.datasource_id,
            datasource: datasource.to_owned(),
            snapshot: published.snapshot,
            segments: published.segments,
            removed,
        }
    }
}

/// What the process does with news about live rows. Supplied by whoever answers queries.
#[async_trait]
pub trait Handoff: Send + Sync {
    /// Returns once every reader of the datasource stands at `publication.snapshot` or a later one, which
    /// needs that snapshot to be servable. The rows that were published are kept readable until then, under the
    /// floors of the snapshot before. An error means "not yet": it is asked again.
    async fn published(&self, publication: &Publication) -> Result<()>;

    /// Lanes of the datasource were taken, rebased or given up: views of it must be read anew.
    async fn lanes_changed(&self, datasource_id: &str);
}

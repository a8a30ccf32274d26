//! Small segments of a time chunk become larger ones, all the time, in the background. Appends never wait for
//! it: a merge whose inputs went away meanwhile is thrown away.

mod job;
mod plan;
mod running;

use std::sync::Arc;

use metastore::JobKind;
use tokio_util::sync::CancellationToken;

pub use plan::{Merge, Tiers};
use running::Entry;
pub use running::{RunningMerge, RunningMerges};

use crate::supervisor::unavailable;
use crate::{IngestContext, Result};

/// The compaction of this process.
pub struct Compactor {
    context: IngestContext,
    tiers: Tiers,
}

impl Compactor {
    /// Merges by `tiers`. Files that an earlier life of the process left are removed.
    pub fn new(context: IngestContext, tiers: Tiers) -> Compactor {
        if let Err(error) = job::clear(&*context.disk) {
            tracing::warn!(%error, "files of earlier merges could not be removed");
        }
        Compactor { context, tiers }
    }

    /// Looks for merges by the period of the limits until it is cancelled; a merge under way is left to its
    /// end. Returns at once when the period is none.
    pub async fn run(self: Arc<Self>, cancelled: CancellationToken) {
        let Some(period) = self.context.limits.compaction_period else { return };
        while cancelled.run_until_cancelled(tokio::time::sleep(period)).await.is_some() {
            if let Err(error) = self.round(&cancelled).await {
                tracing::warn!(%error, "compaction waits for its next round");
            }
        }
    }

    /// Does every merge that is worth doing now, once. Answers how many were done.
    pub async fn round(&self, cancelled: &CancellationToken) -> Result<usize> {
        let mut done = 0;
        let jobs = self.context.metastore.open_jobs().await.map_err(unavailable)?;
        let now_ms = self.context.clock.now_ms();
        for datasource in self.context.metastore.datasources().await.map_err(unavailable)? {
            let live = self.context.metastore.live(&datasource.datasource_id).await.map_err(unavailable)?;
            let overwrites = jobs.iter().filter(|job| job.kind == JobKind::Batch && job.lease_until > now_ms);
            let of_this = overwrites.filter(|job| job.datasource_id == datasource.datasource_id);
            let starts_ms: Vec<i64> = of_this.map(|job| job.created_at).collect();
            for merge in self.tiers.plan(&live.segments, &starts_ms) {
                if cancelled.is_cancelled() {
                    return Ok(done);
                }
                let _running = self.begin(&datasource.name, &merge);
                match job::run(&self.context, &datasource, &merge).await {
                    Ok(true) => {
                        self.context.metrics.compactions.add(1);
                        self.context.metrics.compacted_segments.add(merge.inputs.len() as u64);
                        done += 1;
                    }
                    Ok(false) => self.context.metrics.failed_compactions.add(1),
                    Err(error) => {
                        self.context.metrics.failed_compactions.add(1);
                        tracing::warn!(datasource = datasource.name, %error, "a merge failed");
                    }
                }
            }
        }
        Ok(done)
    }

    fn begin(&self, datasource: &str, merge: &Merge) -> Option<Entry> {
        let running = RunningMerge::new(datasource, merge, self.context.clock.now_ms())?;
        Some(self.context.metrics.merges.begin(running))
    }
}

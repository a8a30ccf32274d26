use serde::{Deserialize, Serialize};

use crate::records::{
    Barrier, Books, Bundle, BundleState, DeadLetters, Gap, Job, JobState, LaneId, Ledger, RowCounts, Snapshot,
};
use crate::store::Store;
use crate::table::Filter;
use crate::{Error, Result};

/// Which ledger rows; absent fields admit all.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LedgerFilter {
    pub source_id: Option<String>,
    pub source_gen: Option<i64>,
    pub partition: Option<i32>,
    pub cut_id: Option<String>,
    pub task_id: Option<String>,
    pub limit: Option<u32>,
}

/// What one task generation did, summed from the ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSums {
    pub books: Books,
    pub row_counts: RowCounts,
    pub rows_out: i64,
    pub num_ranges: i64,
}

impl LedgerFilter {
    pub fn of_task(task_id: &str) -> Self {
        Self { task_id: Some(task_id.to_owned()), ..Self::default() }
    }

    pub fn of_lane(lane: &LaneId) -> Self {
        Self {
            source_id: Some(lane.source_id.clone()),
            source_gen: Some(lane.source_gen),
            partition: Some(lane.partition),
            ..Self::default()
        }
    }

    fn filter(&self) -> Filter {
        let mut filter = Filter::all().up("source_id").up("source_gen").up("partition").up("from_offset");
        for (column, value) in [("source_id", &self.source_id), ("cut_id", &self.cut_id), ("task_id", &self.task_id)] {
            if let Some(value) = value {
                filter = filter.eq_text(column, value);
            }
        }
        if let Some(source_gen) = self.source_gen {
            filter = filter.eq("source_gen", source_gen);
        }
        if let Some(partition) = self.partition {
            filter = filter.eq("partition", partition);
        }
        filter.limit = self.limit;
        filter
    }
}

fn of_lane(lane: &LaneId) -> Filter {
    Filter::all()
        .eq_text("source_id", &lane.source_id)
        .eq("source_gen", lane.source_gen)
        .eq("partition", lane.partition)
}

impl Store {
    pub async fn ledger(&self, filter: &LedgerFilter) -> Result<Vec<Ledger>> {
        self.read().await?.find(filter.filter()).await
    }

    pub async fn task_sums(&self, task_id: &str) -> Result<TaskSums> {
        let rows = self.ledger(&LedgerFilter::of_task(task_id)).await?;
        let mut sums = TaskSums::default();
        for row in &rows {
            sums.books.add(&row.books());
            sums.row_counts.add(&row.row_counts());
            sums.rows_out += row.rows_out;
            sums.num_ranges += 1;
        }
        Ok(sums)
    }

    pub async fn barriers(&self, lane: &LaneId) -> Result<Vec<Barrier>> {
        self.read().await?.find(of_lane(lane).up("version")).await
    }

    pub async fn gaps(&self, source_id: &str) -> Result<Vec<Gap>> {
        let of_this = Filter::all().eq_text("source_id", source_id).up("source_gen").up("partition").up("from_offset");
        self.read().await?.find(of_this).await
    }

    pub async fn dead_letters(&self, source_id: &str, limit: u32) -> Result<Vec<DeadLetters>> {
        let newest = Filter::all().eq_text("source_id", source_id).down("at").down("partition").down("from_offset");
        self.read().await?.find(newest.limit(limit)).await
    }

    pub async fn bundle(&self, bundle_id: &str) -> Result<Option<Bundle>> {
        self.read().await?.one(Filter::all().eq_text("bundle_id", bundle_id)).await
    }

    /// Objects that `doom` would take for their age: announced or removed at least `grace_ms` ago.
    pub async fn doomable(&self, grace_ms: i64, limit: u32) -> Result<Vec<Bundle>> {
        let tx = &mut self.read().await?;
        let long_ago = tx.now.saturating_sub(grace_ms);
        let announced = Filter::all().eq("state", BundleState::Intent).le("created_at", long_ago);
        let mut found: Vec<Bundle> = tx.find(announced.up("created_at").up("bundle_id").limit(limit)).await?;
        let removed = Filter::all().not_null("removed_at").le("removed_time", long_ago);
        let removed: Vec<crate::Segment> = tx.find(removed.up("removed_time").up("seg_id").limit(limit)).await?;
        let ids = removed.into_iter().map(|segment| segment.seg_id);
        let live = Filter::all().one_of("bundle_id", ids).eq("state", BundleState::Live).up("bundle_id");
        found.extend(tx.find::<Bundle>(live).await?);
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    /// Objects that wait for their deletion.
    pub async fn doomed(&self, limit: u32) -> Result<Vec<Bundle>> {
        let doomed = Filter::all().eq("state", BundleState::Doomed).up("bundle_id").limit(limit);
        self.read().await?.find(doomed).await
    }

    pub async fn snapshots(&self, datasource_id: &str, limit: u32) -> Result<Vec<Snapshot>> {
        let newest = Filter::all().eq_text("datasource_id", datasource_id).down("number").limit(limit);
        self.read().await?.find(newest).await
    }

    pub async fn job(&self, job_id: &str) -> Result<Option<Job>> {
        self.read().await?.one(Filter::all().eq_text("job_id", job_id)).await
    }

    pub async fn open_jobs(&self) -> Result<Vec<Job>> {
        let open = Filter::all().eq("state", JobState::Open).up("created_at").up("job_id");
        self.read().await?.find(open).await
    }

    pub async fn check(&self) -> Result<Vec<crate::fsck::Finding>> {
        let tx = &mut self.read().await?;
        let facts = crate::fsck::Facts {
            datasources: tx.find(Filter::all().up("name")).await?,
            sources: tx.find(Filter::all().up("source_id")).await?,
            lanes: tx.find(Filter::all().up("source_id").up("source_gen").up("partition")).await?,
            ledger: tx.find(LedgerFilter::default().filter()).await?,
            segments: tx.find(Filter::all().up("seg_id")).await?,
            bundles: tx.find(Filter::all().up("bundle_id")).await?,
            jobs: tx.find(Filter::all().eq("state", JobState::Done).up("job_id")).await?,
        };
        Ok(crate::fsck::check(&facts))
    }

    pub async fn source(&self, source_id: &str) -> Result<crate::Source> {
        let found = self.read().await?.one(Filter::all().eq_text("source_id", source_id)).await?;
        found.ok_or_else(|| Error::missing("source", source_id))
    }
}

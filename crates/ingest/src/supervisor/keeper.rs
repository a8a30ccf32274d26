//! Keeps the lanes of a session: leases are renewed whatever else the session waits for.

use std::sync::Arc;
use std::time::Duration;

use metastore::{LaneClaim, LaneId, Renew};
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::IngestContext;
use crate::lane::Lease;

const LOOK_PERIOD: Duration = Duration::from_millis(50);

#[derive(Default)]
struct Kept {
    claims: Vec<LaneClaim>,
    /// Lanes that are not ours any more.
    lost: Vec<LaneId>,
}

/// Renews until it is dropped.
pub(super) struct Keeper {
    kept: Arc<Mutex<Kept>>,
    task: JoinHandle<()>,
}

impl Keeper {
    pub(super) fn start(context: IngestContext, lease: Arc<Lease>) -> Keeper {
        let kept: Arc<Mutex<Kept>> = Arc::default();
        let task = tokio::spawn(keep(context, lease, kept.clone()));
        Keeper { kept, task }
    }

    /// Says which lanes are to be kept from now on.
    pub(super) fn keep(&self, claims: Vec<LaneClaim>) {
        self.kept.lock().claims = claims;
    }

    /// Lanes lost since the last question.
    pub(super) fn lost(&self) -> Vec<LaneId> {
        std::mem::take(&mut self.kept.lock().lost)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep(context: IngestContext, lease: Arc<Lease>, kept: Arc<Mutex<Kept>>) {
    let ttl_ms = i64::try_from(context.limits.lease.as_millis()).unwrap_or(i64::MAX);
    let third_ms = u64::try_from(context.limits.lease.as_millis() / 3).unwrap_or(1_000).max(100);
    let mut due_ms = 0;
    loop {
        tokio::time::sleep(LOOK_PERIOD).await;
        let now_ms = lease.now_ms();
        let lanes = kept.lock().claims.clone();
        if lanes.is_empty() || now_ms < due_ms {
            continue;
        }
        due_ms = now_ms + third_ms;
        match context.metastore.renew(&Renew { lanes, ttl_ms }).await.into_result() {
            Ok(renewed) => {
                lease.renewed(now_ms);
                let lost: Vec<LaneId> = renewed.fenced.into_iter().chain(renewed.rebased).collect();
                let mut kept = kept.lock();
                kept.claims.retain(|claim| !lost.contains(&claim.lane));
                kept.lost.extend(lost);
            }
            Err(refusal) => {
                due_ms = now_ms + third_ms / 3;
                tracing::debug!(%refusal, "leases could not be renewed");
            }
        }
    }
}

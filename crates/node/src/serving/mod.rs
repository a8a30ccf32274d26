//! From published to answered: views kept up to date, segments made scannable, handoff confirmed.

mod binder;
mod live_lanes;
mod opener;

pub use binder::Binder;
pub use live_lanes::LiveLanes;
pub use opener::SegmentOpener;

use async_trait::async_trait;
use cluster::{Binding, Inventory, Loader};
use ingest::{Handoff, Publication};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use timeline::Clock;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Changes of this process show at once, those of others at least so soon.
const PERIOD: Duration = Duration::from_secs(2);

/// Keeps the views of this process up to date.
pub struct Serving {
    loader: Loader,
    opener: Arc<SegmentOpener>,
    inventory: Arc<Inventory>,
    is_loaded: AtomicBool,
}

impl Serving {
    pub fn new(loader: Loader, opener: Arc<SegmentOpener>, inventory: Arc<Inventory>) -> Self {
        Self { loader, opener, inventory, is_loaded: AtomicBool::new(false) }
    }

    /// What binds small segments of these views.
    pub fn binder(&self, clock: Arc<dyn Clock>, binding: Binding) -> Binder {
        Binder::new(Arc::clone(&self.inventory), Arc::clone(&self.opener), clock, binding)
    }

    /// Whether every datasource was loaded once since the start.
    pub fn is_loaded(&self) -> bool {
        self.is_loaded.load(Ordering::Acquire)
    }

    /// Bytes that local images may take; never more than clients can read as a number of 64 bits with a sign.
    pub fn capacity_bytes(&self) -> u64 {
        self.opener.cache().capacity_bytes().min(i64::MAX as u64)
    }

    /// Bytes that local images take.
    pub fn held_bytes(&self) -> u64 {
        self.opener.cache().size_bytes()
    }

    /// Brings all views up to date, now and whenever facts change, until `stop`.
    pub async fn run(&self, mut changed: watch::Receiver<u64>, stop: CancellationToken) {
        loop {
            self.refresh().await;
            self.opener.sweep();
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(PERIOD) => {}
                result = changed.changed() => {
                    if result.is_err() {
                        return;
                    }
                    changed.mark_unchanged();
                }
            }
        }
    }

    async fn refresh(&self) {
        match self.loader.refresh_all().await {
            Ok(failed) => {
                for (datasource, error) in &failed {
                    tracing::error!(datasource, %error, "the newest snapshot cannot be served yet");
                }
                if failed.is_empty() && !self.is_loaded.swap(true, Ordering::AcqRel) {
                    self.opener.evict_unserved();
                }
            }
            Err(error) => tracing::warn!(%error, "facts cannot be read, answers stay as they are"),
        }
    }
}

#[async_trait]
impl Handoff for Serving {
    async fn published(&self, publication: &Publication) -> ingest::Result<()> {
        let stands = self.inventory.view(&publication.datasource);
        if stands.is_some_and(|view| {
            view.datasource_id == publication.datasource_id && view.snapshot >= publication.snapshot
        }) {
            return Ok(());
        }
        let view = self.loader.refresh(&publication.datasource, &publication.datasource_id).await;
        let view = view.map_err(|error| ingest::Error::Unavailable(error.to_string()))?;
        if view.snapshot >= publication.snapshot {
            return Ok(());
        }
        let text = format!("the view of [{}] stands at {}", publication.datasource, view.snapshot);
        Err(ingest::Error::Unavailable(text))
    }

    async fn lanes_changed(&self, datasource_id: &str) {
        let views = self.inventory.views();
        let result = match views.iter().find(|view| view.datasource_id == datasource_id) {
            Some(view) => self.loader.refresh(&view.datasource, datasource_id).await.map(drop),
            None => self.loader.refresh_all().await.map(drop),
        };
        if let Err(error) = result {
            tracing::warn!(%error, datasource_id, "the view could not be brought up to date");
        }
    }
}

//! Supervisors by Druid's API: each keeps a datasource fed from topics.
//!
//! Methods answer what a client sees, as status and JSON; the process puts HTTP around them. The
//! metastore holds the specs; an actor per supervisor reads and publishes by the newest of them.

mod actor;
mod api;
mod change;
mod groups;
mod history;
mod io_config;
mod keeper;
mod offsets;
mod periods;
mod recast;
mod replay;
mod reply;
mod report;
mod session;
mod settle;
mod sources;
mod spec;
mod state;
mod status;
mod tasks;
mod tuning;

use std::collections::BTreeMap;
use std::sync::Arc;

use metastore::SpecKind;
use tokio::sync::Mutex;

pub use api::ListView;
pub use change::Wishes;
pub use reply::{Body, Reply};
pub use settle::Settlement;

use crate::{Error, IngestContext, Result};
use actor::Handle;
use spec::SupervisorSpec;

/// All supervisors of this process.
pub struct Supervisors {
    context: IngestContext,
    running: Mutex<BTreeMap<String, Arc<Handle>>>,
    /// Those that were terminated and may still publish what they have read.
    ending: Mutex<Vec<Arc<Handle>>>,
}

impl Supervisors {
    /// Starts what the metastore says should run. Needs a tokio runtime of several threads.
    pub async fn start(context: IngestContext) -> Result<Arc<Supervisors>> {
        let supervisors = Arc::new(Supervisors { context, running: Mutex::default(), ending: Mutex::default() });
        for stored in supervisors.context.metastore.supervisors().await.map_err(unavailable)? {
            if stored.kind == SpecKind::Terminated {
                continue;
            }
            match SupervisorSpec::parse_stored(&stored.json) {
                Ok(spec) => supervisors.run(spec, stored.version).await,
                Err(error) => tracing::error!(supervisor = stored.supervisor_id, %error, "a stored spec cannot be run"),
            }
        }
        Ok(supervisors)
    }

    /// Closes, cuts and publishes everything that was read, then stops. Gives up after `limit`:
    /// what is not published then is read again by the next start.
    pub async fn drain(&self, limit: std::time::Duration) {
        for id in self.handles().await.iter().map(|handle| handle.spec().id.clone()) {
            self.end(&id).await;
        }
        let ending = std::mem::take(&mut *self.ending.lock().await);
        let all = async {
            for handle in &ending {
                handle.stopped().await;
            }
        };
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::warn!("stopped before everything that was read was published");
        }
    }

    /// Makes `spec` what its supervisor runs by.
    async fn run(&self, spec: SupervisorSpec, version: i64) {
        let mut running = self.running.lock().await;
        match running.get(&spec.id) {
            Some(handle) => handle.apply(spec, version),
            None => {
                let id = spec.id.clone();
                running.insert(id, Arc::new(Handle::start(self.context.clone(), spec, version)));
            }
        }
    }

    /// Makes a supervisor publish what it has read and end.
    async fn end(&self, id: &str) {
        let mut running = self.running.lock().await;
        let Some(handle) = running.remove(id) else { return };
        handle.stop();
        // While `running` is held: nobody finds the handle in neither.
        let mut ending = self.ending.lock().await;
        ending.retain(|handle| !handle.is_over());
        ending.push(handle);
    }

    async fn handle(&self, id: &str) -> Option<Arc<Handle>> {
        self.running.lock().await.get(id).cloned()
    }

    async fn handles(&self) -> Vec<Arc<Handle>> {
        self.running.lock().await.values().cloned().collect()
    }
}

pub(crate) fn unavailable(error: metastore::Error) -> Error {
    Error::Unavailable(error.to_string())
}

pub(crate) fn refused(refusal: metastore::Refusal) -> Error {
    match refusal {
        metastore::Refusal::Unavailable(error) => Error::Unavailable(error.to_string()),
        other => Error::Conflict(other.to_string()),
    }
}

/// Asks a source on a thread where waiting is allowed.
async fn blocking<T: Send + 'static>(
    ask: impl FnOnce() -> std::result::Result<T, crate::source::SourceError> + Send + 'static,
) -> Result<T> {
    use crate::source::SourceError;
    let asked = tokio::task::spawn_blocking(ask).await;
    match asked.map_err(|panic| Error::Internal(panic.to_string()))? {
        Ok(answer) => Ok(answer),
        Err(SourceError::NotFound(what)) => Err(Error::NotFound(what)),
        Err(error @ (SourceError::Unavailable(_) | SourceError::Refused(_))) => {
            Err(Error::Unavailable(error.to_string()))
        }
        Err(error @ (SourceError::OutOfRange(_) | SourceError::Corrupt(_))) => Err(Error::Corrupt(error.to_string())),
    }
}

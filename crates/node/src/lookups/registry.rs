//! The contents that queries see: each query takes the registry as it is at one moment.

use super::book::{self, Entry};
use super::kinds::{Content, World};
use super::{LookupSpec, TIER};
use arc_swap::ArcSwap;
use expression::{LookupRef, LookupResolver};
use metastore::Metastore;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How soon the changes of other processes are seen; those of this process are seen at once.
const PERIOD: Duration = Duration::from_secs(5);

/// A content that is in use.
#[derive(Clone)]
pub struct Loaded {
    pub version: Option<String>,
    pub lookup: LookupRef,
}

/// Contents by name, at one moment.
#[derive(Clone, Default)]
struct Snapshot(HashMap<String, Loaded>);

impl LookupResolver for Snapshot {
    fn lookup(&self, name: &str) -> Option<LookupRef> {
        self.0.get(name).map(|loaded| Arc::clone(&loaded.lookup))
    }
}

/// The lookups of this process.
pub struct Registry {
    metastore: Arc<dyn Metastore>,
    world: Arc<World>,
    contents: Arc<Contents>,
    running: tokio::sync::Mutex<Running>,
}

#[derive(Default)]
struct Contents {
    current: ArcSwap<Snapshot>,
    num_changes: AtomicU64,
    writing: Mutex<()>,
}

#[derive(Default)]
struct Running {
    mark: Option<i64>,
    by_name: BTreeMap<String, Keeping>,
}

/// A lookup that is kept up to date until this is dropped.
struct Keeping {
    revision: i64,
    _stop: DropGuard,
}

/// Where the contents of one revision of one lookup go.
pub struct Slot {
    contents: Arc<Contents>,
    name: String,
    version: Option<String>,
    stop: CancellationToken,
}

impl Slot {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Lets queries see a content from now on; nothing happens once another revision has taken over.
    pub fn publish(&self, lookup: LookupRef) {
        let loaded = Loaded { version: self.version.clone(), lookup };
        self.contents.change(|snapshot| {
            if !self.stop.is_cancelled() {
                snapshot.0.insert(self.name.clone(), loaded);
            }
        });
    }
}

impl Contents {
    fn change(&self, change: impl FnOnce(&mut Snapshot)) {
        let _one_at_a_time = self.writing.lock();
        let mut next = Snapshot::clone(&self.current.load());
        change(&mut next);
        self.current.store(Arc::new(next));
        self.num_changes.fetch_add(1, Ordering::Release);
    }
}

impl Registry {
    pub fn new(metastore: Arc<dyn Metastore>, world: World) -> Self {
        let running = tokio::sync::Mutex::default();
        Self { metastore, world: Arc::new(world), contents: Arc::default(), running }
    }

    /// The lookups as they are now; later changes do not show in it.
    pub fn snapshot(&self) -> Arc<dyn LookupResolver> {
        self.contents.current.load_full()
    }

    /// Grows whenever a content changes.
    pub fn num_changes(&self) -> u64 {
        self.contents.num_changes.load(Ordering::Acquire)
    }

    pub fn get(&self, name: &str) -> Option<Loaded> {
        self.contents.current.load().0.get(name).cloned()
    }

    /// Follows what is registered until `stop`.
    pub async fn run(&self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.refresh().await {
                tracing::warn!(%error, "lookups cannot be read, they stay as they are");
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(PERIOD) => {}
            }
        }
        self.running.lock().await.by_name.clear();
    }

    /// Starts what was registered since, stops what is gone. Maps are there when this returns.
    pub async fn refresh(&self) -> Result<(), metastore::Error> {
        let mut running = self.running.lock().await;
        let mark = book::mark(&*self.metastore).await?;
        if mark == running.mark {
            return Ok(());
        }
        let registered = book::all(&*self.metastore).await?.remove(TIER).unwrap_or_default();
        let gone: Vec<String> =
            running.by_name.keys().filter(|name| !registered.contains_key(*name)).cloned().collect();
        for name in gone {
            running.by_name.remove(&name);
            self.contents.change(|snapshot| {
                snapshot.0.remove(&name);
            });
        }
        for (name, entry) in registered {
            if running.by_name.get(&name).is_none_or(|known| known.revision != entry.revision) {
                let keeping = self.start(&name, entry).await;
                running.by_name.insert(name, keeping);
            }
        }
        running.mark = mark;
        Ok(())
    }

    /// The content before stays until the new one is there.
    async fn start(&self, name: &str, entry: Entry) -> Keeping {
        let stop = CancellationToken::new();
        let keeping = Keeping { revision: entry.revision, _stop: stop.clone().drop_guard() };
        let parsed = tokio::task::spawn_blocking(move || LookupSpec::parse(&entry.spec)).await;
        match parsed.unwrap_or_else(|panic| Err(panic.to_string())) {
            Err(why) => tracing::error!(lookup = name, why, "a registered lookup cannot be read"),
            Ok(spec) => {
                let contents = Arc::clone(&self.contents);
                let slot = Slot { contents, name: name.to_string(), version: spec.version, stop: stop.clone() };
                match spec.content {
                    Content::Given(lookup) => slot.publish(lookup),
                    Content::Kept(keeper) => {
                        let world = Arc::clone(&self.world);
                        tokio::spawn(async move { keeper.keep(world, Arc::new(slot), stop).await });
                    }
                }
            }
        }
        keeping
    }
}

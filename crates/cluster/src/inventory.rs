//! The views of all datasources.

use crate::view::View;
use crate::volumes::{Volume, Volumes};
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Readers take a view without waiting; a new one is seen by the next reader at once.
#[derive(Default)]
pub struct Inventory {
    views: ArcSwap<BTreeMap<String, Arc<View>>>,
    writing: Mutex<()>,
}

impl Inventory {
    /// The present view of a datasource.
    pub fn view(&self, datasource: &str) -> Option<Arc<View>> {
        self.views.load().get(datasource).cloned()
    }

    /// All views, by name.
    pub fn views(&self) -> Vec<Arc<View>> {
        self.views.load().values().cloned().collect()
    }

    /// Swaps a view in, unless a newer one is there already. Volumes stay whose segments do.
    pub fn install(&self, mut view: View) -> Arc<View> {
        let _writing = self.writing.lock();
        let present = self.view(&view.datasource).filter(|present| present.datasource_id == view.datasource_id);
        if let Some(present) = present {
            if present.snapshot > view.snapshot {
                return present;
            }
            view.volumes = Volumes::of(&view.sealed, present.volumes.all());
        }
        self.swap(view)
    }

    /// Adds a volume to the view of a datasource, in place of those that it holds. False when one of its segments is
    /// not served any more.
    pub fn bind(&self, datasource: &str, volume: Volume) -> bool {
        let _writing = self.writing.lock();
        let Some(present) = self.view(datasource) else { return false };
        let volume = Arc::new(volume);
        let mut view = View::clone(&present);
        view.volumes = Volumes::of(&view.sealed, [&volume].into_iter().chain(present.volumes.all()));
        let is_bound = view.volumes.all().iter().any(|known| Arc::ptr_eq(known, &volume));
        if is_bound {
            self.swap(view);
        }
        is_bound
    }

    /// Gives all volumes up.
    pub fn unbind_all(&self) {
        let _writing = self.writing.lock();
        for view in self.views().iter().filter(|view| !view.volumes.all().is_empty()) {
            self.swap(View { volumes: Volumes::default(), ..View::clone(view) });
        }
    }

    fn swap(&self, view: View) -> Arc<View> {
        let mut views = BTreeMap::clone(&self.views.load());
        let view = Arc::new(view);
        views.insert(view.datasource.clone(), Arc::clone(&view));
        self.views.store(Arc::new(views));
        view
    }

    /// Lowest snapshot of a datasource that a new query may be given.
    pub fn snapshot(&self, datasource: &str) -> Option<i64> {
        self.view(datasource).map(|view| view.snapshot)
    }
}

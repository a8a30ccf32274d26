//! The views of all datasources.

use crate::view::View;
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

    /// Swaps a view in, unless a newer one is there already.
    pub fn install(&self, view: View) -> Arc<View> {
        let _writing = self.writing.lock();
        let mut views = BTreeMap::clone(&self.views.load());
        if let Some(present) = views.get(&view.datasource)
            && present.snapshot > view.snapshot
            && present.datasource_id == view.datasource_id
        {
            return Arc::clone(present);
        }
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

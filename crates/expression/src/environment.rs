//! What an expression or an extraction may ask of the world: lookups by name and the time of the query.

use std::fmt;
use std::sync::Arc;

use crate::{Error, LookupRef, Result};

/// Finds registered lookups by name.
pub trait LookupResolver: Send + Sync {
    /// `None` when no lookup of this name is registered.
    fn lookup(&self, name: &str) -> Option<LookupRef>;
}

/// Knows no lookup.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLookups;

impl LookupResolver for NoLookups {
    fn lookup(&self, _name: &str) -> Option<LookupRef> {
        None
    }
}

/// Given to everything that parses: registered lookups are resolved and the present time is fixed at parse.
#[derive(Clone)]
pub struct Environment {
    lookups: Arc<dyn LookupResolver>,
    now_ms: Option<i64>,
}

impl Default for Environment {
    fn default() -> Self {
        Self { lookups: Arc::new(NoLookups), now_ms: None }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("now_ms", &self.now_ms).finish_non_exhaustive()
    }
}

impl Environment {
    pub fn new(lookups: Arc<dyn LookupResolver>, now_ms: i64) -> Self {
        Self { lookups, now_ms: Some(now_ms) }
    }

    /// Fails with the name when the lookup is not registered.
    pub fn lookup(&self, name: &str) -> Result<LookupRef> {
        self.lookups.lookup(name).ok_or_else(|| Error::Unknown { what: "lookup", name: name.to_string() })
    }

    /// Milliseconds since the epoch. Fails where no time was given.
    pub fn now_ms(&self) -> Result<i64> {
        self.now_ms.ok_or_else(|| Error::unsupported("now() has no meaning here"))
    }
}

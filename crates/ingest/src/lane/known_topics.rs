//! Topics as the store knows them, and whether they still are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::source::{Identity, Source};

/// A log that has not answered for so long does not answer.
const LIMIT: Duration = Duration::from_secs(10);

/// See the module.
pub(crate) struct KnownTopics {
    source: Arc<dyn Source>,
    identities: Mutex<BTreeMap<Arc<str>, String>>,
}

impl KnownTopics {
    /// Topics of `source`, none known.
    pub(crate) fn new(source: Arc<dyn Source>) -> KnownTopics {
        KnownTopics { source, identities: Mutex::default() }
    }

    /// The lanes of `topic` are those of the topic of this identity.
    pub(crate) fn know(&self, topic: &Arc<str>, identity: &str) {
        self.identities.lock().insert(topic.clone(), identity.to_owned());
    }

    /// The first of `topics` that is another one now than the one that is known, or why that cannot be told. A topic
    /// without a known identity, or that is gone, is taken for the one that was read: nothing speaks against it, and
    /// what was read of it is nowhere else.
    pub(super) async fn find_other(&self, topics: impl Iterator<Item = &Arc<str>>) -> Result<Option<Arc<str>>, String> {
        let asked: BTreeMap<Arc<str>, String> = {
            let identities = self.identities.lock();
            let topics: BTreeSet<&Arc<str>> = topics.collect();
            topics.into_iter().filter_map(|topic| identities.get_key_value(topic)).map(owned).collect()
        };
        if asked.is_empty() {
            return Ok(None);
        }
        let source = self.source.clone();
        let answer = tokio::task::spawn_blocking(move || find_other(&*source, asked));
        match tokio::time::timeout(LIMIT, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(panic)) => Err(panic.to_string()),
            Err(_) => Err("the log does not answer".to_owned()),
        }
    }
}

fn owned((topic, identity): (&Arc<str>, &String)) -> (Arc<str>, String) {
    (topic.clone(), identity.clone())
}

fn find_other(source: &dyn Source, known: BTreeMap<Arc<str>, String>) -> Result<Option<Arc<str>>, String> {
    for (topic, known) in known {
        match source.identity(&topic).map_err(|error| error.to_string())? {
            Identity::Known(now) if now != known => return Ok(Some(topic)),
            Identity::Known(_) | Identity::Gone => {}
            Identity::Nameless => return Err(format!("the cluster does not tell the identity of [{topic}] any more")),
        }
    }
    Ok(None)
}

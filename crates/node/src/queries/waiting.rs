//! A query may ask for offsets that must be counted: it waits for them, or fails.

use crate::context::NodeContext;
use cluster::{Covers, Moment};
use query::{Deadline, Error, Query, Result};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// The offsets that the context asks for under `minCovers`, as an object or as its text.
pub fn min_covers(query: &Query) -> Result<Option<Covers>> {
    let Some(asked) = query.context().get("minCovers") else {
        return Ok(None);
    };
    let read = match asked {
        Value::String(text) => serde_json::from_str(text),
        other => serde_json::from_value(other.clone()),
    };
    read.map(Some).map_err(|error| Error::Context(format!("context 'minCovers' is no map of offsets: {error}")))
}

/// One look at all datasources of the query, not before it covers what was asked for.
pub async fn moment(node: &NodeContext, query: &Query, deadline: Option<Deadline>) -> Result<Arc<Moment>> {
    let (wanted, datasources) = (min_covers(query)?, query.datasources());
    loop {
        let moment = Moment::new(Arc::clone(&node.inventory), node.leaf.clone());
        moment.take(&datasources)?;
        if wanted.as_ref().is_none_or(|wanted| moment.covers().reaches(wanted)) {
            return Ok(Arc::new(moment));
        }
        if let Some(deadline) = deadline.filter(|deadline| node.clock.now_ms() > deadline.at_ms) {
            return Err(Error::Timeout { timeout_ms: deadline.timeout_ms });
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

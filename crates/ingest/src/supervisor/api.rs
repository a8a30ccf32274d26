//! The endpoints that read. Paths are those below `/druid/indexer/v1/supervisor`.

use serde_json::{Value, json};

use super::spec::SupervisorSpec;
use super::{Reply, Supervisors};
use crate::Result;

/// Which form of the list of supervisors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListView {
    /// Ids only.
    Ids,
    /// `?full`
    Full,
    /// `?state=true`
    State,
    /// `?system`
    System,
}

impl Supervisors {
    /// `GET /`: all supervisors.
    pub async fn list(&self, view: ListView) -> Reply {
        let mut entries = Vec::new();
        for handle in self.handles().await {
            let (spec, status) = (handle.spec(), handle.status());
            entries.push(match view {
                ListView::Ids => json!(spec.id),
                ListView::Full => {
                    let mut entry = status.head(&spec.id);
                    entry["spec"] = spec.shown();
                    entry["suspended"] = json!(spec.suspended);
                    entry
                }
                ListView::State => {
                    let mut entry = status.head(&spec.id);
                    entry["suspended"] = json!(spec.suspended);
                    entry
                }
                ListView::System => system_entry(&spec, status.head(&spec.id)),
            });
        }
        Reply::json(Value::Array(entries))
    }

    /// `GET /{id}`: the spec with its defaults, secrets hidden.
    pub async fn spec(&self, id: &str) -> Reply {
        match self.handle(id).await {
            Some(handle) => Reply::json(handle.spec().shown()),
            None => Reply::unknown(id),
        }
    }

    /// `GET /{id}/status`
    pub async fn status(&self, id: &str) -> Reply {
        match self.handle(id).await {
            Some(handle) => Reply::json(handle.status().to_json(&handle.spec(), self.context.clock.now_ms())),
            None => Reply::unknown(id),
        }
    }

    /// `GET /{id}/health`: 503 when it is not well.
    pub async fn health(&self, id: &str) -> Reply {
        match self.handle(id).await {
            Some(handle) => {
                let healthy = handle.status().is_healthy();
                Reply { status: if healthy { 200 } else { 503 }, ..Reply::json(json!({ "healthy": healthy })) }
            }
            None => Reply::unknown(id),
        }
    }

    /// `GET /{id}/stats`: counters by task group and task.
    pub async fn stats(&self, id: &str) -> Reply {
        match self.handle(id).await {
            Some(handle) => Reply::json(handle.stats()),
            None => Reply::unknown(id),
        }
    }

    /// `GET /{id}/parseErrors`
    pub async fn parse_errors(&self, id: &str) -> Reply {
        match self.handle(id).await {
            Some(handle) => Reply::json(Value::Array(handle.parse_errors())),
            None => Reply::unknown(id),
        }
    }
}

fn system_entry(spec: &SupervisorSpec, mut entry: Value) -> Value {
    entry["specString"] = json!(spec.shown().to_string());
    entry["type"] = json!("kafka");
    entry["source"] = json!(spec.io.stream());
    entry["suspended"] = json!(spec.suspended);
    entry
}

pub(super) fn reply(result: Result<Reply>) -> Reply {
    result.unwrap_or_else(Reply::from)
}

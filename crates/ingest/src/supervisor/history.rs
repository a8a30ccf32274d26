//! Versions of specs as clients see them.

use metastore::{Spec, SpecKind};
use serde_json::{Map, Value, json};

use super::api::reply;
use super::spec::SupervisorSpec;
use super::{Reply, Supervisors, unavailable};
use crate::Result;

impl Supervisors {
    /// `GET /{id}/history?count=n`: versions, newest first, those of terminated supervisors too.
    pub async fn history(&self, id: &str, count: Option<u32>) -> Reply {
        reply(self.try_history(id, count).await)
    }

    async fn try_history(&self, id: &str, count: Option<u32>) -> Result<Reply> {
        let count = count.filter(|count| *count > 0);
        let specs = self.context.metastore.spec_history(Some(id), count).await.map_err(unavailable)?;
        if specs.is_empty() {
            return Ok(Reply::error(404, format!("No history for [{id}].")));
        }
        Ok(Reply::json(specs.iter().map(entry).collect()))
    }

    /// `GET /history`: versions of all supervisors by id.
    pub async fn all_history(&self) -> Reply {
        reply(self.try_all_history().await)
    }

    async fn try_all_history(&self) -> Result<Reply> {
        let mut all = Map::new();
        for spec in self.context.metastore.spec_history(None, None).await.map_err(unavailable)? {
            let versions = all.entry(spec.supervisor_id.clone()).or_insert_with(|| json!([]));
            if let Value::Array(versions) = versions {
                versions.push(entry(&spec));
            }
        }
        Ok(Reply::json(Value::Object(all)))
    }
}

fn entry(spec: &Spec) -> Value {
    let stored: Value = serde_json::from_str(&spec.json).unwrap_or(Value::Null);
    let shown = match spec.kind {
        SpecKind::Terminated => stored,
        SpecKind::Submitted | SpecKind::Suspended | SpecKind::Resumed => SupervisorSpec::hide_secrets(stored),
    };
    json!({"spec": shown, "version": timeline::instant::text(spec.created_at)})
}

/// What a history shows for a terminated supervisor.
pub(super) fn tombstone(datasource: &str) -> Value {
    json!({"type": "noop", "id": null, "dataSources": [datasource], "suspended": false, "source": "noop"})
}

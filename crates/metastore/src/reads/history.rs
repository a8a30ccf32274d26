use serde::{Deserialize, Serialize};

use crate::Result;
use crate::records::{Audit, Config, Leader, Spec, Task, TaskLock, TaskStatus};
use crate::store::Store;
use crate::table::Filter;

/// Which tasks; absent fields admit all. Newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TaskFilter {
    pub datasource: Option<String>,
    pub task_type: Option<String>,
    pub status: Option<TaskStatus>,
    /// True = ended, false = still running.
    pub is_complete: Option<bool>,
    pub created_from: Option<i64>,
    pub limit: Option<u32>,
}

impl TaskFilter {
    fn filter(&self) -> Filter {
        let mut filter = Filter::all().down("created_at").down("task_id");
        if let Some(datasource) = &self.datasource {
            filter = filter.eq_text("datasource", datasource);
        }
        if let Some(task_type) = &self.task_type {
            filter = filter.eq_text("task_type", task_type);
        }
        if let Some(status) = self.status {
            filter = filter.eq("status", status);
        }
        filter = match self.is_complete {
            Some(true) => filter.ne("status", TaskStatus::Running),
            Some(false) => filter.eq("status", TaskStatus::Running),
            None => filter,
        };
        if let Some(from) = self.created_from {
            filter = filter.ge("created_at", from);
        }
        filter.limit = self.limit;
        filter
    }
}

fn spec_of(supervisor_id: &str) -> Filter {
    Filter::all().eq_text("supervisor_id", supervisor_id)
}

impl Store {
    /// The newest version of every supervisor, terminated ones (their tombstones) included.
    pub async fn supervisors(&self) -> Result<Vec<Spec>> {
        self.read().await?.find(Filter::all().eq("latest", true).up("supervisor_id")).await
    }

    pub async fn supervisor(&self, supervisor_id: &str) -> Result<Option<Spec>> {
        self.read().await?.one(spec_of(supervisor_id).eq("latest", true)).await
    }

    pub async fn spec(&self, supervisor_id: &str, version: i64) -> Result<Option<Spec>> {
        self.read().await?.one(spec_of(supervisor_id).eq("version", version)).await
    }

    /// All versions, newest first; of one supervisor or of all, by id.
    pub async fn spec_history(&self, supervisor_id: Option<&str>, limit: Option<u32>) -> Result<Vec<Spec>> {
        let filter = supervisor_id.map_or_else(|| Filter::all().up("supervisor_id"), spec_of);
        let mut filter = filter.down("version");
        filter.limit = limit;
        self.read().await?.find(filter).await
    }

    pub async fn tasks(&self, filter: &TaskFilter) -> Result<Vec<Task>> {
        self.read().await?.find(filter.filter()).await
    }

    pub async fn task(&self, task_id: &str) -> Result<Option<Task>> {
        self.read().await?.one(Filter::all().eq_text("task_id", task_id)).await
    }

    pub async fn locks(&self, datasource: Option<&str>) -> Result<Vec<TaskLock>> {
        let filter = datasource.map_or_else(Filter::all, |name| Filter::all().eq_text("datasource", name));
        self.read().await?.find(filter.up("datasource").up("start").up("task_id")).await
    }

    /// The present value; absent when it was never set or is deleted.
    pub async fn config(&self, key: &str) -> Result<Option<Config>> {
        let latest = Filter::all().eq_text("key", key).eq("latest", true).not_null("json");
        self.read().await?.one(latest).await
    }

    /// All present values whose name starts with `prefix`, by name.
    pub async fn configs(&self, prefix: &str) -> Result<Vec<Config>> {
        let latest = Filter::all().eq("latest", true).not_null("json").up("key");
        let mut found: Vec<Config> = self.read().await?.find(latest).await?;
        found.retain(|config| config.key.starts_with(prefix));
        Ok(found)
    }

    /// All versions of one value, newest first.
    pub async fn config_history(&self, key: &str, limit: Option<u32>) -> Result<Vec<Config>> {
        let mut filter = Filter::all().eq_text("key", key).down("version");
        filter.limit = limit;
        self.read().await?.find(filter).await
    }

    /// Newest first.
    pub async fn audit(&self, limit: u32) -> Result<Vec<Audit>> {
        self.read().await?.find(Filter::all().down("number").limit(limit)).await
    }

    pub async fn leader(&self, role: &str) -> Result<Option<Leader>> {
        self.read().await?.one(Filter::all().eq_text("role", role)).await
    }
}

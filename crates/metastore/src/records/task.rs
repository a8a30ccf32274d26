use crate::records::{record, words};

words! {
    TaskStatus { Running = "RUNNING", Success = "SUCCESS", Failed = "FAILED", }
}

record! {
    /// A task as Druid's clients know it.
    Task in "tasks", 1 keys {
        task_id: String,
        task_type: String,
        group_id: String,
        datasource: String,
        created_at: i64,
        status: TaskStatus,
        /// -1 while it runs.
        duration_ms: i64,
        /// What was submitted, JSON text.
        payload: String,
        report: Option<String>,
        error: Option<String>,
        /// Where the text of its log is.
        log_location: Option<String>,
        updated_at: i64,
    }
}

record! {
    /// An interval that a running task holds, for clients to see; nothing is decided by it.
    TaskLock in "task_locks", 4 keys {
        task_id: String,
        datasource: String,
        start: i64,
        end: i64,
        lock_type: String,
        priority: i32,
        version: String,
    }
}

use serde::{Deserialize, Serialize};

use crate::records::{record, words};

words! {
    JobKind { Batch = "batch", Compact = "compact", Kill = "kill", }
}

words! {
    JobState { Open = "open", Done = "done", }
}

record! {
    /// Work on a datasource that is leased to one worker. Its id is the key of `append` and `replace`.
    Job in "jobs", 1 keys {
        job_id: String,
        kind: JobKind,
        datasource_id: String,
        worker: String,
        epoch: i64,
        nonce: i64,
        lease_until: i64,
        state: JobState,
        /// Digest of the content that was recorded, once done.
        digest: Option<String>,
        /// Snapshot that it made, once done.
        snapshot: Option<i64>,
        /// Weight of the segments it added and removed.
        weight_added: i64,
        weight_removed: i64,
        rows_out: i64,
        created_at: i64,
        done_at: Option<i64>,
    }
}

/// A worker's right to act for a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobClaim {
    pub job_id: String,
    pub epoch: i64,
    pub nonce: i64,
}

use crate::records::record;

record! {
    /// One topic of one cluster as one supervisor reads it into one datasource.
    Source in "sources", 1 keys {
        source_id: String,
        supervisor_id: String,
        datasource_id: String,
        datasource: String,
        topic: String,
        cluster_id: Option<String>,
        topic_uuid: Option<String>,
        /// Raised by `rebase` only.
        source_gen: i64,
        created_at: i64,
    }
}

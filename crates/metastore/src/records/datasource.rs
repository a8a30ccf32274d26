use crate::records::record;

record! {
    /// A datasource. Its id, not its name, stands in object paths, so a name that is used again
    /// never meets old files.
    Datasource in "datasources", 1 keys {
        datasource_id: String,
        name: String,
        created_at: i64,
        /// Number of the newest snapshot; 0 = nothing published yet.
        snapshot: i64,
        /// Weight of retired segments whose rows are deleted.
        weight_forgotten: i64,
    }
}

use crate::records::record;

record! {
    /// One version of one configuration value (rules, dynamic configuration, lookups).
    Config in "config", 2 keys {
        key: String,
        /// From 1, without holes.
        version: i64,
        /// JSON text; absent = deleted by this version.
        json: Option<String>,
        author: String,
        comment: String,
        ip: String,
        at: i64,
        latest: bool,
    }
}

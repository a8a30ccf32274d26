use crate::records::record;

record! {
    /// One object of dead letters of one lane, committed with its cut.
    DeadLetters in "dead_letters", 1 keys {
        bundle_id: String,
        datasource_id: String,
        source_id: String,
        source_gen: i64,
        partition: i32,
        /// First dead offset.
        from_offset: i64,
        /// Offset after the last dead one.
        to_offset: i64,
        num_records: i64,
        path: String,
        size: i64,
        hash: String,
        cut_id: String,
        at: i64,
    }
}

use crate::records::record;

record! {
    /// Version and next partition number of one time chunk. Never deleted, so that an id is never
    /// given twice.
    IntervalCounter in "interval_counters", 3 keys {
        datasource_id: String,
        start: i64,
        end: i64,
        version: i64,
        next_partition: u32,
    }
}

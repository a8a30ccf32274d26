use crate::records::record;

record! {
    /// The oldest snapshot that a broker still reads; objects it may need are not doomed.
    Reader in "readers", 2 keys {
        broker_id: String,
        datasource_id: String,
        min_snapshot: i64,
        lease_until: i64,
    }
}

use crate::records::{record, words};

words! {
    /// Why a version was written.
    SpecKind {
        Submitted = "submitted",
        Suspended = "suspended",
        Resumed = "resumed",
        /// The tombstone that a terminated supervisor leaves.
        Terminated = "terminated",
    }
}

record! {
    /// One version of a supervisor's spec; all versions together are its history.
    Spec in "spec_versions", 2 keys {
        supervisor_id: String,
        /// From 1, without holes.
        version: i64,
        kind: SpecKind,
        /// JSON text as clients see it in the history.
        json: String,
        created_at: i64,
        latest: bool,
    }
}

record! {
    /// From which offset on a lane parses with which version.
    Barrier in "spec_barriers", 4 keys {
        source_id: String,
        source_gen: i64,
        partition: i32,
        version: i64,
        from_offset: i64,
        at: i64,
    }
}

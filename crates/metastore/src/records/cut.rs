use crate::records::{record, words};

record! {
    /// A published cut; its digest makes a retry recognisable.
    Cut in "cuts", 1 keys {
        cut_id: String,
        digest: String,
        datasource_id: String,
        snapshot: i64,
        at: i64,
    }
}

words! {
    /// Which verb made a snapshot.
    SnapshotKind {
        Publish = "publish",
        Append = "append",
        Replace = "replace",
        Retire = "retire",
        Undo = "undo",
        Skip = "skip",
        Rebase = "rebase",
    }
}

record! {
    /// A number raised by every transaction that changes the live set or the offsets of a datasource.
    Snapshot in "snapshots", 2 keys {
        datasource_id: String,
        number: i64,
        kind: SnapshotKind,
        /// Cut, job, reason or operator.
        by: String,
        at: i64,
    }
}

use crate::records::record;

record! {
    /// Who changed which fact when.
    Audit in "audit", 1 keys {
        number: i64,
        at: i64,
        verb: String,
        subject: String,
        by: String,
        detail: String,
    }
}

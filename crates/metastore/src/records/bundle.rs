use crate::records::{record, words};

words! {
    /// Life of an object: `intent -> live -> doomed -> gone`, or `intent -> doomed`. No way back.
    BundleState { Intent = "intent", Live = "live", Doomed = "doomed", }
}

words! {
    /// What the bytes of an object are.
    BundleKind { Segment = "segment", DeadLetters = "dead_letters", }
}

record! {
    /// One object of deep storage, from before its upload until after its deletion.
    Bundle in "bundles", 1 keys {
        bundle_id: String,
        datasource_id: String,
        kind: BundleKind,
        /// Path below the root of deep storage.
        path: String,
        /// Bytes, known once live.
        size: Option<i64>,
        /// SHA-256 in hexadecimal, known once live.
        hash: Option<String>,
        state: BundleState,
        /// The cut or job that announced it.
        created_by: String,
        created_at: i64,
    }
}

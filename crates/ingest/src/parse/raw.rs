//! Records as a source gives them, before anything is known about their content.

/// One record of a source. The bytes are borrowed from the source's buffers.
#[derive(Debug, Clone, Copy, Default)]
pub struct RawRecord<'a> {
    /// Position in its partition; the number of the record in its file, from 0, for batch input.
    pub offset: i64,
    /// The record's own time in ms, where the source has one (Kafka).
    pub time_ms: Option<i64>,
    /// The record's key.
    pub key: Option<&'a [u8]>,
    /// The record's value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Headers in the order given.
    pub headers: &'a [(&'a str, Option<&'a [u8]>)],
}

/// Records of one partition of one topic, or of one file.
#[derive(Debug, Clone, Copy)]
pub struct RawBatch<'a> {
    /// Topic of the records; empty for batch input.
    pub topic: &'a str,
    /// Partition of the records; 0 for batch input.
    pub partition: i32,
    /// The records, in offset order.
    pub records: &'a [RawRecord<'a>],
}

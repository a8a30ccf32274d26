//! Requests and their answers, one kind a file, each in the one version that brokers from 2.3 on understand.

pub(super) mod epochs;
pub(super) mod fetch;
pub(super) mod metadata;
pub(super) mod versions;

use super::bytes::Output;

/// A kind of request in one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Api {
    pub(super) key: i16,
    pub(super) version: i16,
}

/// Codes by which a broker refuses.
pub(super) mod codes {
    pub(in super::super) const NONE: i16 = 0;
    pub(in super::super) const OFFSET_OUT_OF_RANGE: i16 = 1;
    pub(in super::super) const CORRUPT_MESSAGE: i16 = 2;
    pub(in super::super) const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
    pub(in super::super) const LEADER_NOT_AVAILABLE: i16 = 5;
    pub(in super::super) const NOT_LEADER_OR_FOLLOWER: i16 = 6;
    pub(in super::super) const BROKER_NOT_AVAILABLE: i16 = 8;
    pub(in super::super) const REPLICA_NOT_AVAILABLE: i16 = 9;
    pub(in super::super) const TOPIC_AUTHORIZATION_FAILED: i16 = 29;
    pub(in super::super) const UNSUPPORTED_VERSION: i16 = 35;
    pub(in super::super) const KAFKA_STORAGE_ERROR: i16 = 56;
    pub(in super::super) const FENCED_LEADER_EPOCH: i16 = 74;
    pub(in super::super) const UNKNOWN_LEADER_EPOCH: i16 = 75;
    pub(in super::super) const OFFSET_NOT_AVAILABLE: i16 = 78;
    pub(in super::super) const UNKNOWN_TOPIC_ID: i16 = 100;
    pub(in super::super) const INCONSISTENT_TOPIC_ID: i16 = 103;
}

/// A whole request, led by its length. `body` writes what follows the head.
pub(super) fn request(api: Api, correlation: i32, client_id: &str, body: impl FnOnce(&mut Output)) -> Vec<u8> {
    let mut out = Output::default();
    out.i32(0).i16(api.key).i16(api.version).i32(correlation).text(client_id);
    body(&mut out);
    let length = i32::try_from(out.bytes.len() - 4).unwrap_or(i32::MAX);
    out.bytes[..4].copy_from_slice(&length.to_be_bytes());
    out.bytes
}

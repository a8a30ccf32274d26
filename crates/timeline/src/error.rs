//! What can be wrong with a text that should name a time or a segment. All of it is the caller's
//! invalid input.

/// Every variant carries the text that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("[{text}] is not an ISO-8601 instant: {reason}")]
    Instant { text: String, reason: &'static str },
    #[error("[{text}] is not an interval: {reason}")]
    Interval { text: String, reason: String },
    #[error("[{text}] is not an ISO-8601 period: {reason}")]
    Period { text: String, reason: &'static str },
    #[error("unknown time zone [{0}]")]
    TimeZone(String),
    #[error("unknown granularity [{0}]")]
    UnknownGranularity(String),
    #[error("invalid granularity: {0}")]
    Granularity(String),
    #[error("the interval holds more than {limit} buckets of granularity {granularity}")]
    TooManyBuckets { granularity: String, limit: usize },
    #[error("[{0}] is not a segment id")]
    SegmentId(String),
}

pub type Result<T> = std::result::Result<T, Error>;

//! What can go wrong on the way of an event to a segment.

/// The result of anything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the event path. Bad records are never errors: they are counted and kept as
/// [`crate::Reject`]s.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A property of a spec that cannot be honoured; `field` is its path from the root of the spec.
    #[error("{field}: {reason}")]
    Invalid {
        /// Path of the property, for example `dataSchema.timestampSpec.format`.
        field: String,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// The thing asked for does not exist.
    #[error("{0}")]
    NotFound(String),
    /// Something with the same name, or in another state, stands in the way.
    #[error("{0}")]
    Conflict(String),
    /// What is there already does not go with what is asked for; saying that both are meant helps.
    #[error("{0}")]
    Incompatible(String),
    /// A limit that protects the process was passed.
    #[error("{what} is {found}, the limit is {limit}")]
    LimitExceeded {
        /// What was counted.
        what: String,
        /// How much there was.
        found: u64,
        /// How much is allowed.
        limit: u64,
    },
    /// Asked to stop.
    #[error("{0}")]
    Cancelled(String),
    /// A service that is needed did not answer.
    #[error("{0}")]
    Unavailable(String),
    /// Bytes that should be whole are not.
    #[error("{0}")]
    Corrupt(String),
    /// Reading or writing a file failed.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// The reason the system gave.
        source: std::io::Error,
    },
    /// A fault of this program.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// A refused property.
    pub fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Error {
        Error::Invalid { field: field.into(), reason: reason.into() }
    }

    /// A failed read or write.
    pub fn io(what: impl Into<String>, source: std::io::Error) -> Error {
        Error::Io { what: what.into(), source }
    }
}

use std::fmt;

use serde::{Deserialize, Serialize};

/// Coarse kind of a failure, the same words in every room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorKind {
    Invalid,
    NotFound,
    Conflict,
    Fenced,
    LimitExceeded,
    Unsupported,
    Unavailable,
    Timeout,
    Cancelled,
    Corrupt,
    Internal,
}

/// Why a read failed, or why the fate of a verb is unknown.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum Error {
    /// The database could not be reached, is full or busy. Ask again with the same key.
    #[error("metastore unavailable: {0}")]
    Unavailable(String),
    #[error("metastore did not answer in time: {0}")]
    Timeout(String),
    /// A stored row cannot be read, or the database file is damaged.
    #[error("metastore corrupt: {0}")]
    Corrupt(String),
    #[error("{what} [{id}] does not exist")]
    NotFound { what: String, id: String },
    /// A request that can never succeed; names the field.
    #[error("invalid {field}: {detail}")]
    Invalid { field: String, detail: String },
    /// Another process holds the database file.
    #[error("metastore [{path}] is in use by {holder}")]
    InUse { path: String, holder: String },
    #[error("metastore: {0}")]
    Internal(String),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Unavailable(_) => ErrorKind::Unavailable,
            Error::Timeout(_) => ErrorKind::Timeout,
            Error::Corrupt(_) => ErrorKind::Corrupt,
            Error::NotFound { .. } => ErrorKind::NotFound,
            Error::Invalid { .. } => ErrorKind::Invalid,
            Error::InUse { .. } => ErrorKind::Conflict,
            Error::Internal(_) => ErrorKind::Internal,
        }
    }

    pub(crate) fn missing(what: &'static str, id: impl fmt::Display) -> Self {
        Error::NotFound { what: what.to_owned(), id: id.to_string() }
    }
}

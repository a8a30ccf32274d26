//! The coarse kinds that every error of the store falls into, and this crate's own error.

use std::fmt;

/// What a caller can do about an error. Closed: match it exhaustively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request or the input is wrong; the same call will fail again.
    Invalid,
    /// The named thing does not exist.
    NotFound,
    /// The state moved on under the caller; read again, then retry.
    Conflict,
    /// The caller lost its ownership and must stop.
    Fenced,
    /// A configured limit was reached.
    LimitExceeded,
    /// Understood, but not offered here.
    Unsupported,
    /// A peer or service does not answer now; retry later.
    Unavailable,
    /// The deadline passed.
    Timeout,
    /// The caller withdrew the request.
    Cancelled,
    /// Stored bytes are not what was written.
    Corrupt,
    /// A fault of this program.
    Internal,
}

impl ErrorKind {
    /// Stable lower-case name for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Invalid => "invalid",
            ErrorKind::NotFound => "not_found",
            ErrorKind::Conflict => "conflict",
            ErrorKind::Fenced => "fenced",
            ErrorKind::LimitExceeded => "limit_exceeded",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::Unavailable => "unavailable",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Cancelled => "cancelled",
            ErrorKind::Corrupt => "corrupt",
            ErrorKind::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Everything that can go wrong while a value's text is understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error(
        "unknown string order [{0}], expected one of lexicographic, alphanumeric, numeric, strlen, version, natural"
    )]
    UnknownOrder(String),
    /// What is no path into nested data, and why.
    #[error("{0}")]
    Path(String),
}

impl Error {
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::UnknownOrder(_) | Error::Path(_) => ErrorKind::Invalid,
        }
    }
}

pub type Result<T> = std::result::Result<T, Error>;

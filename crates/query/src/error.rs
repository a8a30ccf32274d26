//! What can go wrong between a question and its answer.

use dialect::ErrorKind;

/// Every failure of this crate. `kind` gives the coarse class, `code` the text Druid puts under `error`.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The body is not JSON.
    #[error("{0}")]
    Json(String),
    /// The question makes no sense; the message names the field.
    #[error("{0}")]
    Invalid(String),
    /// A context value of the wrong type.
    #[error("{0}")]
    Context(String),
    /// A stated limit was reached; the message names it.
    #[error("{0}")]
    ResourceLimit(String),
    /// Not meaningful here, or not supported yet.
    #[error("{0}")]
    Unsupported(String),
    #[error("the query did not finish within its timeout of {timeout_ms} ms")]
    Timeout { timeout_ms: i64 },
    #[error("the query was cancelled")]
    Cancelled,
    #[error("{0}")]
    Capacity(String),
    /// Rows that should be served cannot be reached now.
    #[error("{0}")]
    Unavailable(String),
    /// A room below failed while the query ran.
    #[error("{message}")]
    Room { kind: ErrorKind, message: String },
    #[error("{0}")]
    Internal(String),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Json(_) | Error::Invalid(_) | Error::Context(_) => ErrorKind::Invalid,
            Error::ResourceLimit(_) | Error::Capacity(_) => ErrorKind::LimitExceeded,
            Error::Unsupported(_) => ErrorKind::Unsupported,
            Error::Timeout { .. } => ErrorKind::Timeout,
            Error::Cancelled => ErrorKind::Cancelled,
            Error::Unavailable(_) => ErrorKind::Unavailable,
            Error::Room { kind, .. } => *kind,
            Error::Internal(_) => ErrorKind::Internal,
        }
    }

    /// The `error` property of Druid's error bodies.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Json(_) => "Json parse failed",
            Error::Context(_) => "Query context parse failed",
            Error::ResourceLimit(_) => "Resource limit exceeded",
            Error::Unsupported(_) => "Unsupported operation",
            Error::Timeout { .. } => "Query timeout",
            Error::Cancelled => "Query cancelled",
            Error::Capacity(_) => "Query capacity exceeded",
            Error::Room { kind: ErrorKind::LimitExceeded, .. } => "Resource limit exceeded",
            Error::Room { kind: ErrorKind::Unsupported, .. } => "Unsupported operation",
            Error::Invalid(_) | Error::Unavailable(_) | Error::Room { .. } | Error::Internal(_) => "Unknown exception",
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Error::Invalid(message.into())
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Error::Unsupported(message.into())
    }

    pub(crate) fn internal(message: impl std::fmt::Display) -> Self {
        Error::Internal(message.to_string())
    }
}

macro_rules! from_room {
    ($($room:ty),*) => {$(
        impl From<$room> for Error {
            fn from(error: $room) -> Self {
                match error.kind() {
                    ErrorKind::Invalid => Error::Invalid(error.to_string()),
                    ErrorKind::Unsupported => Error::Unsupported(error.to_string()),
                    kind => Error::Room { kind, message: error.to_string() },
                }
            }
        }
    )*};
}

from_room!(aggregate::Error, segment::Error, expression::Error);

impl From<timeline::Error> for Error {
    fn from(error: timeline::Error) -> Self {
        Error::Invalid(error.to_string())
    }
}

impl From<arrow_schema::ArrowError> for Error {
    fn from(error: arrow_schema::ArrowError) -> Self {
        Error::internal(format_args!("columns: {error}"))
    }
}

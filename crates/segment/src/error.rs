//! What can go wrong while rows are held, written or opened.

use dialect::ErrorKind;

/// Every failure of this crate. `kind` gives the coarse class.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller handed over something that does not fit together.
    #[error("{0}")]
    Invalid(String),
    /// A limit stated beside its user was reached.
    #[error("{0}")]
    LimitExceeded(String),
    /// A file or buffer does not hold what its format promises.
    #[error("corrupt segment: {0}")]
    Corrupt(String),
    /// The bytes are of a format version or type this build cannot read.
    #[error("{0}")]
    Unsupported(String),
    /// The file system refused.
    #[error("{context}: {source}")]
    Io { context: String, source: std::io::Error },
    /// An aggregator refused its input or a state.
    #[error(transparent)]
    Aggregate(#[from] aggregate::Error),
    /// Arrow or Parquet failed while writing.
    #[error("writing columns: {0}")]
    Encode(String),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Invalid(_) => ErrorKind::Invalid,
            Error::LimitExceeded(_) => ErrorKind::LimitExceeded,
            Error::Corrupt(_) => ErrorKind::Corrupt,
            Error::Unsupported(_) => ErrorKind::Unsupported,
            Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            Error::Io { .. } => ErrorKind::Unavailable,
            Error::Aggregate(e) => e.kind(),
            Error::Encode(_) => ErrorKind::Internal,
        }
    }

    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Error::Invalid(text.into())
    }

    pub(crate) fn encode(error: impl std::fmt::Display) -> Self {
        Error::Encode(error.to_string())
    }

    pub(crate) fn corrupt(text: impl Into<String>) -> Self {
        Error::Corrupt(text.into())
    }
}

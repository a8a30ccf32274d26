//! What can go wrong while an aggregator is read or folded.

pub use dialect::ErrorKind;

/// The crate's error. Messages name the field of the specification at fault.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("aggregator {aggregator:?}: field {field:?} is missing")]
    MissingField { aggregator: String, field: &'static str },
    #[error("aggregator {aggregator:?}: field {field:?} {reason}")]
    InvalidField { aggregator: String, field: String, reason: String },
    #[error("unknown aggregator type {tag:?}")]
    UnknownType { tag: String },
    #[error("aggregator {aggregator:?}: cannot read column {column:?} of type {column_type}")]
    UnsupportedInput { aggregator: String, column: String, column_type: String },
    #[error("Subquery expression returned more than one row")]
    MoreThanOneRow,
    #[error("stored state of {what} is corrupt: {reason}")]
    Corrupt { what: &'static str, reason: String },
    #[error("{what} is over its limit of {limit}")]
    LimitExceeded { what: &'static str, limit: usize },
    #[error("internal: {reason}")]
    Internal { reason: String },
}

impl Error {
    /// The coarse cause.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::MissingField { .. }
            | Error::InvalidField { .. }
            | Error::UnknownType { .. }
            | Error::MoreThanOneRow => ErrorKind::Invalid,
            Error::UnsupportedInput { .. } => ErrorKind::Unsupported,
            Error::Corrupt { .. } => ErrorKind::Corrupt,
            Error::LimitExceeded { .. } => ErrorKind::LimitExceeded,
            Error::Internal { .. } => ErrorKind::Internal,
        }
    }

    pub(crate) fn invalid(aggregator: &str, field: &str, reason: impl Into<String>) -> Error {
        Error::InvalidField { aggregator: aggregator.into(), field: field.into(), reason: reason.into() }
    }

    pub(crate) fn corrupt(what: &'static str, reason: impl Into<String>) -> Error {
        Error::Corrupt { what, reason: reason.into() }
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

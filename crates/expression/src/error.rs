//! What can be wrong with a filter, an expression or an extraction, and what can go wrong while one runs.

use dialect::ErrorKind;

/// Every failure of this crate. Cloneable, so that one failed vector can be reported by whoever asks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The request says something that has no meaning; the text names the field.
    #[error("{0}")]
    Invalid(String),
    /// A name of an open set that nobody answers to.
    #[error("unknown {what} '{name}'")]
    Unknown { what: &'static str, name: String },
    /// Understood, but not done here.
    #[error("{0}")]
    Unsupported(String),
    #[error("{0}")]
    LimitExceeded(String),
    /// The text of an expression cannot be read. `at` counts bytes from 0.
    #[error("expression '{text}': {reason} at character {at}")]
    Syntax { text: String, at: usize, reason: String },
    /// An expression met a value that its function refuses.
    #[error("{function}: {reason}")]
    Evaluation { function: String, reason: String },
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<dialect::Error> for Error {
    fn from(error: dialect::Error) -> Self {
        Error::Invalid(error.to_string())
    }
}

impl Error {
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Invalid(_) | Error::Unknown { .. } | Error::Syntax { .. } | Error::Evaluation { .. } => {
                ErrorKind::Invalid
            }
            Error::Unsupported(_) => ErrorKind::Unsupported,
            Error::LimitExceeded(_) => ErrorKind::LimitExceeded,
        }
    }

    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Error::Invalid(text.into())
    }

    pub(crate) fn unsupported(text: impl Into<String>) -> Self {
        Error::Unsupported(text.into())
    }

    pub(crate) fn limit(text: impl Into<String>) -> Self {
        Error::LimitExceeded(text.into())
    }

    pub(crate) fn evaluation(function: &str, reason: impl Into<String>) -> Self {
        Error::Evaluation { function: function.to_string(), reason: reason.into() }
    }
}

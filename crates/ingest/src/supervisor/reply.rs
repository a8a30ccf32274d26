//! Answers of the supervisor API, before they become HTTP.

use serde_json::{Value, json};

use crate::Error;

/// Status and body of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// What follows it.
    pub body: Body,
}

/// Body of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// `application/json`.
    Json(Value),
    /// `text/plain`.
    Text(String),
    /// Nothing; a success calls it `application/json`.
    Empty,
}

impl Reply {
    /// 200 with JSON.
    pub fn json(body: Value) -> Reply {
        Reply { status: 200, body: Body::Json(body) }
    }

    /// 200 `{"id": ..}`.
    pub(crate) fn id(id: &str) -> Reply {
        Reply::json(json!({ "id": id }))
    }

    /// An error as the overlord shows it.
    pub(crate) fn error(status: u16, message: impl Into<String>) -> Reply {
        Reply { status, body: Body::Json(json!({ "error": message.into() })) }
    }

    /// 404 in plain text.
    pub(crate) fn unknown(id: &str) -> Reply {
        Reply { status: 404, body: Body::Text(format!("Cannot find any supervisor with id: [{id}]")) }
    }
}

impl From<Error> for Reply {
    fn from(error: Error) -> Reply {
        let status = match &error {
            Error::Invalid { .. } | Error::Conflict(_) | Error::LimitExceeded { .. } => 400,
            Error::Incompatible(_) => 409,
            Error::NotFound(_) => 404,
            Error::Unavailable(_) => 503,
            Error::Cancelled(_) | Error::Corrupt(_) | Error::Io { .. } | Error::Internal(_) => 500,
        };
        Reply::error(status, error.to_string())
    }
}

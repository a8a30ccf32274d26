/// Coarse kind of a failure, the same words in every room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path or URL that cannot be meant; names it.
    #[error("invalid {what} [{text}]: {why}")]
    Invalid { what: &'static str, text: String, why: String },
    #[error("[{path}] does not exist")]
    NotFound { path: String },
    /// Something else stands under the name already.
    #[error("[{path}] exists with other content: {detail}")]
    Exists { path: String, detail: String },
    /// Bytes are not those that were written.
    #[error("[{path}] is damaged: {detail}")]
    Corrupt { path: String, detail: String },
    /// The disk or the cache has no room.
    #[error("no room for {needed} bytes at [{path}]")]
    Full { path: String, needed: u64 },
    #[error("[{path}]: {cause}")]
    Io { path: String, cause: std::io::Error },
    #[error("object store at [{path}]: {detail}")]
    Store { path: String, detail: String },
    /// The caller's closure failed while it built a local image.
    #[error("local image of [{path}]: {cause}")]
    Build { path: String, cause: Box<dyn std::error::Error + Send + Sync> },
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Invalid { .. } => ErrorKind::Invalid,
            Error::NotFound { .. } => ErrorKind::NotFound,
            Error::Exists { .. } => ErrorKind::Conflict,
            Error::Corrupt { .. } => ErrorKind::Corrupt,
            Error::Full { .. } => ErrorKind::LimitExceeded,
            Error::Io { .. } | Error::Store { .. } => ErrorKind::Unavailable,
            Error::Build { .. } => ErrorKind::Internal,
        }
    }

    pub(crate) fn io(path: &std::path::Path, cause: std::io::Error) -> Self {
        let path = path.display().to_string();
        match cause.kind() {
            std::io::ErrorKind::NotFound => Error::NotFound { path },
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Error::Full { path, needed: 0 },
            _ => Error::Io { path, cause },
        }
    }
}

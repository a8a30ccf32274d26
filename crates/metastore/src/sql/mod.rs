//! SQLite and PostgreSQL behind the row operations. Statements are put together from names in the
//! code; values are always bound.

mod lock;
mod migrate;
mod postgres;
mod sqlite;
mod statement;

use std::sync::Arc;

use crate::store::{Options, Store};
use crate::{Error, Metastore, Result};

/// Opens the metastore at a URL: `sqlite:PATH` (made when absent, one process at a time) or
/// `postgres://...`. Pending migrations are applied.
///
/// Fails with `Invalid` for another scheme, `InUse` when another process holds the file, `Corrupt` when
/// the file is damaged.
pub async fn open(url: &str, options: Options) -> Result<Arc<dyn Metastore>> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        let database = sqlite::Sqlite::open(std::path::Path::new(path), &options.hook).await?;
        return Ok(Arc::new(Store::new(Box::new(database), options)));
    }
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        let database = postgres::Postgres::open(url, &options.hook).await?;
        return Ok(Arc::new(Store::new(Box::new(database), options)));
    }
    let scheme = url.split(':').next().unwrap_or_default();
    let detail = format!("[{scheme}] is neither sqlite nor postgres");
    Err(Error::Invalid { field: "metastore.url".to_owned(), detail })
}

/// SQLite's codes for a malformed file, a file that is no database, and one that ends too early.
const DAMAGED: &[&str] = &["11", "26", "522"];

/// What a failure of the driver means to a caller.
fn failed(error: sqlx::Error) -> Error {
    let text = error.to_string();
    match &error {
        sqlx::Error::Database(cause) => match cause.kind() {
            sqlx::error::ErrorKind::UniqueViolation
            | sqlx::error::ErrorKind::ForeignKeyViolation
            | sqlx::error::ErrorKind::NotNullViolation
            | sqlx::error::ErrorKind::CheckViolation => Error::Internal(text),
            _ if cause.code().is_some_and(|code| DAMAGED.contains(&code.as_ref())) => Error::Corrupt(text),
            _ => Error::Unavailable(text),
        },
        sqlx::Error::PoolTimedOut => Error::Timeout(text),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
            Error::Internal(text)
        }
        _ => Error::Unavailable(text),
    }
}

#[cfg(test)]
mod tests;

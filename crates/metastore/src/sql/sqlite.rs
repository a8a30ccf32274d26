use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Row as _, TypeInfo as _, ValueRef as _};

use crate::records::{Row, Value};
use crate::sql::lock::FileLock;
use crate::sql::migrate::{self, Migrator};
use crate::sql::{failed, statement::driver};
use crate::store::Hook;
use crate::table::{Backend, Rows};
use crate::{Error, Result};

/// How many reads may run beside the one writer.
const MAX_READERS: u32 = 4;

/// The database in one file. One connection writes, a few read.
pub(super) struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    _lock: FileLock,
}

impl Sqlite {
    pub async fn open(path: &Path, hook: &Hook) -> Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| Error::Unavailable(format!("{}: {error}", folder.display())))?;
        }
        let lock = FileLock::take(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let pool = |connections| {
            SqlitePoolOptions::new()
                .min_connections(1)
                .max_connections(connections)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let writer = pool(1).connect_with(options.clone()).await.map_err(damaged)?;
        let verdict: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&writer).await.map_err(damaged)?;
        if verdict != "ok" {
            return Err(Error::Corrupt(format!("{}: {verdict}", path.display())));
        }
        migrate::run(&Steps(writer.clone()), hook).await?;
        let readers = pool(MAX_READERS).connect_with(options).await.map_err(failed)?;
        Ok(Self { writer, readers, _lock: lock })
    }
}

/// While a file is opened, what SQLite cannot make sense of is damage.
fn damaged(error: sqlx::Error) -> Error {
    match failed(error) {
        Error::Internal(text) => Error::Corrupt(text),
        other => other,
    }
}

struct Steps(SqlitePool);

#[async_trait]
impl Migrator for Steps {
    async fn run(&self, statements: &[&'static str]) -> Result<()> {
        let mut open = self.0.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        for statement in statements {
            sqlx::query(*statement).execute(&mut *open).await.map_err(failed)?;
        }
        open.commit().await.map_err(failed)
    }

    async fn version(&self) -> Result<i64> {
        sqlx::query_scalar(migrate::VERSION).fetch_one(&self.0).await.map_err(failed)
    }

    async fn note(&self, version: i64, statements: &[&'static str], hook: &Hook) -> Result<()> {
        let mut open = self.0.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        for statement in statements {
            sqlx::query(*statement).execute(&mut *open).await.map_err(failed)?;
        }
        hook("M5");
        sqlx::query(migrate::NOTE).bind(version).execute(&mut *open).await.map_err(failed)?;
        open.commit().await.map_err(failed)
    }
}

pub(super) struct Transaction {
    open: sqlx::Transaction<'static, sqlx::Sqlite>,
}

#[async_trait]
impl Backend for Sqlite {
    async fn begin(&self, write: bool) -> Result<Box<dyn Rows>> {
        let open = match write {
            true => self.writer.begin_with("BEGIN IMMEDIATE").await,
            false => self.readers.begin().await,
        };
        Ok(Box::new(Transaction { open: open.map_err(failed)? }))
    }
}

fn cells(row: &SqliteRow) -> Result<Row> {
    let cell = |at: usize| {
        let raw = row.try_get_raw(at).map_err(failed)?;
        match (raw.is_null(), raw.type_info().name()) {
            (true, _) => Ok(Value::Null),
            (false, "INTEGER") => row.try_get(at).map(Value::Int).map_err(failed),
            (false, "TEXT") => row.try_get(at).map(Value::Text).map_err(failed),
            (false, other) => Err(Error::Corrupt(format!("column {at} holds {other}"))),
        }
    };
    (0..row.len()).map(cell).collect()
}

driver!(sqlx::Sqlite, SqliteRow);

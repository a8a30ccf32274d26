use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::{Row as _, TypeInfo as _, ValueRef as _};

use crate::records::{Row, Value};
use crate::sql::migrate::{self, Migrator};
use crate::sql::{failed, statement::driver};
use crate::store::Hook;
use crate::table::{Backend, Rows};
use crate::{Error, Result};

/// Writers follow one another as in SQLite: every writing transaction takes this lock first.
const WRITE_LOCK: &str = "SELECT pg_advisory_xact_lock(7164953316)";
/// A client that dies or hangs gives up its transaction within a lease.
const LIMITS: &str = "SET LOCAL statement_timeout = '8s'";
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

pub(super) struct Postgres {
    pool: PgPool,
}

impl Postgres {
    pub async fn open(url: &str, hook: &Hook) -> Result<Self> {
        let options = PgConnectOptions::from_str(url).map_err(|error| {
            let (field, detail) = ("metastore.url".to_owned(), error.to_string());
            Error::Invalid { field, detail }
        })?;
        let options =
            options.options([("idle_in_transaction_session_timeout", "8000"), ("client_min_messages", "warning")]);
        let pool = PgPoolOptions::new().max_connections(8).acquire_timeout(Duration::from_secs(8));
        let pool = pool.connect_with(options).await.map_err(failed)?;
        migrate::run(&Steps(pool.clone()), hook).await?;
        Ok(Self { pool })
    }
}

struct Steps(PgPool);

async fn locked(pool: &PgPool) -> Result<sqlx::Transaction<'static, sqlx::Postgres>> {
    let mut open = pool.begin().await.map_err(failed)?;
    sqlx::query(LIMITS).execute(&mut *open).await.map_err(failed)?;
    sqlx::query(WRITE_LOCK).execute(&mut *open).await.map_err(failed)?;
    Ok(open)
}

#[async_trait]
impl Migrator for Steps {
    async fn run(&self, statements: &[&'static str]) -> Result<()> {
        let mut open = locked(&self.0).await?;
        for statement in statements {
            sqlx::query(*statement).execute(&mut *open).await.map_err(failed)?;
        }
        open.commit().await.map_err(failed)
    }

    async fn version(&self) -> Result<i64> {
        sqlx::query_scalar(migrate::VERSION).fetch_one(&self.0).await.map_err(failed)
    }

    async fn note(&self, version: i64, statements: &[&'static str], hook: &Hook) -> Result<()> {
        let mut open = locked(&self.0).await?;
        let now: i64 = sqlx::query_scalar(migrate::VERSION).fetch_one(&mut *open).await.map_err(failed)?;
        if now >= version {
            return Ok(());
        }
        for statement in statements {
            sqlx::query(*statement).execute(&mut *open).await.map_err(failed)?;
        }
        hook("M5");
        sqlx::query(migrate::NOTE).bind(version).execute(&mut *open).await.map_err(failed)?;
        open.commit().await.map_err(failed)
    }
}

pub(super) struct Transaction {
    open: sqlx::Transaction<'static, sqlx::Postgres>,
}

#[async_trait]
impl Backend for Postgres {
    async fn begin(&self, write: bool) -> Result<Box<dyn Rows>> {
        let open = match write {
            true => locked(&self.pool).await?,
            false => self.pool.begin_with(BEGIN_READ).await.map_err(failed)?,
        };
        Ok(Box::new(Transaction { open }))
    }
}

fn cells(row: &PgRow) -> Result<Row> {
    let cell = |at: usize| {
        let raw = row.try_get_raw(at).map_err(failed)?;
        match (raw.is_null(), raw.type_info().name()) {
            (true, _) => Ok(Value::Null),
            (false, "INT8") => row.try_get(at).map(Value::Int).map_err(failed),
            (false, "TEXT") => row.try_get(at).map(Value::Text).map_err(failed),
            (false, other) => Err(Error::Corrupt(format!("column {at} holds {other}"))),
        }
    };
    (0..row.len()).map(cell).collect()
}

driver!(sqlx::Postgres, PgRow);

//! Numbered steps of the schema; each is one transaction with its number.

use async_trait::async_trait;

use crate::store::Hook;
use crate::{Error, Result};

/// Numbered from 1. A step that was released is never edited.
const STEPS: &[&str] = &[include_str!("migrations/0001_facts.sql")];

const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT PRIMARY KEY)";
pub(super) const VERSION: &str = "SELECT COALESCE(MAX(version), 0) FROM schema_versions";
pub(super) const NOTE: &str = "INSERT INTO schema_versions (version) VALUES ($1)";

#[async_trait]
pub(super) trait Migrator: Sync {
    /// Runs statements in one transaction.
    async fn run(&self, statements: &[&'static str]) -> Result<()>;
    async fn version(&self) -> Result<i64>;
    /// Runs a step and notes its number in one transaction, which passes the crash point `M5` half way.
    async fn note(&self, version: i64, statements: &[&'static str], hook: &Hook) -> Result<()>;
}

/// Statements of a step: each ends with a semicolon at the end of a line.
fn statements(step: &'static str) -> Vec<&'static str> {
    step.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()).collect()
}

pub(super) async fn run(to: &dyn Migrator, hook: &Hook) -> Result<()> {
    to.run(&[VERSIONS]).await?;
    let current = to.version().await?;
    let newest = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    if current > newest {
        let detail = format!("the database has schema {current}, this program knows {newest}");
        return Err(Error::Invalid { field: "metastore.url".to_owned(), detail });
    }
    for (version, step) in (1..).zip(STEPS) {
        if version > current {
            to.note(version, &statements(step), hook).await?;
        }
    }
    Ok(())
}

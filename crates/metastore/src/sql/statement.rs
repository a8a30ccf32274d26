//! The text of statements. Names come from the code and are quoted, values are numbered and bound.

use std::fmt::Write;

use crate::records::{Row, Value};
use crate::table::{Filter, Op, Table, Test};

/// A statement and what is bound to it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Statement {
    pub text: String,
    pub values: Vec<Value>,
}

/// Rows of one INSERT stay below every limit on bound values.
pub(super) const MAX_BOUND: usize = 10_000;

impl Statement {
    /// An absent value is written out: bound, it would need the type of its column.
    fn bind(&mut self, value: &Value) {
        if *value == Value::Null {
            return self.text.push_str("NULL");
        }
        self.values.push(value.clone());
        // Writing to a String cannot fail.
        let _ = write!(self.text, "${}", self.values.len());
    }

    fn bind_all(&mut self, values: &[Value]) {
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                self.text.push_str(", ");
            }
            self.bind(value);
        }
    }

    fn test(&mut self, test: &Test) {
        let _ = write!(self.text, "\"{}\" ", test.column);
        let operator = match test.op {
            Op::Eq => "= ",
            Op::Ne => "<> ",
            Op::Lt => "< ",
            Op::Le => "<= ",
            Op::Gt => "> ",
            Op::Ge => ">= ",
            Op::Null => return self.text.push_str("IS NULL"),
            Op::NotNull => return self.text.push_str("IS NOT NULL"),
            Op::In => {
                self.text.push_str("IN (");
                self.bind_all(&test.values);
                return self.text.push(')');
            }
        };
        self.text.push_str(operator);
        self.bind_all(&test.values);
    }

    fn filter(&mut self, filter: &Filter) {
        for (at, test) in filter.tests.iter().enumerate() {
            self.text.push_str(if at == 0 { " WHERE " } else { " AND " });
            // No value is in an empty list, and an empty list is no SQL.
            if test.op == Op::In && test.values.is_empty() {
                self.text.push_str("1 = 0");
            } else {
                self.test(test);
            }
        }
    }
}

fn names(columns: &[&str]) -> String {
    columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ")
}

pub(super) fn select(table: Table, filter: &Filter) -> Statement {
    let text = format!("SELECT {} FROM \"{}\"", names(table.columns), table.name);
    let mut statement = Statement { text, values: Vec::new() };
    statement.filter(filter);
    for (at, (column, descends)) in filter.order.iter().enumerate() {
        let word = if at == 0 { " ORDER BY " } else { ", " };
        let _ = write!(statement.text, "{word}\"{column}\"{}", if *descends { " DESC" } else { "" });
    }
    if let Some(limit) = filter.limit {
        let _ = write!(statement.text, " LIMIT {limit}");
    }
    statement
}

/// One statement per batch of rows.
pub(super) fn insert(table: Table, rows: &[Row]) -> Vec<Statement> {
    let batch = (MAX_BOUND / table.columns.len().max(1)).max(1);
    rows.chunks(batch).map(|rows| insert_batch(table, rows)).collect()
}

fn insert_batch(table: Table, rows: &[Row]) -> Statement {
    let text = format!("INSERT INTO \"{}\" ({}) VALUES ", table.name, names(table.columns));
    let mut statement = Statement { text, values: Vec::new() };
    for (at, row) in rows.iter().enumerate() {
        statement.text.push_str(if at == 0 { "(" } else { ", (" });
        statement.bind_all(row);
        statement.text.push(')');
    }
    statement
}

pub(super) fn update(table: Table, set: &[(&'static str, Value)], filter: &Filter) -> Statement {
    let mut statement = Statement { text: format!("UPDATE \"{}\" SET ", table.name), values: Vec::new() };
    for (at, (column, value)) in set.iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        let _ = write!(statement.text, "{comma}\"{column}\" = ");
        statement.bind(value);
    }
    statement.filter(filter);
    statement
}

pub(super) fn delete(table: Table, filter: &Filter) -> Statement {
    let mut statement = Statement { text: format!("DELETE FROM \"{}\"", table.name), values: Vec::new() };
    statement.filter(filter);
    statement
}

/// Runs statements on a connection of either driver.
macro_rules! driver {
    ($database:ty, $row:ty) => {
        fn bound(
            statement: &$crate::sql::statement::Statement,
        ) -> sqlx::query::Query<'static, $database, <$database as sqlx::Database>::Arguments> {
            let text = sqlx::AssertSqlSafe(statement.text.clone());
            let mut query = sqlx::query::<$database>(text);
            for value in &statement.values {
                query = match value {
                    $crate::records::Value::Null => query.bind(None::<i64>),
                    $crate::records::Value::Int(number) => query.bind(*number),
                    $crate::records::Value::Text(text) => query.bind(text.clone()),
                };
            }
            query
        }

        #[async_trait::async_trait]
        impl $crate::table::Rows for Transaction {
            async fn select(
                &mut self,
                table: $crate::table::Table,
                filter: &$crate::table::Filter,
            ) -> $crate::Result<Vec<$crate::records::Row>> {
                let statement = $crate::sql::statement::select(table, filter);
                let rows: Vec<$row> =
                    bound(&statement).fetch_all(&mut *self.open).await.map_err($crate::sql::failed)?;
                rows.iter().map(cells).collect()
            }

            async fn insert(
                &mut self,
                table: $crate::table::Table,
                rows: Vec<$crate::records::Row>,
            ) -> $crate::Result<()> {
                for statement in $crate::sql::statement::insert(table, &rows) {
                    bound(&statement).execute(&mut *self.open).await.map_err($crate::sql::failed)?;
                }
                Ok(())
            }

            async fn update(
                &mut self,
                table: $crate::table::Table,
                set: Vec<(&'static str, $crate::records::Value)>,
                filter: &$crate::table::Filter,
            ) -> $crate::Result<u64> {
                let statement = $crate::sql::statement::update(table, &set, filter);
                let done = bound(&statement).execute(&mut *self.open).await.map_err($crate::sql::failed)?;
                Ok(done.rows_affected())
            }

            async fn delete(
                &mut self,
                table: $crate::table::Table,
                filter: &$crate::table::Filter,
            ) -> $crate::Result<u64> {
                let statement = $crate::sql::statement::delete(table, filter);
                let done = bound(&statement).execute(&mut *self.open).await.map_err($crate::sql::failed)?;
                Ok(done.rows_affected())
            }

            async fn commit(self: Box<Self>) -> $crate::Result<()> {
                self.open.commit().await.map_err($crate::sql::failed)
            }
        }
    };
}

pub(super) use driver;

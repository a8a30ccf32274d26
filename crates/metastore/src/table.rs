//! What a database must be able to do: four row operations inside one transaction. Every guard and
//! every effect is written once above them.

use async_trait::async_trait;

use crate::records::{Field, Record, Row, Value};
use crate::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Null,
    NotNull,
    /// One of the values.
    In,
}

#[derive(Debug, Clone)]
pub(crate) struct Test {
    pub column: &'static str,
    pub op: Op,
    pub values: Vec<Value>,
}

/// Which rows, in which order, how many. Columns are names from the code, values are always bound.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub tests: Vec<Test>,
    /// Column and whether it descends.
    pub order: Vec<(&'static str, bool)>,
    pub limit: Option<u32>,
}

impl Filter {
    pub fn all() -> Self {
        Self::default()
    }

    fn with(mut self, column: &'static str, op: Op, values: Vec<Value>) -> Self {
        self.tests.push(Test { column, op, values });
        self
    }

    pub fn eq(self, column: &'static str, value: impl Field) -> Self {
        self.with(column, Op::Eq, vec![value.put()])
    }

    pub fn eq_text(self, column: &'static str, value: &str) -> Self {
        self.with(column, Op::Eq, vec![Value::Text(value.to_owned())])
    }

    pub fn ne(self, column: &'static str, value: impl Field) -> Self {
        self.with(column, Op::Ne, vec![value.put()])
    }

    pub fn lt(self, column: &'static str, value: impl Field) -> Self {
        self.with(column, Op::Lt, vec![value.put()])
    }

    pub fn le(self, column: &'static str, value: impl Field) -> Self {
        self.with(column, Op::Le, vec![value.put()])
    }

    pub fn gt(self, column: &'static str, value: impl Field) -> Self {
        self.with(column, Op::Gt, vec![value.put()])
    }

    pub fn ge(self, column: &'static str, value: impl Field) -> Self {
        self.with(column, Op::Ge, vec![value.put()])
    }

    pub fn null(self, column: &'static str) -> Self {
        self.with(column, Op::Null, Vec::new())
    }

    pub fn not_null(self, column: &'static str) -> Self {
        self.with(column, Op::NotNull, Vec::new())
    }

    pub fn one_of<T: Field>(self, column: &'static str, values: impl IntoIterator<Item = T>) -> Self {
        let values = values.into_iter().map(|value| value.put()).collect();
        self.with(column, Op::In, values)
    }

    pub fn up(mut self, column: &'static str) -> Self {
        self.order.push((column, false));
        self
    }

    pub fn down(mut self, column: &'static str) -> Self {
        self.order.push((column, true));
        self
    }

    pub fn limit(mut self, rows: u32) -> Self {
        self.limit = Some(rows);
        self
    }

    /// The row with the primary key of `record`.
    fn key_of<R: Record>(record: &R) -> Self {
        let keys = R::COLUMNS.iter().zip(record.to_row()).take(R::KEYS);
        keys.fold(Self::all(), |filter, (column, value)| filter.with(column, Op::Eq, vec![value]))
    }
}

/// Name and columns of a table; the first `keys` columns are its primary key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub name: &'static str,
    pub columns: &'static [&'static str],
    pub keys: usize,
}

pub(crate) const fn table<R: Record>() -> Table {
    Table { name: R::TABLE, columns: R::COLUMNS, keys: R::KEYS }
}

/// One open transaction. Dropped without `commit`, it leaves nothing behind.
#[async_trait]
pub(crate) trait Rows: Send {
    async fn select(&mut self, table: Table, filter: &Filter) -> Result<Vec<Row>>;
    /// Fails with `Internal` when a key is there already.
    async fn insert(&mut self, table: Table, rows: Vec<Row>) -> Result<()>;
    async fn update(&mut self, table: Table, set: Vec<(&'static str, Value)>, filter: &Filter) -> Result<u64>;
    async fn delete(&mut self, table: Table, filter: &Filter) -> Result<u64>;
    async fn commit(self: Box<Self>) -> Result<()>;
}

/// A database.
#[async_trait]
pub(crate) trait Backend: Send + Sync {
    /// Opens a transaction that sees one state. Writers follow one another.
    async fn begin(&self, write: bool) -> Result<Box<dyn Rows>>;
}

/// A transaction in terms of records, with the time of the database.
pub(crate) struct Tx {
    rows: Box<dyn Rows>,
    pub now: i64,
}

impl Tx {
    pub fn new(rows: Box<dyn Rows>, now: i64) -> Self {
        Self { rows, now }
    }

    pub async fn commit(self) -> Result<()> {
        self.rows.commit().await
    }

    pub async fn find<R: Record>(&mut self, filter: Filter) -> Result<Vec<R>> {
        let rows = self.rows.select(table::<R>(), &filter).await?;
        rows.into_iter().map(R::from_row).collect()
    }

    pub async fn one<R: Record>(&mut self, filter: Filter) -> Result<Option<R>> {
        Ok(self.find(filter.limit(1)).await?.pop())
    }

    pub async fn add<R: Record>(&mut self, records: &[R]) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let rows = records.iter().map(Record::to_row).collect();
        self.rows.insert(table::<R>(), rows).await
    }

    /// Writes every column of a record that is there.
    pub async fn save<R: Record>(&mut self, record: &R) -> Result<()> {
        let set = R::COLUMNS.iter().copied().zip(record.to_row()).skip(R::KEYS).collect();
        let changed = self.rows.update(table::<R>(), set, &Filter::key_of(record)).await?;
        if changed == 1 {
            return Ok(());
        }
        Err(Error::Internal(format!("{} rows of {} changed, not one", changed, R::TABLE)))
    }

    /// Writes a record whether or not it is there.
    pub async fn put<R: Record>(&mut self, record: &R) -> Result<()> {
        let there: Option<R> = self.one(Filter::key_of(record)).await?;
        match there {
            Some(_) => self.save(record).await,
            None => self.add(std::slice::from_ref(record)).await,
        }
    }

    pub async fn remove<R: Record>(&mut self, filter: Filter) -> Result<u64> {
        self.rows.delete(table::<R>(), &filter).await
    }
}

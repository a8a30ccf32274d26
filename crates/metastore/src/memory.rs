use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::records::{Row, Value};
use crate::store::{Options, Store};
use crate::table::{Backend, Filter, Op, Rows, Table, Test};
use crate::{Error, Metastore, Result};

pub(crate) type Tables = HashMap<&'static str, BTreeMap<Row, Row>>;

/// A metastore that lives as long as the process, for tests and simulation.
pub fn memory(options: Options) -> Arc<dyn Metastore> {
    Arc::new(Store::new(Box::new(Memory::default()), options))
}

/// Tables behind one lock; a transaction works on copies of those it touches. Clones share the tables.
#[derive(Default, Clone)]
pub(crate) struct Memory {
    tables: Arc<Mutex<Tables>>,
}

impl Memory {
    /// A copy of every row, to be put back with `restore`.
    pub async fn image(&self) -> Tables {
        self.tables.lock().await.clone()
    }

    pub async fn restore(&self, image: Tables) {
        *self.tables.lock().await = image;
    }
}

struct Transaction {
    tables: OwnedMutexGuard<Tables>,
    changed: Tables,
}

#[async_trait]
impl Backend for Memory {
    async fn begin(&self, _write: bool) -> Result<Box<dyn Rows>> {
        let tables = Arc::clone(&self.tables).lock_owned().await;
        Ok(Box::new(Transaction { tables, changed: Tables::new() }))
    }
}

fn position(table: Table, column: &str) -> Result<usize> {
    let found = table.columns.iter().position(|known| *known == column);
    found.ok_or_else(|| Error::Internal(format!("table {} has no column {column}", table.name)))
}

/// As SQL does: a comparison with an absent cell is never true.
fn passes(cell: &Value, test: &Test) -> bool {
    let present = *cell != Value::Null;
    let first = test.values.first();
    match test.op {
        Op::Null => !present,
        Op::NotNull => present,
        Op::In => present && test.values.contains(cell),
        Op::Eq => present && first == Some(cell),
        Op::Ne => present && first != Some(cell),
        Op::Lt => present && first.is_some_and(|value| cell < value),
        Op::Le => present && first.is_some_and(|value| cell <= value),
        Op::Gt => present && first.is_some_and(|value| cell > value),
        Op::Ge => present && first.is_some_and(|value| cell >= value),
    }
}

impl Transaction {
    fn table(&self, table: Table) -> Option<&BTreeMap<Row, Row>> {
        self.changed.get(table.name).or_else(|| self.tables.get(table.name))
    }

    fn table_mut(&mut self, table: Table) -> &mut BTreeMap<Row, Row> {
        let committed = &self.tables;
        self.changed.entry(table.name).or_insert_with(|| committed.get(table.name).cloned().unwrap_or_default())
    }

    fn matching(&self, table: Table, filter: &Filter) -> Result<Vec<Row>> {
        let mut tests = Vec::with_capacity(filter.tests.len());
        for test in &filter.tests {
            tests.push((position(table, test.column)?, test));
        }
        let rows = self.table(table).into_iter().flat_map(BTreeMap::values);
        Ok(rows.filter(|row| tests.iter().all(|(at, test)| passes(&row[*at], test))).cloned().collect())
    }
}

#[async_trait]
impl Rows for Transaction {
    async fn select(&mut self, table: Table, filter: &Filter) -> Result<Vec<Row>> {
        let mut rows = self.matching(table, filter)?;
        for (column, descends) in filter.order.iter().rev() {
            let at = position(table, column)?;
            rows.sort_by(|a, b| if *descends { b[at].cmp(&a[at]) } else { a[at].cmp(&b[at]) });
        }
        if let Some(limit) = filter.limit {
            rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        Ok(rows)
    }

    async fn insert(&mut self, table: Table, rows: Vec<Row>) -> Result<()> {
        let into = self.table_mut(table);
        for row in rows {
            let key = row[..table.keys].to_vec();
            if into.insert(key, row).is_some() {
                return Err(Error::Internal(format!("a key of {} is there already", table.name)));
            }
        }
        Ok(())
    }

    async fn update(&mut self, table: Table, set: Vec<(&'static str, Value)>, filter: &Filter) -> Result<u64> {
        let matching = self.matching(table, filter)?;
        let changed = matching.len();
        for mut row in matching {
            for (column, value) in &set {
                row[position(table, column)?] = value.clone();
            }
            self.table_mut(table).insert(row[..table.keys].to_vec(), row);
        }
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    async fn delete(&mut self, table: Table, filter: &Filter) -> Result<u64> {
        let matching = self.matching(table, filter)?;
        for row in &matching {
            self.table_mut(table).remove(&row[..table.keys]);
        }
        Ok(u64::try_from(matching.len()).unwrap_or(u64::MAX))
    }

    async fn commit(mut self: Box<Self>) -> Result<()> {
        let changed = std::mem::take(&mut self.changed);
        self.tables.extend(changed);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use timeline::{ManualClock, SeededRandom};

    use super::*;
    use crate::conformance::{CASES, World};

    #[tokio::test]
    async fn conforms() {
        for (name, case) in CASES {
            println!("{name}");
            let clock = Arc::new(ManualClock::new(crate::conformance::START));
            let store = memory(Options::new(clock.clone(), Arc::new(SeededRandom::new(1))));
            case(World::new(store, clock).await).await;
        }
    }
}

//! A table that joins may hold in memory as their right side. Elsewhere it is a table like any other.

use std::sync::Arc;

use expression::Environment;
use serde_json::json;

use super::query::Inner;
use super::{Asked, Source, table};
use crate::exec::ExecContext;
use crate::fields::Fields;
use crate::plan::Scope;
use crate::{Query, Result, Sources};

#[derive(Debug)]
struct GlobalTable {
    name: String,
    table: Arc<dyn Source>,
}

pub(super) fn parse(fields: &Fields<'_>, _: &Environment) -> Result<Arc<dyn Source>> {
    let name = fields.require_text("name")?;
    Ok(Arc::new(GlobalTable { table: table::named(name.clone()), name }))
}

impl Source for GlobalTable {
    fn tables(&self, names: &mut Vec<String>) {
        self.table.tables(names);
    }

    fn resolve(&self, asked: &Asked<'_>, sources: &dyn Sources, exec: &ExecContext) -> Result<Scope> {
        self.table.resolve(asked, sources, exec)
    }

    fn is_table(&self) -> bool {
        true
    }

    /// All of its rows, as many as a subquery may give.
    fn as_right(self: Arc<Self>, env: &Environment) -> Result<Arc<dyn Source>> {
        let all = timeline::Interval::ETERNITY.to_string();
        let query = json!({"queryType": "scan", "dataSource": self.name, "intervals": [all]});
        Ok(Arc::new(Inner(Query::from_value(query, env)?)))
    }
}

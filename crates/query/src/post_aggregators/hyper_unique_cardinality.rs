//! `hyperUniqueCardinality`: the estimate of a hyperUnique or cardinality state.

use std::sync::Arc;

use ::expression::Environment;

use super::{PostAggregator, column};
use crate::Result;
use crate::fields::Fields;
use crate::finalize::{Table, Values};

#[derive(Debug)]
struct HyperUniqueCardinality(String);

pub(super) fn parse(fields: &Fields<'_>, _: &Environment) -> Result<Arc<dyn PostAggregator>> {
    Ok(Arc::new(HyperUniqueCardinality(fields.require_text("fieldName")?)))
}

impl PostAggregator for HyperUniqueCardinality {
    fn columns(&self) -> Vec<String> {
        vec![self.0.clone()]
    }

    fn values(&self, rows: &Table) -> Result<Values> {
        column(rows, &self.0)?.finalized()
    }
}

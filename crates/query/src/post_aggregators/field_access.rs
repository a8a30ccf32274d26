//! `fieldAccess`: another column as it is, states not finalized.

use std::sync::Arc;

use ::expression::Environment;

use super::{PostAggregator, column};
use crate::Result;
use crate::fields::Fields;
use crate::finalize::{Table, Values};

#[derive(Debug)]
struct FieldAccess(String);

pub(super) fn parse(fields: &Fields<'_>, _: &Environment) -> Result<Arc<dyn PostAggregator>> {
    Ok(Arc::new(FieldAccess(fields.require_text("fieldName")?)))
}

impl PostAggregator for FieldAccess {
    fn columns(&self) -> Vec<String> {
        vec![self.0.clone()]
    }

    fn field_accessed(&self) -> Option<&str> {
        Some(&self.0)
    }

    fn values(&self, rows: &Table) -> Result<Values> {
        column(rows, &self.0)?.clone().plain()
    }
}

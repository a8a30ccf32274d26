//! What happens to parsed rows before they are folded: computed columns, the row filter, windows of
//! time.

mod windows;

pub use windows::Windows;

use crate::parse::ParsedBatch;
use crate::parse::layout::Layout;
use crate::spec::DataSchema;
use crate::{Error, Result};

/// Computes the transforms of a schema, and decides which rows are kept and which metric counts them.
#[derive(Debug)]
pub(crate) struct Transformer {}

impl Transformer {
    /// `None` when there is nothing to do.
    pub(crate) fn new(schema: &DataSchema, _: &mut Layout) -> Result<Option<Transformer>> {
        if schema.transform.is_empty() && schema.metrics.iter().all(|metric| metric.filter.is_none()) {
            return Ok(None);
        }
        Err(Error::invalid("dataSchema.transformSpec", "transforms and filters are not supported"))
    }

    pub(crate) fn apply(&self, _: &mut ParsedBatch) {}
}

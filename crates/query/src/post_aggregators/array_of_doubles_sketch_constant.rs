//! `arrayOfDoublesSketchConstant`: the same tuple sketch in every row.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::AggregatorSpec;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{PostAggregator, tuples};
use crate::fields::Fields;
use crate::finalize::{Table, Values};
use crate::{Error, Result};

#[derive(Debug)]
struct Constant {
    bytes: Vec<u8>,
    spec: Arc<dyn AggregatorSpec>,
}

pub(super) fn parse(fields: &Fields<'_>, _: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let wrong = |error: String| Error::invalid(format!("'value' of arrayOfDoublesSketchConstant: {error}"));
    let bytes = STANDARD.decode(fields.require_text("value")?).map_err(|error| wrong(error.to_string()))?;
    let sketch = tuples::decode(&bytes).map_err(|error| wrong(error.to_string()))?;
    Ok(Arc::new(Constant { bytes, spec: tuples::spec(tuples::ENTRIES, sketch.num_values())? }))
}

impl PostAggregator for Constant {
    fn columns(&self) -> Vec<String> {
        Vec::new()
    }

    fn values(&self, rows: &Table) -> Result<Values> {
        Ok(tuples::states(vec![self.bytes.clone(); rows.num_rows()], &self.spec))
    }
}

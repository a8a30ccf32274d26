//! `stddev`: the standard deviation, out of a variance.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::variance::Variance;
use arrow_array::{BinaryArray, Float64Array};

use super::{PostAggregator, column};
use crate::fields::Fields;
use crate::finalize::{Table, Values};
use crate::{Error, Result};

#[derive(Debug)]
struct Stddev {
    field: String,
    is_population: bool,
}

pub(super) fn parse(fields: &Fields<'_>, _: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let estimator = fields.text("estimator")?;
    let is_population = estimator.is_some_and(|estimator| estimator.eq_ignore_ascii_case("population"));
    Ok(Arc::new(Stddev { field: fields.require_text("fieldName")?, is_population }))
}

impl PostAggregator for Stddev {
    fn columns(&self) -> Vec<String> {
        vec![self.field.clone()]
    }

    fn values(&self, rows: &Table) -> Result<Values> {
        let none = || Error::invalid(format!("stddev reads '{}', which is no variance", self.field));
        let Values::State { states, spec } = column(rows, &self.field)? else { return Err(none()) };
        let states = states.as_any().downcast_ref::<BinaryArray>();
        let states = states.filter(|_| spec.type_tag().starts_with("variance")).ok_or_else(none)?;
        let deviation = |bytes: Option<&[u8]>| -> Result<Option<f64>> {
            let state = bytes.map_or(Ok(Variance::default()), Variance::decode)?;
            Ok(state.variance(self.is_population).map(f64::sqrt))
        };
        Ok(Values::Double(states.iter().map(deviation).collect::<Result<Float64Array>>()?))
    }
}

//! `arrayOfDoublesSketchToMetricsSumEstimate`: the sum of each number over all keys.

use std::sync::Arc;

use ::expression::Environment;

use super::{PostAggregator, sketch, tuples};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let sums = |bytes: &[u8]| {
        let sketch = tuples::decode(bytes)?;
        let mut sums = vec![0.0; sketch.num_values()];
        for (_, values) in sketch.entries() {
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        }
        Ok(sketch::numbers(sums.into_iter().map(|sum| sum / sketch.fraction())))
    };
    sketch::over(fields, env, sketch::Apply::Json(Box::new(sums)))
}

//! `zscore2sample`: by how many standard errors the rates of success of two samples differ.

use std::sync::Arc;

use ::expression::Environment;
use arrow_array::Float64Array;

use super::{PostAggregator, columns_of, operand};
use crate::fields::Fields;
use crate::finalize::{Table, Values};
use crate::{Error, Result};

const OPERANDS: [&str; 4] = ["successCount1", "sample1Size", "successCount2", "sample2Size"];

/// The operands, in that order.
#[derive(Debug)]
struct ZScore(Vec<Arc<dyn PostAggregator>>);

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    Ok(Arc::new(ZScore(OPERANDS.iter().map(|name| operand(fields, name, env)).collect::<Result<_>>()?)))
}

impl PostAggregator for ZScore {
    fn columns(&self) -> Vec<String> {
        columns_of(&self.0)
    }

    fn values(&self, rows: &Table) -> Result<Values> {
        let columns: Vec<Values> = self.0.iter().map(|operand| operand.values(rows)).collect::<Result<_>>()?;
        let score = |row| {
            let numbers: Option<Vec<f64>> = columns.iter().map(|column| column.double(row)).collect();
            let Some(&[successes_1, size_1, successes_2, size_2]) = numbers.as_deref() else { return Ok(None) };
            if successes_1 > size_1 || successes_2 > size_2 || successes_1.min(successes_2) < 0.0 {
                return Err(Error::invalid(
                    "zscore2sample: a sample has no more successes than its size, and none below 0",
                ));
            }
            Ok(Some(z_score(successes_1 / size_1, size_1, successes_2 / size_2, size_2)))
        };
        Ok(Values::Double((0..rows.num_rows()).map(score).collect::<Result<Float64Array>>()?))
    }
}

fn z_score(rate_1: f64, size_1: f64, rate_2: f64, size_2: f64) -> f64 {
    let error = rate_1 * (1.0 - rate_1) / size_1 + rate_2 * (1.0 - rate_2) / size_2;
    (rate_1 - rate_2) / error.sqrt()
}

#[cfg(test)]
mod tests {
    use super::z_score;

    #[test]
    fn rates_of_two_samples() {
        assert!((z_score(0.3, 1000.0, 0.25, 1200.0) - 2.612_65).abs() < 1e-4);
        assert_eq!(z_score(0.25, 500.0, 0.25, 900.0), 0.0);
        assert!(z_score(0.2, 100.0, 0.4, 100.0) < 0.0);
    }
}

//! `pvalue2tailedZtest`: how likely a z-score at least as far from 0 is by chance.

use std::sync::Arc;

use ::expression::Environment;
use arrow_array::Float64Array;

use super::{PostAggregator, operand};
use crate::Result;
use crate::fields::Fields;
use crate::finalize::{Table, Values};

#[derive(Debug)]
struct PValue(Arc<dyn PostAggregator>);

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    Ok(Arc::new(PValue(operand(fields, "zScore", env)?)))
}

impl PostAggregator for PValue {
    fn columns(&self) -> Vec<String> {
        self.0.columns()
    }

    fn values(&self, rows: &Table) -> Result<Values> {
        let scores = self.0.values(rows)?;
        let values = (0..rows.num_rows()).map(|row| scores.double(row).map(two_tailed));
        Ok(Values::Double(values.collect::<Float64Array>()))
    }
}

/// Twice the mass of the normal distribution beyond the score.
fn two_tailed(score: f64) -> f64 {
    let x = score.abs() / std::f64::consts::SQRT_2;
    if x.is_nan() {
        return f64::NAN;
    }
    if x < 2.5 { 1.0 - error_function(x) } else { complement(x) }
}

/// By its series, which converges fast for small numbers.
fn error_function(x: f64) -> f64 {
    let mut term = x;
    let mut sum = x;
    for number in 1..200 {
        term *= 2.0 * x * x / (2.0 * f64::from(number) + 1.0);
        sum += term;
        if term < sum * f64::EPSILON {
            break;
        }
    }
    sum * std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp()
}

/// What the error function lacks to 1, by its continued fraction from the end.
fn complement(x: f64) -> f64 {
    let tail = (1..=60).rev().fold(0.0, |tail, number| f64::from(number) / 2.0 / (x + tail));
    (-x * x).exp() / (x + tail) * std::f64::consts::FRAC_2_SQRT_PI / 2.0
}

#[cfg(test)]
mod tests {
    use super::two_tailed;

    #[test]
    fn values_of_the_tables() {
        let table = [
            (0.0, 1.0),
            (1.0, 0.317_310_507_862_914_1),
            (-1.959_963_984_540_054, 0.05),
            (3.0, 0.002_699_796_063_260_189),
            (3.6, 0.000_318_217_180_315_068),
            (6.0, 1.973_175_290_075_402_4e-9),
        ];
        for (score, value) in table {
            assert!((two_tailed(score) - value).abs() <= value * 1e-10, "{score}: {}", two_tailed(score));
        }
        assert!(two_tailed(f64::NAN).is_nan());
        assert_eq!(two_tailed(f64::INFINITY), 0.0);
    }
}

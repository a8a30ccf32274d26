//! `arrayOfDoublesSketchTTest`: how likely the numbers of two tuple sketches are of one mean (Welch's t-test).

use std::sync::Arc;

use ::expression::Environment;
use serde_json::Value;

use super::tuples::Moments;
use super::{PostAggregator, columns_of, operands, sketch, tuples};
use crate::fields::Fields;
use crate::finalize::{Table, Values};
use crate::{Error, Result};

#[derive(Debug)]
struct TTest(Vec<Arc<dyn PostAggregator>>);

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let parts = operands(fields, "fields", env)?;
    match parts.len() {
        2 => Ok(Arc::new(TTest(parts))),
        num => Err(Error::invalid(format!("'fields' of arrayOfDoublesSketchTTest needs two entries, got {num}"))),
    }
}

impl PostAggregator for TTest {
    fn columns(&self) -> Vec<String> {
        columns_of(&self.0)
    }

    fn values(&self, rows: &Table) -> Result<Values> {
        let columns = tuples::columns(&self.0, rows)?;
        let row = |row: usize| -> Result<Value> {
            let sketches: Vec<_> = tuples::row(&columns, row)?.iter().map(tuples::moments).collect();
            let pairs = sketches[0].iter().zip(&sketches[1]);
            Ok(sketch::numbers(pairs.map(|(one, other)| p_value(one, other))))
        };
        Ok(Values::Json((0..rows.num_rows()).map(row).collect::<Result<_>>()?))
    }
}

/// Of two samples whose variances may differ, two-sided. NaN where one has fewer than two entries.
fn p_value(one: &Moments, other: &Moments) -> f64 {
    if one.count < 2.0 || other.count < 2.0 {
        return f64::NAN;
    }
    let (a, b) = (one.variance() / one.count, other.variance() / other.count);
    let t = (one.mean - other.mean) / (a + b).sqrt();
    let freedom = (a + b) * (a + b) / (a * a / (one.count - 1.0) + b * b / (other.count - 1.0));
    regularized_beta(freedom / (freedom + t * t), freedom / 2.0, 0.5)
}

/// The regularized incomplete beta function, by its continued fraction.
fn regularized_beta(x: f64, a: f64, b: f64) -> f64 {
    if x.is_nan() || a.is_nan() {
        return f64::NAN;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - regularized_beta_small(1.0 - x, b, a);
    }
    regularized_beta_small(x, a, b)
}

fn regularized_beta_small(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    const MAX_STEPS: u32 = 10_000;
    if x <= 0.0 {
        return 0.0;
    }
    let front = (a * x.ln() + b * (-x).ln_1p() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b)).exp() / a;
    // Lentz's method.
    let not_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut c, mut d) = (1.0, 1.0 / not_zero(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for step in 1..=MAX_STEPS {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = fraction;
        for term in [even, odd] {
            d = 1.0 / not_zero(1.0 + term * d);
            c = not_zero(1.0 + term / c);
            fraction *= c * d;
        }
        if (fraction - before).abs() <= f64::EPSILON * fraction.abs() {
            break;
        }
    }
    front * fraction
}

/// Lanczos' approximation of the logarithm of the gamma function, for arguments above 0.
fn ln_gamma(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        let pi = std::f64::consts::PI;
        return (pi / (pi * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let rest = (1..9).zip(&COEFFICIENTS[1..]);
    let sum = rest.fold(COEFFICIENTS[0], |sum, (at, coefficient)| sum + coefficient / (x + f64::from(at)));
    let t = x + 7.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::regularized_beta;

    /// Twice the tail of Student's distribution, from tables: t = 2.228 at 10 degrees of freedom is 5%.
    #[test]
    fn tails_are_those_of_the_tables() {
        let p = |t: f64, freedom: f64| regularized_beta(freedom / (freedom + t * t), freedom / 2.0, 0.5);
        assert!((p(2.228_138_852, 10.0) - 0.05).abs() < 1e-9);
        assert!((p(12.706_204_736, 1.0) - 0.05).abs() < 1e-9);
        assert!((p(1.959_963_985, 1e9) - 0.05).abs() < 1e-6);
        assert!((p(0.0, 5.0) - 1.0).abs() < 1e-12);
    }
}

//! Numbers, as `java.lang.Math` computes them.

use arrow_array::{Array, Float64Array};

use super::shared::{double, double_or_null, long, long_or_null};
use super::{DOUBLE, FunctionKind, LONG, Output, rows};
use crate::expr::arithmetic::{java_pow, number};
use crate::expr::node::{Frame, Function, Node};
use crate::expr::scalar::{ExprType, Scalar};
use crate::expr::vector::Vector;
use crate::java_format::fixed;
use crate::{Error, Result};

pub(super) const KINDS: &[FunctionKind] = &[
    FunctionKind::new("abs", 1..=1, |_| {
        rows(Output::Number, |args| {
            Ok(match &args[0] {
                Scalar::Long(value) => Scalar::Long(value.wrapping_abs()),
                Scalar::Double(value) => Scalar::Double(value.abs()),
                _ => Scalar::Null,
            })
        })
    }),
    FunctionKind::new("ceil", 1..=1, |_| Ok(Box::new(One { f: f64::ceil, all: Some(ceilings) }))),
    FunctionKind::new("floor", 1..=1, |_| Ok(Box::new(One { f: f64::floor, all: Some(floors) }))),
    FunctionKind::new("exp", 1..=1, |_| one(f64::exp)),
    FunctionKind::new("expm1", 1..=1, |_| one(f64::exp_m1)),
    FunctionKind::new("log", 1..=1, |_| one(f64::ln)),
    FunctionKind::new("log10", 1..=1, |_| one(f64::log10)),
    FunctionKind::new("log1p", 1..=1, |_| one(f64::ln_1p)),
    FunctionKind::new("sqrt", 1..=1, |_| one(f64::sqrt)),
    FunctionKind::new("cbrt", 1..=1, |_| one(f64::cbrt)),
    FunctionKind::new("sin", 1..=1, |_| one(f64::sin)),
    FunctionKind::new("cos", 1..=1, |_| one(f64::cos)),
    FunctionKind::new("tan", 1..=1, |_| one(f64::tan)),
    FunctionKind::new("asin", 1..=1, |_| one(f64::asin)),
    FunctionKind::new("acos", 1..=1, |_| one(f64::acos)),
    FunctionKind::new("atan", 1..=1, |_| one(f64::atan)),
    FunctionKind::new("sinh", 1..=1, |_| one(f64::sinh)),
    FunctionKind::new("cosh", 1..=1, |_| one(f64::cosh)),
    FunctionKind::new("tanh", 1..=1, |_| one(f64::tanh)),
    FunctionKind::new("cot", 1..=1, |_| one(|x| x.cos() / x.sin())),
    FunctionKind::new("signum", 1..=1, |_| one(|x| if x == 0.0 || x.is_nan() { x } else { x.signum() })),
    FunctionKind::new("rint", 1..=1, |_| one(f64::round_ties_even)),
    FunctionKind::new("ulp", 1..=1, |_| one(ulp)),
    FunctionKind::new("todegrees", 1..=1, |_| one(f64::to_degrees)),
    FunctionKind::new("toradians", 1..=1, |_| one(f64::to_radians)),
    FunctionKind::new("nextup", 1..=1, |_| one(f64::next_up)),
    FunctionKind::new("getexponent", 1..=1, |_| {
        rows(LONG, |args| Ok(long_or_null(real(&args[0]).map(|x| i64::from(exponent(x))))))
    }),
    FunctionKind::new("pow", 2..=2, |_| two(java_pow)),
    FunctionKind::new("atan2", 2..=2, |_| two(f64::atan2)),
    FunctionKind::new("hypot", 2..=2, |_| two(f64::hypot)),
    FunctionKind::new("copysign", 2..=2, |_| two(f64::copysign)),
    FunctionKind::new("nextafter", 2..=2, |_| two(next_after)),
    FunctionKind::new("remainder", 2..=2, |_| two(ieee_remainder)),
    FunctionKind::new("scalb", 2..=2, |_| {
        rows(DOUBLE, |args| {
            let power = long(args, 1).map(|power| power.clamp(-2200, 2200) as i32);
            Ok(double_or_null(double(args, 0).zip(power).map(|(x, power)| scale(x, power))))
        })
    }),
    FunctionKind::new("max", 2..=2, |_| either(i64::max, |a, b| if a.is_nan() { a } else { larger(a, b) })),
    FunctionKind::new("min", 2..=2, |_| either(i64::min, |a, b| if a.is_nan() { a } else { -larger(-a, -b) })),
    FunctionKind::new("pi", 0..=0, |_| rows(DOUBLE, |_| Ok(Scalar::Double(std::f64::consts::PI)))),
    FunctionKind::new("round", 1..=2, |_| rows(Output::Element, round)),
    FunctionKind::new("div", 2..=2, |_| rows(LONG, div)),
    FunctionKind::new("safe_divide", 2..=2, |_| rows(Output::Number, safe_divide)),
];

/// Text is no number where one argument is taken.
fn real(value: &Scalar<'_>) -> Option<f64> {
    match value {
        Scalar::Long(_) | Scalar::Double(_) => value.as_double(),
        Scalar::Null | Scalar::Text(_) | Scalar::Array(_) | Scalar::Json(_) => None,
    }
}

/// A function of one double.
struct One<F> {
    f: F,
    /// The same of many numbers, where that is quicker.
    all: Option<fn(&mut [f64])>,
}

fn one(f: impl Fn(f64) -> f64 + Send + Sync + 'static) -> Result<Box<dyn Function>> {
    Ok(Box::new(One { f, all: None }))
}

fn floors(values: &mut [f64]) {
    each(values, f64::floor);
}

fn ceilings(values: &mut [f64]) {
    each(values, f64::ceil);
}

/// Rounding is one instruction where the processor has it, and a call where the compiler cannot count on that.
fn each(values: &mut [f64], f: impl Fn(f64) -> f64 + Copy) {
    #[cfg(target_arch = "x86_64")]
    {
        /// # Safety
        /// The machine must have AVX2.
        #[target_feature(enable = "avx2")]
        unsafe fn each_quickly(values: &mut [f64], f: impl Fn(f64) -> f64 + Copy) {
            values.iter_mut().for_each(|value| *value = f(*value));
        }
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the feature was found on this machine.
            return unsafe { each_quickly(values, f) };
        }
    }
    values.iter_mut().for_each(|value| *value = f(*value));
}

impl<F: Fn(f64) -> f64> One<F> {
    fn doubles(&self, values: &Float64Array) -> Float64Array {
        let Some(all) = self.all else { return values.unary(&self.f) };
        let mut numbers = values.values().to_vec();
        all(&mut numbers);
        Float64Array::new(numbers.into(), values.nulls().cloned())
    }
}

impl<F: Fn(f64) -> f64 + Send + Sync> Function for One<F> {
    fn eval(&self, args: &[Node], frame: &Frame<'_>) -> Result<Vector> {
        Ok(match args[0].eval(frame)? {
            Vector::Double(values) => Vector::Double(self.doubles(&values)),
            Vector::Long(values) => Vector::Double(values.unary(|value| (self.f)(value as f64))),
            Vector::Constant(value, num_rows) => Vector::Constant(double_or_null(real(&value).map(&self.f)), num_rows),
            other => Vector::Double((0..other.len()).map(|row| real(&other.get(row)).map(&self.f)).collect()),
        })
    }

    fn output(&self, args: &[Option<ExprType>]) -> Option<ExprType> {
        DOUBLE.of(args)
    }
}

/// Of two arguments one may be text that reads as a number.
fn numbers<'a>(args: &[Scalar<'a>]) -> Option<(Scalar<'a>, Scalar<'a>)> {
    match args {
        [Scalar::Text(_), Scalar::Text(_)] => None,
        [a, b] => number(a).zip(number(b)),
        _ => None,
    }
}

fn two(f: impl Fn(f64, f64) -> f64 + Send + Sync + 'static) -> Result<Box<dyn Function>> {
    rows(DOUBLE, move |args| {
        let both = numbers(args).and_then(|(a, b)| a.as_double().zip(b.as_double()));
        Ok(double_or_null(both.map(|(a, b)| f(a, b))))
    })
}

/// Longs when both are, else doubles.
fn either(
    longs: impl Fn(i64, i64) -> i64 + Send + Sync + 'static,
    doubles: impl Fn(f64, f64) -> f64 + Send + Sync + 'static,
) -> Result<Box<dyn Function>> {
    rows(Output::Number, move |args| {
        Ok(match numbers(args) {
            None => Scalar::Null,
            Some((Scalar::Long(a), Scalar::Long(b))) => Scalar::Long(longs(a, b)),
            Some((a, b)) => double_or_null(a.as_double().zip(b.as_double()).map(|(a, b)| doubles(a, b))),
        })
    })
}

fn larger(a: f64, b: f64) -> f64 {
    if b.is_nan() || crate::numbers::key(b) > crate::numbers::key(a) { b } else { a }
}

fn ulp(x: f64) -> f64 {
    match x.abs() {
        x if !x.is_finite() => x,
        f64::MAX => f64::MAX - f64::MAX.next_down(),
        x => x.next_up() - x,
    }
}

/// Unbiased; 1024 of infinities and NaN, -1023 of zero and subnormals.
fn exponent(x: f64) -> i32 {
    ((x.to_bits() >> 52) & 0x7ff) as i32 - 1023
}

fn next_after(from: f64, to: f64) -> f64 {
    match from.partial_cmp(&to) {
        None => f64::NAN,
        Some(std::cmp::Ordering::Less) => from.next_up(),
        Some(std::cmp::Ordering::Greater) => from.next_down(),
        Some(std::cmp::Ordering::Equal) => to,
    }
}

/// What is left after the nearest whole number of times, halves going to the even one.
fn ieee_remainder(a: f64, b: f64) -> f64 {
    if b.is_infinite() && a.is_finite() {
        return a;
    }
    let rest = (a % b).abs();
    let (divisor, even) = (b.abs(), ((a / b).abs().trunc() % 2.0) == 0.0);
    let up = rest > divisor / 2.0 || (rest == divisor / 2.0 && !even);
    let rest = if up { rest - divisor } else { rest };
    if a < 0.0 { -rest } else { rest }
}

fn scale(x: f64, power: i32) -> f64 {
    let half = power / 2;
    let (quarter, rest) = (half / 2, power - half);
    x * 2f64.powi(quarter) * 2f64.powi(half - quarter) * 2f64.powi(rest / 2) * 2f64.powi(rest - rest / 2)
}

fn div<'a>(args: &[Scalar<'a>]) -> Result<Scalar<'a>> {
    match numbers(args) {
        None => Ok(Scalar::Null),
        Some((Scalar::Long(_), Scalar::Long(0))) => Err(Error::evaluation("div", "division of a long by zero")),
        Some((Scalar::Long(a), Scalar::Long(b))) => Ok(Scalar::Long(a.wrapping_div(b))),
        Some((a, b)) => Ok(long_or_null(a.as_double().zip(b.as_double()).map(|(a, b)| (a / b) as i64))),
    }
}

fn safe_divide<'a>(args: &[Scalar<'a>]) -> Result<Scalar<'a>> {
    Ok(match numbers(args) {
        None | Some((Scalar::Long(_), Scalar::Long(0))) => Scalar::Null,
        Some((Scalar::Long(a), Scalar::Long(b))) => Scalar::Long(a.wrapping_div(b)),
        Some((a, b)) => match a.as_double().zip(b.as_double()) {
            Some((0.0, 0.0)) => Scalar::Double(0.0),
            Some((_, 0.0)) | None => Scalar::Null,
            Some((a, b)) => Scalar::Double(a / b),
        },
    })
}

/// Halves away from zero, as the printed number has them. The type is kept.
fn round<'a>(args: &[Scalar<'a>]) -> Result<Scalar<'a>> {
    let places = match args.get(1) {
        None => 0,
        Some(Scalar::Long(places)) => (*places).clamp(-400, 400) as i32,
        Some(_) => return Err(Error::evaluation("round", "the number of places must be a long")),
    };
    match &args[0] {
        Scalar::Null => Ok(Scalar::Null),
        Scalar::Long(value) => Ok(Scalar::Long(round_long(*value, places))),
        Scalar::Double(value) => Ok(Scalar::Double(round_double(*value, places))),
        Scalar::Text(_) | Scalar::Array(_) | Scalar::Json(_) => {
            Err(Error::evaluation("round", "the first argument must be a number"))
        }
    }
}

fn round_long(value: i64, places: i32) -> i64 {
    if places >= 0 {
        return value;
    }
    match 10i128.checked_pow(places.unsigned_abs()) {
        None => 0,
        Some(unit) => {
            let value = i128::from(value);
            let away = unit / 2 * value.signum();
            ((value + away) / unit * unit) as i64
        }
    }
}

fn round_double(value: f64, places: i32) -> f64 {
    if value.is_nan() {
        return 0.0;
    }
    if value.is_infinite() {
        return f64::MAX.copysign(value);
    }
    let rounded = match usize::try_from(places) {
        Ok(places) => fixed(value.abs(), places).parse().unwrap_or(value.abs()),
        Err(_) => {
            let unit = 10f64.powi(-places);
            (value.abs() / unit + 0.5).floor() * unit
        }
    };
    // A rounded zero carries no sign.
    if value < 0.0 && rounded != 0.0 { -rounded } else { rounded }
}

//! Instants: longs of milliseconds since the epoch.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, Int64Array};
use timeline::{Granularity, Interval, Period, TimeZone, instant};

use super::shared::{double, long, long_or_null, text_or_null};
use super::{Call, FunctionKind, LONG, Output, TEXT, rows, rows_in_steps, strict};
use crate::expr::node::{Frame, Function, Node};
use crate::expr::scalar::{ExprType, Kind, Scalar};
use crate::expr::vector::Vector;
use crate::joda::Pattern;
use crate::joda::civil::Civil;
use crate::steps::{QUARTER_MS, step_of};
use crate::{Error, Result};

pub(super) const KINDS: &[FunctionKind] = &[
    FunctionKind::new("timestamp_floor", 2..=4, |call| bucket(call, false)),
    FunctionKind::new("timestamp_ceil", 2..=4, |call| bucket(call, true)),
    FunctionKind::new("timestamp_shift", 3..=4, shift),
    FunctionKind::new("timestamp_extract", 2..=3, extract),
    FunctionKind::new("timestamp_parse", 1..=3, parse),
    FunctionKind::new("timestamp_format", 1..=3, format),
    FunctionKind::new("timestamp", 1..=2, |call| strictly(call, 1)),
    FunctionKind::new("unix_timestamp", 1..=2, |call| strictly(call, 1000)),
    FunctionKind::new("subtract_months", 3..=3, subtract_months),
    FunctionKind::new("now", 0..=0, |call| {
        let now = call.environment.now_ms()?;
        rows(LONG, move |_| Ok(Scalar::Long(now)))
    }),
];

/// Reads an argument once when it is constant, else whenever it is met.
struct Setting<T> {
    at: usize,
    fixed: Option<T>,
    read: fn(&str) -> Result<T>,
    otherwise: fn() -> T,
}

impl<T: Clone> Setting<T> {
    fn new(call: &Call<'_>, at: usize, read: fn(&str) -> Result<T>, otherwise: fn() -> T) -> Result<Self> {
        let fixed = match call.args.get(at) {
            None => Some(otherwise()),
            Some(node) => match node.literal() {
                Some(value) => Some(value.as_text().map_or(Ok(otherwise()), |text| read(&text))?),
                None => None,
            },
        };
        Ok(Self { at, fixed, read, otherwise })
    }

    fn of(&self, args: &[Scalar<'_>]) -> Result<Cow<'_, T>> {
        match &self.fixed {
            Some(fixed) => Ok(Cow::Borrowed(fixed)),
            None => match args.get(self.at).and_then(Scalar::as_text) {
                Some(text) => (self.read)(&text).map(Cow::Owned),
                None => Ok(Cow::Owned((self.otherwise)())),
            },
        }
    }
}

fn zone_of(text: &str) -> Result<TimeZone> {
    TimeZone::parse(text).map_err(|error| Error::invalid(error.to_string()))
}

fn zone(call: &Call<'_>, at: usize) -> Result<Setting<TimeZone>> {
    Setting::new(call, at, zone_of, || TimeZone::UTC)
}

fn period_of(text: &str) -> Result<Period> {
    Period::parse(text).map_err(|error| Error::invalid(error.to_string()))
}

fn origin_of(value: &Scalar<'_>, zone: &TimeZone) -> Result<Option<i64>> {
    match value {
        Scalar::Null => Ok(None),
        Scalar::Text(text) => match instant::parse_in(text, zone) {
            Ok(origin) => Ok(Some(origin)),
            Err(error) => Err(Error::invalid(error.to_string())),
        },
        other => Ok(other.as_long()),
    }
}

/// The buckets that the arguments name.
fn granularity(args: &[Scalar<'_>], name: &str) -> Result<Option<Granularity>> {
    let Some(period) = args[1].as_text() else { return Ok(None) };
    let zone = args.get(3).and_then(Scalar::as_text).map_or(Ok(TimeZone::UTC), |text| zone_of(&text))?;
    let origin = origin_of(args.get(2).unwrap_or(&Scalar::Null), &zone)?;
    let granularity = Granularity::period(period_of(&period)?, zone, origin);
    granularity.map(Some).map_err(|error| Error::invalid(format!("{name}: {error}")))
}

fn bucket(call: Call<'_>, ceil: bool) -> Result<Box<dyn Function>> {
    let name = call.name;
    let literals: Option<Vec<_>> = call.args[1..].iter().map(|node| node.literal().cloned()).collect();
    let fixed = match literals {
        Some(literals) => {
            let args: Vec<_> = std::iter::once(Scalar::Null).chain(literals).collect();
            Some(granularity(&args, name)?.ok_or_else(|| call.error("the period must not be null"))?)
        }
        None => None,
    };
    match fixed {
        Some(granularity) => Ok(Box::new(Bucket { granularity, ceil })),
        None => rows(LONG, move |args| {
            let Some((at, granularity)) = long(args, 0).zip(granularity(args, name)?) else { return Ok(Scalar::Null) };
            let start = granularity.bucket_start(at);
            Ok(Scalar::Long(if ceil && start != at { granularity.next_bucket(at) } else { start }))
        }),
    }
}

/// Buckets known when the expression was parsed. Times come in runs, so the last bucket is tried first.
struct Bucket {
    granularity: Granularity,
    ceil: bool,
}

impl Function for Bucket {
    fn eval(&self, args: &[Node], frame: &Frame<'_>) -> Result<Vector> {
        let times = args[0].eval(frame)?.to_arrow_as(Kind::Long);
        let mut last = Interval { start: 0, end: 0 };
        let times = times.as_primitive::<Int64Type>();
        let floor_or_ceil = times.values().iter().map(|&at| {
            if !last.contains(at) {
                last = self.granularity.bucket(at);
            }
            if self.ceil && last.start != at { last.end } else { last.start }
        });
        Ok(Vector::Long(Int64Array::new(floor_or_ceil.collect(), times.nulls().cloned())))
    }

    fn output(&self, _args: &[Option<ExprType>]) -> Option<ExprType> {
        Some(ExprType::LONG)
    }

    fn step_ms(&self) -> Option<i64> {
        (!self.ceil).then(|| step_of(&self.granularity))
    }
}

fn shift(call: Call<'_>) -> Result<Box<dyn Function>> {
    let period = Setting::new(&call, 1, period_of, Period::default)?;
    let zone = zone(&call, 3)?;
    rows(LONG, move |args| {
        let (Some(at), Some(steps)) = (long(args, 0), long(args, 2)) else { return Ok(Scalar::Null) };
        Ok(Scalar::Long(period.of(args)?.add_to(at, steps, &*zone.of(args)?)))
    })
}

fn subtract_months(call: Call<'_>) -> Result<Box<dyn Function>> {
    let month = period_of("P1M")?;
    let zone = zone(&call, 2)?;
    rows(LONG, move |args| {
        let (Some(at), Some(months)) = (long(args, 0), long(args, 1)) else { return Ok(Scalar::Null) };
        Ok(Scalar::Long(month.add_to(at, months.saturating_neg(), &*zone.of(args)?)))
    })
}

fn extract(call: Call<'_>) -> Result<Box<dyn Function>> {
    let unit = call.literal_text(1, "unit")?.ok_or_else(|| call.error("the unit must not be null"))?;
    let unit = unit.to_ascii_uppercase();
    let zone = zone(&call, 2)?;
    field(&unit, &Civil::of_local(0), 0).ok_or_else(|| call.error(format!("unknown unit '{unit}'")))?;
    let output = match unit.as_str() {
        "CENTURY" | "MILLENNIUM" => ExprType::DOUBLE,
        _ => ExprType::LONG,
    };
    let step_ms = match unit.as_str() {
        "MILLISECOND" => 1,
        "EPOCH" | "SECOND" => 1_000,
        "MINUTE" => 60_000,
        _ => QUARTER_MS,
    };
    rows_in_steps(Output::Is(output), step_ms, move |args| {
        let Some(at) = long(args, 0) else { return Ok(Scalar::Null) };
        let local = Civil::of_local(zone.of(args)?.to_local(at));
        Ok(field(&unit, &local, at).unwrap_or(Scalar::Null))
    })
}

fn field(unit: &str, local: &Civil, instant: i64) -> Option<Scalar<'static>> {
    Some(Scalar::Long(match unit {
        "EPOCH" => instant.div_euclid(1_000),
        "MILLISECOND" => local.ms % 1_000,
        "SECOND" => local.ms / 1_000 % 60,
        "MINUTE" => local.ms / 60_000 % 60,
        "HOUR" => local.ms / 3_600_000,
        "DAY" => local.day,
        "DOW" | "ISODOW" => local.weekday(),
        "DOY" => local.day_of_year(),
        "WEEK" => local.week().1,
        "MONTH" => local.month,
        "QUARTER" => (local.month - 1) / 3 + 1,
        "YEAR" | "ISOYEAR" => local.year,
        "DECADE" => local.year / 10,
        "CENTURY" => return Some(Scalar::Double((local.year as f64 / 100.0).ceil())),
        "MILLENNIUM" => return Some(Scalar::Double((local.year as f64 / 1000.0).ceil())),
        _ => return None,
    }))
}

fn pattern(call: &Call<'_>, at: usize) -> Result<Setting<Option<Pattern>>> {
    Setting::new(call, at, |text| Pattern::parse(text).map(Some), || None)
}

/// Text in the pattern, or ISO 8601 or SQL style without one. `None` when it does not fit.
fn read(text: &str, pattern: &Option<Pattern>, zone: &TimeZone) -> Option<i64> {
    match pattern {
        Some(pattern) => pattern.read(text, zone),
        None => instant::parse_loose(text, zone).ok(),
    }
}

fn parse(call: Call<'_>) -> Result<Box<dyn Function>> {
    let (pattern, zone) = (pattern(&call, 1)?, zone(&call, 2)?);
    strict(LONG, move |args| {
        let Some(text) = args[0].as_text() else { return Ok(Scalar::Null) };
        Ok(long_or_null(read(&text, &*pattern.of(args)?, &*zone.of(args)?)))
    })
}

fn format(call: Call<'_>) -> Result<Box<dyn Function>> {
    let (pattern, zone) = (pattern(&call, 1)?, zone(&call, 2)?);
    let step_ms = pattern.fixed.as_ref().and_then(Option::as_ref).map_or(1, Pattern::step_ms);
    rows_in_steps(TEXT, step_ms, move |args| {
        let Some(at) = long(args, 0) else { return Ok(Scalar::Null) };
        let zone = zone.of(args)?;
        Ok(text_or_null(Some(match &*pattern.of(args)? {
            Some(pattern) => pattern.text(at, &zone),
            None => instant::text_in(at, &zone),
        })))
    })
}

/// Where a text that cannot be read is an error and not null.
fn strictly(call: Call<'_>, unit_ms: i64) -> Result<Box<dyn Function>> {
    let name = call.name;
    let pattern = pattern(&call, 1)?;
    strict(LONG, move |args| match &args[0] {
        Scalar::Long(_) | Scalar::Double(_) => Ok(long_or_null(double(args, 0).map(|value| value as i64))),
        other => {
            let text = other.as_text().unwrap_or_default();
            match read(&text, &*pattern.of(args)?, &TimeZone::UTC) {
                Some(at) => Ok(Scalar::Long(at / unit_ms)),
                None => Err(Error::evaluation(name, format!("'{text}' is no time"))),
            }
        }
    })
}

//! Arrays and multi-value text.

use std::sync::Arc;

use regex::Regex;

use super::shared::{double_or_null, long, long_or_null, text_or_null, truth};
use super::{ArrayArgs, Call, DOUBLE, FunctionKind, LONG, MANY, Output, TEXT, rows, strict, text_array};
use crate::expr::node::Function;
use crate::expr::scalar::{self, ArrayValue, ExprType, Kind, Scalar};
use crate::{Error, Result, java_regex};

const TEXTS: Output = Output::Is(ExprType::Array(Kind::Text));
const FIRST: ArrayArgs = ArrayArgs::At(0);
const SECOND: ArrayArgs = ArrayArgs::At(1);

pub(super) const KINDS: &[FunctionKind] = &[
    FunctionKind::new("array", 0..=MANY, |_| {
        rows(Output::ArrayOfWidest, |args| {
            let items = args.iter().map(|arg| arg.clone().into_owned()).collect();
            Ok(match args.iter().any(|arg| matches!(arg, Scalar::Array(_))) {
                true => Scalar::array_of(Kind::Json, items),
                false => Scalar::array(items, Kind::Text),
            })
        })
    }),
    FunctionKind::new("array_length", 1..=1, |_| {
        rows(LONG, |args| Ok(long_or_null(args[0].as_array().map(|array| array.items.len() as i64))))
    })
    .arrays(FIRST),
    FunctionKind::new("array_offset", 2..=2, |_| rows(Output::Element, |args| Ok(item(args, 0)))).arrays(FIRST),
    FunctionKind::new("array_ordinal", 2..=2, |_| rows(Output::Element, |args| Ok(item(args, 1)))).arrays(FIRST),
    FunctionKind::new("array_offset_of", 2..=2, |_| rows(LONG, |args| Ok(position(args, 0)))).arrays(FIRST),
    FunctionKind::new("array_ordinal_of", 2..=2, |_| rows(LONG, |args| Ok(position(args, 1)))).arrays(FIRST),
    FunctionKind::new("array_contains", 2..=2, |_| rows(LONG, |args| Ok(truth(contains(args))))).arrays(ArrayArgs::All),
    FunctionKind::new("array_overlap", 2..=2, |_| rows(LONG, |args| Ok(truth(overlap(args))))).arrays(ArrayArgs::All),
    FunctionKind::new("scalar_in_array", 2..=2, |_| rows(LONG, |args| Ok(truth(scalar_in(args))))).arrays(SECOND),
    FunctionKind::new("array_append", 2..=2, |_| rows(Output::ArrayOfWidest, append)).arrays(FIRST),
    FunctionKind::new("array_prepend", 2..=2, |_| rows(Output::ArrayOfWidest, prepend)).arrays(SECOND),
    FunctionKind::new("array_concat", 2..=2, |_| rows(Output::ArrayOfWidest, concat)).arrays(ArrayArgs::All),
    FunctionKind::new("array_set_add", 2..=2, |_| rows(Output::ArrayOfWidest, set_add)).arrays(FIRST),
    FunctionKind::new("array_set_add_all", 2..=2, |_| rows(Output::ArrayOfWidest, set_add)).arrays(ArrayArgs::All),
    FunctionKind::new("array_slice", 2..=3, |_| rows(Output::ArrayOfWidest, slice)).arrays(FIRST),
    FunctionKind::new("array_quantile", 2..=2, |_| rows(DOUBLE, |args| Ok(double_or_null(quantile(args)))))
        .arrays(FIRST),
    FunctionKind::new("array_to_string", 2..=2, |_| rows(TEXT, to_text)).arrays(FIRST),
    FunctionKind::new("string_to_array", 2..=2, string_to_array),
    FunctionKind::new("mv_to_array", 1..=1, |_| rows(TEXTS, texts)).arrays(FIRST),
    FunctionKind::new("array_to_mv", 1..=1, |_| rows(TEXTS, texts)).arrays(FIRST),
    FunctionKind::new("mv_harmonize_nulls", 1..=1, |_| {
        rows(TEXTS, |args| Ok(text_array(harmonized(&args[0]).into_iter().map(owned_text).collect())))
    })
    .arrays(FIRST),
    FunctionKind::new("mv_contains", 2..=2, |_| {
        rows(LONG, |args| {
            let (all, wanted) = (harmonized(&args[0]), harmonized(&args[1]));
            Ok(Scalar::from_bool(wanted.iter().all(|item| all.contains(item))))
        })
    })
    .arrays(ArrayArgs::All),
    FunctionKind::new("mv_overlap", 2..=2, |_| {
        rows(LONG, |args| {
            let (all, wanted) = (harmonized(&args[0]), harmonized(&args[1]));
            let found = wanted.iter().any(|item| all.contains(item));
            Ok(if args[0].is_null() && !found { Scalar::Null } else { Scalar::from_bool(found) })
        })
    })
    .arrays(ArrayArgs::All),
];

fn owned_text(text: Option<String>) -> Scalar<'static> {
    text_or_null(text)
}

/// The elements as text; null and empty count as one null.
fn harmonized(value: &Scalar<'_>) -> Vec<Option<String>> {
    match value.as_array() {
        Some(array) if !array.items.is_empty() => {
            array.items.iter().map(|item| item.as_text().map(|text| text.into_owned())).collect()
        }
        _ => vec![None],
    }
}

fn texts<'a>(args: &[Scalar<'a>]) -> Result<Scalar<'a>> {
    Ok(args[0].as_array().map_or(Scalar::Null, |array| text_array(array.items.clone())))
}

fn item<'a>(args: &[Scalar<'a>], base: i64) -> Scalar<'a> {
    let at = long(args, 1).and_then(|at| usize::try_from(at.checked_sub(base)?).ok());
    let item = args[0].as_array().zip(at).and_then(|(array, at)| array.items.get(at).cloned());
    item.unwrap_or(Scalar::Null)
}

/// Where an array holds the value, cast to the kind of the elements.
fn find(array: &ArrayValue, value: &Scalar<'_>) -> Option<usize> {
    let wanted = value.clone().cast(array.kind);
    if wanted.is_null() != value.is_null() {
        return None;
    }
    array.items.iter().position(|item| scalar::compare(item, &wanted, array.kind).is_eq())
}

fn position<'a>(args: &[Scalar<'a>], base: i64) -> Scalar<'a> {
    long_or_null(args[0].as_array().and_then(|array| find(&array, &args[1])).map(|at| at as i64 + base))
}

fn contains(args: &[Scalar<'_>]) -> Option<bool> {
    let array = args[0].as_array()?;
    Some(match &args[1] {
        Scalar::Array(wanted) => wanted.items.iter().all(|item| find(&array, item).is_some()),
        wanted => find(&array, wanted).is_some(),
    })
}

fn overlap(args: &[Scalar<'_>]) -> Option<bool> {
    let array = args[0].as_array()?;
    let wanted = args[1].as_array();
    Some(wanted.is_some_and(|wanted| wanted.items.iter().any(|item| find(&array, item).is_some())))
}

fn scalar_in(args: &[Scalar<'_>]) -> Option<bool> {
    let array = args[1].as_array()?;
    let found = find(&array, &args[0]).is_some();
    (found || !args[0].is_null()).then_some(found)
}

fn append<'a>(args: &[Scalar<'a>]) -> Result<Scalar<'a>> {
    let Some(array) = args[0].as_array() else { return Ok(Scalar::Null) };
    let mut items = array.items.clone();
    items.push(args[1].clone().into_owned());
    Ok(Scalar::array_of(array.kind, items))
}

fn prepend<'a>(args: &[Scalar<'a>]) -> Result<Scalar<'a>> {
    let Some(array) = args[1].as_array() else { return Ok(Scalar::Null) };
    let mut items = vec![args[0].clone().into_owned()];
    items.extend(array.items.iter().cloned());
    Ok(Scalar::array_of(array.kind, items))
}

fn pair(args: &[Scalar<'_>]) -> Option<(Arc<ArrayValue>, Vec<Scalar<'static>>)> {
    let array = args[0].as_array()?;
    let more = match &args[1] {
        Scalar::Null => Vec::new(),
        other => other.as_array()?.items.clone(),
    };
    Some((array, more))
}

fn concat<'a>(args: &[Scalar<'a>]) -> Result<Scalar<'a>> {
    Ok(pair(args).map_or(Scalar::Null, |(array, more)| {
        Scalar::array_of(array.kind, array.items.iter().cloned().chain(more).collect())
    }))
}

/// The set of both, sorted.
fn set_add<'a>(args: &[Scalar<'a>]) -> Result<Scalar<'a>> {
    let Some(array) = args[0].as_array() else { return Ok(Scalar::Null) };
    let more = match &args[1] {
        Scalar::Array(more) => more.items.clone(),
        scalar => vec![scalar.clone().into_owned()],
    };
    let mut items: Vec<_> = array.items.iter().cloned().chain(more).map(|item| item.cast(array.kind)).collect();
    items.sort_by(|a, b| scalar::compare(a, b, array.kind));
    items.dedup_by(|a, b| scalar::compare(a, b, array.kind).is_eq());
    Ok(Scalar::array_of(array.kind, items))
}

/// From `start` up to `end`, which may lie past the last element: what is missing there is null.
fn slice<'a>(args: &[Scalar<'a>]) -> Result<Scalar<'a>> {
    let Some(array) = args[0].as_array() else { return Ok(Scalar::Null) };
    let len = array.items.len() as i64;
    let (start, end) = (long(args, 1), if args.len() > 2 { long(args, 2) } else { Some(len) });
    let (Some(start), Some(end)) = (start, end) else { return Ok(Scalar::Null) };
    if start < 0 || start > len || start > end {
        return Ok(Scalar::Null);
    }
    if end - start > 1 << 20 {
        return Err(Error::limit("array_slice: makes an array of more than 1048576 elements"));
    }
    let items = (start..end).map(|at| array.items.get(at as usize).cloned().unwrap_or(Scalar::Null)).collect();
    Ok(Scalar::array_of(array.kind, items))
}

/// Between the two nearest ranks; nulls are left out.
fn quantile(args: &[Scalar<'_>]) -> Option<f64> {
    let (array, rank) = (args[0].as_array()?, args[1].as_double()?);
    let mut values: Vec<f64> = array.items.iter().filter_map(Scalar::as_double).collect();
    values.sort_by_key(|value| crate::numbers::key(*value));
    let last = values.len().checked_sub(1)?;
    if rank.is_nan() {
        return None;
    }
    let place = rank.clamp(0.0, 1.0) * last as f64;
    let (low, high) = (values[place.floor() as usize], values[place.ceil() as usize]);
    Some(low + (high - low) * place.fract())
}

fn to_text<'a>(args: &[Scalar<'a>]) -> Result<Scalar<'a>> {
    let Some((array, delimiter)) = args[0].as_array().zip(args[1].as_text()) else { return Ok(Scalar::Null) };
    let items = array.items.iter().map(|item| item.as_text().map_or("null".to_string(), |text| text.into_owned()));
    Ok(Scalar::text(items.collect::<Vec<_>>().join(&delimiter)))
}

/// Splits as Java does: empty texts at the end are left out.
fn string_to_array(call: Call<'_>) -> Result<Box<dyn Function>> {
    let fixed = match call.args[1].literal() {
        Some(pattern) => Some(java_regex::find(&pattern.as_text().unwrap_or_default())?),
        None => None,
    };
    strict(TEXTS, move |args| {
        let text = args[0].as_text().unwrap_or_default();
        match (&fixed, args[1].as_text()) {
            (Some(regex), _) => Ok(split(regex, &text)),
            (None, pattern) => Ok(split(&java_regex::find(&pattern.unwrap_or_default())?, &text)),
        }
    })
}

fn split(regex: &Regex, text: &str) -> Scalar<'static> {
    let mut parts: Vec<&str> = Vec::new();
    let mut start = 0;
    for found in regex.find_iter(text) {
        if found.end() == 0 || (found.is_empty() && found.start() >= text.len()) {
            continue;
        }
        parts.push(&text[start..found.start()]);
        start = found.end();
    }
    if parts.is_empty() {
        return text_array(vec![Scalar::text(text.to_string())]);
    }
    parts.push(&text[start..]);
    while parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    text_array(parts.into_iter().map(|part| Scalar::text(part.to_string())).collect())
}

//! `intervals` of a query in all their shapes, merged and sorted so that no row is met twice.

use serde_json::Value;
use timeline::{Interval, SegmentId};

use crate::fields::short;
use crate::{Error, Result};

/// The intervals a query asks for.
pub(crate) fn parse(value: &Value) -> Result<Vec<Interval>> {
    let mut all = Vec::new();
    collect(value, &mut all)?;
    Ok(condense(all))
}

fn collect(value: &Value, all: &mut Vec<Interval>) -> Result<()> {
    match value {
        Value::String(text) => text.split(',').try_for_each(|part| {
            all.push(interval(part.trim())?);
            Ok(())
        }),
        Value::Array(items) => items.iter().try_for_each(|item| collect(item, all)),
        Value::Object(map) => {
            match (map.get("type").and_then(Value::as_str), map.get("intervals"), map.get("segments")) {
                (None | Some("intervals" | "LegacySegmentSpec"), Some(inner), _) => collect(inner, all),
                (Some("segments"), _, Some(Value::Array(segments))) => {
                    segments.iter().try_for_each(|s| segment(s, all))
                }
                _ => Err(wrong(value)),
            }
        }
        _ => Err(wrong(value)),
    }
}

/// Fails on one too long for its length to be told in milliseconds.
fn interval(text: &str) -> Result<Interval> {
    let interval = Interval::parse(text)?;
    match interval.end.checked_sub(interval.start) {
        Some(_) => Ok(interval),
        None => Err(Error::invalid(format!("interval '{text}' is too long"))),
    }
}

fn segment(value: &Value, all: &mut Vec<Interval>) -> Result<()> {
    let text = value.get("itvl").and_then(Value::as_str).ok_or_else(|| wrong(value))?;
    all.push(interval(text)?);
    Ok(())
}

fn wrong(value: &Value) -> Error {
    Error::invalid(format!("'intervals' must be \"start/end\" or a list of those, got {}", short(value)))
}

/// Sorted, overlapping and abutting ones joined, empty ones dropped unless nothing else is left.
pub(crate) fn condense(mut all: Vec<Interval>) -> Vec<Interval> {
    all.sort_by_key(|i| (i.start, i.end));
    let first = all.first().copied();
    let mut merged: Vec<Interval> = Vec::with_capacity(all.len());
    for interval in all.into_iter().filter(|i| i.start < i.end) {
        match merged.last_mut() {
            Some(last) if interval.start <= last.end => last.end = last.end.max(interval.end),
            _ => merged.push(interval),
        }
    }
    if merged.is_empty() {
        merged.extend(first);
    }
    merged
}

pub(crate) fn intersect(a: Interval, b: Interval) -> Option<Interval> {
    let both = Interval { start: a.start.max(b.start), end: a.end.min(b.end) };
    (both.start < both.end).then_some(both)
}

/// Whether the segment may hold rows of the intervals.
pub(crate) fn touches(id: &SegmentId, intervals: &[Interval]) -> bool {
    let own = id.interval;
    intervals.iter().any(|i| intersect(*i, own).is_some())
}

//! The right side of a join by its keys: values become small numbers, numbers lead to rows.

use std::collections::HashMap;
use std::sync::Arc;

use aggregate::{ColumnType, Dictionary};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use expression::{Equalities, Equality, Expr, Scalar};
use segment::{SegmentRef, widen};

use crate::exec::{ExecContext, Reservation};
use crate::{Error, Result};

/// No key.
pub(super) const NONE: u32 = u32::MAX;

/// Rows of the right side by key.
pub(super) struct KeyIndex {
    pub parts: Vec<Part>,
    /// The key of the first parts and that of the next one, as one key.
    joined: Vec<HashMap<(u32, u32), u32>>,
    /// Rows of each key, key after key.
    rows: Vec<u32>,
    starts: Vec<u32>,
    pub is_never: bool,
    _held: Reservation,
}

/// One equality: what the left side gives, and the key of each value of the right.
pub(super) struct Part {
    pub value: Expr,
    matches_null: bool,
    keys: Keys,
}

enum Keys {
    /// The codes are the keys.
    Text {
        dictionary: Arc<dyn Dictionary>,
    },
    Long {
        by_value: HashMap<i64, u32>,
        null: u32,
    },
    /// By the bits of the number.
    Double {
        by_value: HashMap<u64, u32>,
        null: u32,
        is_float: bool,
    },
}

impl KeyIndex {
    pub fn new(right: &SegmentRef, condition: &Equalities, exec: &ExecContext) -> Result<Self> {
        let num_rows = right.num_rows();
        let mut held = Reservation::new(&exec.memory);
        held.resize(num_rows * 12 * (condition.all.len() + 1))?;
        let (mut parts, mut joined) = (Vec::new(), Vec::new());
        let mut keys = vec![0u32; num_rows];
        for equality in &condition.all {
            let (part, own) = Part::new(right, equality)?;
            if parts.is_empty() {
                keys = own;
            } else {
                let mut both = HashMap::new();
                for (key, own) in keys.iter_mut().zip(own) {
                    let next = both.len() as u32;
                    *key = if *key == NONE || own == NONE { NONE } else { *both.entry((*key, own)).or_insert(next) };
                }
                joined.push(both);
            }
            parts.push(part);
        }
        let (rows, starts) = by_key(&keys);
        Ok(Self { parts, joined, rows, starts, is_never: condition.is_never, _held: held })
    }

    /// The rows of a key given part by part.
    pub fn rows(&self, keys: impl Iterator<Item = u32>) -> &[u32] {
        let mut all = None;
        for (at, key) in keys.enumerate() {
            all = match all {
                _ if key == NONE => return &[],
                None => Some(key),
                Some(before) => match self.joined.get(at - 1).and_then(|joined| joined.get(&(before, key))) {
                    Some(both) => Some(*both),
                    None => return &[],
                },
            };
        }
        let key = all.unwrap_or(0) as usize;
        match (self.starts.get(key), self.starts.get(key + 1)) {
            (Some(start), Some(end)) => &self.rows[*start as usize..*end as usize],
            _ => &[],
        }
    }
}

/// Rows sorted by key, and where those of each key start; rows without a key are left out.
fn by_key(keys: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let num_keys = keys.iter().filter(|key| **key != NONE).max().map_or(0, |max| *max as usize + 1);
    let mut starts = vec![0u32; num_keys + 1];
    for key in keys.iter().filter(|key| **key != NONE) {
        starts[*key as usize + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut next = starts.clone();
    let mut rows = vec![0; *starts.last().unwrap_or(&0) as usize];
    for (key, row) in keys.iter().zip(0u32..).filter(|(key, _)| **key != NONE) {
        rows[next[*key as usize] as usize] = row;
        next[*key as usize] += 1;
    }
    (rows, starts)
}

impl Part {
    /// The part and the key of each row.
    fn new(right: &SegmentRef, equality: &Equality) -> Result<(Self, Vec<u32>)> {
        let name = &equality.column;
        let num_rows = right.num_rows();
        let part = |keys| Part { value: equality.value.clone(), matches_null: equality.matches_null, keys };
        let Some(column) = right.column(name) else {
            let known = right.schema().visible().map(|column| column.name.to_string()).collect::<Vec<_>>().join(", ");
            return Err(Error::invalid(format!("the right side of the join has no column '{name}': it has {known}")));
        };
        if column.is_multi_value() {
            return Err(Error::unsupported(format!("column '{name}' of several values cannot be joined on")));
        }
        let array = column.read(0..num_rows);
        let keep_null = |key: u32| if equality.matches_null { key } else { NONE };
        Ok(match (column.column_type(), column.dictionary()) {
            (ColumnType::String, Some(dictionary)) => {
                let null = dictionary.code_of(None);
                let mut codes = widen(&*array).unwrap_or_default();
                codes.iter_mut().filter(|code| Some(**code) == null).for_each(|code| *code = keep_null(*code));
                (part(Keys::Text { dictionary }), codes)
            }
            (ColumnType::Long, _) => {
                let (by_value, null, keys) = number(array.as_primitive::<Int64Type>().iter());
                let keys = keys.into_iter().map(|key| if key == null { keep_null(key) } else { key }).collect();
                (part(Keys::Long { by_value, null }), keys)
            }
            (ColumnType::Double | ColumnType::Float, _) => {
                let is_float = column.column_type() == ColumnType::Float;
                let (by_value, null, keys) = match is_float {
                    true => number(array.as_primitive::<Float32Type>().iter().map(|v| v.map(|v| bits(v.into())))),
                    false => number(array.as_primitive::<Float64Type>().iter().map(|v| v.map(bits))),
                };
                let keys = keys.into_iter().map(|key| if key == null { keep_null(key) } else { key }).collect();
                (part(Keys::Double { by_value, null, is_float }), keys)
            }
            (other, _) => {
                return Err(Error::unsupported(format!("column '{name}' of type {other} cannot be joined on")));
            }
        })
    }

    /// The key of a value of the left side.
    pub fn key(&self, value: &Scalar<'_>) -> Result<u32> {
        let found = match (value, &self.keys) {
            (Scalar::Array(_), _) => {
                return Err(Error::unsupported("a dimension of several values cannot be joined on"));
            }
            (Scalar::Null, _) if !self.matches_null => None,
            (Scalar::Null, Keys::Text { dictionary }) => dictionary.code_of(None),
            (Scalar::Null, Keys::Long { null, .. } | Keys::Double { null, .. }) => Some(*null),
            (value, Keys::Text { dictionary }) => value.as_text().and_then(|text| dictionary.code_of(Some(&text))),
            (Scalar::Double(number), Keys::Long { .. }) if number.fract() != 0.0 => None,
            (value, Keys::Long { by_value, .. }) => value.as_long().and_then(|value| by_value.get(&value).copied()),
            (value, Keys::Double { by_value, is_float, .. }) => {
                let round = |value: f64| if *is_float { f64::from(value as f32) } else { value };
                value.as_double().and_then(|value| by_value.get(&bits(round(value))).copied())
            }
        };
        Ok(found.unwrap_or(NONE))
    }
}

/// Zero has one form.
fn bits(value: f64) -> u64 {
    (value + 0.0).to_bits()
}

/// The key of each value, that of null, and the keys of the rows.
fn number<T: Copy + Eq + std::hash::Hash>(values: impl Iterator<Item = Option<T>>) -> (HashMap<T, u32>, u32, Vec<u32>) {
    let mut by_value = HashMap::new();
    let mut keys: Vec<Option<u32>> = Vec::new();
    for value in values {
        keys.push(value.map(|value| {
            let next = by_value.len() as u32;
            *by_value.entry(value).or_insert(next)
        }));
    }
    let null = by_value.len() as u32;
    (by_value, null, keys.into_iter().map(|key| key.unwrap_or(null)).collect())
}

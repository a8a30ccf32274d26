//! The values of an expression over the rows of a vector.

use std::borrow::Cow;
use std::sync::Arc;

use aggregate::Dictionary;
use arrow_array::{Array, ArrowPrimitiveType, Float64Array, Int64Array, PrimitiveArray, StringArray};

use super::scalar::Scalar;

/// One value a row. Rows of several kinds, and arrays, are `Mixed`.
#[derive(Clone)]
pub enum Vector {
    /// The same value for a number of rows.
    Constant(Scalar<'static>, usize),
    Long(Int64Array),
    Double(Float64Array),
    Text(StringArray),
    /// Codes of a dictionary, one a row.
    Coded {
        codes: Arc<[u32]>,
        dictionary: Arc<dyn Dictionary>,
    },
    Mixed(Arc<[Scalar<'static>]>),
}

impl Vector {
    pub fn nulls(num_rows: usize) -> Vector {
        Vector::Constant(Scalar::Null, num_rows)
    }

    pub fn len(&self) -> usize {
        match self {
            Vector::Constant(_, num_rows) => *num_rows,
            Vector::Long(values) => values.len(),
            Vector::Double(values) => values.len(),
            Vector::Text(values) => values.len(),
            Vector::Coded { codes, .. } => codes.len(),
            Vector::Mixed(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a row. Panics when there is no such row.
    #[inline]
    pub fn get(&self, row: usize) -> Scalar<'_> {
        match self {
            Vector::Constant(value, _) => value.borrow(),
            Vector::Long(values) if values.is_null(row) => Scalar::Null,
            Vector::Long(values) => Scalar::Long(values.value(row)),
            Vector::Double(values) if values.is_null(row) => Scalar::Null,
            Vector::Double(values) => Scalar::Double(values.value(row)),
            Vector::Text(values) if values.is_null(row) => Scalar::Null,
            Vector::Text(values) => Scalar::Text(Cow::Borrowed(values.value(row))),
            Vector::Coded { codes, dictionary } => {
                dictionary.get(codes[row]).map_or(Scalar::Null, |text| Scalar::Text(Cow::Borrowed(text)))
            }
            Vector::Mixed(values) => values[row].borrow(),
        }
    }

    /// The same value in every row, if it is known to be so.
    pub fn as_constant(&self) -> Option<&Scalar<'static>> {
        match self {
            Vector::Constant(value, _) => Some(value),
            _ => None,
        }
    }

    /// Whether some row holds an array.
    pub fn has_arrays(&self) -> bool {
        match self {
            Vector::Constant(value, _) => matches!(value, Scalar::Array(_)),
            Vector::Mixed(values) => values.iter().any(|value| matches!(value, Scalar::Array(_))),
            Vector::Long(_) | Vector::Double(_) | Vector::Text(_) | Vector::Coded { .. } => false,
        }
    }

    /// The rows asked for, in that order.
    pub fn take(&self, rows: &[u32]) -> Vector {
        let at = |row: &u32| *row as usize;
        match self {
            Vector::Constant(value, _) => Vector::Constant(value.clone(), rows.len()),
            Vector::Long(values) => Vector::Long(taken(values, rows)),
            Vector::Double(values) => Vector::Double(taken(values, rows)),
            Vector::Text(values) => {
                Vector::Text(rows.iter().map(|row| values.is_valid(at(row)).then(|| values.value(at(row)))).collect())
            }
            Vector::Coded { codes, dictionary } => {
                Vector::Coded { codes: rows.iter().map(|row| codes[at(row)]).collect(), dictionary: dictionary.clone() }
            }
            Vector::Mixed(values) => Vector::Mixed(rows.iter().map(|row| values[at(row)].clone()).collect()),
        }
    }

    /// Whether each row is true.
    pub fn truth(&self, mut each: impl FnMut(usize, bool)) {
        match self {
            Vector::Long(values) if values.null_count() == 0 => {
                values.values().iter().enumerate().for_each(|(row, value)| each(row, *value > 0));
            }
            Vector::Long(values) => {
                (0..values.len()).for_each(|row| each(row, values.is_valid(row) && values.value(row) > 0));
            }
            other => (0..other.len()).for_each(|row| each(row, other.get(row).is_true())),
        }
    }
}

fn taken<T: ArrowPrimitiveType>(values: &PrimitiveArray<T>, rows: &[u32]) -> PrimitiveArray<T> {
    let all = values.values();
    let numbers: Vec<T::Native> = rows.iter().map(|row| all[*row as usize]).collect();
    let nulls = values.nulls().filter(|nulls| nulls.null_count() > 0);
    let nulls = nulls.map(|nulls| rows.iter().map(|row| nulls.is_valid(*row as usize)).collect());
    PrimitiveArray::new(numbers.into(), nulls)
}

impl std::fmt::Debug for Vector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries((0..self.len()).map(|row| self.get(row).into_owned())).finish()
    }
}

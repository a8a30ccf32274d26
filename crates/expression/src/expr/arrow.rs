//! Arrow arrays as vectors and back.

use std::sync::Arc;

use aggregate::Shape;
use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
};
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, StringArray};
use arrow_schema::DataType;

use super::builder::Builder;
use super::scalar::{Kind, Scalar};
use super::vector::Vector;
use crate::{Error, Result, values};

impl Vector {
    /// Fails for types that have no meaning in an expression.
    pub fn from_arrow(array: &ArrayRef) -> Result<Vector> {
        Ok(match array.data_type() {
            DataType::Null => Vector::nulls(array.len()),
            DataType::Int64 => Vector::Long(array.as_primitive::<Int64Type>().clone()),
            DataType::Int32 => Vector::Long(array.as_primitive::<Int32Type>().unary(i64::from)),
            DataType::Int16 => Vector::Long(array.as_primitive::<Int16Type>().unary(i64::from)),
            DataType::Int8 => Vector::Long(array.as_primitive::<Int8Type>().unary(i64::from)),
            DataType::UInt32 => Vector::Long(array.as_primitive::<UInt32Type>().unary(i64::from)),
            DataType::UInt16 => Vector::Long(array.as_primitive::<UInt16Type>().unary(i64::from)),
            DataType::UInt8 => Vector::Long(array.as_primitive::<UInt8Type>().unary(i64::from)),
            DataType::Float64 => Vector::Double(array.as_primitive::<Float64Type>().clone()),
            DataType::Float32 => Vector::Double(array.as_primitive::<Float32Type>().unary(f64::from)),
            DataType::Boolean => {
                Vector::Long(array.as_boolean().iter().map(|value| value.map(i64::from)).collect::<Int64Array>())
            }
            DataType::Utf8 => Vector::Text(array.as_string::<i32>().clone()),
            DataType::LargeUtf8 => texts(array.as_string::<i64>().iter())?,
            DataType::Utf8View => texts(array.as_string_view().iter())?,
            DataType::Dictionary(..) => dictionary(array)?,
            DataType::List(_) => lists(array)?,
            other => return Err(Error::unsupported(format!("an expression cannot read columns of type {other}"))),
        })
    }

    /// Values by their keys; what is no key is null.
    pub fn from_keys<'a>(keys: impl Iterator<Item = Option<&'a str>>) -> Vector {
        Vector::Mixed(keys.map(|key| values::scalar(values::of_key(key)).into_owned()).collect())
    }

    /// The keys of the values and the least shape that holds them all, where they are of several kinds, arrays or
    /// nested data.
    pub fn to_keys(&self) -> Option<(StringArray, Shape)> {
        let scalars: Vec<Scalar<'_>> = (0..self.len()).map(|row| self.get(row)).collect();
        let shapes = || scalars.iter().filter_map(|scalar| Shape::of_value(&values::of_scalar(scalar)));
        let first = shapes().next()?;
        if first <= Shape::String && shapes().all(|shape| shape == first) {
            return None;
        }
        let keys = scalars.iter().map(|scalar| dialect::value::key(&values::of_scalar(scalar))).collect();
        Some((keys, shapes().fold(first, Shape::wider)))
    }

    /// Long, double or text with nulls; rows of several kinds become the widest of them, arrays text.
    pub fn to_arrow(&self) -> ArrayRef {
        match self {
            Vector::Long(values) => Arc::new(values.clone()),
            Vector::Double(values) => Arc::new(values.clone()),
            Vector::Text(values) => Arc::new(values.clone()),
            other => other.to_arrow_as(other.widest_kind()),
        }
    }

    /// Every value cast to the kind; what cannot be is null.
    pub fn to_arrow_as(&self, kind: Kind) -> ArrayRef {
        let rows = 0..self.len();
        match (kind, self) {
            (Kind::Long, Vector::Long(values)) => Arc::new(values.clone()),
            (Kind::Double, Vector::Double(values)) => Arc::new(values.clone()),
            (Kind::Double, Vector::Long(values)) => Arc::new(values.unary::<_, Float64Type>(|value| value as f64)),
            (Kind::Text, Vector::Text(values)) => Arc::new(values.clone()),
            (Kind::Long, _) => Arc::new(rows.map(|row| self.get(row).as_long()).collect::<Int64Array>()),
            (Kind::Double, _) => Arc::new(rows.map(|row| self.get(row).as_double()).collect::<Float64Array>()),
            (Kind::Text | Kind::Json, _) => {
                let mut out = StringBuilder::with_capacity(self.len(), self.len() * 8);
                rows.for_each(|row| out.append_option(self.get(row).as_text()));
                Arc::new(out.finish())
            }
        }
    }

    /// The kind that holds every row; text when an array is among them or all are null.
    pub fn widest_kind(&self) -> Kind {
        match self {
            Vector::Long(_) => Kind::Long,
            Vector::Double(_) => Kind::Double,
            Vector::Text(_) | Vector::Coded { .. } => Kind::Text,
            Vector::Constant(..) | Vector::Mixed(_) => {
                let kinds = (0..self.len()).filter_map(|row| match self.get(row) {
                    Scalar::Array(_) => Some(Kind::Text),
                    scalar => scalar.kind(),
                });
                kinds.reduce(super::scalar::wider).unwrap_or(Kind::Text)
            }
        }
    }
}

fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> Result<Vector> {
    let mut out = Builder::new(0);
    for value in values {
        out.push(value.map_or(Scalar::Null, Scalar::text))?;
    }
    Ok(out.finish())
}

fn dictionary(array: &ArrayRef) -> Result<Vector> {
    let dictionary = array.as_any_dictionary();
    let values = Vector::from_arrow(dictionary.values())?;
    let mut out = Builder::new(array.len());
    for (row, key) in dictionary.normalized_keys().into_iter().enumerate() {
        out.push(if array.is_null(row) { Scalar::Null } else { values.get(key) })?;
    }
    Ok(out.finish())
}

fn lists(array: &ArrayRef) -> Result<Vector> {
    let lists = array.as_list::<i32>();
    let values = Vector::from_arrow(lists.values())?;
    let kind = values.widest_kind();
    let offsets = lists.value_offsets();
    let rows = (0..lists.len()).map(|row| {
        let items = (offsets[row]..offsets[row + 1]).map(|at| values.get(at as usize).into_owned());
        if lists.is_null(row) { Scalar::Null } else { Scalar::array_of(kind, items.collect()) }
    });
    Ok(Vector::Mixed(rows.collect()))
}

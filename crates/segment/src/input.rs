//! Columns read from a segment as what a fold is fed.

use aggregate::{ColumnType, Dictionary, Input};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};

use crate::codes_of;

/// An array that `Column::read` answered for a column of this type, as an input. `None` when it is of another.
pub fn input_of<'a>(
    array: &'a dyn Array,
    column_type: &ColumnType,
    dictionary: Option<&'a dyn Dictionary>,
) -> Option<Input<'a>> {
    Some(match column_type {
        ColumnType::Long => Input::Long(array.as_primitive_opt::<Int64Type>()?),
        ColumnType::Double => Input::Double(array.as_primitive_opt::<Float64Type>()?),
        ColumnType::Float => Input::Float(array.as_primitive_opt::<Float32Type>()?),
        ColumnType::State(_) => Input::State(array.as_binary_opt::<i32>()?),
        ColumnType::String | ColumnType::Value(_) => match array.as_list_opt::<i32>() {
            Some(list) => Input::Texts {
                offsets: list.offsets(),
                codes: codes_of(list.values().as_ref())?,
                dictionary: dictionary?,
            },
            None => Input::Text { codes: codes_of(array)?, dictionary: dictionary? },
        },
    })
}

//! What a fold is fed: columns of one vector, the group of each row, and which rows count.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{BinaryArray, Float32Array, Float64Array, Int64Array, StringArray};

use crate::listed::count;
use crate::{Packed, Shape};

/// The distinct values of a text column. Null is an entry like any other, so code arrays carry no
/// Arrow nulls. A sorted dictionary is in UTF-16 code unit order with null, if any, as code 0.
pub trait Dictionary: Send + Sync {
    fn len(&self) -> usize;
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The value of a code; `None` is the null entry.
    fn get(&self, code: u32) -> Option<&str>;
    fn is_sorted(&self) -> bool;
    fn code_of(&self, value: Option<&str>) -> Option<u32>;
    /// All entries in the order of their codes, where they lie in one array.
    fn texts(&self) -> Option<&StringArray> {
        None
    }
    /// Tells a dictionary whose codes keep their meaning from all others of the process: what a reader learned
    /// of its codes holds while this is the same. `None` for one of which nothing may be kept.
    fn lasting_id(&self) -> Option<u64> {
        None
    }
    /// Of values of this shape the texts are keys; `None` where they are texts.
    fn keys_of(&self) -> Option<Shape> {
        None
    }
}

/// Type of a stored column.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ColumnType {
    Long,
    Double,
    Float,
    /// Single or multi-value text.
    String,
    /// A column of aggregator states, `COMPLEX<name>`.
    State(Arc<str>),
    /// Values of any type, each with its own: arrays, nested data, mixed scalars. One code a row; the texts of the
    /// dictionary are the keys of the values.
    Value(Shape),
}

impl ColumnType {
    pub fn state(name: &str) -> ColumnType {
        ColumnType::State(name.into())
    }

    /// Whether the values are longs, doubles or floats, stored as such.
    pub fn is_number(&self) -> bool {
        matches!(self, ColumnType::Long | ColumnType::Double | ColumnType::Float)
    }

    /// The least restrictive of two types: where one is of values, the values that are in both. States stay.
    pub fn wider(&self, other: &ColumnType) -> ColumnType {
        match (self, other) {
            (a, b) if a == b => a.clone(),
            (ColumnType::State(_), _) | (_, ColumnType::State(_)) => self.clone(),
            (ColumnType::Value(_), _) | (_, ColumnType::Value(_)) => match (self.shape(), other.shape()) {
                (Some(a), Some(b)) => ColumnType::Value(a.wider(b)),
                _ => self.clone(),
            },
            (ColumnType::String, _) | (_, ColumnType::String) => ColumnType::String,
            _ => ColumnType::Double,
        }
    }

    /// The shape of the values; `None` of states. Floats are doubles.
    pub fn shape(&self) -> Option<Shape> {
        match self {
            ColumnType::Long => Some(Shape::Long),
            ColumnType::Double | ColumnType::Float => Some(Shape::Double),
            ColumnType::String => Some(Shape::String),
            ColumnType::Value(shape) => Some(*shape),
            ColumnType::State(_) => None,
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ColumnType::Long => f.write_str("LONG"),
            ColumnType::Double => f.write_str("DOUBLE"),
            ColumnType::Float => f.write_str("FLOAT"),
            ColumnType::String => f.write_str("STRING"),
            ColumnType::State(name) => write!(f, "COMPLEX<{name}>"),
            ColumnType::Value(shape) => f.write_str(shape.name()),
        }
    }
}

/// The form in which an accumulator is fed a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    Long,
    Double,
    Float,
    Text,
    State,
}

impl From<&ColumnType> for Lane {
    fn from(column_type: &ColumnType) -> Lane {
        match column_type {
            ColumnType::Long => Lane::Long,
            ColumnType::Double => Lane::Double,
            ColumnType::Float => Lane::Float,
            ColumnType::String => Lane::Text,
            ColumnType::State(_) => Lane::State,
            // Readers give such a column as text, or as the numbers they want.
            ColumnType::Value(_) => Lane::Text,
        }
    }
}

/// Dictionary codes at the width they are stored.
#[derive(Clone, Copy, Debug)]
pub enum Codes<'a> {
    U8(&'a [u8]),
    U16(&'a [u16]),
    U32(&'a [u32]),
}

impl<'a> Codes<'a> {
    pub fn len(&self) -> usize {
        match self {
            Codes::U8(codes) => codes.len(),
            Codes::U16(codes) => codes.len(),
            Codes::U32(codes) => codes.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The code at a position, which must be below `len`.
    #[inline]
    pub fn get(&self, at: usize) -> u32 {
        match self {
            Codes::U8(codes) => codes[at].into(),
            Codes::U16(codes) => codes[at].into(),
            Codes::U32(codes) => codes[at],
        }
    }

    pub fn slice(&self, start: usize, end: usize) -> Codes<'a> {
        match self {
            Codes::U8(codes) => Codes::U8(&codes[start..end]),
            Codes::U16(codes) => Codes::U16(&codes[start..end]),
            Codes::U32(codes) => Codes::U32(&codes[start..end]),
        }
    }
}

/// One input column of one vector. All inputs of a fold have the vector's number of rows.
#[derive(Clone, Copy)]
pub enum Input<'a> {
    Long(&'a Int64Array),
    Double(&'a Float64Array),
    Float(&'a Float32Array),
    /// One code a row.
    Text {
        codes: Codes<'a>,
        dictionary: &'a dyn Dictionary,
    },
    /// Row `i` holds the codes `offsets[i]..offsets[i + 1]`; a null row holds none.
    Texts {
        offsets: &'a [i32],
        codes: Codes<'a>,
        dictionary: &'a dyn Dictionary,
    },
    /// Numbers without nulls, one code a row; only given to accumulators that
    /// [want codes](crate::Accumulator::wants_codes).
    Numbers {
        codes: Codes<'a>,
        values: NumberValues<'a>,
    },
    /// Numbers as they are stored; only given to accumulators that
    /// [want packed numbers](crate::Accumulator::wants_packed).
    Packed(Packed<'a>),
    State(&'a BinaryArray),
    /// The column does not exist: all null.
    Absent,
}

impl<'a> Input<'a> {
    /// Codes of values or of texts, and how many different ones there are.
    pub(crate) fn codes(&self) -> Option<(Codes<'a>, usize)> {
        match self {
            Input::Numbers { codes, values } => Some((*codes, values.len())),
            Input::Text { codes, dictionary } | Input::Texts { codes, dictionary, .. } => {
                Some((*codes, dictionary.len()))
            }
            _ => None,
        }
    }
}

/// The different numbers of a column, ascending; codes count them.
#[derive(Clone, Copy, Debug)]
pub enum NumberValues<'a> {
    Longs(&'a [i64]),
    Doubles(&'a [f64]),
}

impl<'a> NumberValues<'a> {
    pub fn len(&self) -> usize {
        match self {
            NumberValues::Longs(values) => values.len(),
            NumberValues::Doubles(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Those of some codes, which are below `len`.
    pub fn slice(&self, codes: Range<usize>) -> NumberValues<'a> {
        match self {
            NumberValues::Longs(values) => NumberValues::Longs(&values[codes]),
            NumberValues::Doubles(values) => NumberValues::Doubles(&values[codes]),
        }
    }
}

/// The group of each row, as dense ids relative to a base. Ids of rows that are masked out must be
/// valid groups too: branch-free loops write their records back unchanged.
#[derive(Clone, Copy, Debug)]
pub enum Groups<'a> {
    /// All rows belong to the base group.
    One,
    U8(&'a [u8]),
    U16(&'a [u16]),
    U32(&'a [u32]),
}

impl Groups<'_> {
    /// The id of a row relative to the base.
    #[inline]
    pub fn get(&self, row: usize) -> usize {
        match self {
            Groups::One => 0,
            Groups::U8(ids) => ids[row].into(),
            Groups::U16(ids) => ids[row].into(),
            Groups::U32(ids) => ids[row] as usize,
        }
    }

    /// One more than the greatest id; at least 1.
    pub(crate) fn bound(&self) -> usize {
        match self {
            Groups::One => 1,
            Groups::U8(ids) => usize::from(ids.iter().fold(0, |max, id| *id.max(&max))) + 1,
            Groups::U16(ids) => usize::from(ids.iter().fold(0, |max, id| *id.max(&max))) + 1,
            Groups::U32(ids) => ids.iter().fold(0, |max, id| *id.max(&max)) as usize + 1,
        }
    }
}

/// Which rows of a vector count. Bit `i` of the words is row `i`; bits past the last row are zero.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    All,
    Mask(&'a [u64]),
}

impl Rows<'_> {
    #[inline]
    pub fn contains(&self, row: usize) -> bool {
        match self {
            Rows::All => true,
            Rows::Mask(words) => words[row / 64] >> (row % 64) & 1 == 1,
        }
    }

    /// How many of a vector's rows count.
    pub(crate) fn count(&self, num_rows: usize) -> usize {
        match self {
            Rows::All => num_rows,
            Rows::Mask(words) => count(words),
        }
    }
}

/// What an aggregator reads.
#[derive(Clone, Debug, PartialEq)]
pub enum InputSpec {
    /// A column by name.
    Column(String),
    /// The text of an expression.
    Expression(String),
    /// A dimension specification as written: a name, or an object.
    Dimension(serde_json::Value),
}

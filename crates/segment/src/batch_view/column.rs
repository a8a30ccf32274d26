//! One Arrow array as a column.

use std::ops::Range;
use std::sync::Arc;

use aggregate::{Codes, ColumnType, Dictionary, Shape};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_schema::DataType;

use crate::bitmap::{self, RoaringIndex};
use crate::codes::codes_of;
use crate::dictionary::array_bytes;
use crate::nested::FixedFields;
use crate::{BitmapIndex, BitmapPolicy, Bounds, Column, ColumnStats, Error, Fields, Result, StringDictionary};

/// A whole column as one array of the types `Column::read` promises.
pub struct ArrayColumn {
    column_type: ColumnType,
    array: ArrayRef,
    dictionary: Option<Arc<StringDictionary>>,
    bitmaps: Option<Arc<dyn BitmapIndex>>,
    has_nulls: bool,
    stats: Option<ColumnStats>,
    /// Bounds of each vector; empty when not known.
    zones: Vec<Option<Bounds>>,
    fields: Option<Arc<FixedFields>>,
}

impl ArrayColumn {
    /// Numbers or states. Fails when the array is not of the type.
    pub fn plain(column_type: ColumnType, array: ArrayRef) -> Result<Self> {
        let stats = ColumnStats { bounds: bounds(array.as_ref()), num_nulls: array.null_count() as u64 };
        Ok(Self::unmeasured(column_type, array)?.with_stats(stats, Vec::new()))
    }

    /// As `plain`, without looking for bounds.
    pub(crate) fn unmeasured(column_type: ColumnType, array: ArrayRef) -> Result<Self> {
        let expected = match &column_type {
            ColumnType::Long => DataType::Int64,
            ColumnType::Double => DataType::Float64,
            ColumnType::Float => DataType::Float32,
            ColumnType::State(_) => DataType::Binary,
            ColumnType::String | ColumnType::Value(_) => {
                return Err(Error::invalid(format!("a column of type {column_type} needs a dictionary")));
            }
        };
        if array.data_type() != &expected {
            let text = format!("expected {expected} for {column_type}, got {}", array.data_type());
            return Err(Error::Invalid(text));
        }
        let has_nulls = array.null_count() > 0;
        let (dictionary, bitmaps) = (None, None);
        Ok(Self { column_type, array, dictionary, bitmaps, has_nulls, stats: None, zones: Vec::new(), fields: None })
    }

    pub(crate) fn with_stats(mut self, stats: ColumnStats, zones: Vec<Option<Bounds>>) -> Self {
        self.stats = Some(stats);
        self.zones = zones;
        self
    }

    /// Codes (`UInt8Array`, `UInt16Array`, `UInt32Array`) or a `ListArray` of such. Fails when a code is
    /// outside the dictionary, or an entry is null in Arrow's sense.
    pub fn coded(array: ArrayRef, dictionary: Arc<StringDictionary>) -> Result<Self> {
        let list = array.as_list_opt::<i32>();
        let values = list.map_or(array.as_ref(), |l| l.values().as_ref());
        let codes = codes_of(values).ok_or_else(|| Error::invalid(format!("{} holds no codes", array.data_type())))?;
        if array.null_count() + values.null_count() > 0 {
            return Err(Error::invalid("codes with Arrow nulls"));
        }
        let (max, any_null) = survey(codes, dictionary.null_code());
        if max.is_some_and(|code| code as usize >= dictionary.len()) {
            return Err(Error::invalid("code outside its dictionary"));
        }
        let has_nulls = any_null || list.is_some_and(|l| l.offsets().windows(2).any(|w| w[0] == w[1]));
        Self::known_coded(array, dictionary, has_nulls)
    }

    /// As `coded`, of codes that were once found sound. Fails when the array holds no codes.
    pub(crate) fn known_coded(array: ArrayRef, dictionary: Arc<StringDictionary>, has_nulls: bool) -> Result<Self> {
        let list = array.as_list_opt::<i32>();
        let values = list.map_or(array.as_ref(), |l| l.values().as_ref());
        if codes_of(values).is_none() || array.null_count() + values.null_count() > 0 {
            return Err(Error::invalid(format!("{} holds no codes", array.data_type())));
        }
        Ok(Self {
            column_type: ColumnType::String,
            array,
            dictionary: Some(dictionary),
            bitmaps: None,
            has_nulls,
            stats: None,
            zones: Vec::new(),
            fields: None,
        })
    }

    /// Codes of values instead of texts: the dictionary holds keys of values.
    pub fn of_values(mut self, shape: Shape) -> Self {
        self.column_type = ColumnType::Value(shape);
        self
    }

    /// The paths of nested data.
    pub(crate) fn with_fields(mut self, fields: FixedFields) -> Self {
        self.fields = Some(Arc::new(fields));
        self
    }

    pub fn with_bitmaps(mut self, bitmaps: Arc<dyn BitmapIndex>) -> Self {
        self.bitmaps = Some(bitmaps);
        self
    }

    /// Adds bitmaps. Nothing happens to a column without dictionary.
    pub fn indexed(self, policy: BitmapPolicy) -> Result<Self> {
        let Some(dictionary) = self.dictionary.clone() else { return Ok(self) };
        let list = self.array.as_list_opt::<i32>();
        let values = list.map_or(self.array.as_ref(), |l| l.values().as_ref());
        let codes = codes_of(values).unwrap_or(Codes::U8(&[]));
        let offsets = list.map(|l| &l.offsets()[..]);
        let num_values = dictionary.values().len();
        let bytes = bitmap::build(codes, offsets, num_values, dictionary.null_code(), policy)?;
        let index = RoaringIndex::open(bytes.into(), num_values, self.array.len())?;
        Ok(self.with_bitmaps(Arc::new(index)))
    }

    /// The whole column.
    pub fn array(&self) -> &ArrayRef {
        &self.array
    }
}

/// The largest code, and whether null is among them.
fn survey(codes: Codes<'_>, null: Option<u32>) -> (Option<u32>, bool) {
    fn of<T: Copy + Ord + TryFrom<u32> + Into<u32>>(codes: &[T], null: Option<u32>) -> (Option<u32>, bool) {
        let null = null.and_then(|code| T::try_from(code).ok());
        let max = codes.first().map(|&first| codes.iter().fold(first, |max, code| max.max(*code)).into());
        (max, null.is_some_and(|null| codes.contains(&null)))
    }
    match codes {
        Codes::U8(codes) => of(codes, null),
        Codes::U16(codes) => of(codes, null),
        Codes::U32(codes) => of(codes, null),
    }
}

/// Smallest and largest number of an array; `None` for other arrays, when all are null or one is NaN.
pub(crate) fn bounds(array: &dyn Array) -> Option<Bounds> {
    if let Some(longs) = array.as_primitive_opt::<Int64Type>() {
        let mut all = longs.iter().flatten();
        let first = all.next()?;
        let (min, max) = all.fold((first, first), |(low, high), v| (low.min(v), high.max(v)));
        return Some(Bounds::Long { min, max });
    }
    if let Some(doubles) = array.as_primitive_opt::<Float64Type>() {
        return match doubles.null_count() {
            0 => double_slice_bounds(doubles.values()),
            _ => double_bounds(doubles.nulls()?.valid_indices().map(|row| doubles.values()[row])),
        };
    }
    double_bounds(array.as_primitive_opt::<Float32Type>()?.iter().flatten().map(f64::from))
}

/// As `double_bounds`, in lanes that do not wait for one another.
fn double_slice_bounds(values: &[f64]) -> Option<Bounds> {
    const LANES: usize = 8;
    let first = *values.first()?;
    let (mut low, mut high, mut are_numbers) = ([first; LANES], [first; LANES], !first.is_nan());
    let (lanes, rest) = values.as_chunks::<LANES>();
    for some in lanes {
        for (lane, &value) in some.iter().enumerate() {
            low[lane] = if value < low[lane] { value } else { low[lane] };
            high[lane] = if value > high[lane] { value } else { high[lane] };
        }
        are_numbers &= some.iter().fold(true, |all, value| all & !value.is_nan());
    }
    let ends = double_bounds(low.iter().chain(&high).chain(rest).copied());
    ends.filter(|_| are_numbers)
}

fn double_bounds(mut all: impl Iterator<Item = f64>) -> Option<Bounds> {
    let first = all.next()?;
    let start = (first, first, first.is_nan());
    let (min, max, nan) = all.fold(start, |(low, high, nan), v| (low.min(v), high.max(v), nan | v.is_nan()));
    (!nan).then_some(Bounds::Double { min, max })
}

impl Column for ArrayColumn {
    fn column_type(&self) -> ColumnType {
        self.column_type.clone()
    }

    fn is_multi_value(&self) -> bool {
        matches!(self.array.data_type(), DataType::List(_))
    }

    fn has_nulls(&self) -> bool {
        self.has_nulls
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        self.array.slice(rows.start, rows.len())
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        take_rows(&self.array, rows)
    }

    fn dictionary(&self) -> Option<Arc<dyn Dictionary>> {
        self.dictionary.clone().map(|d| d as Arc<dyn Dictionary>)
    }

    fn bitmaps(&self) -> Option<&dyn BitmapIndex> {
        self.bitmaps.as_deref()
    }

    fn size_bytes(&self) -> u64 {
        let own = array_bytes(&self.array) + self.dictionary.as_ref().map_or(0, |d| d.size_bytes());
        own as u64 + self.fields.as_ref().map_or(0, |fields| fields.size_bytes())
    }

    fn stats(&self) -> Option<ColumnStats> {
        self.stats
    }

    fn fields(&self) -> Option<Arc<dyn Fields>> {
        self.fields.clone().map(|fields| fields as Arc<dyn Fields>)
    }

    fn zone(&self, rows: Range<usize>) -> Option<Bounds> {
        Bounds::of_zones(&self.zones, rows)
    }
}

/// The rows of an array in the order asked. Panics when one is out of bounds.
pub(crate) fn take_rows(array: &ArrayRef, rows: &[u32]) -> ArrayRef {
    let rows = UInt32Array::from(rows.to_vec());
    arrow_select::take::take(array.as_ref(), &rows, None).expect("take knows the array types of columns")
}

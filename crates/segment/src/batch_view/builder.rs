//! Typed columns into a `BatchView`.

use std::collections::HashMap;
use std::sync::Arc;

use aggregate::{ColumnType, Dictionary, Shape};
use arrow_array::builder::StringBuilder;
use arrow_array::{Array, ArrayRef, BinaryArray, Float32Array, Float64Array, Int64Array, ListArray, StringArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::Field;
use timeline::{Interval, SegmentId};

use super::{ArrayColumn, BatchView};
use crate::codes::{CodeWidth, narrow};
use crate::dictionary::compare_values;
use crate::{
    BitmapPolicy, ColumnRef, ColumnSchema, Error, Result, Role, Schema, SegmentMetadata, SortedTimes, StringDictionary,
    TIME_COLUMN,
};

/// A list of lists of optional strings: the rows of a string column, each with its values.
type Lists = Vec<Vec<Option<String>>>;

enum Pending {
    Plain(ColumnType, ArrayRef),
    Strings(Vec<Option<String>>),
    Lists(Lists),
    Values(Shape, StringArray),
    Ready(ColumnRef),
}

/// Columns are kept in the order given. Strings become dimensions, numbers and states metrics, unless
/// `role` says otherwise. Without `time`, every row is at 0 ms.
#[derive(Default)]
pub struct BatchViewBuilder {
    id: Option<SegmentId>,
    time: Option<Vec<i64>>,
    columns: Vec<(String, Pending, Option<Role>)>,
    metadata: SegmentMetadata,
    insertion_order: bool,
    bitmaps: bool,
    num_rows: Option<usize>,
    time_role: Option<Role>,
}

impl BatchViewBuilder {
    pub fn id(mut self, id: SegmentId) -> Self {
        self.id = Some(id);
        self
    }

    /// Milliseconds, in any order.
    pub fn time(mut self, times: impl IntoIterator<Item = i64>) -> Self {
        self.time = Some(times.into_iter().collect());
        self
    }

    /// The number of rows of a batch that has neither time nor columns.
    pub fn num_rows(mut self, num_rows: usize) -> Self {
        self.num_rows = Some(num_rows);
        self
    }

    pub fn long(self, name: &str, values: impl IntoIterator<Item = Option<i64>>) -> Self {
        let array = Int64Array::from(values.into_iter().collect::<Vec<_>>());
        self.push(name, Pending::Plain(ColumnType::Long, Arc::new(array)))
    }

    pub fn double(self, name: &str, values: impl IntoIterator<Item = Option<f64>>) -> Self {
        let array = Float64Array::from(values.into_iter().collect::<Vec<_>>());
        self.push(name, Pending::Plain(ColumnType::Double, Arc::new(array)))
    }

    pub fn float(self, name: &str, values: impl IntoIterator<Item = Option<f32>>) -> Self {
        let array = Float32Array::from(values.into_iter().collect::<Vec<_>>());
        self.push(name, Pending::Plain(ColumnType::Float, Arc::new(array)))
    }

    pub fn string<S: Into<String>>(self, name: &str, values: impl IntoIterator<Item = Option<S>>) -> Self {
        let values = values.into_iter().map(|v| v.map(Into::into)).collect();
        self.push(name, Pending::Strings(values))
    }

    /// A multi-value column: each row a list of values; an empty one reads as null.
    pub fn strings<S, R>(self, name: &str, rows: impl IntoIterator<Item = R>) -> Self
    where
        S: Into<String>,
        R: IntoIterator<Item = Option<S>>,
    {
        let rows = rows.into_iter().map(|row| row.into_iter().map(|v| v.map(Into::into)).collect()).collect();
        self.push(name, Pending::Lists(rows))
    }

    /// A column of aggregator states, `COMPLEX<type_name>`.
    pub fn state<B: AsRef<[u8]>>(
        self,
        name: &str,
        type_name: &str,
        values: impl IntoIterator<Item = Option<B>>,
    ) -> Self {
        let values: Vec<Option<B>> = values.into_iter().collect();
        let array = BinaryArray::from_iter(values);
        self.push(name, Pending::Plain(ColumnType::State(type_name.into()), Arc::new(array)))
    }

    /// A column of values, by their keys.
    pub fn values(self, name: &str, shape: Shape, keys: StringArray) -> Self {
        self.push(name, Pending::Values(shape, keys))
    }

    /// An Arrow array of numbers or states, as it is.
    pub fn array(self, name: &str, column_type: ColumnType, array: ArrayRef) -> Self {
        self.push(name, Pending::Plain(column_type, array))
    }

    /// A column of any kind; its length is trusted.
    pub fn column(self, name: &str, column: ColumnRef) -> Self {
        self.push(name, Pending::Ready(column))
    }

    /// Changes the role of a column already given, or of `__time`.
    pub fn role(mut self, name: &str, role: Role) -> Self {
        if name == TIME_COLUMN {
            self.time_role = Some(role);
        }
        if let Some(entry) = self.columns.iter_mut().rev().find(|(n, ..)| n == name) {
            entry.2 = Some(role);
        }
        self
    }

    pub fn metadata(mut self, metadata: SegmentMetadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Dictionaries in the order of first rows, as in a live index, instead of sorted.
    pub fn insertion_order(mut self) -> Self {
        self.insertion_order = true;
        self
    }

    /// Bitmaps for every value of the string columns.
    pub fn with_bitmaps(mut self) -> Self {
        self.bitmaps = true;
        self
    }

    fn push(mut self, name: &str, column: Pending) -> Self {
        self.columns.push((name.to_owned(), column, None));
        self
    }

    /// Fails when columns differ in length, names repeat or an array does not fit its type.
    pub fn build(self) -> Result<Arc<BatchView>> {
        let num_rows = self.length()?;
        let times = self.time.unwrap_or_else(|| vec![0; num_rows]);
        let mut columns: HashMap<Arc<str>, ColumnRef> = HashMap::new();
        let mut schema = vec![ColumnSchema {
            name: TIME_COLUMN.into(),
            column_type: ColumnType::Long,
            multi_value: false,
            role: self.time_role.unwrap_or(Role::Time),
        }];
        for (name, pending, role) in self.columns {
            let name: Arc<str> = name.into();
            let column = pending.finish(self.insertion_order, self.bitmaps)?;
            let column_type = column.column_type();
            let default = if matches!(column_type, ColumnType::String | ColumnType::Value(_)) {
                Role::Dimension
            } else {
                Role::Metric
            };
            let (multi_value, role) = (column.is_multi_value(), role.unwrap_or(default));
            schema.push(ColumnSchema { name: name.clone(), column_type, multi_value, role });
            columns.insert(name, column);
        }
        let schema = Schema::new(schema)?;
        let runs = SortedTimes::from_times(&times);
        let time_range = range_of(&times);
        let time = ArrayColumn::plain(ColumnType::Long, Arc::new(Int64Array::from(times)))?;
        columns.insert(TIME_COLUMN.into(), Arc::new(time));
        let id = self.id.unwrap_or_else(|| default_id(time_range));
        Ok(Arc::new(BatchView { id, schema, num_rows, time_range, runs, columns, metadata: self.metadata }))
    }

    fn length(&self) -> Result<usize> {
        let mut known = self.time.as_ref().map(Vec::len).or(self.num_rows);
        for (name, column, _) in &self.columns {
            let Some(len) = column.len() else { continue };
            if *known.get_or_insert(len) != len {
                return Err(Error::invalid(format!("column '{name}' has {len} rows, others {}", known.unwrap_or(0))));
            }
        }
        let num_rows = known.unwrap_or(0);
        u32::try_from(num_rows).map_err(|_| Error::LimitExceeded(format!("{num_rows} rows in one segment")))?;
        Ok(num_rows)
    }
}

/// First time to last time + 1 ms; empty at 0 when there is none.
pub(crate) fn range_of(times: &[i64]) -> Interval {
    let start = times.iter().min().copied();
    let end = times.iter().max().map(|t| t.saturating_add(1));
    Interval { start: start.unwrap_or(0), end: end.unwrap_or(0) }
}

fn default_id(interval: Interval) -> SegmentId {
    SegmentId::new("batch", interval, "", 0)
}

impl Pending {
    fn len(&self) -> Option<usize> {
        match self {
            Pending::Plain(_, array) => Some(array.len()),
            Pending::Strings(values) => Some(values.len()),
            Pending::Lists(rows) => Some(rows.len()),
            Pending::Values(_, keys) => Some(keys.len()),
            Pending::Ready(_) => None,
        }
    }

    fn finish(self, insertion_order: bool, bitmaps: bool) -> Result<ColumnRef> {
        let coded = |array, dictionary| {
            let column = ArrayColumn::coded(array, Arc::new(dictionary))?;
            if bitmaps { column.indexed(BitmapPolicy::All) } else { Ok(column) }
        };
        Ok(match self {
            Pending::Plain(column_type, array) => Arc::new(ArrayColumn::plain(column_type, array)?),
            Pending::Strings(values) => {
                let rows: Lists = values.into_iter().map(|v| vec![v]).collect();
                let (codes, dictionary) = encode(&rows, insertion_order)?;
                let array = narrow(&codes.concat(), dictionary.values().len());
                Arc::new(coded(array, dictionary)?)
            }
            Pending::Lists(rows) => {
                let (codes, dictionary) = encode(&rows, insertion_order)?;
                let array = list_of(&codes, dictionary.values().len());
                Arc::new(coded(array, dictionary)?)
            }
            Pending::Values(shape, keys) => {
                let column = super::string_column(&keys)?.of_values(shape);
                Arc::new(if bitmaps { column.indexed(BitmapPolicy::All)? } else { column })
            }
            Pending::Ready(column) => column,
        })
    }
}

fn list_of(rows: &[Vec<u32>], num_values: usize) -> ArrayRef {
    let offsets = OffsetBuffer::from_lengths(rows.iter().map(Vec::len));
    list_array(offsets, narrow(&rows.concat(), num_values), num_values)
}

/// Codes of a multi-value column as the list array `Column::read` promises.
pub(crate) fn list_array(offsets: OffsetBuffer<i32>, codes: ArrayRef, num_values: usize) -> ArrayRef {
    let field = Field::new("item", CodeWidth::for_len(num_values).data_type(), false);
    Arc::new(ListArray::new(Arc::new(field), offsets, codes, None))
}

fn encode(rows: &Lists, insertion_order: bool) -> Result<(Vec<Vec<u32>>, StringDictionary)> {
    let mut codes: HashMap<Option<&str>, u32> = HashMap::new();
    let mut values: Vec<Option<&str>> = Vec::new();
    let null = [None];
    for row in rows {
        for value in if row.is_empty() { &null[..] } else { row } {
            codes.entry(value.as_deref()).or_insert_with(|| {
                values.push(value.as_deref());
                values.len() as u32 - 1
            });
        }
    }
    if !insertion_order {
        values.sort_by(|a, b| compare_values(*a, *b));
        codes = values.iter().enumerate().map(|(code, value)| (*value, code as u32)).collect();
    }
    let coded = rows.iter().map(|row| row.iter().map(|v| codes[&v.as_deref()]).collect()).collect();
    let mut array = StringBuilder::new();
    values.iter().for_each(|v| array.append_option(*v));
    let array = array.finish();
    let dictionary = if insertion_order { StringDictionary::unsorted(array) } else { StringDictionary::sorted(array) }?;
    Ok((coded, dictionary))
}

/// Texts, each row one or null, as codes of a sorted dictionary.
pub(crate) fn string_column(values: &StringArray) -> Result<ArrayColumn> {
    let mut distinct: Vec<Option<&str>> = values.iter().collect();
    distinct.sort_by(|a, b| compare_values(*a, *b));
    distinct.dedup();
    let dictionary = StringDictionary::sorted(StringArray::from(distinct))?;
    let codes: Vec<u32> = values.iter().map(|v| dictionary.code_of(v).unwrap_or_default()).collect();
    let num_values = dictionary.values().len();
    ArrayColumn::coded(narrow(&codes, num_values), Arc::new(dictionary))
}

//! The writer's side of a dimension: values into codes.

use aggregate::{Codes, ColumnType, Dictionary, Input, Shape};
use arrow_array::Array;

use super::chunked::Chunked;
use super::interner::Interner;
use super::limits::Limits;
use super::nested::{SharedGather, shared_gather};
use crate::dictionary::compare_values;
use crate::{DimensionSchema, Error, MultiValueHandling, Result};

/// Set in a row's code when it stands for a list of values.
pub(super) const LIST: u32 = 1 << 31;
/// Bytes that arrays and nested data may have, whatever the limit of texts.
const MAX_KEY_BYTES: usize = 1 << 20;
const UNKNOWN: u32 = u32::MAX;
/// Values of a batch's dictionary, for each row that is taken of it, up to which hints are kept.
const VALUES_A_ROW: usize = 16;

/// Values of a dimension by code.
pub(super) enum Values {
    Text {
        values: Interner<Option<Box<str>>>,
        lists: Interner<Box<[u32]>>,
    },
    /// Longs, or the bits of doubles and floats.
    Number(Interner<Option<u64>>),
}

pub(super) struct Dimension {
    pub(super) schema: DimensionSchema,
    pub(super) values: Values,
    pub(super) rows: Chunked<u32>,
    /// Whether an empty list is another value than null. To roll-up they are one.
    keeps_empty: bool,
    /// Our codes by those of the batch's dictionary, as far as they were met.
    known: Vec<u32>,
    /// The dictionary that `known` is of; `None` when it lasts for one batch only.
    known_of: Option<u64>,
    /// Of nested data: what is at the paths of its documents.
    pub(super) gather: Option<SharedGather>,
}

impl Dimension {
    pub(super) fn new(schema: DimensionSchema, is_rollup: bool, limits: &Limits) -> Self {
        let is_nested = schema.column_type == ColumnType::Value(Shape::Json);
        let gather = is_nested.then(|| shared_gather(limits.max_dictionary_values));
        let values = match schema.column_type {
            ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => {
                Values::Text { values: Interner::new(), lists: Interner::new() }
            }
            ColumnType::Long | ColumnType::Double | ColumnType::Float => Values::Number(Interner::new()),
        };
        let (rows, known) = (Chunked::new(), Vec::new());
        Self { schema, values, rows, keeps_empty: !is_rollup, known, known_of: None, gather }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let values = match &self.values {
            Values::Text { values, lists } => values.memory_bytes() + lists.memory_bytes(),
            Values::Number(values) => values.memory_bytes(),
        };
        let gathered = self.gather.as_ref().map_or(0, |gather| gather.read().memory_bytes());
        values + gathered + self.rows.memory_bytes() + self.known.capacity() * 4
    }

    /// The code of null, known from now on.
    pub(super) fn null_code(&mut self) -> Result<u32> {
        match &mut self.values {
            Values::Text { values, .. } => values.intern(None, usize::MAX),
            Values::Number(values) => values.intern(None, usize::MAX),
        }
        .ok_or_else(|| Error::LimitExceeded("dictionary is full".into()))
    }

    /// Appends to `out` the code of every row asked for. Answers how many values were too long.
    pub(super) fn encode(
        &mut self,
        input: &Input<'_>,
        rows: &Rows<'_>,
        limits: &Limits,
        out: &mut Vec<u32>,
    ) -> Result<u64> {
        match (*input, &mut self.values) {
            (Input::Absent, _) => {
                let null = self.null_code()?;
                out.extend(std::iter::repeat_n(null, rows.len()));
                Ok(0)
            }
            (Input::Text { codes, dictionary }, Values::Text { .. }) => {
                self.encode_texts(None, codes, dictionary, rows, limits, out)
            }
            (Input::Texts { offsets, codes, dictionary }, Values::Text { .. })
                if self.schema.column_type == ColumnType::String =>
            {
                self.encode_texts(Some(offsets), codes, dictionary, rows, limits, out)
            }
            (Input::Long(_) | Input::Double(_) | Input::Float(_), Values::Number(values)) => {
                let keys = number_keys(input, rows, &self.schema)?;
                let found = values.intern_all(&keys, limits.max_dictionary_values, out);
                found.map(|()| 0).ok_or_else(|| full(&self.schema, limits))
            }
            _ => Err(Error::invalid(format!(
                "dimension '{}' is of type {}, the batch brings another",
                self.schema.name, self.schema.column_type
            ))),
        }
    }

    fn encode_texts(
        &mut self,
        offsets: Option<&[i32]>,
        codes: Codes<'_>,
        dictionary: &dyn Dictionary,
        rows: &Rows<'_>,
        limits: &Limits,
        out: &mut Vec<u32>,
    ) -> Result<u64> {
        self.know(dictionary, rows.len());
        let mut too_long = 0;
        let Some(offsets) = offsets else {
            let mut encode = |code: u32| -> Result<()> {
                out.push(self.translate(code, dictionary, limits, &mut too_long)?);
                Ok(())
            };
            match (codes, rows) {
                (Codes::U32(codes), Rows::All(_)) => codes.iter().try_for_each(|&code| encode(code))?,
                _ => rows.iter().try_for_each(|row| encode(codes.get(row)))?,
            }
            return Ok(too_long);
        };
        let mut list = Vec::new();
        rows.iter().try_for_each(|row| -> Result<()> {
            list.clear();
            for at in offsets[row] as usize..offsets[row + 1] as usize {
                list.push(self.translate(codes.get(at), dictionary, limits, &mut too_long)?);
            }
            out.push(self.row_code(&mut list, limits)?);
            Ok(())
        })?;
        Ok(too_long)
    }

    /// Forgets what is known of another dictionary. A few rows of one with many values are looked up: what is
    /// known of it would hold more memory than the rows.
    fn know(&mut self, dictionary: &dyn Dictionary, num_rows: usize) {
        let id = dictionary.lasting_id();
        if id.is_none() || id != self.known_of {
            self.known.clear();
            self.known_of = id;
        }
        if dictionary.len() <= num_rows.saturating_mul(VALUES_A_ROW) {
            self.known.resize(self.known.len().max(dictionary.len()), UNKNOWN);
        }
    }

    #[inline]
    fn translate(
        &mut self,
        code: u32,
        dictionary: &dyn Dictionary,
        limits: &Limits,
        too_long: &mut u64,
    ) -> Result<u32> {
        match self.known.get(code as usize) {
            Some(&ours) if ours != UNKNOWN => Ok(ours),
            _ => self.look_up(code, dictionary, limits, too_long),
        }
    }

    fn look_up(&mut self, code: u32, dictionary: &dyn Dictionary, limits: &Limits, too_long: &mut u64) -> Result<u32> {
        if code as usize >= dictionary.len() {
            return Err(Error::invalid(format!("dimension '{}': code outside its dictionary", self.schema.name)));
        }
        let value = dictionary.get(code);
        let max_bytes = match self.schema.column_type {
            ColumnType::Value(_) => limits.max_value_bytes.max(MAX_KEY_BYTES),
            _ => limits.max_value_bytes,
        };
        let is_long = value.is_some_and(|text| text.len() > max_bytes);
        let Values::Text { values, .. } = &mut self.values else { return Err(full(&self.schema, limits)) };
        let num_known = values.len();
        let ours = values.intern(value.filter(|_| !is_long), limits.max_dictionary_values.min(LIST as usize));
        let ours = ours.ok_or_else(|| full(&self.schema, limits))?;
        if let Some(gather) = self.gather.as_ref().filter(|_| values.len() > num_known && !is_long) {
            gather.write().add(ours, value);
        }
        if is_long {
            *too_long += 1;
        } else if let Some(known) = self.known.get_mut(code as usize) {
            *known = ours;
        }
        Ok(ours)
    }

    /// Distinct values known, lists counted apart.
    pub(super) fn num_values(&self) -> usize {
        match &self.values {
            Values::Text { values, lists } => values.len().max(lists.len()),
            Values::Number(values) => values.len(),
        }
    }

    /// A row's code: of its value, of null, or of its list.
    fn row_code(&mut self, list: &mut Vec<u32>, limits: &Limits) -> Result<u32> {
        match list[..] {
            // Null is what it reads as where no row holds several values.
            [] if self.keeps_empty => _ = self.null_code()?,
            [] => return self.null_code(),
            [one] => return Ok(one),
            _ => {}
        }
        let Values::Text { values, lists } = &mut self.values else { return Err(full(&self.schema, limits)) };
        if self.schema.multi_value_handling != MultiValueHandling::Array {
            let text = |code: u32| values.get(code).and_then(|v| v.as_deref());
            list.sort_by(|&a, &b| compare_values(text(a), text(b)));
        }
        if self.schema.multi_value_handling == MultiValueHandling::SortedSet {
            list.dedup();
        }
        if let [one] = list[..] {
            return Ok(one);
        }
        let code = lists.intern(list.as_slice(), limits.max_dictionary_values.min(LIST as usize - 1));
        code.map(|code| code | LIST).ok_or_else(|| full(&self.schema, limits))
    }
}

fn full(schema: &DimensionSchema, limits: &Limits) -> Error {
    let limit = limits.max_dictionary_values;
    Error::LimitExceeded(format!("dimension '{}' has more than {limit} distinct values", schema.name))
}

/// The bits of a numeric dimension by row, nulls apart.
fn number_keys(input: &Input<'_>, rows: &Rows<'_>, schema: &DimensionSchema) -> Result<Vec<Option<u64>>> {
    let keys = |key: &dyn Fn(usize) -> Option<u64>| rows.iter().map(key).collect();
    Ok(match (*input, &schema.column_type) {
        (Input::Long(values), ColumnType::Long) => keys(&|row| values.is_valid(row).then(|| values.value(row) as u64)),
        (Input::Double(values), ColumnType::Double) => {
            keys(&|row| values.is_valid(row).then(|| values.value(row).to_bits()))
        }
        (Input::Float(values), ColumnType::Float) => {
            keys(&|row| values.is_valid(row).then(|| u64::from(values.value(row).to_bits())))
        }
        _ => {
            let text =
                format!("dimension '{}' is of type {}, not what the batch brings", schema.name, schema.column_type);
            return Err(Error::Invalid(text));
        }
    })
}

/// Rows of a batch that are wanted.
pub(super) enum Rows<'a> {
    All(usize),
    Some(&'a [u32]),
}

impl Rows<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Rows::All(num_rows) => *num_rows,
            Rows::Some(rows) => rows.len(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let (all, some) = match self {
            Rows::All(num_rows) => (0..*num_rows, &[][..]),
            Rows::Some(rows) => (0..0, *rows),
        };
        all.chain(some.iter().map(|&row| row as usize))
    }
}

/// Rows that an input has.
pub(super) fn input_rows(input: &Input<'_>) -> Option<usize> {
    match input {
        Input::Long(values) => Some(values.len()),
        Input::Double(values) => Some(values.len()),
        Input::Float(values) => Some(values.len()),
        Input::Text { codes, .. } | Input::Numbers { codes, .. } => Some(codes.len()),
        Input::Texts { offsets, codes, .. } => {
            let sound = offsets.first() == Some(&0) && offsets.is_sorted();
            let fits = offsets.last().is_some_and(|&last| last as usize <= codes.len());
            Some(if sound && fits { offsets.len() - 1 } else { usize::MAX })
        }
        Input::Packed(packed) => Some(packed.stored.len()),
        Input::State(values) => Some(values.len()),
        Input::Absent => None,
    }
}

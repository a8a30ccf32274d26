//! The writer's side of a dimension: values into codes.

use aggregate::{Codes, ColumnType, Dictionary, Input, Shape};
use arrow_array::Array;

use super::code_rows::{CodeRows, LIST};
use super::interner::Interner;
use super::limits::Limits;
use super::nested::{SharedGather, shared_gather};
use super::number_rows::NumberRows;
use crate::dictionary::compare_values;
use crate::{DimensionSchema, Error, MultiValueHandling, Result};

/// Bytes that arrays and nested data may have, whatever the limit of texts.
const MAX_KEY_BYTES: usize = 1 << 20;
const UNKNOWN: u32 = u32::MAX;
/// Values of a batch's dictionary, for each row that is taken of it, up to which hints are kept.
const VALUES_A_ROW: usize = 16;

/// The rows of a dimension.
pub(super) enum Values {
    /// Codes, of values and of lists of these.
    Text { values: Interner<Option<Box<str>>>, lists: Interner<Box<[u32]>>, rows: CodeRows },
    /// Numbers as they are, and while rows are rolled up their codes in keys.
    Number { rows: NumberRows, keys: Option<Interner<Option<u64>>> },
}

/// A dimension of the rows of a batch.
#[derive(Default)]
pub(super) struct Encoded {
    /// The codes of texts, and of numbers that are part of keys.
    pub(super) codes: Vec<u32>,
    /// The bits of numbers: longs, doubles, or floats.
    bits: Vec<i64>,
    /// Which numbers are null; empty when none is.
    nulls: Vec<bool>,
}

pub(super) struct Dimension {
    pub(super) schema: DimensionSchema,
    pub(super) values: Values,
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
    /// `is_keyed` says that rows are looked for by their keys.
    pub(super) fn new(schema: DimensionSchema, is_rollup: bool, is_keyed: bool, limits: &Limits) -> Self {
        let is_nested = schema.column_type == ColumnType::Value(Shape::Json);
        let gather = is_nested.then(|| shared_gather(limits.max_dictionary_values));
        let values = match schema.column_type {
            ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => {
                Values::Text { values: Interner::new(), lists: Interner::new(), rows: CodeRows::new() }
            }
            ColumnType::Long | ColumnType::Double | ColumnType::Float => {
                let (rows, keys) = (NumberRows::new(schema.column_type.clone()), is_keyed.then(Interner::new));
                Values::Number { rows, keys }
            }
        };
        Self { schema, values, keeps_empty: !is_rollup, known: Vec::new(), known_of: None, gather }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let values = match &self.values {
            Values::Text { values, lists, rows } => values.memory_bytes() + lists.memory_bytes() + rows.memory_bytes(),
            Values::Number { rows, keys } => rows.num_bytes() + keys.as_ref().map_or(0, Interner::memory_bytes),
        };
        let gathered = self.gather.as_ref().map_or(0, |gather| gather.read().memory_bytes());
        values + gathered + self.known.capacity() * 4
    }

    /// The code of null among texts, known from now on.
    fn null_code(&mut self) -> Result<u32> {
        let Values::Text { values, .. } = &mut self.values else { return Ok(0) };
        values.intern(None, usize::MAX).ok_or_else(|| Error::LimitExceeded("dictionary is full".into()))
    }

    /// Rows without a value, which have code 0 in keys. To be called of a dimension without rows.
    pub(super) fn begin_with_nulls(&mut self, num_rows: usize) -> Result<()> {
        if num_rows == 0 {
            return Ok(());
        }
        let null = self.null_code()?;
        match &mut self.values {
            Values::Text { rows, .. } => rows.extend((0..num_rows).map(|_| null)),
            Values::Number { rows, keys } => {
                keys.as_mut().map(|keys| keys.intern(None, usize::MAX));
                rows.extend_nullable((0..num_rows).map(|_| None));
            }
        }
        Ok(())
    }

    /// Adds rows of a batch.
    pub(super) fn add(&mut self, encoded: &Encoded, rows: &Rows<'_>) {
        match (&mut self.values, rows) {
            (Values::Text { rows, .. }, Rows::All(_)) => rows.extend(encoded.codes.iter().copied()),
            (Values::Text { rows, .. }, Rows::Some(some)) => {
                rows.extend(some.iter().map(|&row| encoded.codes[row as usize]));
            }
            (Values::Number { rows, .. }, some) if !encoded.nulls.is_empty() => {
                rows.extend_nullable(some.iter().map(|row| (!encoded.nulls[row]).then_some(encoded.bits[row])));
            }
            (Values::Number { rows, .. }, Rows::All(_)) => rows.extend(encoded.bits.iter().copied()),
            (Values::Number { rows, .. }, Rows::Some(some)) => {
                rows.extend(some.iter().map(|&row| encoded.bits[row as usize]));
            }
        }
    }

    /// Rows are not looked for any more.
    pub(super) fn forget_keys(&mut self) {
        if let Values::Number { keys, .. } = &mut self.values {
            *keys = None;
        }
    }

    /// The rows asked for. Answers them and how many values were too long.
    pub(super) fn encode(&mut self, input: &Input<'_>, rows: &Rows<'_>, limits: &Limits) -> Result<(Encoded, u64)> {
        let mut encoded = Encoded::default();
        if let Values::Number { keys, .. } = &mut self.values {
            numbers(input, rows, &self.schema, &mut encoded)?;
            if let Some(keys) = keys {
                let found = keys.intern_all(&encoded.keys(), limits.max_dictionary_values, &mut encoded.codes);
                found.ok_or_else(|| full(&self.schema, limits))?;
            }
            return Ok((encoded, 0));
        }
        let out = &mut encoded.codes;
        out.reserve(rows.len());
        let is_text = self.schema.column_type == ColumnType::String;
        let num_too_long = match *input {
            Input::Absent => {
                let null = self.null_code()?;
                out.extend(std::iter::repeat_n(null, rows.len()));
                0
            }
            Input::Text { codes, dictionary } => self.encode_texts(None, codes, dictionary, rows, limits, out)?,
            Input::Texts { offsets, codes, dictionary } if is_text => {
                self.encode_texts(Some(offsets), codes, dictionary, rows, limits, out)?
            }
            _ => return Err(another_type(&self.schema)),
        };
        Ok((encoded, num_too_long))
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
            Values::Text { values, lists, .. } => values.len().max(lists.len()),
            Values::Number { keys, .. } => keys.as_ref().map_or(0, Interner::len),
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
        let Values::Text { values, lists, .. } = &mut self.values else { return Err(full(&self.schema, limits)) };
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

fn another_type(schema: &DimensionSchema) -> Error {
    Error::invalid(format!("dimension '{}' is of type {}, the batch brings another", schema.name, schema.column_type))
}

impl Encoded {
    /// What numbers are in a key.
    fn keys(&self) -> Vec<Option<u64>> {
        if self.nulls.is_empty() {
            return self.bits.iter().map(|bits| Some(*bits as u64)).collect();
        }
        self.bits.iter().zip(&self.nulls).map(|(bits, is_null)| (!is_null).then_some(*bits as u64)).collect()
    }
}

/// The numbers of rows.
fn numbers(input: &Input<'_>, rows: &Rows<'_>, schema: &DimensionSchema, out: &mut Encoded) -> Result<()> {
    let nulls = match (*input, &schema.column_type) {
        (Input::Long(values), ColumnType::Long) => {
            out.bits.extend(rows.iter().map(|row| values.value(row)));
            values.nulls()
        }
        (Input::Double(values), ColumnType::Double) => {
            out.bits.extend(rows.iter().map(|row| values.value(row).to_bits() as i64));
            values.nulls()
        }
        (Input::Float(values), ColumnType::Float) => {
            out.bits.extend(rows.iter().map(|row| i64::from(values.value(row).to_bits())));
            values.nulls()
        }
        (Input::Absent, _) => {
            out.bits.resize(rows.len(), 0);
            out.nulls.resize(rows.len(), true);
            None
        }
        _ => return Err(another_type(schema)),
    };
    if let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) {
        out.nulls.extend(rows.iter().map(|row| nulls.is_null(row)));
    }
    Ok(())
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

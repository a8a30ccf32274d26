//! The writer's side of a dimension: values into codes.

use aggregate::{Codes, ColumnType, Dictionary, Input};
use arrow_array::Array;

use super::chunked::Chunked;
use super::interner::Interner;
use super::limits::Limits;
use crate::dictionary::compare_values;
use crate::{DimensionSchema, Error, MultiValueHandling, Result};

/// Set in a row's code when it stands for a list of values.
pub(super) const LIST: u32 = 1 << 31;
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
    /// By code of the batch's dictionary: the batch in which it was last seen, and our code of it then. A
    /// hint for later batches, whose dictionary may be another.
    known: Vec<(u32, u32)>,
    batch: u32,
}

impl Dimension {
    pub(super) fn new(schema: DimensionSchema) -> Self {
        let values = match schema.column_type {
            ColumnType::String | ColumnType::State(_) => {
                Values::Text { values: Interner::new(), lists: Interner::new() }
            }
            ColumnType::Long | ColumnType::Double | ColumnType::Float => Values::Number(Interner::new()),
        };
        Self { schema, values, rows: Chunked::new(), known: Vec::new(), batch: 0 }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let values = match &self.values {
            Values::Text { values, lists } => values.memory_bytes() + lists.memory_bytes(),
            Values::Number(values) => values.memory_bytes(),
        };
        values + self.rows.memory_bytes() + self.known.capacity() * 8
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
            (Input::Texts { offsets, codes, dictionary }, Values::Text { .. }) => {
                self.encode_texts(Some(offsets), codes, dictionary, rows, limits, out)
            }
            (Input::Long(_) | Input::Double(_) | Input::Float(_), Values::Number(values)) => {
                let bits = number_bits(input, &self.schema)?;
                for row in rows.iter() {
                    let code = values.intern(bits(row), limits.max_dictionary_values);
                    out.push(code.ok_or_else(|| full(&self.schema, limits))?);
                }
                Ok(0)
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
        // A few rows of a batch with many values are looked up; hints would hold more memory than the rows.
        if dictionary.len() <= rows.len().saturating_mul(VALUES_A_ROW) {
            self.known.resize(self.known.len().max(dictionary.len()), (0, UNKNOWN));
        }
        self.batch = self.batch.checked_add(1).unwrap_or_else(|| {
            self.known.fill((0, UNKNOWN));
            1
        });
        let mut too_long = 0;
        let mut list = Vec::new();
        let mut failed = None;
        for row in rows.iter() {
            let code = match offsets {
                None => self.translate(codes.get(row), dictionary, limits, &mut too_long),
                Some(offsets) => {
                    list.clear();
                    let within = offsets[row] as usize..offsets[row + 1] as usize;
                    let all: Result<()> = within.into_iter().try_for_each(|at| {
                        list.push(self.translate(codes.get(at), dictionary, limits, &mut too_long)?);
                        Ok(())
                    });
                    all.and_then(|()| self.row_code(&mut list, limits))
                }
            };
            match code {
                Ok(code) => out.push(code),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        failed.map_or(Ok(too_long), Err)
    }

    #[inline]
    fn translate(
        &mut self,
        code: u32,
        dictionary: &dyn Dictionary,
        limits: &Limits,
        too_long: &mut u64,
    ) -> Result<u32> {
        let hint = match self.known.get(code as usize) {
            Some(&(batch, ours)) if batch == self.batch => return Ok(ours),
            Some(&(_, ours)) if (code as usize) < dictionary.len() => ours,
            None if (code as usize) < dictionary.len() => UNKNOWN,
            _ => return Err(Error::invalid(format!("dimension '{}': code outside its dictionary", self.schema.name))),
        };
        let value = dictionary.get(code);
        let long = value.is_some_and(|text| text.len() > limits.max_value_bytes);
        let Values::Text { values, .. } = &mut self.values else { return Err(full(&self.schema, limits)) };
        if !long && values.get(hint).is_some_and(|known| known.as_deref() == value) {
            self.remember(code, hint);
            return Ok(hint);
        }
        let ours = values.intern(value.filter(|_| !long), limits.max_dictionary_values.min(LIST as usize));
        let ours = ours.ok_or_else(|| full(&self.schema, limits))?;
        if long {
            *too_long += 1;
        } else {
            self.remember(code, ours);
        }
        Ok(ours)
    }

    #[inline]
    fn remember(&mut self, code: u32, ours: u32) {
        if let Some(known) = self.known.get_mut(code as usize) {
            *known = (self.batch, ours);
        }
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

type Bits<'a> = Box<dyn Fn(usize) -> Option<u64> + 'a>;

/// The bits of a numeric dimension by row, nulls apart. Zeros are one value, and so are NaNs.
fn number_bits<'a>(input: &Input<'a>, schema: &DimensionSchema) -> Result<Bits<'a>> {
    Ok(match (*input, &schema.column_type) {
        (Input::Long(values), ColumnType::Long) => {
            Box::new(move |row| values.is_valid(row).then(|| values.value(row) as u64))
        }
        (Input::Double(values), ColumnType::Double) => {
            Box::new(move |row| values.is_valid(row).then(|| values.value(row).to_bits()))
        }
        (Input::Float(values), ColumnType::Float) => {
            Box::new(move |row| values.is_valid(row).then(|| u64::from(values.value(row).to_bits())))
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
        Input::Text { codes, .. } => Some(codes.len()),
        Input::Texts { offsets, codes, .. } => {
            let sound = offsets.first() == Some(&0) && offsets.is_sorted();
            let fits = offsets.last().is_some_and(|&last| last as usize <= codes.len());
            Some(if sound && fits { offsets.len() - 1 } else { usize::MAX })
        }
        Input::State(values) => Some(values.len()),
        Input::Absent => None,
    }
}

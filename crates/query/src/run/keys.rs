//! Keys of a group-by over one segment: columns of codes or numbers, and how they pack into words.

use std::ops::Range;
use std::sync::Arc;

use aggregate::{Codes, ColumnType, Dictionary};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, Float32Array, Float64Array, Int64Array, ListArray, UInt32Array};
use arrow_buffer::NullBuffer;
use expression::DimensionSpec;
use segment::{ColumnRef, ListCodes, NumberCodes, SegmentRef, codes_of};

use super::field::Field;
use super::merge::are_alike;
use super::unexpected;
use crate::finalize::{Keys, Values};
use crate::{Error, Result};

/// One dimension, bound to a segment.
#[derive(Clone)]
pub(super) struct Key {
    pub column: ColumnRef,
    pub domain: Domain,
    pub is_multi: bool,
    /// Rows without a value belong to no group.
    pub drop_empty: bool,
    /// What the texts of lists are asked to be: codes stand for more than one such number.
    pub number: Option<ColumnType>,
}

/// What the values of a key are.
#[derive(Clone)]
pub(super) enum Domain {
    /// Codes below `num_codes`; `null` stands for a row without values.
    Codes {
        dictionary: Arc<dyn Dictionary>,
        num_codes: usize,
        null: u32,
    },
    /// Codes of numbers that ascend with them; no row is null.
    Numbers(NumberCodes),
    /// Codes of whole lists.
    Lists(ListCodes),
    Long,
    Double,
    Float,
}

impl Key {
    pub fn bind(spec: &DimensionSpec, segment: &SegmentRef, drop_empty: bool) -> Result<Self> {
        let column = spec.bind(segment)?;
        let is_multi = column.is_multi_value();
        let dictionary = match (column.dictionary(), column.column_type()) {
            (Some(dictionary), ColumnType::Value(shape)) => {
                Some(Arc::new(Keys { dictionary, shape }) as Arc<dyn Dictionary>)
            }
            (dictionary, _) => dictionary,
        };
        let domain = match dictionary {
            Some(dictionary) => {
                let own_null = if is_multi { dictionary.code_of(None) } else { Some(0) };
                let len = dictionary.len();
                let null = own_null.map_or_else(|| u32::try_from(len).map_err(Error::internal), Ok)?;
                let num_codes = if own_null.is_none() { len + 1 } else { len };
                Domain::Codes { dictionary, num_codes: num_codes.max(1), null }
            }
            None if let Some(numbers) = column.number_codes() => Domain::Numbers(numbers.clone()),
            None => match column.column_type() {
                ColumnType::Long => Domain::Long,
                ColumnType::Double => Domain::Double,
                ColumnType::Float => Domain::Float,
                other => {
                    let name = spec.output_name();
                    return Err(Error::invalid(format!(
                        "dimension '{name}' has type {other}, which cannot be grouped"
                    )));
                }
            },
        };
        let number = Some(spec.output_type().clone()).filter(|asked| is_multi && asked.is_number());
        Ok(Self { column, domain, is_multi, drop_empty, number })
    }

    /// Whether several codes may stand for one value, so that groups have to be joined.
    pub fn joins_codes(&self) -> bool {
        self.number.is_some()
    }

    /// Whether codes of both mean the same.
    pub fn is_like(&self, other: &Key) -> bool {
        let are_alike = match (&self.domain, &other.domain) {
            (
                Domain::Codes { dictionary, num_codes, null },
                Domain::Codes { dictionary: of_other, num_codes: num_of_other, null: null_of_other },
            ) => (num_codes, null) == (num_of_other, null_of_other) && are_alike(dictionary, of_other),
            (Domain::Numbers(numbers), Domain::Numbers(of_other)) => numbers.values() == of_other.values(),
            _ => false,
        };
        are_alike && (self.is_multi, self.drop_empty, &self.number) == (other.is_multi, other.drop_empty, &other.number)
    }

    /// Number of codes, `None` for numbers.
    pub fn num_codes(&self) -> Option<usize> {
        match &self.domain {
            Domain::Codes { num_codes, .. } => Some(*num_codes),
            Domain::Numbers(numbers) => Some(numbers.values().len()),
            Domain::Lists(lists) => Some(lists.lists().len()),
            _ => None,
        }
    }

    pub fn may_be_null_number(&self) -> bool {
        matches!(self.domain, Domain::Long | Domain::Double | Domain::Float) && self.column.has_nulls()
    }

    pub fn read(&self, rows: Range<usize>) -> ArrayRef {
        match &self.domain {
            Domain::Numbers(numbers) => numbers.read(rows),
            Domain::Lists(lists) => lists.read_codes(rows),
            Domain::Codes { .. } | Domain::Long | Domain::Double | Domain::Float => self.column.read(rows),
        }
    }

    /// Scattered rows, as `read` gives them.
    pub fn take(&self, rows: &UInt32Array) -> ArrayRef {
        match &self.domain {
            Domain::Numbers(numbers) => numbers.take(rows.values()),
            Domain::Lists(lists) => lists.take_codes(rows.values()),
            Domain::Codes { .. } | Domain::Long | Domain::Double | Domain::Float => self.column.take(rows.values()),
        }
    }

    /// The words of the given rows; lists make several rows of one, which `rows` then shows.
    pub fn words(&self, array: &dyn Array, rows: &mut Vec<u32>, before: &mut [Words]) -> Result<Words> {
        if let Some(lists) = array.as_any().downcast_ref::<ListArray>() {
            return self.expand(lists, rows, before);
        }
        let mut words = Words::default();
        match &self.domain {
            Domain::Codes { .. } | Domain::Numbers(_) | Domain::Lists(_) => {
                match codes_of(array).ok_or_else(|| unexpected("codes"))? {
                    Codes::U8(codes) => words.values.extend(rows.iter().map(|&row| u64::from(codes[row as usize]))),
                    Codes::U16(codes) => words.values.extend(rows.iter().map(|&row| u64::from(codes[row as usize]))),
                    Codes::U32(codes) => words.values.extend(rows.iter().map(|&row| u64::from(codes[row as usize]))),
                }
            }
            Domain::Long => {
                let longs = array.as_any().downcast_ref::<Int64Array>().ok_or_else(|| unexpected("long"))?;
                words.numbers(rows, longs.values(), longs.nulls(), i64::cast_unsigned);
            }
            Domain::Double => {
                let doubles = array.as_any().downcast_ref::<Float64Array>().ok_or_else(|| unexpected("double"))?;
                words.numbers(rows, doubles.values(), doubles.nulls(), f64::to_bits);
            }
            Domain::Float => {
                let floats = array.as_any().downcast_ref::<Float32Array>().ok_or_else(|| unexpected("float"))?;
                words.numbers(rows, floats.values(), floats.nulls(), |float| float.to_bits().into());
            }
        }
        Ok(words)
    }

    fn expand(&self, lists: &ListArray, rows: &mut Vec<u32>, before: &mut [Words]) -> Result<Words> {
        let Domain::Codes { null, .. } = self.domain else { return Err(unexpected("list")) };
        let codes = codes_of(lists.values().as_ref()).ok_or_else(|| unexpected("list"))?;
        let offsets = lists.value_offsets();
        let mut words = Words::default();
        let (mut expanded, mut from) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for (at, &row) in (0u32..).zip(rows.iter()) {
            let (start, end) = (offsets[row as usize] as usize, offsets[row as usize + 1] as usize);
            if start == end && !self.drop_empty {
                words.values.push(u64::from(null));
                expanded.push(row);
                from.push(at);
            }
            for value in start..end {
                words.values.push(u64::from(codes.get(value)));
                expanded.push(row);
                from.push(at);
            }
        }
        for earlier in before {
            earlier.gather(&from);
        }
        *rows = expanded;
        Ok(words)
    }

    /// Appends the words of the values of a list, by its code.
    pub fn values_of_list(&self, lists: &ListCodes, list: usize, out: &mut Vec<Option<u64>>) {
        let (Domain::Codes { null, .. }, lists) = (&self.domain, lists.lists()) else { return };
        let ends = lists.value_offsets();
        let (start, end) = (ends[list] as usize, ends[list + 1] as usize);
        if start == end && !self.drop_empty {
            out.push(Some(u64::from(*null)));
        }
        let codes = codes_of(lists.values().as_ref()).unwrap_or(Codes::U8(&[]));
        out.extend((start..end).map(|at| Some(u64::from(codes.get(at)))));
    }

    /// Key values out of packed words.
    pub fn values(&self, words: impl Iterator<Item = Option<u64>>) -> Values {
        match &self.domain {
            Domain::Codes { dictionary, num_codes, null } => {
                let codes: Arc<[u32]> = words.map(|word| word.map_or(*null, |word| word as u32)).collect();
                let dictionary = match *num_codes > dictionary.len() {
                    true => Arc::new(crate::finalize::WithNull(dictionary.clone())) as Arc<dyn Dictionary>,
                    false => dictionary.clone(),
                };
                match &self.number {
                    None => Values::Coded { codes, dictionary },
                    Some(number) => numbers(&codes, &*dictionary, number),
                }
            }
            Domain::Numbers(numbers) => {
                let code = |word: Option<u64>| word.map_or(0, |word| word as usize);
                match numbers.values().as_primitive_opt::<Int64Type>() {
                    Some(longs) => {
                        Values::Long(Int64Array::from_iter_values(words.map(|word| longs.value(code(word)))))
                    }
                    None => {
                        let doubles = numbers.values().as_primitive::<Float64Type>();
                        Values::Double(Float64Array::from_iter_values(words.map(|word| doubles.value(code(word)))))
                    }
                }
            }
            Domain::Lists(_) => Values::Null(words.count()),
            Domain::Long if !self.column.has_nulls() => {
                Values::Long(Int64Array::from_iter_values(words.map(|word| word.unwrap_or(0).cast_signed())))
            }
            Domain::Long => Values::Long(words.map(|word| word.map(|w| w as i64)).collect::<Int64Array>()),
            Domain::Double => Values::Double(words.map(|word| word.map(f64::from_bits)).collect::<Float64Array>()),
            Domain::Float => {
                Values::Float(words.map(|word| word.map(|w| f32::from_bits(w as u32))).collect::<Float32Array>())
            }
        }
    }
}

/// The numbers that texts are, null where they are none.
fn numbers(codes: &[u32], dictionary: &dyn Dictionary, number: &ColumnType) -> Values {
    let texts = codes.iter().map(|code| dictionary.get(*code));
    match number {
        ColumnType::Double => Values::Double(texts.map(|text| dialect::read::double(text?)).collect()),
        ColumnType::Float => Values::Float(texts.map(|text| dialect::read::float(text?)).collect()),
        ColumnType::Long | ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => {
            Values::Long(texts.map(|text| dialect::read::long(text?)).collect())
        }
    }
}

/// One key of some rows, as integers; numbers by their bits.
#[derive(Default)]
pub(super) struct Words {
    pub values: Vec<u64>,
    /// Rows that are null, of numbers only.
    pub nulls: Option<Vec<bool>>,
}

impl Words {
    fn numbers<T: Copy>(&mut self, rows: &[u32], all: &[T], nulls: Option<&NullBuffer>, bits: impl Fn(T) -> u64) {
        let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
        let valid = |row: u32| nulls.is_none_or(|nulls| nulls.is_valid(row as usize));
        match nulls {
            None if are_all(rows, all.len()) => self.values.extend(all.iter().map(|number| bits(*number))),
            None => self.values.extend(rows.iter().map(|row| bits(all[*row as usize]))),
            Some(_) => {
                self.values.extend(rows.iter().map(|row| if valid(*row) { bits(all[*row as usize]) } else { 0 }));
                self.nulls = Some(rows.iter().map(|row| !valid(*row)).collect());
            }
        }
    }

    /// `None` for a null number.
    #[inline(always)]
    pub fn get(&self, row: usize) -> Option<u64> {
        let is_null = self.nulls.as_ref().is_some_and(|nulls| nulls[row]);
        (!is_null).then(|| self.values[row])
    }

    fn gather(&mut self, from: &[u32]) {
        self.values = from.iter().map(|&at| self.values[at as usize]).collect();
        if let Some(nulls) = &mut self.nulls {
            *nulls = from.iter().map(|&at| nulls[at as usize]).collect();
        }
    }
}

/// Whether these are all rows, one behind the other.
fn are_all(rows: &[u32], num_rows: usize) -> bool {
    rows.len() == num_rows && rows.iter().zip(0..).fold(true, |all, (row, at)| all & (*row == at))
}

/// Bucket and keys packed into as few words as their cardinalities allow.
pub(super) struct Layout {
    pub width: usize,
    /// Bits that they take together.
    pub num_bits: u32,
    bucket: Field,
    keys: Vec<(Field, Option<Field>)>,
}

impl Layout {
    pub fn new(keys: &[Key], is_one_bucket: bool) -> Self {
        let bits_of = |key: &Key| key.num_codes().map_or(64, |n| usize::BITS - n.saturating_sub(1).leading_zeros());
        let bucket_bits = if is_one_bucket { 0 } else { 32 };
        let num_bits = keys.iter().map(|key| bits_of(key) + u32::from(key.may_be_null_number()));
        let num_bits = num_bits.fold(bucket_bits, u32::saturating_add);
        let (mut free, mut left): (Vec<u32>, u32) = (Vec::new(), num_bits);
        let mut place = |bits: u32| {
            // In one word they ascend as their values do: the first one is the highest.
            if num_bits <= 64 {
                left -= bits;
                return Field { shift: if bits == 0 { 0 } else { left }, bits, ..Field::default() };
            }
            let word = free.iter().position(|left| *left >= bits).unwrap_or_else(|| {
                free.push(64);
                free.len() - 1
            });
            let shift = 64 - free[word];
            free[word] -= bits;
            Field { word, shift: if bits == 0 { 0 } else { shift }, bits, base: 0 }
        };
        let bucket = place(bucket_bits);
        let fields = keys.iter().map(|key| (place(bits_of(key)), key.may_be_null_number().then(|| place(1))));
        let keys = fields.collect();
        Self { width: free.len().max(1), num_bits, bucket, keys }
    }

    /// The words of one key alone are what they pack into.
    pub fn pack(&self, buckets: impl Iterator<Item = u32>, mut keys: Vec<Words>, num_rows: usize) -> Vec<u64> {
        if let (0, [(key, None)], [words]) = (self.bucket.bits, self.keys.as_slice(), keys.as_mut_slice())
            && key.shift == 0
        {
            return std::mem::take(&mut words.values);
        }
        let mut packed = vec![0u64; num_rows * self.width];
        self.bucket.set_all(&mut packed, self.width, buckets.map(u64::from));
        for ((field, null), words) in self.keys.iter().zip(&keys) {
            field.set_all(&mut packed, self.width, words.values.iter().copied());
            if let (Some(null), Some(nulls)) = (null, &words.nulls) {
                null.set_all(&mut packed, self.width, nulls.iter().map(|is_null| u64::from(*is_null)));
            }
        }
        packed
    }

    /// The times of groups, by their packed words.
    pub fn times(&self, packed: &[u64], starts: &[i64]) -> Vec<i64> {
        match starts {
            [start] => vec![*start; packed.len() / self.width],
            _ => self.bucket.get_all(packed, self.width, |bucket| starts[bucket as usize]),
        }
    }

    /// Each key of groups, by their packed words.
    pub fn unpack(&self, packed: &[u64]) -> Vec<Words> {
        let key = |(field, null): &(Field, Option<Field>)| Words {
            values: field.get_all(packed, self.width, |word| word),
            nulls: null.map(|null| null.get_all(packed, self.width, |null| null == 1)),
        };
        self.keys.iter().map(key).collect()
    }
}

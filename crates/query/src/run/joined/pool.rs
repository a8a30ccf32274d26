//! The values of one key over several segments, numbered.

use std::hash::BuildHasher;
use std::sync::Arc;

use aggregate::{ColumnType, Dictionary, KeyTable, Shape};
use arrow_array::{Array, Float32Array, Float64Array, Int64Array};
use hashbrown::{DefaultHashBuilder, HashTable};

use super::super::TextPool;
use super::super::keys::{Domain, Key};
use super::super::shown::Shown;
use crate::finalize::{Keys, Values};
use crate::{Error, Result};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Long,
    Double,
    Float,
    Texts(Option<Shape>),
}

/// Values of one kind, numbered in the order of first sight.
pub(super) enum Pool {
    Texts {
        texts: Arc<TextPool>,
        shape: Option<Shape>,
    },
    /// By their bits; 0 is null.
    Numbers {
        kind: Kind,
        table: KeyTable,
    },
    /// Lists of values.
    Lists(Lists),
}

/// Lists by the codes of their values.
pub(super) struct Lists {
    values: Box<Pool>,
    codes: Vec<u32>,
    ends: Vec<usize>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Lists {
    fn of(values: Pool) -> Self {
        let (table, hasher) = (HashTable::new(), DefaultHashBuilder::default());
        Self { values: Box::new(values), codes: Vec::new(), ends: Vec::new(), table, hasher }
    }

    /// The codes of the values of a list.
    pub fn list(&self, list: u32) -> &[u32] {
        list_of(&self.codes, &self.ends, list)
    }

    fn intern(&mut self, shown: &Shown, lists: &[u64], out: &mut Vec<u32>) -> Result<()> {
        let (words, ends) = shown.words_of_lists(lists);
        let num_words = words.iter().max().map_or(0, |most| *most as usize + 1);
        let (mut place_of, mut met) = (vec![usize::MAX; num_words], Vec::new());
        for word in &words {
            let place = &mut place_of[*word as usize];
            if *place == usize::MAX {
                *place = met.len();
                met.push(*word);
            }
        }
        let mut known = Vec::with_capacity(met.len());
        self.values.intern(&shown.values_of_codes(&met), &mut known)?;
        let codes: Vec<u32> = words.iter().map(|word| known[place_of[*word as usize]]).collect();
        let mut start = 0;
        for end in ends {
            let list = &codes[start..end];
            start = end;
            let hash = self.hasher.hash_one(list);
            let same = |other: &u32| list_of(&self.codes, &self.ends, *other) == list;
            if let Some(same) = self.table.find(hash, same) {
                out.push(*same);
                continue;
            }
            let next = u32::try_from(self.ends.len()).map_err(Error::internal)?;
            self.codes.extend_from_slice(list);
            self.ends.push(self.codes.len());
            let (codes, ends, hasher) = (&self.codes, &self.ends, &self.hasher);
            self.table.insert_unique(hash, next, |other| hasher.hash_one(list_of(codes, ends, *other)));
            out.push(next);
        }
        Ok(())
    }
}

fn list_of<'a>(codes: &'a [u32], ends: &[usize], list: u32) -> &'a [u32] {
    let at = list as usize;
    let start = if at == 0 { 0 } else { ends[at - 1] };
    &codes[start..ends[at]]
}

fn kind_of(key: &Key) -> Kind {
    let of_type = |column_type: &ColumnType| match column_type {
        ColumnType::Double => Kind::Double,
        ColumnType::Float => Kind::Float,
        _ => Kind::Long,
    };
    match (&key.domain, &key.number) {
        (Domain::Codes { .. } | Domain::Lists(_), Some(number)) => of_type(number),
        (Domain::Codes { dictionary, .. }, None) => Kind::Texts(dictionary.keys_of()),
        (Domain::Lists(_), None) => Kind::Texts(None),
        (Domain::Numbers(numbers), _) => match numbers.values().data_type() {
            arrow_schema::DataType::Int64 => Kind::Long,
            _ => Kind::Double,
        },
        (Domain::Long, _) => Kind::Long,
        (Domain::Double, _) => Kind::Double,
        (Domain::Float, _) => Kind::Float,
    }
}

impl Pool {
    pub fn of(shown: &Shown) -> Self {
        let values = match kind_of(shown.key()) {
            Kind::Texts(shape) => Pool::Texts { texts: Arc::default(), shape },
            kind => Pool::Numbers { kind, table: KeyTable::new(1) },
        };
        if shown.is_of_lists() { Pool::Lists(Lists::of(values)) } else { values }
    }

    /// Whether values of the key are of its kind.
    pub fn takes(&self, shown: &Shown) -> bool {
        match self {
            Pool::Lists(lists) => shown.is_of_lists() && lists.values.takes_values(shown.key()),
            values => !shown.is_of_lists() && values.takes_values(shown.key()),
        }
    }

    fn takes_values(&self, key: &Key) -> bool {
        match self {
            Pool::Texts { shape, .. } => kind_of(key) == Kind::Texts(*shape),
            Pool::Numbers { kind, .. } => kind_of(key) == *kind,
            Pool::Lists(_) => false,
        }
    }

    pub fn forget(&mut self) {
        match self {
            Pool::Texts { texts, .. } => *texts = Arc::default(),
            Pool::Numbers { table, .. } => *table = KeyTable::new(1),
            Pool::Lists(lists) => {
                lists.values.forget();
                lists.codes.clear();
                lists.ends.clear();
                lists.table.clear();
            }
        }
    }

    /// Codes are below it.
    pub fn len(&self) -> usize {
        match self {
            Pool::Texts { texts, .. } => texts.len(),
            Pool::Numbers { table, .. } => table.len() + 1,
            Pool::Lists(lists) => lists.ends.len(),
        }
    }

    pub fn memory_bytes(&self) -> usize {
        match self {
            Pool::Texts { texts, .. } => texts.memory_bytes(),
            Pool::Numbers { table, .. } => table.memory_bytes(),
            Pool::Lists(lists) => {
                let table = lists.table.capacity() * 5 + lists.ends.capacity() * size_of::<usize>();
                lists.values.memory_bytes() + lists.codes.capacity() * size_of::<u32>() + table
            }
        }
    }

    /// Appends the codes of all segments for codes of one. What they stand for is remembered if it is new.
    pub fn intern_codes(&mut self, shown: &Shown, own: &[u64], out: &mut Vec<u32>) -> Result<()> {
        match self {
            Pool::Lists(lists) => lists.intern(shown, own, out),
            values => values.intern(&shown.values_of_codes(own), out),
        }
    }

    /// Appends the code of each value, which is remembered if it is new.
    pub fn intern(&mut self, values: &Values, out: &mut Vec<u32>) -> Result<()> {
        match (self, values) {
            (Pool::Texts { texts, .. }, Values::Coded { codes, dictionary }) => {
                let texts = Arc::get_mut(texts).ok_or_else(|| Error::internal("texts that are held elsewhere"))?;
                out.extend(codes.iter().map(|code| texts.intern(dictionary.get(*code))));
            }
            (Pool::Numbers { kind: Kind::Long, table }, Values::Long(longs)) => {
                numbers(table, longs, |row| longs.value(row) as u64, out);
            }
            (Pool::Numbers { kind: Kind::Double, table }, Values::Double(doubles)) => {
                numbers(table, doubles, |row| doubles.value(row).to_bits(), out);
            }
            (Pool::Numbers { kind: Kind::Float, table }, Values::Float(floats)) => {
                numbers(table, floats, |row| u64::from(floats.value(row).to_bits()), out);
            }
            _ => return Err(Error::internal("a key of another type than before")),
        }
        Ok(())
    }

    /// What codes stand for, of lists those of their values.
    pub fn values(&self, codes: Vec<u32>) -> Values {
        match self {
            Pool::Lists(lists) => lists.values.values(codes),
            Pool::Texts { texts, shape } => {
                let dictionary: Arc<dyn Dictionary> = texts.clone();
                let dictionary = match shape {
                    Some(shape) => Arc::new(Keys { dictionary, shape: *shape }) as Arc<dyn Dictionary>,
                    None => dictionary,
                };
                Values::Coded { codes: codes.into(), dictionary }
            }
            Pool::Numbers { kind, table } => {
                let bits = codes.iter().map(|code| code.checked_sub(1).map(|at| table.keys()[at as usize]));
                match kind {
                    Kind::Double => Values::Double(bits.map(|bits| bits.map(f64::from_bits)).collect::<Float64Array>()),
                    Kind::Float => {
                        Values::Float(bits.map(|bits| bits.map(|b| f32::from_bits(b as u32))).collect::<Float32Array>())
                    }
                    Kind::Long | Kind::Texts(_) => {
                        Values::Long(bits.map(|bits| bits.map(|b| b as i64)).collect::<Int64Array>())
                    }
                }
            }
        }
    }
}

fn numbers(table: &mut KeyTable, array: &dyn Array, bits: impl Fn(usize) -> u64, out: &mut Vec<u32>) {
    let start = out.len();
    let words: Vec<u64> = (0..array.len()).map(bits).collect();
    if array.null_count() == 0 {
        table.insert_batch(&words, out);
        out[start..].iter_mut().for_each(|code| *code += 1);
        return;
    }
    let valid: Vec<u64> = words.iter().enumerate().filter(|(row, _)| array.is_valid(*row)).map(|(_, w)| *w).collect();
    let mut codes = Vec::with_capacity(valid.len());
    table.insert_batch(&valid, &mut codes);
    let mut codes = codes.into_iter();
    let code = |row| if array.is_valid(row) { codes.next().map_or(0, |code| code + 1) } else { 0 };
    out.extend((0..array.len()).map(code));
}

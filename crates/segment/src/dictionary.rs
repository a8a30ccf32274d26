//! A dictionary at rest: strings in one Arrow array, null as one of the entries.

use std::cmp::Ordering;
use std::hash::BuildHasher;

use aggregate::Dictionary;
use arrow_array::{Array, StringArray};
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::{Error, Result};

/// UTF-16 order, null first: the order of dictionaries, merges and limits.
pub fn compare_values(a: Option<&str>, b: Option<&str>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => dialect::order::compare(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

/// Distinct strings, of which at most one is null, numbered from 0.
#[derive(Debug)]
pub struct StringDictionary {
    values: StringArray,
    null_code: Option<u32>,
    /// Codes by value; absent when sorted.
    lookup: Option<HashTable<u32>>,
}

impl StringDictionary {
    /// Values in UTF-16 order, null first. Fails when they are not, or not distinct.
    pub fn sorted(values: StringArray) -> Result<Self> {
        let at = |i: usize| values.is_valid(i).then(|| values.value(i));
        if (1..values.len()).any(|i| compare_values(at(i - 1), at(i)) != Ordering::Less) {
            return Err(Error::corrupt("dictionary out of order"));
        }
        Ok(Self::known_sorted(values))
    }

    /// As `sorted`, of values that were once found so.
    pub(crate) fn known_sorted(values: StringArray) -> Self {
        let null_code = (!values.is_empty() && values.is_null(0)).then_some(0);
        Self { values, null_code, lookup: None }
    }

    /// Values in the order of their first row. Fails when they are not distinct.
    pub fn unsorted(values: StringArray) -> Result<Self> {
        let mut lookup = HashTable::with_capacity(values.len());
        let mut null_code = None;
        for code in 0..u32::try_from(values.len()).map_err(|_| Error::invalid("dictionary too long"))? {
            let at = code as usize;
            if values.is_null(at) {
                if null_code.replace(code).is_some() {
                    return Err(Error::invalid("dictionary with two nulls"));
                }
                continue;
            }
            let value = values.value(at);
            if find(&lookup, &values, value).is_some() {
                return Err(Error::invalid(format!("dictionary holds '{value}' twice")));
            }
            lookup.insert_unique(hash(value), code, |&c| hash(values.value(c as usize)));
        }
        Ok(Self { values, null_code, lookup: Some(lookup) })
    }

    /// The entries as an Arrow array.
    pub fn values(&self) -> &StringArray {
        &self.values
    }

    /// The code of the null entry.
    pub fn null_code(&self) -> Option<u32> {
        self.null_code
    }

    pub fn size_bytes(&self) -> usize {
        array_bytes(&self.values) + self.lookup.as_ref().map_or(0, |t| t.capacity() * 5)
    }
}

/// Bytes of an array's own rows: its buffers may be parts of one file.
pub(crate) fn array_bytes(array: &dyn Array) -> usize {
    array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size())
}

fn hash(value: &str) -> u64 {
    FixedState::default().hash_one(value)
}

fn find(lookup: &HashTable<u32>, values: &StringArray, value: &str) -> Option<u32> {
    lookup.find(hash(value), |&code| values.value(code as usize) == value).copied()
}

impl Dictionary for StringDictionary {
    fn len(&self) -> usize {
        self.values.len()
    }

    fn get(&self, code: u32) -> Option<&str> {
        let at = code as usize;
        (at < self.values.len() && self.values.is_valid(at)).then(|| self.values.value(at))
    }

    fn is_sorted(&self) -> bool {
        self.lookup.is_none()
    }

    fn texts(&self) -> Option<&StringArray> {
        Some(&self.values)
    }

    fn code_of(&self, value: Option<&str>) -> Option<u32> {
        let Some(text) = value else { return self.null_code };
        if let Some(lookup) = &self.lookup {
            return find(lookup, &self.values, text);
        }
        let (mut low, mut high) = (self.null_code.map_or(0, |_| 1), self.values.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match dialect::order::compare(self.values.value(middle), text) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return u32::try_from(middle).ok(),
            }
        }
        None
    }
}

//! Texts of several dictionaries under one numbering.

use std::hash::BuildHasher;

use aggregate::Dictionary;
use hashbrown::{DefaultHashBuilder, HashTable};

/// Distinct texts in order of first sight; null is an entry like any other.
#[derive(Default)]
pub(crate) struct TextPool {
    bytes: String,
    ends: Vec<usize>,
    null: Option<u32>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl TextPool {
    fn text(&self, code: u32) -> &str {
        let at = code as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[start..self.ends[at]]
    }

    /// The code of a value, which is remembered if it is new.
    pub fn intern(&mut self, value: Option<&str>) -> u32 {
        let next = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        let Some(value) = value else {
            if self.null.is_none() {
                self.ends.push(self.bytes.len());
                self.null = Some(next);
            }
            return self.null.unwrap_or(next);
        };
        let hash = self.hasher.hash_one(value);
        let null = self.null;
        if let Some(code) = self.table.find(hash, |&code| Some(code) != null && self.text(code) == value) {
            return *code;
        }
        self.bytes.push_str(value);
        self.ends.push(self.bytes.len());
        let (bytes, ends, hasher) = (&self.bytes, &self.ends, &self.hasher);
        self.table.insert_unique(hash, next, |&code| {
            let at = code as usize;
            let start = if at == 0 { 0 } else { ends[at - 1] };
            hasher.hash_one(&bytes[start..ends[at]])
        });
        next
    }

    pub fn memory_bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * 8 + self.table.capacity() * 5
    }
}

impl Dictionary for TextPool {
    fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, code: u32) -> Option<&str> {
        (Some(code) != self.null && (code as usize) < self.ends.len()).then(|| self.text(code))
    }

    fn is_sorted(&self) -> bool {
        false
    }

    fn code_of(&self, value: Option<&str>) -> Option<u32> {
        let Some(value) = value else { return self.null };
        let hash = self.hasher.hash_one(value);
        self.table.find(hash, |&code| self.text(code) == value).copied()
    }
}

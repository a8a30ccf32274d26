//! Dictionaries whose texts are keys of values.

use std::sync::Arc;

use aggregate::{Dictionary, Shape};

/// A dictionary of the keys of values of a shape.
pub(crate) struct Keys {
    pub dictionary: Arc<dyn Dictionary>,
    pub shape: Shape,
}

impl Dictionary for Keys {
    fn len(&self) -> usize {
        self.dictionary.len()
    }

    fn get(&self, code: u32) -> Option<&str> {
        self.dictionary.get(code)
    }

    fn is_sorted(&self) -> bool {
        self.dictionary.is_sorted()
    }

    fn code_of(&self, value: Option<&str>) -> Option<u32> {
        self.dictionary.code_of(value)
    }

    fn lasting_id(&self) -> Option<u64> {
        self.dictionary.lasting_id()
    }

    fn keys_of(&self) -> Option<Shape> {
        Some(self.shape)
    }
}

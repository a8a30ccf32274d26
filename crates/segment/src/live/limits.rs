//! How large a live index may grow.

/// Limits of one live index.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Groups held.
    pub max_rows: usize,
    /// Memory held.
    pub max_bytes: usize,
    /// Distinct values of one dimension, lists of values counted apart.
    pub max_dictionary_values: usize,
    /// Bytes of one dimension value; a longer one is stored as null and counted.
    pub max_value_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_rows: 1_000_000, max_bytes: 256 << 20, max_dictionary_values: 1 << 24, max_value_bytes: 32 << 10 }
    }
}

//! What a filter says of a vector of rows.

use crate::words;

/// One bit a row, 64 rows a word, tail bits zero: which rows pass and of which nothing can be said.
/// A row in neither set fails. No row is in both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub yes: Vec<u64>,
    /// `None` when every row is decided.
    pub unknown: Option<Vec<u64>>,
}

impl Verdict {
    /// Number of rows that pass.
    pub fn num_yes(&self) -> usize {
        words::count(&self.yes)
    }
}

/// Of one value: does it pass?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    True,
    False,
    Unknown,
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Truth::True } else { Truth::False }
    }
}

impl Truth {
    /// Whether the value is kept when unknown counts as `unknown`.
    pub fn keep(self, unknown: bool) -> bool {
        match self {
            Truth::True => true,
            Truth::False => false,
            Truth::Unknown => unknown,
        }
    }
}

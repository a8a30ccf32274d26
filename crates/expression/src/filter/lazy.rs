//! A leaf over texts of which a segment's rows have nearly as many as there are rows: only those are asked about whose
//! rows are still in question.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use aggregate::{Codes, Dictionary};
use segment::{ColumnRef, codes_of};

use super::bound_filter::BoundFilter;
use super::leaf::Leaf;
use crate::{Result, Truth, words};

/// Entries of a dictionary up to which all are asked about at once.
const FEW_ENTRIES: usize = 256;
/// Rows for each entry from which on all entries are asked about at once.
const ROWS_PER_ENTRY: usize = 4;

pub(super) struct LazyLeaf {
    leaf: Leaf,
    column: ColumnRef,
    dictionary: Arc<dyn Dictionary>,
    /// Of each entry: 0 while it was not asked about.
    known: Vec<AtomicU8>,
}

impl LazyLeaf {
    /// Whether most entries of a dictionary would be asked about in vain.
    pub fn is_worth_it(column: &ColumnRef, dictionary: &dyn Dictionary, num_rows: usize) -> bool {
        let len = dictionary.len();
        len > FEW_ENTRIES && len > num_rows / ROWS_PER_ENTRY && !column.is_multi_value()
    }

    pub fn new(leaf: Leaf, column: ColumnRef, dictionary: Arc<dyn Dictionary>) -> Self {
        let known = std::iter::repeat_with(AtomicU8::default).take(dictionary.len()).collect();
        Self { leaf, column, dictionary, known }
    }

    fn truth(&self, code: u32) -> Truth {
        let Some(known) = self.known.get(code as usize) else { return Truth::Unknown };
        match known.load(Ordering::Relaxed) {
            1 => Truth::False,
            2 => Truth::True,
            3 => Truth::Unknown,
            _ => {
                let truth = self.leaf.text(self.dictionary.get(code));
                let number = match truth {
                    Truth::False => 1,
                    Truth::True => 2,
                    Truth::Unknown => 3,
                };
                known.store(number, Ordering::Relaxed);
                truth
            }
        }
    }
}

impl BoundFilter for LazyLeaf {
    fn mask(&self, rows: Range<usize>, unknown: bool, out: &mut Vec<u64>) -> Result<()> {
        words::reset(out, rows.len());
        let num_rows = rows.len();
        let array = self.column.read(rows);
        let codes: Codes<'_> = codes_of(&*array).unwrap_or(Codes::U8(&[]));
        for row in 0..num_rows {
            out[row / 64] |= u64::from(self.truth(codes.get(row)).keep(unknown)) << (row % 64);
        }
        Ok(())
    }

    fn retain(&self, rows: &mut Vec<u32>) -> Result<()> {
        let array = self.column.take(rows);
        let codes: Codes<'_> = codes_of(&*array).unwrap_or(Codes::U8(&[]));
        let mut at = 0;
        rows.retain(|_| {
            at += 1;
            self.truth(codes.get(at - 1)).keep(false)
        });
        Ok(())
    }

    fn cost(&self) -> f64 {
        300.0
    }
}

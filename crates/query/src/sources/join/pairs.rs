//! Which rows of the left side stand beside which rows of the right.

use std::sync::Arc;

use ::expression::{BoundExpr, Scalar, Vector};
use aggregate::Dictionary;
use segment::{SegmentRef, VECTOR_ROWS};

use super::JoinType;
use super::keys::{KeyIndex, NONE, Part};
use crate::Result;
use crate::exec::{ExecContext, Reservation};
use crate::sources::picked::Picked;

/// Pairs of rows; a gap stands for no row of that side.
#[derive(Default)]
pub(super) struct Pairs {
    pub left: Vec<u32>,
    pub right: Vec<u32>,
}

pub(super) struct Pairing<'a> {
    pub index: &'a KeyIndex,
    pub join_type: JoinType,
    pub num_right: usize,
    /// Rows of the right that an answer can be made of; `None` for all. A row whose partners all are others has
    /// partners nevertheless.
    pub passing: Option<&'a [bool]>,
    pub exec: &'a ExecContext,
}

/// One part of the key over one segment of the left.
struct BoundPart<'a> {
    part: &'a Part,
    value: BoundExpr,
    /// Keys of the codes of a dictionary, as far as they were met.
    known: Vec<Option<u32>>,
    dictionary: Option<Arc<dyn Dictionary>>,
}

impl Pairing<'_> {
    /// The pairs of a segment's rows, `None` for all, in their order; rows of the right without a partner come last.
    pub fn pairs(&self, left: &SegmentRef, rows: Option<&[u32]>, held: &mut Reservation) -> Result<Pairs> {
        let mut pairs = Pairs::default();
        let mut is_met = vec![false; if self.join_type.keeps_right { self.num_right } else { 0 }];
        let bind = |part| BoundPart::new(part, left);
        let mut parts: Vec<BoundPart<'_>> = self.index.parts.iter().map(bind).collect();
        let num_rows = rows.map_or(left.num_rows(), <[u32]>::len);
        for start in (0..num_rows).step_by(VECTOR_ROWS) {
            self.exec.check()?;
            let end = num_rows.min(start + VECTOR_ROWS);
            let taken: Vec<u32> = match rows {
                Some(rows) => rows[start..end].to_vec(),
                None => (start as u32..end as u32).collect(),
            };
            let keys: Vec<Vec<u32>> = parts.iter_mut().map(|part| part.keys(&taken)).collect::<Result<_>>()?;
            for (at, row) in taken.into_iter().enumerate() {
                let found = if self.index.is_never { &[] } else { self.index.rows(keys.iter().map(|keys| keys[at])) };
                pairs.reserve(found.len().max(1), held)?;
                for right in found {
                    if let Some(is_met) = is_met.get_mut(*right as usize) {
                        *is_met = true;
                    }
                    if self.passing.is_none_or(|passing| passing[*right as usize]) {
                        pairs.left.push(row);
                        pairs.right.push(*right);
                    }
                }
                if found.is_empty() && self.join_type.keeps_left {
                    pairs.left.push(row);
                    pairs.right.push(Picked::GAP);
                }
            }
        }
        pairs.reserve(is_met.len(), held)?;
        for (right, _) in is_met.iter().enumerate().filter(|(_, is_met)| !**is_met) {
            pairs.left.push(Picked::GAP);
            pairs.right.push(right as u32);
        }
        Ok(pairs)
    }
}

impl Pairs {
    /// Makes room, unless there is none left.
    fn reserve(&mut self, more: usize, held: &mut Reservation) -> Result<()> {
        let needed = self.left.len() + more;
        if needed > self.left.capacity() {
            let capacity = needed.max(self.left.capacity() * 2).max(1024);
            // Two row numbers and a time.
            held.resize(capacity * 16)?;
            self.left.reserve_exact(capacity - self.left.len());
            self.right.reserve_exact(capacity - self.right.len());
        }
        Ok(())
    }
}

impl<'a> BoundPart<'a> {
    fn new(part: &'a Part, left: &SegmentRef) -> Self {
        Self { part, value: part.value.bind(left), known: Vec::new(), dictionary: None }
    }

    fn keys(&mut self, rows: &[u32]) -> Result<Vec<u32>> {
        match self.value.eval_rows(rows)? {
            Vector::Coded { codes, dictionary } => {
                if self.dictionary.as_ref().is_none_or(|known| !Arc::ptr_eq(known, &dictionary)) {
                    self.known = vec![None; dictionary.len()];
                    self.dictionary = Some(dictionary.clone());
                }
                let mut keys = Vec::with_capacity(codes.len());
                for code in codes.iter() {
                    keys.push(match self.known.get(*code as usize) {
                        Some(Some(key)) => *key,
                        Some(None) => {
                            let key = self.part.key(&dictionary.get(*code).map_or(Scalar::Null, Scalar::text))?;
                            self.known[*code as usize] = Some(key);
                            key
                        }
                        None => NONE,
                    });
                }
                Ok(keys)
            }
            other => (0..other.len()).map(|row| self.part.key(&other.get(row))).collect(),
        }
    }
}

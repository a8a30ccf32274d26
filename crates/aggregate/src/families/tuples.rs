//! Feeding tuple sketches: a key and some numbers a row.

use arrow_array::Array;

use crate::aggregator::{Caches, OwnedAggregator};
use crate::error::Result;
use crate::feed::NumberReader;
use crate::input::{Dictionary, Input};
use crate::owned::States;
use crate::sketches::theta::text_hash;
use crate::sketches::tuple::Tuples;
use crate::span::{Span, for_each_row};

#[derive(Clone, Debug)]
pub(crate) struct TupleAggregator {
    pub k: usize,
    pub num_values: usize,
}

#[derive(Default)]
pub(crate) struct TupleCaches {
    /// Hashes of dictionary entries, made when first met; 0 for those that add nothing.
    hashes: Vec<Option<u64>>,
    readers: Vec<NumberReader<f64>>,
    columns: Vec<Vec<Option<f64>>>,
}

impl Caches for TupleCaches {
    fn begin_segment(&mut self) {
        self.hashes.clear();
        self.readers.iter_mut().for_each(NumberReader::begin_segment);
    }

    fn memory_bytes(&self) -> usize {
        let columns: usize = self.columns.iter().map(|column| column.capacity() * size_of::<Option<f64>>()).sum();
        let readers: usize = self.readers.iter().map(NumberReader::memory_bytes).sum();
        self.hashes.capacity() * size_of::<Option<u64>>() + columns + readers
    }
}

impl OwnedAggregator for TupleAggregator {
    type State = Tuples;
    type Caches = TupleCaches;

    fn empty(&self) -> Tuples {
        Tuples::new(self.k, self.num_values)
    }

    fn fold(
        &self,
        caches: &mut TupleCaches,
        span: &Span<'_>,
        inputs: &[Input<'_>],
        states: &mut States<'_, Self>,
    ) -> Result<()> {
        let Some((key, numbers)) = inputs.split_first() else { return Ok(()) };
        if numbers.len() != self.num_values {
            return Ok(());
        }
        caches.readers.resize_with(numbers.len(), NumberReader::default);
        caches.columns.resize_with(numbers.len(), Vec::new);
        for ((reader, column), input) in caches.readers.iter_mut().zip(&mut caches.columns).zip(numbers) {
            column.clear();
            reader.read(span, Some(input), column)?;
        }
        let groups = span.local_groups();
        let mut values = Vec::with_capacity(numbers.len());
        for_each_row(span.num_rows(), span.local_rows(), |row| {
            values.clear();
            values.extend(caches.columns.iter().map_while(|column| column[row]));
            if values.len() == self.num_values {
                each_hash(key, span.start + row, &mut caches.hashes, |hash| {
                    states.update(span.base + groups.get(row), |state| state.add(hash, &values));
                });
            }
        });
        Ok(())
    }

    fn merge(&self, state: &mut Tuples, other: &Tuples) -> Result<()> {
        state.merge(other)
    }

    fn state_bytes(&self, state: &Tuples) -> usize {
        state.memory_bytes()
    }

    fn encode(&self, state: &Tuples, out: &mut Vec<u8>) -> Result<()> {
        state.finish().encode(out);
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Option<Tuples>> {
        let mut state = self.empty();
        state.merge(&Tuples::decode(bytes, self.k)?)?;
        Ok(Some(state))
    }
}

/// The hashes of a row's values, as texts: keys are dimensions.
fn each_hash(key: &Input<'_>, at: usize, known: &mut Vec<Option<u64>>, mut visit: impl FnMut(u64)) {
    let mut of_code = |code: u32, dictionary: &dyn Dictionary| {
        let place = code as usize;
        if place >= known.len() {
            known.resize(dictionary.len().max(place + 1), None);
        }
        *known[place].get_or_insert_with(|| dictionary.get(code).and_then(text_hash).unwrap_or(0))
    };
    let mut take = |hash: u64| {
        if hash != 0 {
            visit(hash);
        }
    };
    let of_text = |text: String| text_hash(&text).unwrap_or(0);
    match key {
        Input::Text { codes, dictionary } => take(of_code(codes.get(at), *dictionary)),
        Input::Texts { offsets, codes, dictionary } => {
            let places = offsets[at] as usize..offsets[at + 1] as usize;
            places.for_each(|place| take(of_code(codes.get(place), *dictionary)));
        }
        Input::Long(keys) if keys.is_valid(at) => take(of_text(keys.value(at).to_string())),
        Input::Double(keys) if keys.is_valid(at) => take(of_text(dialect::print::double_text(keys.value(at)))),
        Input::Float(keys) if keys.is_valid(at) => take(of_text(dialect::print::float_text(keys.value(at)))),
        _ => {}
    }
}

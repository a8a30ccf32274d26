//! Scratch words in which a mask is narrowed.

use arrow_buffer::NullBuffer;

use crate::input::Rows;
use crate::span::Span;

/// The mask of a span, narrowed by what else must hold.
#[derive(Default)]
pub(crate) struct Mask {
    words: Vec<u64>,
}

impl Mask {
    /// The span's rows that are not null. `nulls` describe the whole vector.
    pub fn valid<'m>(&'m mut self, span: &Span<'m>, nulls: Option<&NullBuffer>) -> Rows<'m> {
        let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else { return span.local_rows() };
        self.start(span);
        let bits = nulls.inner().slice(span.start, span.num_rows());
        for (word, valid) in self.words.iter_mut().zip(bits.bit_chunks().iter_padded()) {
            *word &= valid;
        }
        Rows::Mask(&self.words)
    }

    /// The span's rows for which `holds` is true.
    pub fn select<'m>(&'m mut self, span: &Span<'_>, holds: impl Fn(usize) -> bool) -> Rows<'m> {
        self.start(span);
        for (at, word) in self.words.iter_mut().enumerate() {
            let mut rest = *word;
            while rest != 0 {
                let bit = rest.trailing_zeros() as usize;
                *word &= !(u64::from(!holds(at * 64 + bit)) << bit);
                rest &= rest - 1;
            }
        }
        Rows::Mask(&self.words)
    }

    /// Copies the span's mask; all its rows where it has none.
    fn start(&mut self, span: &Span<'_>) {
        self.words.clear();
        match span.local_rows() {
            Rows::Mask(words) => self.words.extend_from_slice(words),
            Rows::All => {
                let num_rows = span.num_rows();
                self.words.resize(num_rows.div_ceil(64), u64::MAX);
                if let (Some(last), rest @ 1..) = (self.words.last_mut(), num_rows % 64) {
                    *last = (1 << rest) - 1;
                }
            }
        }
    }
}

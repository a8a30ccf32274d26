//! Turning input columns of any type into the items an aggregator folds.

use crate::error::Result;
use crate::input::{ColumnType, Input, Rows};
use crate::span::Span;

mod mask;
mod numbers;
mod rows;
mod timed;

pub(crate) use mask::Mask;
pub(crate) use numbers::NumberReader;
pub use numbers::{Number, Numbers};
pub use rows::RowFeed;
pub(crate) use timed::{Single, Timed, TimedItem};

/// Takes items, one for each row of the span, and which of them count (bit 0 = the span's first row).
pub type Sink<'s, T> = dyn FnMut(&[T], Rows<'_>) -> Result<()> + 's;

/// Reads inputs as items. Called once a span; calls the sink any number of times.
pub trait Feed: Send + Sync {
    type Item;

    /// Another segment begins; checks the types and drops caches of dictionaries.
    fn begin_segment(&mut self, columns: &[Option<ColumnType>]) -> Result<()>;

    fn feed(&mut self, span: &Span<'_>, inputs: &[Input<'_>], sink: &mut Sink<'_, Self::Item>) -> Result<()>;

    /// Whether columns of packed numbers may be fed as they are stored.
    fn reads_packed(&self) -> bool {
        false
    }

    /// From now on texts that are no numbers are left out, whatever they counted as.
    fn leave_out_unparsed(&mut self) {}

    /// Bytes of the caches.
    fn memory_bytes(&self) -> usize;
}

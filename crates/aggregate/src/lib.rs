//! Folding values by key.
//!
//! Rows with the same key share one state. A query, a roll-up at ingestion and a merge of segments
//! are all the same act: a [`Fold`] gives each group a record, an aggregator is a field of it, and
//! [`KeyTable`] turns keys into dense group ids. An aggregator is one file in `fns` and one entry in
//! its list.

mod accumulator;
mod aggregator;
mod apart;
mod arena;
mod by_group;
mod cells;
mod counts;
mod error;
mod families;
mod feed;
mod fns;
mod fold;
mod input;
mod key_table;
pub mod laws;
pub mod listed;
mod literal;
mod marks;
mod numbers;
mod owned;
mod packed;
mod prefetch;
mod properties;
mod runs;
mod seen;
mod shape;
mod side;
pub mod sketches;
mod span;
mod spec;
mod sums;

pub use accumulator::{Accumulator, FieldLayout, Inline, Others, Places, StateReader};
pub use aggregator::{Aggregator, Caches, OwnedAggregator, Told};
pub use arena::{Arena, ArenaKind, BLOCK_RECORDS, Records};
pub use cells::{add_digits, cells_of};
pub use error::{Error, ErrorKind, Result};
pub use feed::{Feed, Number, Numbers, RowFeed, Sink};
pub use fns::KINDS;
pub use fold::{Fold, FoldSnapshot};
pub use input::{Codes, ColumnType, Dictionary, Groups, Input, InputSpec, Lane, NumberValues, Rows};
pub use key_table::KeyTable;
pub use literal::{literal_at, literal_of};
pub use owned::{Owned, States};
pub use packed::{MAX_DIGITS, Packed, Scale};
pub use prefetch::prefetch;
pub use properties::{Properties, check_numbers, lanes, unsupported};
pub use seen::Seen;
pub use shape::{Shape, Survey, cast};
pub use span::{Span, for_each_row};
pub use spec::{AggregatorSpec, Finalized, Kind, parse_aggregator};

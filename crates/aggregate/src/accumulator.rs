//! What an engine sees of an aggregator, and the loops over rows, written once.

use std::any::Any;
use std::ops::Range;

use arrow_array::{Array, ArrayRef};
use arrow_buffer::ArrowNativeType;

use crate::aggregator::{Aggregator, SPARSE_WORD, Told};
use crate::apart;
use crate::arena::{AnyPlace, Arena, Place, Records};
use crate::error::{Error, Result};
use crate::feed::{Feed, Mask};
use crate::input::{ColumnType, Groups, Input, Lane, NumberValues, Rows};
use crate::listed::{LISTED_TOGETHER, count, list};
use crate::span::Span;

/// Records ahead of the current one that a pass asks for.
const PREFETCH_DISTANCE: usize = 32;
/// Words of a mask whose rows are listed together.
const LISTED_WORDS: usize = 16;

/// The field of one accumulator inside every record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldLayout {
    pub size: usize,
    pub align: usize,
}

/// States of groups in another fold, by an accumulator of the same aggregator in which nothing waits.
pub struct Others<'a> {
    pub accumulator: &'a dyn Accumulator,
    pub offset: usize,
    pub records: &'a Records,
    pub groups: Range<usize>,
    pub places: Places<'a>,
}

/// Which groups of a fold those of another one are folded into.
#[derive(Clone, Copy, Debug)]
pub enum Places<'a> {
    /// One behind the other, from a group on.
    From(usize),
    /// The group of each.
    Each(&'a [u32]),
}

impl Others<'_> {
    /// Where a group of theirs is folded into.
    #[inline]
    pub fn place_of(&self, group: usize) -> usize {
        let at = group - self.groups.start;
        match self.places {
            Places::From(base) => base + at,
            Places::Each(places) => places[at] as usize,
        }
    }
}

/// An aggregator bound to its inputs: folds vectors into the states of groups.
pub trait Accumulator: Any + Send + Sync {
    /// The form in which each input is wanted, as bound. In a later segment whose column has another
    /// type any form may be fed.
    fn lanes(&self) -> &[Lane];

    /// Another segment begins, with columns of these types; `None` is a missing column. Caches that
    /// belong to the last segment's dictionaries are dropped.
    fn begin_segment(&mut self, columns: &[Option<ColumnType>]) -> Result<()>;

    /// Room wanted in each record.
    fn layout(&self) -> FieldLayout;

    /// Writes the empty state into its part of a record.
    fn write_empty(&self, field: &mut [u8]);

    /// There are `len` groups now.
    fn grow(&mut self, len: usize);

    /// Folds the span's rows; `offset` is the place of this accumulator's field.
    fn fold(&mut self, arena: &mut Arena, offset: usize, span: &Span<'_>, inputs: &[Input<'_>]) -> Result<()>;

    /// Whether columns of numbers that repeat are better fed as codes.
    fn wants_codes(&self) -> bool {
        false
    }

    /// Whether columns of packed numbers are better fed as they are stored.
    fn wants_packed(&self) -> bool {
        false
    }

    /// Whether rows may be folded by finer groups first, whose states are few bytes and are merged in any order.
    fn commutes(&self) -> bool {
        false
    }

    /// How a state tells that its group met a row, where it does.
    fn tells_rows(&self) -> Option<Told> {
        None
    }

    /// The groups whose states say that they met a row; all where states do not tell.
    fn met(&self, records: &Records, _offset: usize) -> Vec<u32> {
        (0..).take(records.len()).collect()
    }

    /// Folds every number of a list into a group: those that some row of it has. False, and nothing was done, where
    /// it matters how many rows have each.
    fn fold_values(&mut self, _group: usize, _values: NumberValues<'_>) -> Result<bool> {
        Ok(false)
    }

    /// From now on rows may wait until [`settle`](Accumulator::settle).
    fn let_wait(&mut self) {}

    /// Brings into the states what waits. The inputs are those of any vector of the segment.
    fn settle(&mut self, _inputs: &[Input<'_>]) -> Result<()> {
        Ok(())
    }

    /// As [`settle`](Accumulator::settle), but what can be told without this segment's columns may go on waiting.
    fn leave(&mut self, inputs: &[Input<'_>]) -> Result<()> {
        self.settle(inputs)
    }

    /// Folds stored states, one a row, which came after those already held.
    fn merge(&mut self, arena: &mut Arena, offset: usize, span: &Span<'_>, states: &dyn Array) -> Result<()>;

    /// Folds the states of others, which came after those already held.
    fn absorb(&mut self, arena: &mut Arena, offset: usize, others: &Others<'_>) -> Result<()> {
        absorb_stored(self, arena, offset, others)
    }

    /// A reader of the states as they are now.
    fn reader(&self, offset: usize) -> Box<dyn StateReader>;

    /// Whether states lie in the records alone, so that these may be given up.
    fn lies_in_records(&self) -> bool {
        false
    }

    /// Bytes held outside the records.
    fn memory_bytes(&self) -> usize;
}

/// As [`Accumulator::absorb`], by the states as they are stored.
pub(crate) fn absorb_stored(
    own: &mut (impl Accumulator + ?Sized),
    arena: &mut Arena,
    offset: usize,
    others: &Others<'_>,
) -> Result<()> {
    let order: Vec<u32> = others.groups.clone().map(|group| group as u32).collect();
    let states = others.accumulator.reader(others.offset).states(others.records, &order)?;
    let places: Vec<u32> = others.groups.clone().map(|group| others.place_of(group) as u32).collect();
    let groups = Groups::U32(&places);
    let span = Span { base: 0, groups, rows: Rows::All, start: 0, end: order.len(), prefetch: false };
    own.merge(arena, offset, &span, states.as_ref())
}

/// Reads states of a fold, or of a snapshot of it.
pub trait StateReader: Send + Sync {
    /// The states of these groups, as a column.
    fn states(&self, records: &Records, order: &[u32]) -> Result<ArrayRef>;
}

/// The accumulator of an aggregator with inline states.
pub struct Inline<A: Aggregator> {
    aggregator: A,
    feed: A::Feed,
    lanes: Vec<Lane>,
    mask: Mask,
}

impl<A: Aggregator> Inline<A> {
    pub fn new(aggregator: A, lanes: Vec<Lane>) -> Self {
        let feed = aggregator.feed();
        Inline { aggregator, feed, lanes, mask: Mask::default() }
    }

    pub fn boxed(aggregator: A, lanes: Vec<Lane>) -> Box<dyn Accumulator> {
        Box::new(Self::new(aggregator, lanes))
    }

    /// As `boxed`, for the values of an expression: texts that are no numbers are null.
    pub fn boxed_for_expression(aggregator: A, lanes: Vec<Lane>) -> Box<dyn Accumulator> {
        let mut inline = Self::new(aggregator, lanes);
        inline.feed.leave_out_unparsed();
        Box::new(inline)
    }

    /// Folds packed numbers into the one group of a span, if the aggregator can.
    fn fold_packed(&mut self, arena: &mut Arena, offset: usize, span: &Span<'_>, inputs: &[Input<'_>]) -> bool {
        let (Some(Input::Packed(packed)), Groups::One) = (inputs.first(), span.groups) else { return false };
        let rows = self.mask.valid(span, packed.nulls);
        let stored = packed.stored.slice(span.start, span.end);
        match arena.fields::<A::State>(offset).place() {
            AnyPlace::Flat(mut place) => self.aggregator.run_packed(place.at(span.base), stored, packed.scale, rows),
            AnyPlace::Blocks(mut place) => self.aggregator.run_packed(place.at(span.base), stored, packed.scale, rows),
        }
    }

    fn fold_states(&self, arena: &mut Arena, offset: usize, span: &Span<'_>, states: &dyn Array) -> Result<()> {
        let column = states.slice(span.start, span.num_rows());
        let others = self.aggregator.read_column(&column)?;
        if others.len() != span.num_rows() {
            return Err(Error::corrupt("column", "has another number of rows"));
        }
        let merging = Merging(&self.aggregator);
        match arena.fields::<A::State>(offset).place() {
            AnyPlace::Flat(place) => merging.all(place, span, &others),
            AnyPlace::Blocks(place) => merging.all(place, span, &others),
        }
        Ok(())
    }
}

impl<A: Aggregator> Accumulator for Inline<A> {
    fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    fn begin_segment(&mut self, columns: &[Option<ColumnType>]) -> Result<()> {
        self.feed.begin_segment(columns)
    }

    fn layout(&self) -> FieldLayout {
        FieldLayout { size: size_of::<A::State>(), align: align_of::<A::State>() }
    }

    fn write_empty(&self, field: &mut [u8]) {
        let empty = self.aggregator.empty();
        assert_eq!(field.len(), size_of::<A::State>());
        // SAFETY: the field is exactly as long as a state; `State: Copy` owns nothing.
        unsafe { field.as_mut_ptr().cast::<A::State>().write_unaligned(empty) }
    }

    fn grow(&mut self, _len: usize) {}

    fn lies_in_records(&self) -> bool {
        true
    }

    fn wants_packed(&self) -> bool {
        self.feed.reads_packed()
    }

    fn commutes(&self) -> bool {
        A::COMMUTES
    }

    fn tells_rows(&self) -> Option<Told> {
        A::TELLS_ROWS
    }

    fn met(&self, records: &Records, offset: usize) -> Vec<u32> {
        let (mut met, mut num_met) = (vec![0; records.len()], 0);
        records.each::<A::State>(0..records.len(), offset, |group, state| {
            met[num_met] = group as u32;
            num_met += usize::from(self.aggregator.has_met(state));
        });
        met.truncate(num_met);
        met
    }

    fn fold(&mut self, arena: &mut Arena, offset: usize, span: &Span<'_>, inputs: &[Input<'_>]) -> Result<()> {
        if let Some(Input::State(column)) = inputs.first() {
            return self.fold_states(arena, offset, span, column);
        }
        if self.fold_packed(arena, offset, span, inputs) {
            return Ok(());
        }
        let aggregator = &self.aggregator;
        self.feed.feed(span, inputs, &mut |items, rows| {
            match arena.fields::<A::State>(offset).place() {
                AnyPlace::Flat(place) => fold_items(aggregator, place, span, items, rows),
                AnyPlace::Blocks(place) => fold_items(aggregator, place, span, items, rows),
            }
            Ok(())
        })
    }

    fn merge(&mut self, arena: &mut Arena, offset: usize, span: &Span<'_>, states: &dyn Array) -> Result<()> {
        self.fold_states(arena, offset, span, states)
    }

    fn absorb(&mut self, arena: &mut Arena, offset: usize, others: &Others<'_>) -> Result<()> {
        if !(others.accumulator as &dyn Any).is::<Self>() {
            return absorb_stored(self, arena, offset, others);
        }
        let merging = Merging(&self.aggregator);
        match arena.fields::<A::State>(offset).place() {
            AnyPlace::Flat(place) => merging.records(place, others),
            AnyPlace::Blocks(place) => merging.records(place, others),
        }
        Ok(())
    }

    fn reader(&self, offset: usize) -> Box<dyn StateReader> {
        Box::new(InlineReader { aggregator: self.aggregator.clone(), offset })
    }

    fn memory_bytes(&self) -> usize {
        self.feed.memory_bytes()
    }
}

struct InlineReader<A> {
    aggregator: A,
    offset: usize,
}

impl<A: Aggregator> StateReader for InlineReader<A> {
    fn states(&self, records: &Records, order: &[u32]) -> Result<ArrayRef> {
        Ok(self.aggregator.to_column(records.gather(order, self.offset)))
    }
}

struct Merging<'a, A>(&'a A);

impl<A: Aggregator> Merging<'_, A> {
    fn all<P: Place<A::State>>(&self, mut place: P, span: &Span<'_>, others: &[A::State]) {
        let groups = span.local_groups();
        crate::span::for_each_row(others.len(), span.local_rows(), |row| {
            self.0.merge(place.at(span.base + groups.get(row)), &others[row]);
        });
    }

    fn records<P: Place<A::State>>(&self, mut place: P, others: &Others<'_>) {
        let groups = others.groups.clone();
        match others.places {
            Places::From(base) => {
                assert!(base + groups.len() <= place.len(), "groups are below their number");
                others.records.each(groups, others.offset, |at, other| {
                    // SAFETY: the greatest group was just looked at.
                    self.0.merge(unsafe { place.at_known(base + at) }, other);
                });
            }
            Places::Each(places) => {
                let places = &places[..groups.len()];
                others.records.each(groups, others.offset, |at, other| {
                    self.0.merge(place.at(places[at] as usize), other);
                });
            }
        }
    }
}

fn fold_items<A: Aggregator, P: Place<A::State>>(
    aggregator: &A,
    mut place: P,
    span: &Span<'_>,
    items: &[A::Item],
    rows: Rows<'_>,
) {
    match span.local_groups() {
        Groups::One => aggregator.run(place.at(span.base), items, rows),
        Groups::U8(ids) => {
            let apart = matches!(rows, Rows::All) && apart::fold(aggregator, &mut place, span.base, ids, items);
            if !apart {
                fold_ids(aggregator, place, span, ids, items, rows);
            }
        }
        Groups::U16(ids) => fold_ids(aggregator, place, span, ids, items, rows),
        Groups::U32(ids) => fold_ids(aggregator, place, span, ids, items, rows),
    }
}

fn fold_ids<A: Aggregator, P: Place<A::State>, I: ArrowNativeType>(
    aggregator: &A,
    mut place: P,
    span: &Span<'_>,
    ids: &[I],
    items: &[A::Item],
    rows: Rows<'_>,
) {
    assert_eq!(ids.len(), items.len());
    match rows {
        Rows::All if span.prefetch => fold_prefetched(aggregator, place, span.base, ids, items),
        Rows::All => {
            for (&id, &item) in ids.iter().zip(items) {
                aggregator.update(place.at(span.base + id.as_usize()), item);
            }
        }
        Rows::Mask(words) => {
            if span.prefetch {
                prefetch_masked(&place, span.base, ids, words);
            }
            if count(words) < words.len() * SPARSE_WORD as usize {
                return fold_few(aggregator, &mut place, span.base, ids, items, words);
            }
            assert!(span.base + span.local_groups().bound() <= place.len(), "groups are below their number");
            for ((ids, items), &word) in ids.chunks(64).zip(items.chunks(64)).zip(words) {
                // SAFETY: the greatest group was just looked at.
                unsafe { fold_word(aggregator, &mut place, span.base, ids, items, word) };
            }
        }
    }
}

fn fold_prefetched<A: Aggregator, P: Place<A::State>, I: ArrowNativeType>(
    aggregator: &A,
    mut place: P,
    base: usize,
    ids: &[I],
    items: &[A::Item],
) {
    let near = ids.len().saturating_sub(PREFETCH_DISTANCE);
    for &id in ids.iter().take(PREFETCH_DISTANCE) {
        place.prefetch(base + id.as_usize());
    }
    for row in 0..near {
        place.prefetch(base + ids[row + PREFETCH_DISTANCE].as_usize());
        aggregator.update(place.at(base + ids[row].as_usize()), items[row]);
    }
    for row in near..ids.len() {
        aggregator.update(place.at(base + ids[row].as_usize()), items[row]);
    }
}

fn prefetch_masked<S, P: Place<S>, I: ArrowNativeType>(place: &P, base: usize, ids: &[I], words: &[u64]) {
    crate::span::for_each_row(ids.len(), Rows::Mask(words), |row| place.prefetch(base + ids[row].as_usize()));
}

/// Few rows of many: they are listed before they are folded.
#[inline(always)]
fn fold_few<A: Aggregator, P: Place<A::State>, I: ArrowNativeType>(
    aggregator: &A,
    place: &mut P,
    base: usize,
    ids: &[I],
    items: &[A::Item],
    words: &[u64],
) {
    let mut rows = [0; 64 * LISTED_WORDS + LISTED_TOGETHER];
    let near = ids.chunks(64 * LISTED_WORDS).zip(items.chunks(64 * LISTED_WORDS));
    for ((ids, items), words) in near.zip(words.chunks(LISTED_WORDS)) {
        let num_rows = list(0, words, &mut rows);
        for &row in &rows[..num_rows] {
            let row = row as usize;
            aggregator.update(place.at(base + ids[row].as_usize()), items[row]);
        }
    }
}

/// # Safety
/// The groups of the ids are below their number.
#[inline(always)]
unsafe fn fold_word<A: Aggregator, P: Place<A::State>, I: ArrowNativeType>(
    aggregator: &A,
    place: &mut P,
    base: usize,
    ids: &[I],
    items: &[A::Item],
    word: u64,
) {
    if word == 0 {
        return;
    }
    if word.count_ones() < SPARSE_WORD {
        let mut word = word;
        while word != 0 {
            let row = word.trailing_zeros() as usize;
            // SAFETY: as of this function.
            aggregator.update(unsafe { place.at_known(base + ids[row].as_usize()) }, items[row]);
            word &= word - 1;
        }
        return;
    }
    for (row, (&id, &item)) in ids.iter().zip(items).enumerate() {
        // SAFETY: as of this function.
        let state = unsafe { place.at_known(base + id.as_usize()) };
        aggregator.update_if(state, item, word >> row & 1 == 1);
    }
}

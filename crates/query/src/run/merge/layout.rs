//! How bucket and keys of the parts pack into words: in as few bits as they need, the first key highest, so that words
//! ascend as keys do.

use arrow_array::{Array, Int64Array};

use super::super::field::Field;
use crate::finalize::Values;
use crate::partial::FoldPartial;

/// The place of a key, and of the bit that says that it is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyField {
    pub value: Field,
    pub null: Option<Field>,
}

/// Integers that a field is to hold: the least and, from it on, how many bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    base: u64,
    bits: u32,
}

impl Span {
    pub fn of_bits(bits: u32) -> Self {
        Span { base: 0, bits }
    }

    /// Codes of a dictionary.
    pub fn of_codes(num_codes: usize) -> Self {
        Span::of_bits(usize::BITS - num_codes.saturating_sub(1).leading_zeros())
    }

    /// Of times, most of which are the same.
    pub fn of_times<'t>(parts: impl Iterator<Item = &'t [i64]>) -> Self {
        let bounds = parts.flat_map(|times| match times {
            [first, others @ ..] if others.iter().all(|time| time == first) => [Some(*first), None],
            _ => [times.iter().min().copied(), times.iter().max().copied()],
        });
        Span::of_longs(bounds.flatten())
    }

    /// Of longs from the least to the greatest.
    pub fn of_longs(longs: impl Iterator<Item = i64>) -> Self {
        let (least, most) = longs.fold((i64::MAX, i64::MIN), |(least, most), long| (least.min(long), most.max(long)));
        if least > most {
            return Span::default();
        }
        let (least, most) = (least as u64, most as u64);
        Span { base: least, bits: u64::BITS - most.wrapping_sub(least).leading_zeros() }
    }

    /// Of a key of longs in all parts.
    pub fn of_long_keys(parts: &[FoldPartial], at: usize) -> Self {
        let arrays = parts.iter().filter_map(|part| if let Values::Long(a) = &part.keys[at] { Some(a) } else { None });
        let valid = |array: &Int64Array, row: usize| array.is_valid(row).then(|| array.value(row));
        let bounds = arrays.flat_map(|array| match array.null_count() {
            0 => [array.values().iter().min().copied(), array.values().iter().max().copied()],
            _ => {
                let longs = || (0..array.len()).filter_map(|row| valid(array, row));
                [longs().min(), longs().max()]
            }
        });
        Span::of_longs(bounds.flatten())
    }
}

/// Where all of it lies.
#[derive(Debug)]
pub(super) struct Layout {
    /// Words of a group, at least one.
    pub width: usize,
    pub time: Field,
    pub keys: Vec<KeyField>,
}

impl Layout {
    /// Of the times and, for each key, what it holds and whether it may be null.
    pub fn of(time: Span, keys: impl Iterator<Item = (Span, bool)>) -> Self {
        let (mut width, mut free) = (0, 0);
        let mut place = |span: Span| {
            if span.bits == 0 {
                return Field { base: span.base, ..Field::default() };
            }
            if span.bits > free {
                (width, free) = (width + 1, 64);
            }
            free -= span.bits;
            Field { word: width - 1, shift: free, bits: span.bits, base: span.base }
        };
        let time = place(time);
        let keys = keys.map(|(span, may_be_null)| {
            let null = may_be_null.then(|| place(Span::of_bits(1)));
            KeyField { value: place(span), null }
        });
        let keys = keys.collect();
        Layout { width: width.max(1), time, keys }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_read_and_ascends() {
        let longs = Span::of_longs([-5, i64::MAX - 7, 3].into_iter());
        let keys =
            [(Span::of_codes(10_000), false), (longs, true), (Span::of_bits(0), false), (Span::of_bits(64), false)];
        let layout = Layout::of(Span::of_longs([1_000, 4_000].into_iter()), keys.into_iter());
        assert_eq!(layout.width, 3);
        let pack = |time: u64, code: u64, long: i64| {
            let mut words = vec![0; layout.width];
            let mut set = |field: Field, value: u64| field.set_all(&mut words, layout.width, [value].into_iter());
            set(layout.time, time);
            set(layout.keys[0].value, code);
            set(layout.keys[1].value, long as u64);
            set(layout.keys[3].value, u64::MAX);
            assert_eq!((layout.time.get(&words), layout.keys[0].value.get(&words)), (time, code));
            assert_eq!((layout.keys[1].value.get(&words) as i64, layout.keys[3].value.get(&words)), (long, u64::MAX));
            assert_eq!(layout.keys[1].null.map(|null| null.get(&words)), Some(0));
            words
        };
        let keys = [(1_000, 0, 3), (1_000, 1, -5), (1_000, 1, 3), (1_000, 9_999, -5), (4_000, 0, i64::MAX - 7)];
        let packed: Vec<Vec<u64>> = keys.into_iter().map(|(time, code, long)| pack(time, code, long)).collect();
        assert!(packed.is_sorted());
        assert_eq!(Layout::of(Span::default(), std::iter::empty()).width, 1);
    }
}

//! Smallest and greatest numbers, as Java's `Math.min` and `Math.max` choose them.

use std::hint::select_unpredictable;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};

use crate::aggregator::{Aggregator, Told};
use crate::error::{Error, Result};
use crate::feed::{Number, Numbers};
use crate::input::{Codes, Rows};
use crate::numbers::{column_of, states_of};
use crate::packed::{Scale, extreme_stored};
use crate::seen::Seen;

/// Smallest (`GREATEST` false) or greatest long.
#[derive(Clone, Debug)]
pub(crate) struct LongExtreme<const GREATEST: bool>;

impl<const GREATEST: bool> LongExtreme<GREATEST> {
    const WORST: i64 = if GREATEST { i64::MIN } else { i64::MAX };

    #[inline(always)]
    fn better(one: i64, other: i64) -> i64 {
        if GREATEST { one.max(other) } else { one.min(other) }
    }
}

impl<const GREATEST: bool> Aggregator for LongExtreme<GREATEST> {
    type State = Seen<i64>;
    type Item = i64;
    type Feed = Numbers<i64>;

    const COMMUTES: bool = true;
    const TELLS_ROWS: Option<Told> = Some(Told::Valid);

    fn feed(&self) -> Numbers<i64> {
        Numbers::with_unparsed(Self::WORST)
    }

    fn empty(&self) -> Seen<i64> {
        Seen { value: Self::WORST, seen: false }
    }

    #[inline(always)]
    fn has_met(&self, state: &Seen<i64>) -> bool {
        state.seen
    }

    #[inline(always)]
    fn update(&self, state: &mut Seen<i64>, item: i64) {
        self.update_if(state, item, true);
    }

    #[inline(always)]
    fn update_if(&self, state: &mut Seen<i64>, item: i64, keep: bool) {
        // Seldom, so that the branches are foreseen and neighbours of a group do not wait for each other.
        let kept = select_unpredictable(keep, item, Self::WORST);
        if Self::better(state.value, kept) != state.value || (!state.seen && keep) {
            *state = Seen { value: item, seen: true };
        }
    }

    fn run_packed(&self, state: &mut Seen<i64>, stored: Codes<'_>, scale: Scale, rows: Rows<'_>) -> bool {
        let found = extreme_stored::<GREATEST>(stored, rows);
        found.into_iter().for_each(|stored| self.update(state, i64::of_packed(stored, scale)));
        true
    }

    fn merge(&self, state: &mut Seen<i64>, other: &Seen<i64>) {
        *state = Seen { value: Self::better(state.value, other.value), seen: state.seen | other.seen };
    }

    fn to_column(&self, states: Vec<Seen<i64>>) -> ArrayRef {
        Arc::new(column_of::<Int64Type, _>(&states, |state| !state.seen, |state| state.value))
    }

    fn read_column(&self, column: &dyn Array) -> Result<Vec<Seen<i64>>> {
        let column =
            column.as_primitive_opt::<Int64Type>().ok_or(Error::corrupt("longMin/Max", "is no long column"))?;
        let read = |value: Option<i64>| Seen { value: value.unwrap_or(Self::WORST), seen: value.is_some() };
        Ok(states_of(column, read))
    }
}

/// A floating number as an integer that sorts like it: minus zero below zero, and NaN beyond the
/// infinity at the end that wins. The state is such an integer, so that a choice is one comparison;
/// the worst integer of all stands for no number and is no number's key.
macro_rules! floating_extreme {
    ($name:ident, $number:ty, $key:ty, $bits:ty, $arrow:ty) => {
        #[derive(Clone, Debug)]
        pub(crate) struct $name<const GREATEST: bool>;

        impl<const GREATEST: bool> $name<GREATEST> {
            const EMPTY: $key = if GREATEST { <$key>::MIN } else { <$key>::MAX };
            const NAN: $key = if GREATEST { <$key>::MAX } else { <$key>::MIN };

            #[inline(always)]
            fn key(value: $number) -> $key {
                let bits = value.to_bits() as $key;
                let key = bits ^ (((bits >> (<$key>::BITS - 1)) as $bits) >> 1) as $key;
                if value.is_nan() { Self::NAN } else { key }
            }

            #[inline(always)]
            fn number(key: $key) -> Option<$number> {
                if key == Self::EMPTY {
                    return None;
                }
                if key == Self::NAN {
                    return Some(<$number>::NAN);
                }
                let bits = key ^ (((key >> (<$key>::BITS - 1)) as $bits) >> 1) as $key;
                Some(<$number>::from_bits(bits as $bits))
            }

            #[inline(always)]
            fn better(one: $key, other: $key) -> $key {
                if GREATEST { one.max(other) } else { one.min(other) }
            }
        }

        impl<const GREATEST: bool> Aggregator for $name<GREATEST> {
            type State = $key;
            type Item = $number;
            type Feed = Numbers<$number>;

            const COMMUTES: bool = true;
            const TELLS_ROWS: Option<Told> = Some(Told::Valid);

            fn feed(&self) -> Numbers<$number> {
                Numbers::with_unparsed(if GREATEST { <$number>::NEG_INFINITY } else { <$number>::INFINITY })
            }

            fn empty(&self) -> $key {
                Self::EMPTY
            }

            #[inline(always)]
            fn has_met(&self, state: &$key) -> bool {
                *state != Self::EMPTY
            }

            #[inline(always)]
            fn update(&self, state: &mut $key, item: $number) {
                self.update_if(state, item, true);
            }

            #[inline(always)]
            fn update_if(&self, state: &mut $key, item: $number, keep: bool) {
                let key = select_unpredictable(keep, Self::key(item), Self::EMPTY);
                // Seldom, as above.
                if Self::better(*state, key) != *state {
                    *state = key;
                }
            }

            fn run_packed(&self, state: &mut $key, stored: Codes<'_>, scale: Scale, rows: Rows<'_>) -> bool {
                let found = extreme_stored::<GREATEST>(stored, rows);
                found.into_iter().for_each(|stored| self.update(state, <$number>::of_packed(stored, scale)));
                true
            }

            fn merge(&self, state: &mut $key, other: &$key) {
                *state = Self::better(*state, *other);
            }

            fn to_column(&self, states: Vec<$key>) -> ArrayRef {
                let number = |key| Self::number(key).unwrap_or_default();
                Arc::new(column_of::<$arrow, _>(&states, |key| key == Self::EMPTY, number))
            }

            fn read_column(&self, column: &dyn Array) -> Result<Vec<$key>> {
                let column = column.as_primitive_opt::<$arrow>();
                let column = column.ok_or(Error::corrupt(stringify!($name), "is a column of another type"))?;
                Ok(states_of(column, |value| value.map_or(Self::EMPTY, Self::key)))
            }
        }
    };
}

floating_extreme!(DoubleExtreme, f64, i64, u64, Float64Type);
floating_extreme!(FloatExtreme, f32, i32, u32, Float32Type);

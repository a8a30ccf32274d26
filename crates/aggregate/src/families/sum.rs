//! Sums.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};

use crate::aggregator::{Aggregator, Told};
use crate::error::{Error, Result};
use crate::feed::Numbers;
use crate::input::{Codes, Rows};
use crate::numbers::{column_of, column_of_numbers, states_of};
use crate::packed::Scale;
use crate::seen::Seen;
use crate::sums::Summed;

/// The sum of the rows that count; `None` if there are none.
fn sum_of_run<T: Summed>(items: &[T], rows: Rows<'_>) -> Option<T> {
    match rows {
        Rows::All => (!items.is_empty()).then(|| T::sum(items)),
        Rows::Mask(words) => words.iter().any(|&word| word != 0).then(|| T::sum_masked(items, words)),
    }
}

/// Sum of longs, which wraps.
#[derive(Clone, Debug)]
pub(crate) struct LongSum;

impl Aggregator for LongSum {
    type State = Seen<i64>;
    type Item = i64;
    type Feed = Numbers<i64>;

    const COMMUTES: bool = true;
    const TELLS_ROWS: Option<Told> = Some(Told::Valid);

    fn feed(&self) -> Numbers<i64> {
        Numbers::with_unparsed(0)
    }

    fn empty(&self) -> Seen<i64> {
        Seen { value: 0, seen: false }
    }

    #[inline(always)]
    fn has_met(&self, state: &Seen<i64>) -> bool {
        state.seen
    }

    #[inline(always)]
    fn update(&self, state: &mut Seen<i64>, item: i64) {
        *state = Seen { value: state.value.wrapping_add(item), seen: true };
    }

    #[inline(always)]
    fn update_if(&self, state: &mut Seen<i64>, item: i64, keep: bool) {
        let item = item & -i64::from(keep);
        *state = Seen { value: state.value.wrapping_add(item), seen: state.seen | keep };
    }

    fn run(&self, state: &mut Seen<i64>, items: &[i64], rows: Rows<'_>) {
        if let Some(sum) = sum_of_run(items, rows) {
            self.update(state, sum);
        }
    }

    fn run_packed(&self, state: &mut Seen<i64>, stored: Codes<'_>, scale: Scale, rows: Rows<'_>) -> bool {
        let Some(sum) = scale.sum_long(stored, rows) else { return false };
        sum.into_iter().for_each(|sum| self.update(state, sum));
        true
    }

    fn merge(&self, state: &mut Seen<i64>, other: &Seen<i64>) {
        *state = Seen { value: state.value.wrapping_add(other.value), seen: state.seen | other.seen };
    }

    fn to_column(&self, states: Vec<Seen<i64>>) -> ArrayRef {
        Arc::new(column_of::<Int64Type, _>(&states, |state| !state.seen, |state| state.value))
    }

    fn read_column(&self, column: &dyn Array) -> Result<Vec<Seen<i64>>> {
        let column = column.as_primitive_opt::<Int64Type>().ok_or(Error::corrupt("longSum", "is no long column"))?;
        Ok(states_of(column, |value| Seen { value: value.unwrap_or(0), seen: value.is_some() }))
    }
}

/// Sums of doubles and floats start at minus zero, which no sum of rows is: what is added is never
/// minus zero. So the state needs no mark for "no rows yet".
macro_rules! floating_sum {
    ($name:ident, $number:ty, $arrow:ty, $tag:literal, $sum:expr) => {
        #[derive(Clone, Debug)]
        pub(crate) struct $name;

        impl Aggregator for $name {
            type State = $number;
            type Item = $number;
            type Feed = Numbers<$number>;

            const COMMUTES: bool = true;
            const TELLS_ROWS: Option<Told> = Some(Told::Valid);

            fn feed(&self) -> Numbers<$number> {
                Numbers::with_unparsed(0.0)
            }

            fn empty(&self) -> $number {
                -0.0
            }

            #[inline(always)]
            fn has_met(&self, state: &$number) -> bool {
                state.to_bits() != <$number>::to_bits(-0.0)
            }

            #[inline(always)]
            fn update(&self, state: &mut $number, item: $number) {
                *state += item + 0.0;
            }

            #[inline(always)]
            fn update_if(&self, state: &mut $number, item: $number, keep: bool) {
                *state += if keep { item + 0.0 } else { -0.0 };
            }

            fn run(&self, state: &mut $number, items: &[$number], rows: Rows<'_>) {
                if let Some(sum) = sum_of_run(items, rows) {
                    self.update(state, sum);
                }
            }

            fn run_packed(&self, state: &mut $number, stored: Codes<'_>, scale: Scale, rows: Rows<'_>) -> bool {
                let sum: fn(Scale, Codes<'_>, Rows<'_>) -> Option<Option<$number>> = $sum;
                let Some(sum) = sum(scale, stored, rows) else { return false };
                sum.into_iter().for_each(|sum| self.update(state, sum));
                true
            }

            fn merge(&self, state: &mut $number, other: &$number) {
                *state += other;
            }

            fn to_column(&self, states: Vec<$number>) -> ArrayRef {
                Arc::new(column_of_numbers::<$arrow>(states, |state| !self.has_met(&state)))
            }

            fn read_column(&self, column: &dyn Array) -> Result<Vec<$number>> {
                let column = column.as_primitive_opt::<$arrow>();
                let column = column.ok_or(Error::corrupt($tag, "is a column of another type"))?;
                Ok(states_of(column, |value| value.map_or(-0.0, |value| value + 0.0)))
            }
        }
    };
}

floating_sum!(DoubleSum, f64, Float64Type, "doubleSum", |scale, stored, rows| Some(scale.sum_double(stored, rows)));
floating_sum!(FloatSum, f32, Float32Type, "floatSum", |_, _, _| None);

//! States that are a number or none as columns, and back.

use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array, PrimitiveArray};
use arrow_buffer::NullBuffer;

/// A column of the numbers of states; null where there is none.
pub(crate) fn column_of<T: ArrowPrimitiveType, S: Copy>(
    states: &[S],
    is_none: impl Fn(S) -> bool,
    number: impl Fn(S) -> T::Native,
) -> PrimitiveArray<T> {
    let written = |state: &S| if is_none(*state) { T::Native::default() } else { number(*state) };
    let numbers: Vec<T::Native> = states.iter().map(written).collect();
    PrimitiveArray::new(numbers.into(), nulls_of(states, is_none))
}

/// As [`column_of`], of states that are numbers themselves and stay where they lie.
pub(crate) fn column_of_numbers<T: ArrowPrimitiveType>(
    mut states: Vec<T::Native>,
    is_none: impl Fn(T::Native) -> bool,
) -> PrimitiveArray<T> {
    let nulls = nulls_of(&states, &is_none);
    if nulls.is_some() {
        let written = |state: &mut T::Native| *state = if is_none(*state) { T::Native::default() } else { *state };
        states.iter_mut().for_each(written);
    }
    PrimitiveArray::new(states.into(), nulls)
}

/// Most columns have no null, which is seen in lanes.
fn nulls_of<S: Copy>(states: &[S], is_none: impl Fn(S) -> bool) -> Option<NullBuffer> {
    let some = states.iter().fold(false, |some, state| some | is_none(*state));
    some.then(|| NullBuffer::from_iter(states.iter().map(|state| !is_none(*state))))
}

/// The states of such a column.
pub(crate) fn states_of<T: ArrowPrimitiveType, S>(
    column: &PrimitiveArray<T>,
    state: impl Fn(Option<T::Native>) -> S,
) -> Vec<S> {
    match column.null_count() {
        0 => column.values().iter().map(|number| state(Some(*number))).collect(),
        _ => column.iter().map(state).collect(),
    }
}

//! States that are a number or none as columns, and back.

use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array, PrimitiveArray};
use arrow_buffer::NullBuffer;

/// A column of the numbers of states; null where there is none.
pub(crate) fn column_of<T: ArrowPrimitiveType, S: Copy>(
    states: Vec<S>,
    is_none: impl Fn(S) -> bool,
    number: impl Fn(S) -> T::Native,
) -> PrimitiveArray<T> {
    // Most columns have no null, which is seen in lanes.
    let some = states.iter().fold(false, |some, state| some | is_none(*state));
    let nulls = some.then(|| NullBuffer::from_iter(states.iter().map(|state| !is_none(*state))));
    let written = |state: S| if is_none(state) { T::Native::default() } else { number(state) };
    let numbers: Vec<T::Native> = states.into_iter().map(written).collect();
    PrimitiveArray::new(numbers.into(), nulls)
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

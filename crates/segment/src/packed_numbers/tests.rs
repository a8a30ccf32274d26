use proptest::prelude::*;

use super::*;
use crate::batch_view::take_rows;

fn check(array: ArrayRef) -> std::result::Result<bool, TestCaseError> {
    let Some(packed) = PackedNumbers::of(&array) else { return Ok(false) };
    let same = |one: &ArrayRef, other: &ArrayRef| match one.as_primitive_opt::<Float64Type>() {
        Some(one) => {
            let other = other.as_primitive::<Float64Type>();
            one.iter().zip(other).all(|(a, b)| a.map(f64::to_bits) == b.map(f64::to_bits))
        }
        None => one.as_primitive::<Int64Type>() == other.as_primitive::<Int64Type>(),
    };
    let len = array.len();
    prop_assert!(same(&packed.read(0..len), &array));
    prop_assert!(same(&packed.read(len / 3..len), &array.slice(len / 3, len - len / 3)));
    let rows: Vec<u32> = (0..len as u32).rev().collect();
    prop_assert!(same(&packed.take(&rows), &take_rows(&array, &rows)));
    let again = PackedNumbers::new(packed.stored(), packed.scale()).unwrap();
    prop_assert_eq!(again.max(), packed.max());
    if let Some(codes) = packed.number_codes() {
        prop_assert!(NumberCodes::new(codes.codes(), codes.values().clone()).is_ok());
    }
    Ok(true)
}

proptest! {
    #[test]
    fn longs_come_back(base in any::<i64>(), far in prop::collection::vec(prop::option::of(0u32..100_000), 0..80)) {
        check(Arc::new(far.iter().map(|far| Some(base.wrapping_add((*far)?.into()))).collect::<Int64Array>()))?;
    }

    #[test]
    fn decimals_are_packed_and_come_back(
        base in -1_000_000i64..1_000_000,
        far in prop::collection::vec(prop::option::of(0u32..100_000), 0..80),
        digits in 0i32..=6,
    ) {
        let decimal = |far: u32| (base + i64::from(far)) as f64 / 10f64.powi(digits);
        prop_assert!(check(Arc::new(far.iter().map(|far| far.map(decimal)).collect::<Float64Array>()))?);
    }

    #[test]
    fn any_doubles_come_back_or_are_left(bits in prop::collection::vec(prop::option::of(any::<u64>()), 1..40)) {
        check(Arc::new(bits.iter().map(|bits| bits.map(f64::from_bits)).collect::<Float64Array>()))?;
    }
}

#[test]
fn odd_numbers_are_left_as_they_are() {
    let odd = [-0.0, f64::NAN, f64::INFINITY, 0.1 + 0.2, 1.0 / 3.0];
    for odd in odd {
        let array: ArrayRef = Arc::new(Float64Array::from(vec![1.5, odd, 2.0]));
        assert!(PackedNumbers::of(&array).is_none(), "{odd}");
    }
    let far: ArrayRef = Arc::new(Int64Array::from(vec![i64::MIN, i64::MAX]));
    assert!(PackedNumbers::of(&far).is_none());
}

#[test]
fn widths_are_the_narrowest() {
    let width = |max: i64| {
        let longs: ArrayRef = Arc::new(Int64Array::from(vec![-5, max - 5]));
        PackedNumbers::of(&longs).map(|packed| packed.width())
    };
    let widths = [0, 255, 256, 65_535, 65_536, 0xffff_ffff, 0x1_0000_0000].map(width);
    assert_eq!(widths, [Some(1), Some(1), Some(2), Some(2), Some(4), Some(4), None]);
}

use proptest::prelude::*;

use super::*;

fn unpacked(scale: Scale, stored: &[u32]) -> Vec<f64> {
    let mut out = Vec::new();
    scale.unpack_doubles(Codes::U32(stored), &mut out);
    out
}

proptest! {
    #[test]
    fn decimals_come_back_bit_by_bit(numbers in prop::collection::vec(-(1i64 << 50)..1 << 50, 1..40), digits in 0..=MAX_DIGITS) {
        for number in numbers {
            let value = number as f64 / 10f64.powi(digits.into());
            // Zero below zero is no whole number; all others are what they were.
            let Some(whole) = Scale::whole(value, digits) else { prop_assert!(false, "{value} of {digits} digits"); continue };
            prop_assert_eq!(whole, number);
            let base = number - 3;
            let scale = Scale::Double { base, digits };
            prop_assert_eq!(unpacked(scale, &[3])[0].to_bits(), value.to_bits());
            prop_assert_eq!(scale.double(3).to_bits(), value.to_bits());
        }
    }

    #[test]
    fn what_is_packed_at_all_comes_back(bits in any::<u64>(), digits in 0..=MAX_DIGITS) {
        let value = f64::from_bits(bits);
        if let Some(whole) = Scale::whole(value, digits) {
            prop_assert_eq!(unpacked(Scale::Double { base: whole, digits }, &[0])[0].to_bits(), bits);
        }
    }

    #[test]
    fn many_are_whole_when_each_is(
        numbers in prop::collection::vec(-(1i64 << 50)..1 << 50, 1..600),
        digits in 0..=MAX_DIGITS,
        odd in prop::option::of((any::<prop::sample::Index>(), any::<u64>())),
    ) {
        let mut values: Vec<f64> = numbers.iter().map(|number| *number as f64 / 10f64.powi(digits.into())).collect();
        if let Some((at, bits)) = odd {
            *at.get_mut(&mut values) = f64::from_bits(bits);
        }
        let mut out = Vec::new();
        let each: Option<Vec<i64>> = values.iter().map(|value| Scale::whole(*value, digits)).collect();
        prop_assert_eq!(Scale::wholes(&values, digits, &mut out), each.is_some());
        prop_assert!(each.is_none_or(|each| each == out));
    }

    #[test]
    fn longs_come_back(base in any::<i64>(), stored in any::<u32>()) {
        let scale = Scale::Long { base };
        let mut out = Vec::new();
        scale.unpack_longs(Codes::U32(&[stored]), &mut out);
        prop_assert_eq!(out, [base.wrapping_add(stored.into())]);
    }
}

#[test]
fn zero_below_zero_and_what_is_no_number_are_not_whole() {
    for odd in [-0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.5, 1e300] {
        assert!(!Scale::wholes(&[1.0, odd], 0, &mut Vec::new()), "{odd}");
    }
    assert!(Scale::wholes(&[1.0, 0.0, -7.0], 0, &mut Vec::new()));
}

#[test]
fn numbers_that_are_no_decimals_are_not_packed() {
    for value in [-0.0, f64::NAN, f64::INFINITY, 0.1 + 0.2, 1e300, f64::MIN_POSITIVE] {
        assert!((0..=MAX_DIGITS).all(|digits| Scale::whole(value, digits).is_none()), "{value}");
    }
    assert_eq!(Scale::whole(1.05, 2), Some(105));
    assert_eq!(Scale::whole(1.05, 1), None);
}

#[test]
fn every_width_unpacks_alike() {
    let bytes: Vec<u8> = (0..=255).collect();
    let middle: Vec<u16> = bytes.iter().map(|byte| u16::from(*byte)).collect();
    let wide: Vec<u32> = bytes.iter().map(|byte| u32::from(*byte)).collect();
    for scale in
        [Scale::Long { base: -7 }, Scale::Double { base: -7, digits: 2 }, Scale::Double { base: 10, digits: 0 }]
    {
        let (mut doubles, mut longs) = (Vec::new(), Vec::new());
        for stored in [Codes::U8(&bytes), Codes::U16(&middle), Codes::U32(&wide)] {
            scale.unpack_doubles(stored, &mut doubles);
            scale.unpack_longs(stored, &mut longs);
        }
        let expected: Vec<f64> = wide.iter().map(|stored| scale.double(*stored)).collect();
        assert_eq!(doubles, [expected.clone(), expected.clone(), expected].concat());
        let expected: Vec<i64> = wide.iter().map(|stored| scale.long(*stored)).collect();
        assert_eq!(longs, [expected.clone(), expected.clone(), expected].concat());
    }
}

#[test]
fn sums_of_decimals_are_rounded_once() {
    let stored: Vec<u16> = vec![10; 1_000];
    let scale = Scale::Double { base: 0, digits: 2 };
    assert_eq!(scale.sum_double(Codes::U16(&stored), Rows::All), Some(100.0));
    assert_eq!(scale.sum_double(Codes::U16(&stored), Rows::Mask(&[0; 16])), None);
    assert_eq!(scale.sum_long(Codes::U16(&stored), Rows::All), None);
    let scale = Scale::Long { base: -20 };
    assert_eq!(scale.sum_long(Codes::U16(&stored), Rows::All), Some(Some(-10_000)));
    assert_eq!(scale.sum_double(Codes::U16(&stored), Rows::All), Some(-10_000.0));
}

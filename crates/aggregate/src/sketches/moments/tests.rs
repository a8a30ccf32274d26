use super::*;

fn sketch(k: usize, is_compressed: bool, values: impl IntoIterator<Item = f64>) -> Moments {
    let mut sketch = Moments::new(k, is_compressed);
    values.into_iter().for_each(|value| sketch.add(value));
    sketch
}

fn near(value: f64, wanted: f64, by: f64) {
    assert!((value - wanted).abs() <= by, "{value} is not within {by} of {wanted}");
}

#[test]
fn even_values_have_even_quantiles() {
    let even = sketch(10, true, (0..=1000).map(|value| f64::from(value) / 1000.0));
    for (fraction, value) in [0.0, 0.25, 0.5, 0.9, 1.0].into_iter().zip(even.quantiles(&[0.0, 0.25, 0.5, 0.9, 1.0])) {
        near(value, fraction, 0.005);
    }
    near(even.min(), 0.0, 1e-12);
    near(even.max(), 1.0, 1e-12);
    assert_eq!(even.count(), 1001.0);
}

#[test]
fn tails_of_exponential_values_are_near() {
    let at = |fraction: f64| -(1.0 - fraction).ln() * 100.0;
    let values = || (0..10_000).map(|step| at((f64::from(step) + 0.5) / 10_000.0));
    for is_compressed in [true, false] {
        let fractions = [0.1, 0.5, 0.9, 0.99];
        for (fraction, value) in fractions.into_iter().zip(sketch(13, is_compressed, values()).quantiles(&fractions)) {
            let rank = 1.0 - (-value / 100.0).exp();
            near(rank, fraction, 0.015);
        }
    }
}

#[test]
fn few_and_no_values_are_answered_too() {
    assert!(Moments::new(13, true).quantiles(&[0.5])[0].is_nan());
    assert_eq!(Moments::new(13, true).min(), f64::INFINITY);
    assert_eq!(sketch(13, false, [4.0, 4.0]).quantiles(&[0.0, 0.5, 1.0]), [4.0, 4.0, 4.0]);
    let two = sketch(13, true, [1.0, 1.0, 1.0, 5.0]).quantiles(&[0.0, 0.3, 1.0]);
    near(two[0], 1.0, 1e-9);
    near(two[1], 1.0, 0.1);
    near(two[2], 5.0, 1e-9);
    let far = sketch(64, false, (0..1000).map(|value| 1e12 + f64::from(value))).quantiles(&[0.5]);
    assert!((1e12..=1e12 + 1000.0).contains(&far[0]), "{far:?}");
    assert_eq!(sketch(13, true, [f64::NAN, f64::INFINITY, 2.0]).count(), 1.0);
}

#[test]
fn merged_and_counted_values_are_as_added_ones() {
    let values: Vec<f64> = (0..200).map(|value| f64::from(value % 17) - 3.0).collect();
    let whole = sketch(8, true, values.iter().copied());
    let mut halves = sketch(8, true, values[..70].iter().copied());
    halves.merge(&sketch(8, true, values[70..].iter().copied()));
    let mut counted = Moments::new(8, true);
    let times = |value: f64| values.iter().filter(|one| **one == value).count() as u64;
    counted.add_counted(&(-3..14).map(|value| (f64::from(value), times(f64::from(value)))).collect::<Vec<_>>());
    for other in [halves, counted] {
        assert_eq!((other.min, other.max), (whole.min, whole.max));
        other.sums.iter().zip(&whole.sums).for_each(|(sum, wanted)| near(*sum, *wanted, 1e-9 * wanted.abs().max(1.0)));
    }
}

#[test]
fn a_smaller_sketch_makes_all_smaller_and_another_form_is_refused() {
    let mut large = sketch(13, true, [1.0, 2.0]);
    large.merge(&sketch(5, true, [3.0]));
    assert_eq!((large.k(), large.count()), (5, 3.0));
    assert!(large.check(&sketch(5, false, [3.0])).is_err());
    assert!(large.check(&Moments::new(5, false)).is_ok());
}

#[test]
fn bytes_are_those_of_the_format() {
    let mut bytes = Vec::new();
    sketch(3, false, [2.0, 4.0]).encode(&mut bytes);
    let numbers = [2.0, 4.0, 2.0, 6.0, 20.0f64];
    let wanted: Vec<u8> = [3u32, 0]
        .into_iter()
        .flat_map(u32::to_be_bytes)
        .chain(numbers.into_iter().flat_map(f64::to_be_bytes))
        .collect();
    assert_eq!(bytes, wanted);
    assert_eq!(Moments::decode(&bytes).unwrap(), sketch(3, false, [2.0, 4.0]));
    for end in 0..bytes.len() {
        assert!(Moments::decode(&bytes[..end]).is_err());
    }
    bytes[0] = 1;
    assert!(Moments::decode(&bytes).is_err());
}

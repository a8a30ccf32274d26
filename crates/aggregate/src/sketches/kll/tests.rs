use super::*;

fn sketch(k: usize, items: impl Iterator<Item = u32>) -> Kll<f64> {
    let mut sketch = Kll::with_k(k).unwrap();
    items.for_each(|item| sketch.add(item.into()));
    sketch
}

/// The numbers below `number` in a scattered order.
fn scattered(number: u32) -> impl Iterator<Item = u32> {
    (0..number).map(move |at| (u64::from(at) * 7_919 % u64::from(number)) as u32)
}

fn weight(sketch: &Kll<f64>) -> u64 {
    (0..).zip(&sketch.levels).map(|(level, items)| (items.len() as u64) << level).sum()
}

#[test]
fn few_items_are_exact_and_none_answer_nan() {
    let few = sketch(200, scattered(100));
    let view = few.view();
    assert_eq!(
        (view.quantile(0.0).unwrap(), view.quantile(0.5).unwrap(), view.quantile(1.0).unwrap()),
        (0.0, 49.0, 99.0)
    );
    assert_eq!(view.rank(24.0), 0.25);
    assert!(sketch(200, scattered(0)).view().rank(1.0).is_nan());
}

#[test]
fn many_items_are_within_the_error() {
    let many = sketch(200, scattered(100_003));
    assert_eq!((many.n(), weight(&many)), (100_003, 100_003));
    assert!(many.num_retained <= capacity(200, many.levels.len()));
    for percent in 1..100 {
        let fraction = f64::from(percent) / 100.0;
        assert!((many.view().quantile(fraction).unwrap() / 100_003.0 - fraction).abs() < 0.02);
    }
}

#[test]
fn merging_keeps_count_bounds_and_accuracy() {
    for (k, other_k) in [(200, 200), (200, 50), (50, 400)] {
        let mut merged = sketch(k, (0..30_000).step_by(2));
        merged.merge(&sketch(other_k, (1..30_000).step_by(2)));
        assert_eq!((merged.n(), weight(&merged)), (30_000, 30_000));
        assert_eq!((merged.min, merged.max, merged.min_k), (0.0, 29_999.0, k.min(other_k)));
        assert!((merged.view().quantile(0.5).unwrap() / 30_000.0 - 0.5).abs() < 0.06);
    }
}

#[test]
fn the_stored_form_is_read_back() {
    for number in [0, 1, 2, 200, 10_000, 300_000] {
        let sketch = sketch(200, scattered(number));
        let mut bytes = Vec::new();
        sketch.encode(&mut bytes);
        let read = Kll::<f64>::decode(&bytes).unwrap();
        let mut again = Vec::new();
        read.encode(&mut again);
        assert_eq!(again, bytes);
        assert_eq!((read.n(), weight(&read)), (u64::from(number), u64::from(number)));
        if number > 1 {
            assert!(Kll::<f64>::decode(&bytes[..bytes.len() - 8]).is_err());
        }
    }
    assert!(Kll::<f32>::decode(&[2, 3, 3, 0, 0, 30, 0, 0]).is_err());
}

/// The other library reads what this one writes and agrees on every answer.
#[test]
fn the_stored_form_is_that_of_the_library() {
    let mut bytes = Vec::new();
    sketch(200, scattered(50_000)).encode(&mut bytes);
    let theirs = datasketches::kll::KllSketch::<datasketches::kll::KllFloat<f64>>::deserialize(&bytes).unwrap();
    let ours = Kll::<f64>::decode(&theirs.serialize()).unwrap().view();
    assert_eq!(theirs.n(), 50_000);
    for percent in 0..=100 {
        let fraction = f64::from(percent) / 100.0;
        let quantile = theirs.quantile(fraction, datasketches::common::SearchCriteria::Inclusive).unwrap().unwrap();
        assert_eq!(ours.quantile(fraction).unwrap(), quantile.into_inner());
    }
}

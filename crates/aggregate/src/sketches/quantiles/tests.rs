use super::*;

fn sketch(k: usize, items: impl Iterator<Item = u32>) -> Quantiles {
    let mut sketch = Quantiles::new(k).unwrap();
    items.for_each(|item| sketch.add(item.into()));
    sketch
}

/// The numbers below `number` in a scattered order.
fn scattered(number: u32) -> impl Iterator<Item = u32> {
    (0..number).map(move |at| (u64::from(at) * 7_919 % u64::from(number)) as u32)
}

fn bytes(sketch: &Quantiles) -> Vec<u8> {
    let mut bytes = Vec::new();
    sketch.encode(&mut bytes);
    bytes
}

#[test]
fn few_items_are_exact() {
    let view = sketch(128, scattered(100)).view();
    assert_eq!(view.quantile(0.0).unwrap(), 0.0);
    assert_eq!(view.quantile(0.5).unwrap(), 49.0);
    assert_eq!(view.quantile(1.0).unwrap(), 99.0);
    assert!(view.quantile(1.5).is_err());
    assert_eq!(view.rank(24.0), 0.25);
    assert_eq!(view.cdf(&[9.0, 49.0]), [0.1, 0.5, 1.0]);
    assert_eq!(view.histogram(&[9.0]), [10.0, 90.0]);
    assert_eq!(view.even_histogram(4).iter().sum::<f64>(), 100.0);
}

#[test]
fn an_empty_sketch_answers_nan() {
    let view = sketch(128, scattered(0)).view();
    assert!(view.quantile(1.5).unwrap().is_nan() && view.rank(1.0).is_nan());
    assert!(view.histogram(&[1.0]).iter().chain(&view.even_histogram(3)).all(|count| count.is_nan()));
}

#[test]
fn many_items_are_within_the_error() {
    let sketch = sketch(128, scattered(100_003));
    assert_eq!(sketch.n(), 100_003);
    let view = sketch.view();
    for percent in 1..100 {
        let fraction = f64::from(percent) / 100.0;
        assert!((view.quantile(fraction).unwrap() / 100_003.0 - fraction).abs() < 0.03);
        assert!((view.rank(fraction * 100_003.0) - fraction).abs() < 0.03);
    }
}

#[test]
fn sorted_items_are_as_many_and_within_the_error() {
    let mut sketch = sketch(128, scattered(700));
    // Each batch has numbers from everywhere.
    for batch in 0..37_u32 {
        let num = [0, 1, 255, 256, 2_048, 9_999][batch as usize % 6];
        let item = |at: usize| f64::from(at as u32 * 10_000 / num.max(1));
        let mut next = 0;
        let ends = (item(0), item((num as usize).saturating_sub(1)));
        sketch.add_sorted(num as usize, ends, &mut |at| {
            assert!(at >= std::mem::replace(&mut next, at + 1), "each after those before it");
            item(at)
        });
    }
    assert_eq!(sketch.n(), 700 + 6 * (1 + 255 + 256 + 2_048 + 9_999));
    assert_eq!((sketch.min(), sketch.max()), (0.0, 9_998.0));
    let weight: u64 = sketch.levels.iter().enumerate().map(|(level, items)| (items.len() as u64) << (level + 1)).sum();
    assert_eq!(weight + sketch.base.len() as u64, sketch.n());
    let is_filled = |level: usize| sketch.levels.get(level).is_some_and(|items| !items.is_empty());
    assert!((0..16).all(|level| is_filled(level) == ((sketch.n() / 256) >> level & 1 == 1)));
    assert!(sketch.levels.iter().all(|items| items.is_sorted()));
    let view = sketch.view();
    for percent in 2..100 {
        let fraction = f64::from(percent) / 100.0;
        assert!((view.quantile(fraction).unwrap() / 10_000.0 - fraction).abs() < 0.02);
    }
}

#[test]
fn merging_keeps_count_bounds_and_accuracy() {
    for (k, other_k) in [(128, 128), (128, 32), (64, 256)] {
        let mut merged = sketch(k, (0..30_000).step_by(2));
        merged.merge(&sketch(other_k, (1..30_000).step_by(2)));
        assert_eq!((merged.n(), merged.k()), (30_000, k.min(other_k)));
        assert_eq!((merged.min(), merged.max()), (0.0, 29_999.0));
        assert!((merged.view().quantile(0.5).unwrap() / 30_000.0 - 0.5).abs() < 0.1);
        let weight: u64 =
            merged.levels.iter().enumerate().map(|(level, items)| (items.len() as u64) << (level + 1)).sum();
        assert_eq!(weight + merged.base.len() as u64, 30_000);
    }
}

#[test]
fn the_stored_form_is_read_back() {
    for number in [0, 1, 255, 256, 10_000] {
        let sketch = sketch(128, scattered(number));
        let read = Quantiles::decode(&bytes(&sketch)).unwrap();
        assert_eq!(bytes(&read), bytes(&sketch));
        assert_eq!(read.n(), sketch.n());
        assert_eq!(read.levels, sketch.levels);
    }
}

/// Sizes as the library's own: 32 bytes and 8 for each item held.
#[test]
fn the_stored_form_has_the_known_size() {
    assert_eq!(bytes(&sketch(128, scattered(100_000))).len(), 5_408);
    assert_eq!(bytes(&sketch(128, scattered(0))).len(), 8);
}

#[test]
fn what_is_no_sketch_is_refused() {
    let good = bytes(&sketch(128, scattered(1_000)));
    for bad in [&[][..], &good[..20], &good[..good.len() - 8], &[2, 3, 7, 0, 128, 0, 0, 0]] {
        assert!(Quantiles::decode(bad).is_err());
    }
    assert!(Quantiles::new(100).is_err() && Quantiles::new(1).is_err());
}

#[test]
fn counted_numbers_are_as_near_as_those_that_come_one_by_one() {
    for (k, most) in [(128, 40_000_u64), (32, 3), (128, 1), (16, 1 << 20)] {
        let items: Vec<(f64, u64)> = (0..500_u32).map(|at| (f64::from(at), 1 + u64::from(at) * 7_919 % most)).collect();
        let mut counted = sketch(k, scattered(1_000));
        counted.add_counted(&items[..250]);
        counted.add_counted(&items[250..]);
        counted.add_counted(&[]);
        let num_items: u64 = 1_000 + items.iter().map(|(_, count)| count).sum::<u64>();
        assert_eq!((counted.n(), counted.min(), counted.max()), (num_items, 0.0, 999.0));
        let decoded = Quantiles::decode(&bytes(&counted)).unwrap();
        assert_eq!(decoded.n(), num_items, "levels are filled as their number says");
        let view = counted.view();
        for at in [50, 250, 400, 499] {
            let below: u64 = items[..=at].iter().map(|(_, count)| count).sum::<u64>() + at as u64 + 1;
            let rank = below as f64 / num_items as f64;
            assert!((view.rank(at as f64) - rank).abs() < 3.0 / k as f64, "{k} {most} {at}");
        }
    }
}

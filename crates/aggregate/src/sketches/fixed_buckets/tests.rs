use super::*;

fn of(num_buckets: usize, outliers: Outliers, values: &[f64]) -> FixedBuckets {
    let mut histogram = FixedBuckets::new(Shape { lower: 0.0, upper: 20.0, num_buckets, outliers });
    values.iter().for_each(|&value| histogram.add(value));
    histogram
}

#[test]
fn values_fall_into_buckets_and_outliers_as_asked() {
    let values = [-5.0, 1.0, 5.0, 5.5, 19.9, 20.0, 100.0];
    let ignored = of(4, Outliers::Ignore, &values);
    assert_eq!((ignored.counts.clone(), ignored.count, ignored.min, ignored.max), (vec![1, 2, 0, 1], 4, 1.0, 19.9));
    let counted = of(4, Outliers::Overflow, &values);
    assert_eq!((counted.num_below, counted.num_above, counted.count), (1, 2, 4));
    let clipped = of(4, Outliers::Clip, &values);
    assert_eq!((clipped.counts.clone(), clipped.count, clipped.min, clipped.max), (vec![2, 2, 0, 3], 7, 0.0, 20.0));
}

#[test]
fn percentiles_lie_inside_buckets() {
    let histogram = of(10, Outliers::Overflow, &[3.0, 5.0, 5.0, 7.0, 7.0, 7.0, 7.0]);
    assert!((histogram.percentile(75.0) - 7.125).abs() < 1e-6);
    assert_eq!(of(10, Outliers::Overflow, &[]).percentile(50.0), 0.0);
}

#[test]
fn other_buckets_are_spread_evenly() {
    let mut coarse = of(5, Outliers::Overflow, &[]);
    coarse.merge(&of(20, Outliers::Overflow, &[0.5, 1.5, 2.5, 3.5, 10.5, 30.0]));
    assert_eq!((coarse.counts.clone(), coarse.count, coarse.num_above), (vec![4, 0, 1, 0, 0], 5, 1));
    let shape = Shape { lower: 10.0, upper: 30.0, num_buckets: 2, outliers: Outliers::Overflow };
    let mut shifted = FixedBuckets::new(shape);
    shifted.merge(&of(20, Outliers::Overflow, &[0.5, 1.5, 2.5, 3.5, 10.5]));
    assert_eq!((shifted.counts.clone(), shifted.num_below), (vec![1, 0], 4));
}

#[test]
fn every_stored_form_is_read_back() {
    for values in [&[][..], &[1.0], &[1.0, 6.0, 11.0, 16.0, 99.0, -1.0]] {
        let mut histogram = of(4, Outliers::Overflow, values);
        histogram.add_missing();
        let mut bytes = Vec::new();
        histogram.encode(&mut bytes);
        assert_eq!(FixedBuckets::decode(&bytes), Ok(histogram));
        assert!(FixedBuckets::decode(&bytes[..bytes.len() - 1]).is_err());
    }
}

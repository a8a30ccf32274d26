use super::*;

const VALUES: [f32; 10] = [23.0, 19.0, 10.0, 16.0, 36.0, 2.0, 9.0, 32.0, 30.0, 45.0];

fn of(size: usize, values: &[f32]) -> ApproxHistogram {
    let mut histogram = ApproxHistogram::new(size, f32::NEG_INFINITY, f32::INFINITY);
    values.iter().for_each(|&value| histogram.add(value));
    histogram
}

fn positions(histogram: &ApproxHistogram) -> Vec<(f32, u64)> {
    histogram.bins.iter().map(|bin| (bin.position, bin.count)).collect()
}

#[test]
fn the_closest_bins_are_merged() {
    let first = of(5, &VALUES[..7]);
    assert_eq!(positions(&first), [(2.0, 1), (9.5, 2), (17.5, 2), (23.0, 1), (36.0, 1)]);
    let nine = of(5, &VALUES[..9]);
    assert_eq!(positions(&nine), [(2.0, 1), (9.5, 2), (17.5, 2), (23.0, 1), (32.666_668, 3)]);
    assert_eq!((nine.min(), nine.max(), nine.count()), (2.0, 36.0, 9));
    assert_eq!(nine.sum(15.0), 3.375);
}

#[test]
fn exact_values_are_counted_exactly() {
    let exact = of(50, &VALUES);
    assert_eq!((exact.sum(1.0), exact.sum(10.0), exact.sum(45.0)), (0.0, 3.0, 10.0));
    assert_eq!(exact.custom_buckets(&[0.0, 20.0, 50.0]).counts, [5.0, 5.0]);
    assert_eq!(exact.equal_buckets(4).counts.iter().sum::<f64>(), 10.0);
    assert_eq!(exact.buckets(10.0, 0.0).unwrap().counts.iter().sum::<f64>(), 10.0);
    assert!((exact.quantile(0.5) - 19.0).abs() <= 4.0);
    assert!(of(5, &[]).quantile(0.5).is_nan());
}

#[test]
fn merging_keeps_count_and_bounds() {
    let values: Vec<f32> = (0..1_000).map(|at| (at * 389 % 1_000) as f32).collect();
    let mut merged = of(50, &values[..500]);
    merged.merge(&of(50, &values[500..]));
    assert!(merged.bins.len() <= 50);
    assert_eq!((merged.count(), merged.min(), merged.max()), (1_000, 0.0, 999.0));
    for percent in [10, 25, 50, 75, 90] {
        assert!((merged.quantile(percent as f32 / 100.0) - percent as f32 * 10.0).abs() < 60.0);
    }
    let mut limited = ApproxHistogram::new(10, 100.0, 200.0);
    values.iter().for_each(|&value| limited.merge(&of(10, &[value])));
    assert_eq!(limited.count(), 1_000);
}

#[test]
fn every_stored_form_is_read_back() {
    let few: Vec<f32> = VALUES.to_vec();
    let many: Vec<f32> = (0..1_000).map(|at| (at % 97) as f32 / 3.0).collect();
    for (size, values) in [(50, &few), (5, &few), (50, &many), (200, &many), (50, &Vec::new())] {
        let histogram = of(size, values);
        let mut bytes = Vec::new();
        histogram.encode(&mut bytes);
        let read = ApproxHistogram::decode(&bytes).unwrap();
        assert_eq!(read, histogram);
        if !values.is_empty() {
            assert!(ApproxHistogram::decode(&bytes[..bytes.len() - 1]).is_err());
        }
    }
    assert!(ApproxHistogram::decode(&[]).is_err() && ApproxHistogram::decode(&[0; 8]).is_err());
}

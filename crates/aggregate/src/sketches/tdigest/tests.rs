use super::*;

fn of(compression: f64, range: std::ops::Range<u32>) -> TDigest {
    let mut digest = TDigest::new(compression);
    let num = u64::from(range.end - range.start).max(1);
    range.clone().for_each(|at| digest.add((u64::from(at) * 7_919 % num) as f64 + f64::from(range.start)));
    digest.compress();
    digest
}

#[test]
fn quantiles_are_near() {
    let digest = of(100.0, 0..100_000);
    assert!(digest.centroids.len() <= 200);
    for (fraction, error) in [(0.001, 100.0), (0.1, 300.0), (0.5, 1_000.0), (0.99, 100.0)] {
        assert!((digest.quantile(fraction) - fraction * 100_000.0).abs() < error, "{fraction}");
    }
    assert_eq!((digest.quantile(0.0), digest.quantile(1.0)), (0.0, 99_999.0));
    assert!(of(100.0, 0..0).quantile(0.5).is_nan());
    assert_eq!(of(100.0, 7..8).quantile(0.5), 7.0);
    assert_eq!(of(1_000.0, 0..9).quantile(0.5), 4.0);
}

#[test]
fn merging_is_as_adding() {
    let mut merged = of(100.0, 0..20_000);
    merged.merge(&of(100.0, 20_000..40_000));
    merged.compress();
    assert!((merged.quantile(0.5) - 20_000.0).abs() < 400.0);
    assert_eq!((merged.min, merged.max), (0.0, 39_999.0));
}

#[test]
fn the_stored_form_is_read_back_here_and_elsewhere() {
    for end in [0, 1, 10, 50_000] {
        let mut bytes = Vec::new();
        let digest = of(100.0, 0..end);
        digest.encode(&mut bytes);
        let read = TDigest::decode(&bytes).unwrap();
        assert_eq!((read.centroids.clone(), read.min, read.max), (digest.centroids.clone(), digest.min, digest.max));
        if end > 1 {
            let mut theirs = datasketches::tdigest::TDigestMut::deserialize(&bytes).unwrap();
            let (ours, theirs) = (digest.quantile(0.5), theirs.quantile(0.5).unwrap().unwrap());
            assert!((ours - theirs).abs() <= 0.02 * f64::from(end) + 1.0, "{ours} {theirs}");
            assert!(TDigest::decode(&bytes[..bytes.len() - 1]).is_err());
        }
    }
    assert!(TDigest::decode(&[0, 0, 0, 3]).is_err());
}

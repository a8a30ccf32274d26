use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

fn theta(values: std::ops::Range<u32>, k: usize) -> Theta {
    let mut set = ThetaSet::new(k);
    values.for_each(|value| set.add(text_hash(&format!("value {value}")).unwrap()));
    set.finish()
}

fn bytes(theta: &Theta) -> Vec<u8> {
    let mut bytes = Vec::new();
    theta.encode(&mut bytes);
    bytes
}

/// What Druid wrote for a sketch of four countries, and for an empty one.
#[test]
fn bytes_are_those_of_druid() {
    use base64::Engine;
    let base64 = base64::engine::general_purpose::STANDARD;
    let mut set = ThetaSet::new(16_384);
    ["DE", "FR", "JP", "US"].iter().for_each(|text| set.add(text_hash(text).unwrap()));
    let recorded = "AgMDAAAazJMEAAAAAACAP0IRFdsI6cYD4IaA0Pu5uRuMnwWKLf49Qtu9Fr76q+JH";
    assert_eq!(base64.encode(bytes(&set.finish())), recorded);
    assert_eq!(base64.encode(bytes(&Theta::default())), "AQMDAAAeAAA=");
}

#[test]
fn small_sets_are_exact_and_large_ones_close() {
    assert_eq!(theta(0..4_000, 4_096).estimate(), 4_000.0);
    let large = theta(0..200_000, 4_096);
    assert_eq!(large.num_retained(), 4_096);
    assert!((large.estimate() / 200_000.0 - 1.0).abs() < 0.06, "{}", large.estimate());
    let (lower, upper) = large.bounds(2).unwrap();
    assert!(lower < 200_000.0 && 200_000.0 < upper);
}

#[test]
fn set_operations() {
    let (a, b) = (theta(0..1_000, 4_096), theta(600..1_500, 4_096));
    assert_eq!(Theta::union([&a, &b], 4_096).estimate(), 1_500.0);
    assert_eq!(a.intersect(&b).estimate(), 400.0);
    assert_eq!(a.without(&b).estimate(), 600.0);
    assert_eq!(a.intersect(&Theta::default()), Theta::default());
    assert_eq!(a.without(&Theta::default()), a);
}

#[test]
fn the_union_of_parts_is_the_whole() {
    let (a, b) = (theta(0..90_000, 1_024), theta(50_000..200_000, 1_024));
    assert_eq!(Theta::union([&a, &b], 1_024), theta(0..200_000, 1_024));
}

#[test]
fn the_stored_form_is_read_back() {
    for number in [0, 1, 2, 500, 100_000] {
        let theta = theta(0..number, 512);
        assert_eq!(Theta::decode(&bytes(&theta)).unwrap(), theta);
    }
    assert!(Theta::decode(&[9; 8]).is_err());
}

/// An intersection as Druid wrote it.
#[test]
fn an_intersection_is_in_the_order_of_its_table() {
    let text = "AgMDAAAKzJMhAAAAAACAP0IwhbPEotYYjvYfMnzuCzGEEUCVLj5ROwWvdNOMYO0vApBLeGzxIkEIzN+WVjXEKTJTU6o8OcYxDRwv\
     Px+85TcOWSWErM2HC4/WoYmXT3hERajz7ZpczEkSADRSY88CY8hhyYfYfDNlGOqfok4YkjmZCXlgeJcyWYX6Moi7MfE8nUmbVnZo\
     zyqfzIyrcdD3PGHeME/4PHVCpYcOCJlhlndmPMyvqZVxN6efgLGWxfMbqTGxepI+pgMRg+AOrNHdcyuoy3EFHDRE7+o6FFTH4UKL\
     1IHQhsthebKiE6U+mioR9C4gE4utuSF1X+55/FS2aPghQQ4trY4Se1FczsXIhzQ+hnGpslk2YQ==";
    let druids = STANDARD.decode(text).unwrap();
    let mut ours = Vec::new();
    Theta::decode(&druids).unwrap().encode_unordered(&mut ours);
    assert_eq!(ours, druids);
}

use super::*;
use crate::sketches::theta::text_hash;

fn sketch(k: usize, range: std::ops::Range<u32>) -> Tuples {
    let mut sketch = Tuples::new(k, 2);
    range.for_each(|at| sketch.add(text_hash(&at.to_string()).unwrap(), &[1.0, f64::from(at)]));
    sketch
}

fn sums(sketch: &Tuples) -> Vec<f64> {
    let add =
        |sums: Vec<f64>, (_, values): (u64, &[f64])| sums.iter().zip(values).map(|(sum, value)| sum + value).collect();
    sketch.entries().fold(vec![0.0; 2], add)
}

#[test]
fn numbers_of_a_hash_add_up() {
    let mut twice = sketch(64, 0..10);
    twice.merge(&sketch(64, 5..15)).unwrap();
    assert_eq!((twice.num_retained(), twice.estimate(), sums(&twice)), (15, 15.0, vec![20.0, 140.0]));
    assert!(twice.merge(&Tuples::new(64, 3)).is_err());
}

#[test]
fn sets_intersect_and_differ() {
    let (one, other) = (sketch(64, 0..10), sketch(64, 5..15));
    assert_eq!(sums(&one.intersect(&other).unwrap()), vec![10.0, 70.0]);
    assert_eq!(sums(&one.without(&other).unwrap()), vec![5.0, 10.0]);
    assert_eq!(one.intersect(&Tuples::new(64, 2)).unwrap().estimate(), 0.0);
}

#[test]
fn many_hashes_are_estimated() {
    let many = sketch(1_024, 0..100_000);
    assert!((many.estimate() / 100_000.0 - 1.0).abs() < 0.1);
    assert!((sums(&many)[0] / many.fraction() / 100_000.0 - 1.0).abs() < 0.1);
    let (low, high) = many.hashes().bounds(2).unwrap();
    assert!(low < many.estimate() && many.estimate() < high);
}

#[test]
fn the_stored_form_is_read_back() {
    for end in [0, 1, 100, 10_000] {
        let mut bytes = Vec::new();
        let sketch = sketch(256, 0..end);
        sketch.encode(&mut bytes);
        let read = Tuples::decode(&bytes, 256).unwrap();
        let mut again = Vec::new();
        read.encode(&mut again);
        assert_eq!(again, bytes);
        assert_eq!((read.estimate(), sums(&read)), (sketch.estimate(), sums(&sketch)));
        assert!(Tuples::decode(&bytes[..bytes.len() - 1], 256).is_err());
    }
    // An empty sketch of one value as Druid writes it.
    assert!(Tuples::decode(&[1, 1, 9, 3, 4, 1, 0xcc, 0x93, 255, 255, 255, 255, 255, 255, 255, 127], 16).is_ok());
}

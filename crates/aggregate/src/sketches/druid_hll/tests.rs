use super::*;

fn collector(values: std::ops::Range<u32>) -> Collector {
    let mut collector = Collector::default();
    values.for_each(|value| collector.add(Mark::of_utf16(&format!("value {value}"))));
    collector
}

#[test]
fn few_values_have_druids_estimates() {
    assert_eq!(collector(0..0).estimate(), 0.0);
    assert_eq!(collector(0..1).estimate(), 1.000_244_220_126_918_2);
    assert_eq!(collector(0..2).estimate(), 2.000_977_198_748_901);
    assert_eq!(collector(0..2).estimate_rounded(), 2);
}

#[test]
fn many_values_are_estimated_within_bounds() {
    for number in [1_000, 20_000, 300_000] {
        let estimate = collector(0..number).estimate();
        assert!((estimate / f64::from(number) - 1.0).abs() < 0.07, "{estimate} for {number}");
    }
}

#[test]
fn folding_parts_is_adding_all() {
    for number in [10, 3_000, 200_000] {
        let (mut whole, other) = (collector(0..number / 3), collector(number / 4..number));
        whole.fold(&other);
        let all = collector(0..number);
        assert_eq!(whole.estimate(), all.estimate());
        let mut other_way = other;
        other_way.fold(&collector(0..number / 3));
        assert_eq!(other_way.estimate(), all.estimate());
    }
}

#[test]
fn the_stored_form_is_read_back() {
    for number in [0, 1, 100, 5_000, 100_000] {
        let collector = collector(0..number);
        let mut bytes = Vec::new();
        collector.encode(&mut bytes);
        assert_eq!(Collector::decode(&bytes).unwrap(), collector);
        let dense = bytes.len() == DENSE_BYTES;
        assert_eq!(dense, number > 200);
    }
}

#[test]
fn bytes_that_are_no_collector_are_refused() {
    for bytes in [&[2, 0, 0, 0, 0, 0, 0][..], &[1, 0, 0], &[1, 0, 0, 1, 0, 0, 0, 0], &[1, 0, 0, 1, 0, 0xff, 0xff]] {
        assert!(Collector::decode(bytes).is_err());
    }
    assert!(Collector::decode(&[1, 0, 0, 1, 0, 0, 0, 0, 1, 0x10]).is_err(), "a position inside the header");
}

#[test]
fn the_empty_text_counts_only_beside_others_of_its_byte() {
    // Its hash is zero, so it overflows register 0, which a list of few registers does not show.
    let mut collector = Collector::default();
    collector.add(Mark::of_utf16(""));
    assert_eq!(collector.estimate(), 0.0);
    let before = {
        collector.add(Mark::of_utf16("a"));
        collector.estimate()
    };
    assert!((before - 1.0).abs() < 0.01, "{before}");
    collector.add(Mark { register: 1, place: 1 });
    assert!(collector.estimate() > 2.5, "the byte is there, and the overflow with it");
}

use aggregate::Codes;
use bytes::Bytes;
use proptest::prelude::*;

use super::{BitmapPolicy, RoaringIndex, build};
use crate::BitmapIndex;

fn open(codes: &[u32], num_values: usize) -> RoaringIndex {
    let bytes = build(Codes::U32(codes), None, num_values, None, BitmapPolicy::All).unwrap();
    RoaringIndex::open(Bytes::from(bytes), num_values, codes.len()).unwrap()
}

fn agree(index: &RoaringIndex, codes: &[u32], num_values: usize, rows: std::ops::Range<usize>) {
    for code in 0..num_values as u32 {
        let expected: Vec<u32> = rows.clone().filter(|&r| codes[r] == code).map(|r| r as u32).collect();
        let mut found = Vec::new();
        index.positions(code, rows.clone(), &mut found);
        assert_eq!(found, expected);
        let mut words = vec![0; rows.len().div_ceil(64)];
        index.fill(code, rows.clone(), &mut words);
        let mut mask = vec![0; words.len()];
        for row in &expected {
            let bit = *row as usize - rows.start;
            mask[bit / 64] |= 1u64 << (bit % 64);
        }
        assert_eq!(words, mask, "code {code}, rows {rows:?}");
        let all = codes.iter().filter(|&&c| c == code).count() as u64;
        assert_eq!(index.cardinality(code), Some(all));
    }
}

/// Rows of every container kind: sparse, dense, runs, and containers without the value.
fn mixed(num_rows: u32) -> Vec<u32> {
    (0..num_rows)
        .map(|row| match row >> 16 {
            0 => u32::from(row % 1000 == 0),
            1 => row % 2,
            2 => u32::from(row % 5000 < 3000),
            3 => 0,
            _ => row.wrapping_mul(2_654_435_761) >> 31,
        })
        .collect()
}

#[test]
fn every_container_kind_reads_as_the_codes() {
    let codes = mixed(330_000);
    let index = open(&codes, 2);
    let edges = [0..64, 0..330_000, 16_384..32_768, 100..16_000, 65_000..66_001, 131_071..200_003, 329_999..330_000];
    for rows in edges {
        agree(&index, &codes, 2, rows);
    }
}

#[test]
fn few_containers_with_runs_have_no_offset_table() {
    let codes: Vec<u32> = (0..140_000u32).map(|row| row / 50_000).collect();
    let index = open(&codes, 3);
    agree(&index, &codes, 3, 0..140_000);
    agree(&index, &codes, 3, 49_999..100_001);
}

#[test]
fn only_values_worth_it_are_stored() {
    let codes: Vec<u32> = (0..100_000u32).map(|row| if row % 2_000 == 0 { 0 } else { 1 + row % 2 }).collect();
    let bytes = build(Codes::U32(&codes), None, 3, None, BitmapPolicy::WhereFaster).unwrap();
    let index = RoaringIndex::open(Bytes::from(bytes), 3, codes.len()).unwrap();
    assert_eq!(index.cardinality(0), Some(50));
    assert_eq!(index.cardinality(1), None);
    assert_eq!(index.num_bitmaps(), 1);
    assert_eq!(index.cardinality(7), None);
    // Codes of two bytes are slower to look at.
    let codes: Vec<u32> = codes.iter().map(|code| if *code == 0 { 299 } else { *code }).collect();
    let often: Vec<u32> = codes.iter().zip(0..).map(|(code, row)| if row % 50 == 0 { 299 } else { *code }).collect();
    let bytes = build(Codes::U32(&often), None, 300, None, BitmapPolicy::WhereFaster).unwrap();
    let index = RoaringIndex::open(Bytes::from(bytes), 300, codes.len()).unwrap();
    assert_eq!((index.cardinality(299), index.cardinality(1)), (Some(2_000), None));
}

#[test]
fn a_row_counts_once_per_value_and_empty_rows_are_null() {
    let bytes = build(Codes::U32(&[1, 1, 2, 1]), Some(&[0, 2, 2, 4]), 3, Some(0), BitmapPolicy::All).unwrap();
    let index = RoaringIndex::open(Bytes::from(bytes), 3, 3).unwrap();
    assert_eq!((index.cardinality(0), index.cardinality(1), index.cardinality(2)), (Some(1), Some(2), Some(1)));
}

/// As any other reader of the format sees them.
#[test]
fn bitmaps_are_portable() {
    let codes = mixed(330_000);
    let bytes = build(Codes::U32(&codes), None, 3, None, BitmapPolicy::All).unwrap();
    let index = RoaringIndex::open(Bytes::from(bytes), 3, codes.len()).unwrap();
    for code in 0..3 {
        let read = roaring::RoaringBitmap::deserialize_from(index.stored(code).unwrap()).unwrap();
        let rows = (0u32..).zip(&codes).filter(|(_, c)| **c == code).map(|(row, _)| row);
        assert!(read.iter().eq(rows), "{code}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_codes_any_range(codes in prop::collection::vec(0u32..5, 1..3000), a in 0usize..3000, b in 0usize..3000) {
        let index = open(&codes, 5);
        let (a, b) = (a.min(codes.len()), b.min(codes.len()));
        agree(&index, &codes, 5, a.min(b)..a.max(b));
    }

    #[test]
    fn damaged_bytes_are_refused_or_read_without_panic(at in 0usize..20_000, value: u8) {
        let codes = mixed(270_000);
        let mut bytes = build(Codes::U32(&codes), None, 2, None, BitmapPolicy::All).unwrap();
        let at = at % bytes.len();
        bytes[at] = value;
        if let Ok(index) = RoaringIndex::open(Bytes::from(bytes), 2, codes.len()) {
            let mut words = vec![0; codes.len().div_ceil(64)];
            index.fill(0, 0..codes.len(), &mut words);
            index.positions(1, 0..codes.len(), &mut Vec::new());
        }
    }
}

use std::collections::HashMap;

use super::*;

fn keys_of(width: usize, num_rows: usize, spread: u64) -> Vec<u64> {
    let mut state = 7_u64;
    let mut keys = Vec::new();
    for _ in 0..num_rows {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        keys.extend((0..width as u64).map(|word| (state >> 33) % spread * (word + 1)));
    }
    keys
}

#[test]
fn ids_are_dense_in_order_of_first_sight() {
    for width in 1..4 {
        let keys = keys_of(width, 50_000, 9_000);
        let mut table = KeyTable::new(width);
        let mut groups = Vec::new();
        for batch in keys.chunks(width * 1_000) {
            table.insert_batch(batch, &mut groups);
        }
        let mut ids: HashMap<&[u64], u32> = HashMap::new();
        for (key, &group) in keys.chunks(width).zip(&groups) {
            let next = ids.len() as u32;
            assert_eq!(*ids.entry(key).or_insert(next), group);
            assert_eq!(table.key(group), key);
            assert_eq!(table.find(key), Some(group));
        }
        assert_eq!(table.len(), ids.len());
    }
}

#[test]
fn wide_keys_may_follow_narrow_ones() {
    let narrow = keys_of(1, 5_000, 2_000);
    let wide: Vec<u64> = narrow.iter().map(|key| key << 20).collect();
    let mut table = KeyTable::new(1);
    let mut groups = Vec::new();
    for keys in [&narrow, &wide, &narrow] {
        table.insert_batch(keys, &mut groups);
    }
    assert!(groups[..5_000] == groups[10_000..], "groups stay");
    for (key, group) in narrow.iter().chain(&wide).zip(&groups) {
        assert_eq!((table.find(&[*key]), table.key(*group)), (Some(*group), &[*key][..]));
    }
    assert_eq!(KeyTable::new(1).find(&[1 << 40]), None);
}

#[test]
fn absent_keys_are_not_found() {
    let mut table = KeyTable::new(2);
    table.insert_batch(&[1, 2, 3, 4], &mut Vec::new());
    assert_eq!(table.find(&[2, 1]), None);
    assert_eq!(table.find(&[3, 4]), Some(1));
}

#[test]
fn memory_is_counted() {
    let mut table = KeyTable::new(1);
    let empty = table.memory_bytes();
    table.insert_batch(&keys_of(1, 100_000, u64::MAX), &mut Vec::new());
    assert!(table.memory_bytes() >= empty + table.len() * 8);
}

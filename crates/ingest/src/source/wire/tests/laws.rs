//! What was written is what is read, whatever lies in between.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::encode::{CODECS, WrittenRecord};
use super::*;

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..most)
}

fn record() -> impl Strategy<Value = WrittenRecord> {
    let headers = vec((bytes(5), of(bytes(5))), 0..3);
    let parts = (-1_000i64..1_000_000, of(bytes(20)), of(bytes(300)), headers);
    parts.prop_map(|(time, key, value, headers)| WrittenRecord { delta: 0, time, key, value, headers })
}

/// A batch behind the one before; some of its offsets have no record any more.
fn batch() -> impl Strategy<Value = Written> {
    let records = vec((record(), 1i32..3), 0..30);
    let parts = (records, 0..CODECS.len(), of(0i64..3), of(0i64..5), 0i64..4, 0i32..3);
    parts.prop_map(|(records, codec, producer, log_time, gap, tail)| {
        let mut batch = Written::of(gap, &[]);
        let mut next = 0;
        for (mut record, step) in records {
            record.delta = next + step - 1;
            next = record.delta + 1;
            batch.records.push(record);
        }
        Written { codec: CODECS[codec], producer, log_time, num_offsets: next + tail + 1, ..batch }
    })
}

/// Batches in a row from offset 10 on.
fn batches() -> impl Strategy<Value = Vec<Written>> {
    vec(batch(), 1..12).prop_map(|mut batches| {
        let mut next = 10;
        for batch in &mut batches {
            batch.first_offset += next;
            next = batch.next_offset();
        }
        batches
    })
}

proptest! {
    #[test]
    fn every_record_is_handed_on_once_and_in_order(
        batches in batches(), start in 0i64..60, most in 1usize..40, cut in 0usize..12, part in 0usize..80,
    ) {
        let (first, second) = batches.split_at(cut.min(batches.len()));
        // An answer may end in the middle of a batch, which comes whole with the next one.
        let next = second.first().map(Written::bytes).unwrap_or_default();
        let part = part.min(next.len().saturating_sub(1));
        let first = [log(first), next.get(..part).unwrap_or_default().to_vec()].concat();
        let handed_on = hand_on(&[first, log(second)], None, start, most);
        let wanted: Vec<OwnedRecord> = batches.iter().flat_map(seen).filter(|one| one.offset >= start).collect();
        let end = batches.last().map_or(start, Written::next_offset).max(start);
        prop_assert_eq!(handed_on, HandedOn { records: wanted, next_offset: end, trouble: None });
    }

    #[test]
    fn what_transactions_left_that_were_given_up_is_never_seen(fates in vec((0i64..3, any::<bool>(), 1usize..4), 1..12)) {
        let (mut log, mut wanted, mut aborted) = (Vec::new(), Vec::new(), Vec::new());
        for (producer, is_commit, size) in fates {
            let first = log.last().map_or(0, Written::next_offset);
            let mut next = first;
            for codec in CODECS.into_iter().take(size) {
                let batch = Written { codec, producer: Some(producer), ..Written::of(next, &["in", "it"]) };
                next = batch.next_offset();
                wanted.extend(is_commit.then(|| seen(&batch)).into_iter().flatten());
                log.push(batch);
            }
            let beside = Written::of(next, &["beside"]);
            wanted.extend(seen(&beside));
            log.push(beside);
            log.push(Written::marker(next + 1, producer, is_commit));
            if !is_commit {
                aborted.push((producer, first));
            }
        }
        let end = log.last().map_or(0, Written::next_offset);
        let bytes = super::log(&log);
        let committed = hand_on(std::slice::from_ref(&bytes), Some(aborted), 0, 7);
        prop_assert_eq!(committed, HandedOn { records: wanted, next_offset: end, trouble: None });
        // Markers are nobody's records, even where everything may be seen.
        let all: Vec<OwnedRecord> = log.iter().filter(|batch| !batch.is_control).flat_map(seen).collect();
        prop_assert_eq!(hand_on(&[bytes], None, 0, 7).records, all);
    }

    #[test]
    fn a_changed_bit_is_found_and_nothing_after_it_is_handed_on(batches in batches(), at in any::<prop::sample::Index>()) {
        let whole = log(&batches);
        let (mut damaged, at) = (whole.clone(), at.index(whole.len() * 8));
        damaged[at / 8] ^= 1 << (at % 8);
        let before: Vec<OwnedRecord> = batches.iter().flat_map(seen).collect();
        // Another format is left to the driver.
        let Ok(handed_on) = try_hand_on(&[damaged], None, 0, 1_000) else { return Ok(()) };
        // Offset, length and epoch of a batch are beyond its checksum; all else is covered by it.
        let num_same = handed_on.records.iter().zip(&before).take_while(|(a, b)| a == b).count();
        let starts = batches.iter().scan(0, |at, batch| { let start = *at; *at += batch.bytes().len(); Some(start) });
        let in_batch = starts.filter(|start| *start <= at / 8).last().map_or(0, |start| at / 8 - start);
        if in_batch >= 17 {
            prop_assert_eq!(num_same, handed_on.records.len());
            prop_assert_eq!(handed_on.trouble, Some(SourceError::Corrupt(partition())));
        }
    }

    #[test]
    fn bytes_that_nobody_meant_are_an_error(answer in bytes(400), attributes in 0u8..8) {
        let _ = try_hand_on(std::slice::from_ref(&answer), None, 0, 10);
        // As records of a batch whose checksum is right.
        let mut written = Written { num_offsets: 3, ..Written::of(0, &[]) }.bytes();
        written.extend(&answer);
        (written[22], written[60]) = (attributes, 3);
        let length = (written.len() as i32 - 12).to_be_bytes();
        written[8..12].copy_from_slice(&length);
        let crc = crc32c::crc32c(&written[21..]).to_be_bytes();
        written[17..21].copy_from_slice(&crc);
        let handed_on = hand_on(&[written], None, 0, 10);
        prop_assert!(handed_on.records.len() <= 3);
        prop_assert_eq!(handed_on.trouble.is_some(), handed_on.next_offset == 0);
    }
}

#[test]
fn records_that_outgrow_their_limit_are_refused_before_they_take_memory() {
    let huge = encode::pack(1, &vec![b'a'; super::super::compression::MOST_BYTES + 1]);
    for codec in CODECS.into_iter().skip(1) {
        let packed = match codec {
            1 => huge.clone(),
            // Claims four gigabytes.
            codec if codec & 7 == 2 => vec![0xff, 0xff, 0xff, 0xff, 0x0f],
            codec => encode::pack(codec, &vec![b'a'; super::super::compression::MOST_BYTES + 1]),
        };
        let mut out = Vec::new();
        assert!(Unpacker::default().unpack(codec & 7, &packed, &mut out).is_err(), "{codec}");
        assert!(out.capacity() <= 3 * super::super::compression::MOST_BYTES, "{codec}: {}", out.capacity());
    }
}

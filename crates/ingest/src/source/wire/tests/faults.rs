//! Brokers that come and go, and logs that are not what they were.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::broker::{Broker, Script};
use super::*;
use crate::source::PollLimits;
use crate::source::wire::messages::{codes, epochs};
use crate::source::wire::{NotCovered, Settings, WireReader};

const LIMITS: PollLimits = PollLimits { max_records: 100, timeout: Duration::from_millis(5) };
const PATIENCE: Duration = Duration::from_secs(30);

fn settings(port: u16) -> Settings {
    let servers = format!("127.0.0.1:{port}");
    let settings = [("bootstrap.servers", servers.as_str()), ("fetch.wait.max.ms", "1"), ("retry.backoff.ms", "1")];
    Settings::of(&BTreeMap::from(settings), real_clock()).expect("covered")
}

fn reader(port: u16) -> WireReader {
    WireReader::new(settings(port))
}

fn following(broker: &Broker) -> WireReader {
    let mut reader = reader(broker.port);
    reader.assign(&[(partition(), 0)]);
    reader
}

/// Values in rows of ten, one row a batch.
fn rows(num: i64) -> Vec<Written> {
    let value = |at: i64| format!("v{at}");
    let row = |row: i64| {
        let values: Vec<String> = (row * 10..row * 10 + 10).map(value).collect();
        Written::of(row * 10, &values.iter().map(String::as_str).collect::<Vec<_>>())
    };
    (0..num).map(row).collect()
}

/// Reads up to `end`, whatever is said meanwhile that may pass.
fn read_to(reader: &mut WireReader, end: i64) -> Vec<i64> {
    let (deadline, mut offsets, mut at) = (Instant::now() + PATIENCE, Vec::new(), 0);
    while at < end {
        assert!(Instant::now() < deadline, "stands at {at}");
        let mut out = Vec::new();
        let told = reader.poll(LIMITS, &mut out).expect("covered");
        assert!(matches!(told, Ok(()) | Err(SourceError::Unavailable(_) | SourceError::NotFound(_))), "{told:?}");
        for batch in out {
            at = batch.next_offset();
            offsets.extend(batch.records().map(|record| record.offset));
            reader.give_back(batch);
        }
    }
    offsets
}

/// The first thing said that is not that all is well, and how far was read before.
fn trouble(reader: &mut WireReader) -> (Result<SourceError, String>, i64) {
    let (deadline, mut at) = (Instant::now() + PATIENCE, 0);
    while Instant::now() < deadline {
        let mut out = Vec::new();
        let told = reader.poll(LIMITS, &mut out);
        at = out.last().map_or(at, FetchedBatch::next_offset);
        match told {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return (Ok(error), at),
            Err(NotCovered(why)) => return (Err(why), at),
        }
    }
    panic!("nothing was said");
}

fn all(end: i64) -> Vec<i64> {
    (0..end).collect()
}

#[test]
fn a_connection_that_breaks_is_made_anew_and_nothing_is_lost_or_doubled() {
    let broker = Broker::start(Script { log: rows(20), num_hangups: 2, ..Script::default() });
    let mut reader = following(&broker);
    let mut offsets = read_to(&mut reader, 100);
    broker.tell(|script| script.num_hangups = 3);
    broker.tell(|script| script.log = rows(40));
    offsets.extend(read_to(&mut reader, 400));
    assert_eq!(offsets, all(400));
}

#[test]
fn a_broker_that_never_answers_is_asked_anew() {
    let broker = Broker::start(Script { log: rows(20), num_silences: (2, 1), ..Script::default() });
    let mut reader = WireReader::new(Settings { patience: Duration::from_millis(20), ..settings(broker.port) });
    reader.assign(&[(partition(), 0)]);
    let offsets = read_to(&mut reader, 200);
    assert_eq!((offsets, broker.script.lock().num_silences), (all(200), (0, 0)));
}

#[test]
fn a_broker_that_does_not_lead_is_asked_who_does() {
    for error in [codes::NOT_LEADER_OR_FOLLOWER, codes::UNKNOWN_LEADER_EPOCH, codes::KAFKA_STORAGE_ERROR] {
        let fetch_errors = [0, error, 0, error, error].into();
        let broker = Broker::start(Script { log: rows(10), fetch_errors, ..Script::default() });
        assert_eq!(read_to(&mut following(&broker), 100), all(100));
        assert!(broker.script.lock().num_asked >= 3, "{error}");
    }
}

#[test]
fn a_new_leader_that_has_what_was_read_is_followed() {
    let broker = Broker::start(Script { log: rows(5), ..Script::default() });
    let mut reader = following(&broker);
    let mut offsets = read_to(&mut reader, 50);
    broker.tell(|script| {
        script.epoch = 3;
        script.end = epochs::End { error: 0, epoch: 0, offset: 50 };
        script.log = rows(10);
    });
    offsets.extend(read_to(&mut reader, 100));
    assert_eq!(offsets, all(100));
}

#[test]
fn a_new_leader_that_lost_what_was_read_is_another_log() {
    for end in [epochs::End { error: 0, epoch: 0, offset: 49 }, epochs::End { error: 0, epoch: -1, offset: -1 }] {
        let broker = Broker::start(Script { log: rows(5), ..Script::default() });
        let mut reader = following(&broker);
        assert_eq!(read_to(&mut reader, 50), all(50));
        broker.tell(|script| {
            script.epoch = 1;
            script.end = end;
            script.log = rows(10);
        });
        for _ in 0..3 {
            assert_eq!(trouble(&mut reader), (Ok(SourceError::OutOfRange(partition())), 0));
        }
    }
}

#[test]
fn an_offset_that_is_not_there_is_told_until_the_partition_is_assigned_anew() {
    let broker = Broker::start(Script { log: rows(5), ..Script::default() });
    let mut reader = reader(broker.port);
    reader.assign(&[(partition(), 51)]);
    for _ in 0..3 {
        assert_eq!(trouble(&mut reader), (Ok(SourceError::OutOfRange(partition())), 0));
    }
    reader.assign(&[(partition(), 45)]);
    assert_eq!(read_to(&mut reader, 50), vec![45, 46, 47, 48, 49]);
}

#[test]
fn damage_is_told_after_what_was_before_it() {
    let mut log = rows(3);
    log[1].codec = 4;
    let broker = Broker::start(Script { log: log.clone(), ..Script::default() });
    let mut reader = following(&broker);
    // The number of a codec that there is not, under a checksum that fits.
    broker.tell(|script| script.log[1].codec = 7);
    assert_eq!(trouble(&mut reader), (Ok(SourceError::Corrupt(partition())), 10));
    broker.tell(|script| script.log = log);
    reader.assign(&[(partition(), 10)]);
    assert_eq!(read_to(&mut reader, 30), (10..30).collect::<Vec<i64>>());
}

#[test]
fn what_is_not_read_here_is_said() {
    let scripts = [
        Script { fetch_versions: (0, 10), ..Script::default() },
        Script { fetch_versions: (12, 17), ..Script::default() },
        Script { preferred: 8, ..Script::default() },
    ];
    for script in scripts {
        let broker = Broker::start(Script { log: rows(1), ..script });
        let (told, at) = trouble(&mut following(&broker));
        assert!(told.is_err() && at == 0, "{told:?}");
    }
    let mut older = log(&rows(1));
    older[16] = 1;
    assert_eq!(try_hand_on(&[older], None, 0, 10), Err(OtherFormat));
}

#[test]
fn a_cluster_that_is_away_is_told_and_read_once_it_is_back() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let mut reader = reader(address.port());
    reader.assign(&[(partition(), 0)]);
    for _ in 0..3 {
        let (told, _) = trouble(&mut reader);
        assert!(matches!(told, Ok(SourceError::Unavailable(_))), "{told:?}");
    }
    let script = Script { log: rows(2), topic_errors: [codes::UNKNOWN_TOPIC_OR_PARTITION].into(), ..Script::default() };
    let _broker = Broker::listen(TcpListener::bind(address).expect("the same port"), script);
    assert_eq!(read_to(&mut reader, 20), all(20));
}

#[test]
fn a_topic_that_is_not_there_is_told() {
    let gone = vec![codes::UNKNOWN_TOPIC_OR_PARTITION; 1_000];
    let broker = Broker::start(Script { topic_errors: gone.into(), ..Script::default() });
    let (told, _) = trouble(&mut following(&broker));
    assert!(matches!(told, Ok(SourceError::NotFound(_))), "{told:?}");
}

#[test]
fn what_is_paused_waits_in_its_place() {
    let broker = Broker::start(Script { log: rows(5), ..Script::default() });
    let mut reader = following(&broker);
    let mut offsets = read_to(&mut reader, 20);
    reader.pause(&[partition()], true);
    broker.tell(|script| script.log = rows(8));
    for _ in 0..20 {
        let mut out = Vec::new();
        assert_eq!(reader.poll(LIMITS, &mut out).expect("covered"), Ok(()));
        assert!(out.is_empty());
    }
    reader.pause(&[partition()], false);
    offsets.extend(read_to(&mut reader, 80));
    assert_eq!(offsets, all(80));
}

#[test]
fn transactions_are_told_beside_the_records() {
    let left = Written { producer: Some(5), codec: 3, ..Written::of(10, &["never", "seen"]) };
    let log = vec![rows(1).remove(0), left, Written::marker(12, 5, false), Written::of(13, &["seen"])];
    let broker = Broker::start(Script { log, aborted: vec![(5, 10)], ..Script::default() });
    let offsets = read_to(&mut following(&broker), 14);
    assert_eq!(offsets, (0..10).chain([13]).collect::<Vec<i64>>());
}

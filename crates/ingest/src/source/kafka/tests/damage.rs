//! A network between the broker and its reader that damages what it carries.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

const MARK: &[u8] = b"DAMAGE-ME";

/// Passes requests on, and answers with another port in the broker's place. While `left` is not used up, answers that
/// hold the mark arrive with a bit of it changed.
fn network(cluster: &Mock, left: Arc<AtomicU32>) -> u16 {
    let bootstrap = cluster.bootstrap_servers();
    let broker: u16 = bootstrap.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let here = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(("127.0.0.1", broker)) else { return };
            let (requests, answers) = (client.try_clone().expect("cloned"), server.try_clone().expect("cloned"));
            std::thread::spawn(move || carry(requests, server, |_| {}));
            let left = left.clone();
            std::thread::spawn(move || {
                carry(answers, client, |answer| {
                    replace(answer, &i32::from(broker).to_be_bytes(), &i32::from(here).to_be_bytes());
                    let is_due = find(answer, MARK).filter(|_| {
                        left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
                    });
                    if let Some(at) = is_due {
                        answer[at] ^= 1;
                    }
                });
            });
        }
    });
    here
}

/// Carries messages, each led by its length, until either side is gone.
fn carry(mut from: TcpStream, mut to: TcpStream, change: impl Fn(&mut [u8])) {
    let mut length = [0; 4];
    while from.read_exact(&mut length).is_ok() {
        let mut message = vec![0; u32::from_be_bytes(length) as usize];
        if from.read_exact(&mut message).is_err() {
            return;
        }
        change(&mut message);
        if to.write_all(&length).and_then(|()| to.write_all(&message)).is_err() {
            return;
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn replace(bytes: &mut [u8], what: &[u8], by: &[u8]) {
    while let Some(at) = find(bytes, what) {
        bytes[at..at + by.len()].copy_from_slice(by);
    }
}

fn produce_one(cluster: &Mock, value: &[u8]) {
    let producer: ThreadedProducer<_> =
        ClientConfig::new().set("bootstrap.servers", cluster.bootstrap_servers()).create().expect("a producer");
    let record = BaseRecord::<[u8], [u8]>::to("ads").partition(0).payload(value);
    producer.send(record).map_err(|(error, _)| error).expect("queued");
    producer.flush(Duration::from_secs(20)).expect("flushed");
}

#[test]
fn nothing_that_follows_damaged_records_passes_for_what_comes_next() {
    let cluster = cluster("ads", 1);
    for value in [&b"one"[..], MARK, b"two", b"three"] {
        produce_one(&cluster, value);
    }
    let left = Arc::new(AtomicU32::new(u32::MAX));
    let properties = json!({"bootstrap.servers": format!("127.0.0.1:{}", network(&cluster, left.clone()))});
    let properties = translate(properties.as_object().expect("an object"), &|_| None, &PropertyPolicy::default());
    let source = KafkaSource::new(&properties.expect("translated"), real_clock()).expect("a source");
    let partition = Partition::new("ads", 0);
    let mut reader = source.reader().expect("a reader");
    reader.assign(&[(partition.clone(), 0)]).expect("assigned");
    let limits = PollLimits { max_records: 100, timeout: Duration::from_millis(50) };
    let (mut delivered, mut reached, mut num_told) = (Vec::new(), 0, 0);
    let deadline = Instant::now() + Duration::from_secs(60);
    while num_told < 10 && Instant::now() < deadline {
        let mut out = Vec::new();
        match reader.poll(limits, &mut out) {
            Ok(()) => assert_eq!(num_told, 0, "it is told until the partition is assigned anew"),
            Err(error) => {
                assert_eq!(error, SourceError::Corrupt(partition.clone()));
                num_told += 1;
            }
        }
        for batch in &out {
            delivered.extend(batch.records().map(|record| record.offset));
            reached = batch.next_offset();
        }
    }
    assert_eq!((num_told, delivered, reached), (10, vec![0], 1));
    left.store(0, Ordering::SeqCst);
    reader.assign(&[(partition.clone(), 1)]).expect("assigned");
    let rest = read_until(&mut *reader, &partition, 4);
    assert_eq!(rest, vec![(1, MARK.to_vec()), (2, b"two".to_vec()), (3, b"three".to_vec())]);
}

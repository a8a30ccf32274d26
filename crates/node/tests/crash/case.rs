//! One way to die, and everything that must hold afterwards.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use harness::{DATASOURCE, MockBroker, Producer, Running, Spec, Store, Totals, until};
use serde_json::json;

const NUM_PARTITIONS: i32 = 2;
const FIRST_EVENTS: u64 = 200;
const WAVE: u64 = 20;
const SUPERVISOR: &str = "/druid/indexer/v1/supervisor";

/// What happens while the store waits for its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stimulus {
    /// Events arrive.
    Events,
    /// Events arrive, and records that no format reads.
    Poison,
    /// Events arrive, then the spec changes.
    NewSpec,
}

/// A crash at a named point.
pub struct Crash {
    point: &'static str,
    stimulus: Stimulus,
    /// Deaths before the store may live.
    num_deaths: u32,
    /// Chunks are closed by few rows, and go to the disk because no cut takes them.
    is_spilling: bool,
    /// Segments are merged as soon as there are enough.
    is_merging: bool,
}

impl Crash {
    pub fn at(point: &'static str) -> Crash {
        Crash { point, stimulus: Stimulus::Events, num_deaths: 1, is_spilling: false, is_merging: false }
    }

    pub fn on(self, stimulus: Stimulus) -> Crash {
        Crash { stimulus, ..self }
    }

    pub fn times(self, num_deaths: u32) -> Crash {
        Crash { num_deaths, ..self }
    }

    pub fn while_spilling(self) -> Crash {
        Crash { is_spilling: true, ..self }
    }

    pub fn while_merging(self) -> Crash {
        Crash { is_merging: true, ..self }
    }

    /// Dies, lives again, is drained and started once more; totals are those of the producer each time.
    pub fn run(self) {
        let cut_max_age_ms = if self.is_spilling { 600_000 } else { 100 };
        let mut scene = Scene::new(NUM_PARTITIONS, cut_max_age_ms);
        if self.is_spilling {
            scene.close_chunks_early();
        }
        scene.store.set("DOLMEN__INGEST__COMPACTION_PERIOD_MS", if self.is_merging { 20 } else { 0 });
        for _ in 0..self.num_deaths {
            scene.die(self.point, self.stimulus);
            let next = scene.next;
            scene.send(next..next + WAVE);
        }
        scene.store.set("DOLMEN__INGEST__CUT_MAX_AGE_MS", 200);
        scene.prove();
        if self.is_merging {
            // Merges go on where they were cut short, and nothing of those is left behind.
            scene.store.set("DOLMEN__INGEST__COMPACTION_PERIOD_MS", 0);
            scene.prove();
            assert!(!scene.store.data_dir().join("merge").exists(), "files of merges are left");
        }
    }
}

/// A store, a broker whose log survives it, and what was sent.
pub struct Scene {
    pub store: Store,
    pub producer: Producer,
    pub next: u64,
    spec: Spec,
    _broker: MockBroker,
}

impl Scene {
    /// Nothing sent yet, and a store that has never run.
    pub fn new(num_partitions: i32, cut_max_age_ms: u32) -> Scene {
        let broker = MockBroker::start(num_partitions);
        let mut store = Store::new(env!("CARGO_BIN_EXE_dolmen"));
        store.set("DOLMEN__INGEST__CUT_MAX_AGE_MS", cut_max_age_ms);
        let spec = Spec::new(broker.bootstrap_servers());
        let producer = Producer::new(&broker.bootstrap_servers(), num_partitions);
        Scene { store, producer, next: 0, spec, _broker: broker }
    }

    pub fn send(&mut self, numbers: std::ops::Range<u64>) {
        self.next = numbers.end;
        self.producer.send(numbers);
    }

    /// Makes the smallest chunks, so that they go to the disk while no cut takes them.
    pub fn close_chunks_early(&mut self) {
        self.spec.max_rows_in_memory = 5;
    }

    /// Lives again, is drained and started once more; totals are those of the producer each time.
    pub fn prove(&self) {
        let running = self.store.start();
        self.submit(&running);
        self.settle(&running, "after the crash");
        running.drain();
        let running = self.store.start();
        self.settle(&running, "after a drain");
        self.check_books(&running);
    }

    /// Reads events until it dies at the point.
    pub fn die_at(&mut self, point: &str) {
        self.die(point, Stimulus::Events);
    }

    /// Starts the store with the point armed and keeps it busy until it dies there.
    fn die(&mut self, point: &str, stimulus: Stimulus) {
        let mut running = self.store.launch(&[("DOLMEN_FAIL_POINT", point)]);
        if self.next == 0 {
            self.send(0..FIRST_EVENTS);
        }
        if !running.is_ready() {
            assert!(running.has_aborted());
            return;
        }
        self.offer(&mut running);
        if stimulus == Stimulus::NewSpec {
            self.settle(&running, "before the spec changes");
            self.spec.with_extra_metric = true;
            self.offer(&mut running);
        }
        let what = format!("the store to reach {point}");
        until(&what, || {
            if running.has_aborted() {
                return Some(());
            }
            if stimulus == Stimulus::Poison {
                self.producer.send_poison();
            }
            self.send(self.next..self.next + WAVE);
            None
        });
    }

    /// Posts the supervisor until the store says that it took it; the store may die before it answers.
    pub fn offer(&self, running: &mut Running) {
        until("the supervisor to be taken", || match running.post(SUPERVISOR, &self.spec.to_json()) {
            Ok((status, body)) => {
                assert_eq!(status, 200, "the supervisor: {body}");
                Some(())
            }
            Err(_) => running.has_aborted().then_some(()),
        });
    }

    /// Posts the supervisor as a client does that does not know whether it arrived before.
    pub fn submit(&self, running: &Running) {
        let (status, body) = running.post(SUPERVISOR, &self.spec.to_json()).expect("an answer");
        assert_eq!((status, &body["id"]), (200, &json!(DATASOURCE)), "the supervisor: {body}");
    }

    /// Waits until everything sent can be queried, then compares every sum. Never may there be more.
    pub fn settle(&self, running: &Running, when: &str) {
        self.producer.totals.settle(running, when);
    }

    /// Waits until so many events can be queried, or the store has died at a crash point, which is false.
    pub fn settles_or_dies(&self, running: &mut Running, count: u64) -> bool {
        until(&format!("{count} events or a death"), || {
            if running.has_aborted() {
                return Some(false);
            }
            let found = Totals::read(running).ok()?.all.count;
            (u64::try_from(found) == Ok(count)).then_some(true)
        })
    }

    /// After a drain every record is booked, in one way.
    pub fn check_books(&self, running: &Running) {
        let (status, rows) = running.get("/dolmen/v1/ledger?limit=10000").expect("an answer");
        assert_eq!(status, 200, "{rows}");
        let rows = rows.as_array().cloned().unwrap_or_default();
        let sum = |name: &str| rows.iter().filter_map(|row| row[name].as_i64()).sum::<i64>();
        assert_eq!(sum("indexed"), self.producer.totals.all.count, "records booked as indexed");
        let poison = i64::try_from(self.producer.num_poison).expect("a small number");
        assert_eq!(sum("dead"), poison, "records booked as dead letters");
        if poison > 0 {
            self.check_dead_letters(running);
        }
    }

    /// Every record that no format reads is there once, with its bytes.
    fn check_dead_letters(&self, running: &Running) {
        let path = format!("/dolmen/v1/supervisors/{DATASOURCE}/deadLetters?limit=10000");
        let (status, letters) = running.get(&path).expect("an answer");
        assert_eq!(status, 200, "{letters}");
        let texts = letters.as_array().into_iter().flatten().filter_map(|letter| letter["raw"].as_str());
        let mut texts: Vec<String> = texts.map(str::to_owned).collect();
        let mut sent: Vec<String> =
            (1..=self.producer.num_poison).map(|number| BASE64_STANDARD.encode(harness::poison(number))).collect();
        texts.sort();
        sent.sort();
        assert_eq!(texts, sent, "dead letters and the records that were sent");
    }
}

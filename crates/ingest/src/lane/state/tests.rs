//! The machine against a small world: a log, a disk, a store that moves offsets by equality. The process
//! dies between any two effects; what is committed must be each record once, and nothing else.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;

use super::*;

const LANES: u32 = 2;
const END: i64 = 12;

fn limits() -> Limits {
    Limits {
        chunk_rows: 4,
        chunk_bytes: 1_000_000,
        cut_period_ms: 50,
        cut_rows: 9,
        cut_bytes: 1_000_000,
        cut_time_chunks: 100,
        live_bytes: 5,
        chunk_credits: 3,
    }
}

/// What survives the process.
#[derive(Default)]
struct Durable {
    committed: BTreeMap<LaneNo, i64>,
    /// How often each record is in a published segment.
    counted: BTreeMap<(LaneNo, i64), u32>,
    spilled: BTreeMap<LaneNo, Vec<ChunkFacts>>,
}

/// What dies with it.
struct Process {
    machine: Machine,
    pending: VecDeque<Effect>,
    open: BTreeMap<LaneNo, ChunkFacts>,
    chunks: BTreeMap<ChunkNo, (LaneNo, ChunkFacts)>,
    cuts: BTreeMap<CutNo, Vec<(LaneNo, ChunkNo)>>,
    handing: Vec<CutNo>,
    paused: BTreeMap<LaneNo, Pause>,
    spills: Vec<(LaneNo, ChunkNo)>,
    next: ChunkNo,
    now_ms: u64,
}

fn facts(from: i64, to: i64) -> ChunkFacts {
    let rows = (to - from).unsigned_abs();
    ChunkFacts { from, to, rows, bytes: rows, time_chunks: 1 }
}

impl Process {
    fn start(durable: &mut Durable) -> Process {
        let mut process = Process {
            machine: Machine::new(limits(), 0),
            pending: VecDeque::new(),
            open: BTreeMap::new(),
            chunks: BTreeMap::new(),
            cuts: BTreeMap::new(),
            handing: Vec::new(),
            paused: BTreeMap::new(),
            spills: Vec::new(),
            next: 0,
            now_ms: 0,
        };
        (0..LANES).for_each(|lane| process.take(lane, durable));
        process
    }

    fn take(&mut self, lane: LaneNo, durable: &mut Durable) {
        let mut at = *durable.committed.entry(lane).or_insert(0);
        let mut spilled = Vec::new();
        while let Some(chunk) = durable.spilled.entry(lane).or_default().iter().find(|chunk| chunk.from == at) {
            at = chunk.to;
            self.next += 1;
            self.chunks.insert(self.next, (lane, *chunk));
            spilled.push((self.next, *chunk));
        }
        self.open.insert(lane, facts(at, at));
        self.feed(Event::Taken { lane, spilled });
    }

    fn feed(&mut self, event: Event) {
        let effects = self.machine.step(event);
        self.pending.extend(effects);
    }

    fn perform_one(&mut self, durable: &mut Durable) {
        let Some(effect) = self.pending.pop_front() else { return };
        match effect {
            Effect::Close { lane } => {
                let open = self.open[&lane];
                assert!(open.to > open.from, "an empty chunk is never closed");
                self.open.insert(lane, facts(open.to, open.to));
                self.next += 1;
                self.chunks.insert(self.next, (lane, open));
                self.feed(Event::Closed { lane, chunk: self.next, facts: open });
            }
            Effect::Spill { lane, chunk } => self.spills.push((lane, chunk)),
            Effect::Cut { cut, chunks } => {
                assert!(self.cuts.is_empty(), "one cut at a time");
                self.cuts.insert(cut, chunks);
            }
            Effect::Pause { lane, why } => drop(self.paused.insert(lane, why)),
            Effect::Resume { lane } => drop(self.paused.remove(&lane)),
            Effect::Retire { lane, chunk } => {
                let (of, facts) = self.chunks.remove(&chunk).expect("a chunk is retired once");
                assert!(of == lane && facts.to <= durable.committed[&lane], "only published rows are let go");
                durable.spilled.entry(lane).or_default().retain(|kept| kept.to > facts.to);
            }
            Effect::Reload { lane } => {
                durable.spilled.remove(&lane);
                self.chunks.retain(|_, (of, _)| *of != lane);
                self.paused.remove(&lane);
                self.take(lane, durable);
            }
        }
    }

    fn read(&mut self, lane: LaneNo, num: i64) {
        if self.paused.contains_key(&lane) || !self.pending.is_empty() {
            return;
        }
        let open = self.open[&lane];
        let to = (open.to + num).min(END);
        if to > open.to {
            let open = facts(open.from, to);
            self.open.insert(lane, open);
            self.feed(Event::Read { lane, open });
        }
    }

    /// The store's side of a cut: all of it or nothing, by equality of offsets.
    fn publish(&mut self, durable: &mut Durable, reply_is_lost: bool) {
        let Some((cut, chunks)) = self.cuts.pop_first() else { return };
        let mut offsets = durable.committed.clone();
        for (lane, no) in &chunks {
            let facts = self.chunks[no].1;
            if offsets[lane] != facts.from {
                return self.feed(Event::Refused { cut });
            }
            offsets.insert(*lane, facts.to);
        }
        durable.committed = offsets;
        for (lane, no) in &chunks {
            let facts = self.chunks[no].1;
            (facts.from..facts.to).for_each(|offset| *durable.counted.entry((*lane, offset)).or_default() += 1);
        }
        if !reply_is_lost {
            self.handing.push(cut);
            self.feed(Event::Published { cut });
        }
    }

    fn finish_spill(&mut self, durable: &mut Durable, fails: bool) {
        let Some((lane, chunk)) = self.spills.pop() else { return };
        let Some((_, facts)) = self.chunks.get(&chunk).copied() else { return };
        if fails {
            self.feed(Event::Disk { is_short: true });
            self.feed(Event::SpillFailed { chunk });
        } else {
            durable.spilled.entry(lane).or_default().push(facts);
            self.feed(Event::Spilled { chunk });
        }
    }

    fn hand_off(&mut self) {
        if let Some(cut) = self.handing.pop() {
            self.feed(Event::HandedOff { cut });
        }
    }

    fn tick(&mut self) {
        self.now_ms += 20;
        self.feed(Event::Tick { now_ms: self.now_ms, elsewhere: (0, 0) });
        self.feed(Event::Disk { is_short: false });
    }
}

#[derive(Debug, Clone)]
enum Act {
    Read(LaneNo, i64),
    Effect,
    Tick,
    Publish,
    PublishAndDie,
    Spill {
        fails: bool,
    },
    HandOff,
    Flush,
    Die,
    /// A rival publishes some records of a lane.
    Rival(LaneNo, i64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => (0..LANES, 1..4i64).prop_map(|(lane, num)| Act::Read(lane, num)),
        10 => Just(Act::Effect),
        4 => Just(Act::Tick),
        3 => Just(Act::Publish),
        1 => Just(Act::PublishAndDie),
        3 => any::<bool>().prop_map(|fails| Act::Spill { fails }),
        2 => Just(Act::HandOff),
        1 => Just(Act::Flush),
        1 => Just(Act::Die),
        1 => (0..LANES, 1..3i64).prop_map(|(lane, num)| Act::Rival(lane, num)),
    ];
    proptest::collection::vec(act, 0..200)
}

fn run(act: Act, process: &mut Process, durable: &mut Durable) {
    match act {
        Act::Read(lane, num) => process.read(lane, num),
        Act::Effect => process.perform_one(durable),
        Act::Tick => process.tick(),
        Act::Publish => process.publish(durable, false),
        Act::PublishAndDie => {
            process.publish(durable, true);
            *process = Process::start(durable);
        }
        Act::Spill { fails } => process.finish_spill(durable, fails),
        Act::HandOff => process.hand_off(),
        Act::Flush => process.feed(Event::Flush),
        Act::Die => *process = Process::start(durable),
        Act::Rival(lane, num) => {
            let from = durable.committed[&lane];
            let to = (from + num).min(END);
            (from..to).for_each(|offset| *durable.counted.entry((lane, offset)).or_default() += 1);
            durable.committed.insert(lane, to);
        }
    }
}

/// Every record below the committed offset is counted once, and none above.
fn check(durable: &Durable) {
    for lane in 0..LANES {
        for offset in 0..END {
            let wanted = u32::from(offset < durable.committed[&lane]);
            let counted = durable.counted.get(&(lane, offset)).copied().unwrap_or(0);
            assert_eq!(counted, wanted, "lane {lane} offset {offset}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn committed_is_counted_once_whenever_the_process_dies(acts in acts()) {
        let mut durable = Durable::default();
        let mut process = Process::start(&mut durable);
        for act in acts {
            run(act, &mut process, &mut durable);
            check(&durable);
        }
        // Left alone, everything is read, published and let go.
        for _ in 0..400 {
            while !process.pending.is_empty() {
                process.perform_one(&mut durable);
            }
            (0..LANES).for_each(|lane| process.read(lane, 3));
            while !process.pending.is_empty() {
                process.perform_one(&mut durable);
            }
            process.finish_spill(&mut durable, false);
            process.publish(&mut durable, false);
            process.hand_off();
            process.tick();
        }
        check(&durable);
        prop_assert!(durable.committed.values().all(|at| *at == END), "{:?}", durable.committed);
        prop_assert!(process.machine.is_drained());
        prop_assert!(process.chunks.is_empty(), "published chunks stay: {:?}", process.chunks);
    }
}

#[test]
fn a_flush_cuts_what_is_open_at_once() {
    let mut machine = Machine::new(limits(), 0);
    machine.step(Event::Taken { lane: 0, spilled: Vec::new() });
    assert_eq!(machine.step(Event::Read { lane: 0, open: facts(0, 2) }), vec![]);
    assert_eq!(machine.step(Event::Flush), vec![Effect::Close { lane: 0 }]);
    let effects = machine.step(Event::Closed { lane: 0, chunk: 1, facts: facts(0, 2) });
    assert_eq!(effects, vec![Effect::Cut { cut: 1, chunks: vec![(0, 1)] }]);
}

#[test]
fn a_full_lane_waits_and_goes_on_when_it_is_published() {
    // By its bytes, or by the number of its chunks.
    for (live_bytes, full) in [(5, 2), (1_000, 3)] {
        let limits = Limits { cut_period_ms: 1_000_000, cut_rows: 1_000_000, live_bytes, ..limits() };
        let mut machine = Machine::new(limits, 0);
        machine.step(Event::Taken { lane: 0, spilled: Vec::new() });
        machine.step(Event::Disk { is_short: true });
        for chunk in 1..=full {
            let from = i64::try_from(chunk).unwrap_or(0);
            machine.step(Event::Read { lane: 0, open: facts(from, from + 4) });
            let effects = machine.step(Event::Closed { lane: 0, chunk, facts: facts(from, from + 4) });
            assert_eq!(effects.contains(&Effect::Pause { lane: 0, why: Pause::Disk }), chunk == full, "{effects:?}");
        }
        machine.step(Event::Flush);
        let effects = machine.step(Event::Published { cut: 1 });
        assert!(effects.contains(&Effect::Resume { lane: 0 }), "{effects:?}");
    }
}

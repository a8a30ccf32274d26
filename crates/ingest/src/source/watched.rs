//! A reader that cannot hold up whoever reads: it lives on a thread of its own, and is made anew when it stalls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use timeline::Clock;

use super::{FetchedBatch, Partition, PollLimits, Reader, Source, SourceError};

/// Between two looks at the clock.
const STEP: Duration = Duration::from_millis(50);

enum Ask {
    Assign(Vec<(Partition, i64)>),
    Pause(Vec<Partition>, bool),
    /// With batches whose memory is free.
    Poll(PollLimits, Vec<FetchedBatch>),
}

/// What was polled, and how it ended.
type Told = (Vec<FetchedBatch>, Result<(), SourceError>);

struct Pump {
    asks: Sender<Ask>,
    answers: Receiver<Told>,
}

/// See the module.
pub(crate) struct WatchedReader {
    source: Arc<dyn Source>,
    clock: Arc<dyn Clock>,
    stall_ms: u64,
    pump: Pump,
    /// Since when an answer is waited for.
    asked_ms: Option<u64>,
    /// An answer that nobody has taken yet.
    held: Option<Told>,
    at: BTreeMap<Partition, i64>,
    paused: BTreeSet<Partition>,
    spent: Vec<FetchedBatch>,
}

impl Pump {
    fn start(source: &dyn Source) -> Result<Pump, SourceError> {
        let mut reader = source.reader()?;
        let (asks, asked) = channel();
        let (tell, answers) = channel();
        let thread = std::thread::Builder::new().name("ingest-poll".to_owned()).spawn(move || {
            for ask in asked {
                let mut out = Vec::new();
                let done = match ask {
                    Ask::Assign(starts) => reader.assign(&starts),
                    Ask::Pause(partitions, paused) => reader.pause(&partitions, paused),
                    Ask::Poll(limits, spent) => {
                        spent.into_iter().for_each(|batch| reader.give_back(batch));
                        reader.poll(limits, &mut out)
                    }
                };
                if tell.send((out, done)).is_err() {
                    return;
                }
            }
        });
        match thread {
            Ok(_) => Ok(Pump { asks, answers }),
            Err(error) => Err(SourceError::Unavailable(format!("a thread for a reader: {error}"))),
        }
    }
}

impl WatchedReader {
    /// Calls that take longer than `stall` are given up, with the reader they were made to.
    pub(crate) fn new(
        source: Arc<dyn Source>,
        clock: Arc<dyn Clock>,
        stall: Duration,
    ) -> Result<WatchedReader, SourceError> {
        let stall_ms = u64::try_from(stall.as_millis()).unwrap_or(u64::MAX);
        let pump = Pump::start(&*source)?;
        let (at, paused, spent) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        Ok(WatchedReader { source, clock, stall_ms, pump, asked_ms: None, held: None, at, paused, spent })
    }

    fn ask(&mut self, ask: Ask) {
        self.asked_ms = Some(self.clock.monotonic_ms());
        // A reader that is gone gives no answer, which is seen by whoever waits for one.
        let _ = self.pump.asks.send(ask);
    }

    /// The answer, when it comes within `timeout`; a stalled reader gives none.
    fn answer(&mut self, timeout: Duration) -> Option<Told> {
        match self.pump.answers.recv_timeout(timeout) {
            Ok(told) => {
                self.asked_ms = None;
                Some(told)
            }
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                self.asked_ms = Some(0);
                None
            }
        }
    }

    fn is_stalled(&self) -> bool {
        let now_ms = self.clock.monotonic_ms();
        self.asked_ms.is_some_and(|asked_ms| now_ms.saturating_sub(asked_ms) >= self.stall_ms)
    }

    fn wait(&mut self) -> Option<Told> {
        loop {
            match self.answer(STEP) {
                Some(told) => return Some(told),
                None if self.is_stalled() => return None,
                None => {}
            }
        }
    }

    /// A new reader in place of the one that hangs; its thread ends if it ever comes back.
    fn replace(&mut self) -> Result<(), SourceError> {
        tracing::warn!(partitions = self.at.len(), "a reader of a log stands still; it is made anew");
        self.pump = Pump::start(&*self.source)?;
        (self.asked_ms, self.held) = (None, None);
        Ok(())
    }

    /// Waits until no answer is outstanding.
    fn settle(&mut self) -> Result<(), SourceError> {
        if self.asked_ms.is_some() {
            match self.wait() {
                Some(told) => self.held = Some(told),
                None => return self.rebuild(),
            }
        }
        Ok(())
    }

    fn call(&mut self, ask: Ask) -> Result<(), SourceError> {
        self.ask(ask);
        match self.wait() {
            Some((_, done)) => done,
            None => {
                self.replace()?;
                Err(SourceError::Unavailable("the client of the log does not answer".to_owned()))
            }
        }
    }

    fn take(&mut self, (batches, done): Told, out: &mut Vec<FetchedBatch>) -> Result<(), SourceError> {
        for batch in batches {
            self.at.insert(batch.partition().clone(), batch.next_offset());
            out.push(batch);
        }
        done
    }
}

impl Reader for WatchedReader {
    fn assign(&mut self, starts: &[(Partition, i64)]) -> Result<(), SourceError> {
        if self.asked_ms.is_some() && self.wait().is_none() {
            self.replace()?;
        }
        self.held = None;
        self.at = starts.iter().cloned().collect();
        self.paused.clear();
        self.call(Ask::Assign(starts.to_vec()))
    }

    fn pause(&mut self, partitions: &[Partition], paused: bool) -> Result<(), SourceError> {
        self.settle()?;
        for partition in partitions {
            if paused {
                self.paused.insert(partition.clone());
            } else {
                self.paused.remove(partition);
            }
        }
        self.call(Ask::Pause(partitions.to_vec(), paused))
    }

    fn poll(&mut self, limits: PollLimits, out: &mut Vec<FetchedBatch>) -> Result<(), SourceError> {
        if let Some(held) = self.held.take() {
            return self.take(held, out);
        }
        if self.asked_ms.is_none() {
            let spent = std::mem::take(&mut self.spent);
            self.ask(Ask::Poll(limits, spent));
        }
        match self.answer(limits.timeout.max(STEP)) {
            Some(told) => self.take(told, out),
            None if self.is_stalled() => self.rebuild(),
            None => Ok(()),
        }
    }

    fn give_back(&mut self, spent: FetchedBatch) {
        self.spent.push(spent);
    }

    fn rebuild(&mut self) -> Result<(), SourceError> {
        self.replace()?;
        let starts: Vec<(Partition, i64)> = self.at.iter().map(|(partition, at)| (partition.clone(), *at)).collect();
        self.call(Ask::Assign(starts))?;
        let paused: Vec<Partition> = self.paused.iter().cloned().collect();
        if paused.is_empty() { Ok(()) } else { self.call(Ask::Pause(paused, true)) }
    }
}

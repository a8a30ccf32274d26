//! A broker that answers what a test tells it to.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::encode::Written;
use crate::source::wire::bytes::{Input, Output};
use crate::source::wire::messages::{codes, epochs, fetch, metadata, versions};

/// How the broker answers from now on.
#[derive(Debug, Clone)]
pub(super) struct Script {
    /// The log of the only partition.
    pub(super) log: Vec<Written>,
    /// Producers and first offsets of transactions that were given up.
    pub(super) aborted: Vec<(i64, i64)>,
    /// Errors of the next requests for records, one each.
    pub(super) fetch_errors: VecDeque<i16>,
    /// Errors of the next questions for leaders.
    pub(super) topic_errors: VecDeque<i16>,
    /// Requests for records in whose place the connection is closed.
    pub(super) num_hangups: usize,
    /// Requests for records that are never answered, and for leaders.
    pub(super) num_silences: (usize, usize),
    /// Which leader of the partition this is.
    pub(super) epoch: i32,
    /// Where the records of the leader before end in this log.
    pub(super) end: epochs::End,
    pub(super) fetch_versions: (i16, i16),
    pub(super) preferred: i32,
    /// Leaders were asked for so often.
    pub(super) num_asked: usize,
}

impl Default for Script {
    fn default() -> Script {
        Script {
            log: Vec::new(),
            aborted: Vec::new(),
            fetch_errors: VecDeque::new(),
            topic_errors: VecDeque::new(),
            num_hangups: 0,
            num_silences: (0, 0),
            epoch: 0,
            end: epochs::End { error: 0, epoch: -1, offset: -1 },
            fetch_versions: (4, 17),
            preferred: -1,
            num_asked: 0,
        }
    }
}

#[derive(Clone)]
pub(super) struct Broker {
    pub(super) script: Arc<Mutex<Script>>,
    pub(super) port: u16,
}

impl Broker {
    pub(super) fn start(script: Script) -> Broker {
        Broker::listen(TcpListener::bind("127.0.0.1:0").expect("a port"), script)
    }

    pub(super) fn listen(listener: TcpListener, script: Script) -> Broker {
        let port = listener.local_addr().expect("an address").port();
        let broker = Broker { script: Arc::new(Mutex::new(script)), port };
        let here = broker.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let here = here.clone();
                std::thread::spawn(move || here.serve(stream));
            }
        });
        broker
    }

    pub(super) fn tell(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock());
    }

    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        loop {
            let mut length = [0; 4];
            stream.read_exact(&mut length).ok()?;
            let mut request = vec![0; u32::from_be_bytes(length) as usize];
            stream.read_exact(&mut request).ok()?;
            let mut input = Input::new(&request);
            let (key, _, correlation) = (input.i16().ok()?, input.i16().ok()?, input.i32().ok()?);
            input.text().ok()?;
            let mut out = Output::default();
            out.i32(0).i32(correlation);
            if self.is_silent(key) {
                continue;
            }
            self.answer(key, &mut input, &mut out)?;
            let length = (out.bytes.len() as i32 - 4).to_be_bytes();
            out.bytes[..4].copy_from_slice(&length);
            // In pieces, as a network may deliver it.
            for piece in out.bytes.chunks(1_000) {
                stream.write_all(piece).ok()?;
            }
        }
    }

    fn is_silent(&self, key: i16) -> bool {
        let mut script = self.script.lock();
        let num_silences = match key {
            key if key == fetch::API.key => &mut script.num_silences.0,
            key if key == metadata::API.key => &mut script.num_silences.1,
            _ => return false,
        };
        let is_silent = *num_silences > 0;
        *num_silences = num_silences.saturating_sub(1);
        is_silent
    }

    fn answer(&self, key: i16, input: &mut Input<'_>, out: &mut Output) -> Option<()> {
        let mut script = self.script.lock();
        if key == versions::API.key {
            let (least, most) = script.fetch_versions;
            out.i16(0).count(3).i16(fetch::API.key).i16(least).i16(most);
            out.i16(metadata::API.key).i16(0).i16(12).i16(epochs::API.key).i16(2).i16(4);
        } else if key == metadata::API.key {
            script.num_asked += 1;
            let error = script.topic_errors.pop_front().unwrap_or(0);
            out.i32(0).count(1).i32(7).text("127.0.0.1").i32(self.port.into()).i16(-1).i16(-1).i32(7);
            out.count(1).i16(error).text("ads").i8(0).count(1);
            out.i16(0).i32(0).i32(7).i32(script.epoch).count(0).count(0).count(0);
        } else if key == epochs::API.key {
            let end = script.end;
            out.i32(0).count(1).text("ads").count(1).i16(end.error).i32(0).i32(end.epoch).i64(end.offset);
        } else if script.num_hangups > 0 {
            script.num_hangups -= 1;
            return None;
        } else {
            self.fetch(&mut script, input, out)?;
        }
        Some(())
    }

    fn fetch(&self, script: &mut Script, input: &mut Input<'_>, out: &mut Output) -> Option<()> {
        input.take(4 * 4 + 1 + 8).ok()?;
        input.count(1).ok()?;
        input.text().ok()?;
        input.count(1).ok()?;
        let (_, epoch, offset) = (input.i32().ok()?, input.i32().ok()?, input.i64().ok()?);
        let end = script.log.last().map_or(0, Written::next_offset);
        let error = match script.fetch_errors.pop_front() {
            Some(error) => error,
            None if epoch < script.epoch => codes::FENCED_LEADER_EPOCH,
            None if offset > end => codes::OFFSET_OUT_OF_RANGE,
            None => codes::NONE,
        };
        // One batch an answer, from the one on that holds the offset.
        let batch = script.log.iter().find(|batch| batch.next_offset() > offset).filter(|_| error == 0);
        let records = batch.map(Written::bytes).unwrap_or_default();
        if records.is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        }
        out.i32(0).i16(0).i32(0).count(1).text("ads").count(1);
        out.i32(0).i16(error).i64(end).i64(end).i64(0).count(script.aborted.len());
        for (producer, first) in &script.aborted {
            out.i64(*producer).i64(*first);
        }
        out.i32(script.preferred).count(records.len());
        out.bytes.extend(records);
        Some(())
    }
}

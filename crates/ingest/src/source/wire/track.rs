//! One partition that is followed: what was fetched of it, and how far it was handed on.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::aborted::Aborted;
use super::compression::Unpacker;
use super::leaders::{Led, Wanted};
use super::pages::Pages;
use super::records::{Found, HEAD_BYTES, Head};
use crate::source::{FetchedBatch, Partition, SourceError};

/// Batches kept for their memory, and the bytes that one may have to be kept.
const MOST_SPENT: usize = 16;
const MOST_SPENT_BYTES: usize = 4 << 20;
/// Bytes of decompressed records that are made at once; the last batch may go beyond.
const MOST_UNPACKED: usize = 4 << 20;

const MALFORMED: &str = "a record is malformed";

/// See the module.
pub(super) struct Track {
    pub(super) partition: Partition,
    pub(super) leader: Option<Led>,
    /// No request is made for it before.
    pub(super) not_before_ms: u64,
    pub(super) is_paused: bool,
    /// Why nothing more is handed on until it is assigned anew.
    pub(super) broken: Option<SourceError>,
    /// The position after what was handed on.
    position: i64,
    /// The position after what was fetched.
    fetched: i64,
    /// Which leader took the last record that was fetched; -1 where none was.
    epoch: i32,
    answers: VecDeque<Answer>,
    /// Records that were decoded, and how many of them were handed on.
    decoded: Option<(FetchedBatch, usize)>,
}

/// Batches of one answer that were not decoded yet.
struct Answer {
    page: Arc<Vec<u8>>,
    batches: Range<usize>,
    aborted: Aborted,
    is_committed: bool,
}

/// What batches are decoded with.
pub(super) struct Tools<'a> {
    pub(super) is_checked: bool,
    pub(super) unpacker: &'a mut Unpacker,
    pub(super) pages: &'a mut Pages,
    /// Batches whose memory the next ones take.
    pub(super) spent: &'a mut Vec<FetchedBatch>,
}

/// What an answer holds that cannot be read here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OtherFormat;

impl Track {
    pub(super) fn new(partition: Partition, position: i64) -> Track {
        Track {
            partition,
            leader: None,
            not_before_ms: 0,
            is_paused: false,
            broken: None,
            position,
            fetched: position,
            epoch: -1,
            answers: VecDeque::new(),
            decoded: None,
        }
    }

    /// What has to be known to look for its leader.
    pub(super) fn wanted(&self) -> Wanted {
        Wanted { partition: self.partition.clone(), position: self.fetched, epoch: self.epoch }
    }

    /// The position after what was fetched.
    pub(super) fn fetched(&self) -> i64 {
        self.fetched
    }

    /// The position after what was handed on.
    pub(super) fn position(&self) -> i64 {
        self.position
    }

    /// Whether more may be asked for while this is handed on.
    pub(super) fn has_room(&self) -> bool {
        self.answers.len() < 2
    }

    /// Hands nothing on that is not yet.
    pub(super) fn stop(&mut self, error: SourceError) {
        self.answers.clear();
        self.decoded = None;
        self.broken = Some(error);
    }

    /// Whether something was fetched that is not handed on.
    pub(super) fn is_filled(&self) -> bool {
        self.decoded.is_some() || !self.answers.is_empty()
    }

    /// Why nothing comes any more, once everything before was handed on.
    pub(super) fn trouble(&self) -> Option<&SourceError> {
        self.broken.as_ref().filter(|_| !self.is_filled())
    }

    /// Takes what a broker answered from [`Track::fetched`] on: batches at `range` of `page`, and the transactions
    /// among them that were given up, where those are to stay out.
    pub(super) fn take(
        &mut self,
        page: &Arc<Vec<u8>>,
        range: Range<usize>,
        aborted: Option<Vec<(i64, i64)>>,
    ) -> Result<(), OtherFormat> {
        let bytes = page.get(..range.end).unwrap_or_default();
        let mut at = range.start;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            match Head::at(rest) {
                Ok(Found::Batch(head)) => {
                    self.fetched = self.fetched.max(head.next_offset());
                    self.epoch = self.epoch.max(head.epoch);
                    at += head.bytes;
                }
                Ok(Found::Part) => break,
                Ok(Found::OtherFormat) => return Err(OtherFormat),
                // Found again when it is its turn.
                Err(_) => {
                    at = range.end;
                }
            }
        }
        if at > range.start {
            let (is_committed, aborted) = (aborted.is_some(), Aborted::new(aborted.unwrap_or_default()));
            let batches = range.start..at;
            self.answers.push_back(Answer { page: page.clone(), batches, aborted, is_committed });
        }
        Ok(())
    }

    /// At most `most` records, of what was fetched; none when nothing moved.
    pub(super) fn hand_on(&mut self, most: usize, tools: &mut Tools<'_>) -> Option<FetchedBatch> {
        let (decoded, handed) = match self.decoded.take() {
            Some(decoded) => decoded,
            None => (self.decode(most, tools), 0),
        };
        let batch = if handed == 0 && decoded.len() <= most {
            decoded
        } else {
            let end = decoded.len().min(handed.saturating_add(most));
            let part = decoded.part(handed..end, tools.spent.pop());
            if end < decoded.len() {
                self.decoded = Some((decoded, end));
            } else {
                tools.spend(decoded);
            }
            part
        };
        if batch.next_offset() == self.position {
            tools.spend(batch);
            return None;
        }
        self.position = batch.next_offset();
        Some(batch)
    }

    /// The next batches, with `most` records or a few more.
    fn decode(&mut self, most: usize, tools: &mut Tools<'_>) -> FetchedBatch {
        let mut out = match tools.spent.pop() {
            Some(spent) => FetchedBatch::renewed(spent, self.partition.clone(), self.position),
            None => FetchedBatch::new(self.partition.clone(), self.position),
        };
        while let Some(answer) = self.answers.front_mut().filter(|_| out.is_empty()) {
            if let Err(why) = answer.decode(most, tools, &mut out) {
                tracing::warn!(partition = %self.partition, at = out.next_offset(), why, "records cannot be read");
                self.stop(SourceError::Corrupt(self.partition.clone()));
            } else if answer.batches.is_empty() {
                self.answers.pop_front();
            }
        }
        out
    }
}

impl Tools<'_> {
    /// Keeps the memory of a batch.
    pub(super) fn spend(&mut self, mut batch: FetchedBatch) {
        if let Some(page) = batch.take_page() {
            self.pages.give_back(page);
        }
        if self.spent.len() < MOST_SPENT && batch.capacity_bytes() <= MOST_SPENT_BYTES {
            self.spent.push(batch);
        }
    }
}

impl Answer {
    /// Adds batches to `out` until it has `most` records: all as they lie on the page, or all decompressed.
    fn decode(&mut self, most: usize, tools: &mut Tools<'_>, out: &mut FetchedBatch) -> Result<(), String> {
        let page = self.page.clone();
        let mut unpacked: Option<Vec<u8>> = None;
        let mut done = Ok(());
        while !self.batches.is_empty() && out.len() < most {
            let batch = page.get(self.batches.clone()).unwrap_or_default();
            let head = match head_of(batch, tools.is_checked) {
                Ok(head) => head,
                Err(why) => {
                    done = Err(why);
                    break;
                }
            };
            let records = self.batches.start + HEAD_BYTES..self.batches.start + head.bytes;
            let packed = page.get(records.clone()).unwrap_or_default();
            if !self.is_silent(&head, packed) {
                let is_plain = head.codec() == 0;
                let is_elsewhere = if is_plain { unpacked.is_some() } else { unpacked.is_none() && !out.is_empty() };
                if is_elsewhere || unpacked.as_ref().is_some_and(|unpacked| unpacked.len() > MOST_UNPACKED) {
                    break;
                }
                let (len, position) = (out.len(), out.next_offset());
                done = match is_plain {
                    true => head.decode(&page, records, out).map_err(|_| MALFORMED.to_owned()),
                    false => {
                        let into = unpacked.get_or_insert_with(|| tools.pages.take_empty());
                        unpack(&head, packed, into, tools.unpacker, out)
                    }
                };
                if done.is_err() {
                    out.truncate(len, position);
                    break;
                }
            }
            out.advance(head.next_offset());
            self.batches.start += head.bytes;
        }
        match unpacked {
            Some(unpacked) => out.lie_on(Arc::new(unpacked)),
            None if !out.is_empty() => out.lie_on(page),
            None => {}
        }
        done
    }

    /// Whether nobody may see the records: markers, and what transactions left that were given up.
    fn is_silent(&mut self, head: &Head, records: &[u8]) -> bool {
        let is_hidden = self.is_committed && self.aborted.hides(head);
        if !head.is_control() {
            return is_hidden;
        }
        if self.is_committed && head.is_abort(records).unwrap_or(false) {
            self.aborted.end(head.producer);
        }
        true
    }
}

/// Decompresses a batch behind what `into` holds, and adds its records to `out`.
fn unpack(
    head: &Head,
    packed: &[u8],
    into: &mut Vec<u8>,
    unpacker: &mut Unpacker,
    out: &mut FetchedBatch,
) -> Result<(), String> {
    let start = into.len();
    unpacker.unpack(head.codec(), packed, into)?;
    head.decode(into, start..into.len(), out).map_err(|_| MALFORMED.to_owned())
}

/// The head of the batch at the front of `bytes`, which is whole.
fn head_of(bytes: &[u8], is_checked: bool) -> Result<Head, String> {
    let Ok(Found::Batch(head)) = Head::at(bytes) else { return Err("the head of a batch is malformed".to_owned()) };
    let is_intact = !is_checked || bytes.get(..head.bytes).is_some_and(|batch| head.is_intact(batch));
    if is_intact { Ok(head) } else { Err("a checksum does not match".to_owned()) }
}

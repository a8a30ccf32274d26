//! One roaring bitmap in its portable serialized form, read in place.

use std::ops::Range;

use crate::{Error, Result};

pub(super) const COOKIE_WITH_RUNS: u32 = 12_347;
pub(super) const COOKIE_WITHOUT_RUNS: u32 = 12_346;
pub(super) const BITMAP_BYTES: usize = 8_192;
pub(super) const MAX_ARRAY_LEN: usize = 4_096;
pub(super) const CONTAINER_ROWS: usize = 1 << 16;
/// With run containers the offset table is present only from this many containers on.
pub(super) const NUM_CONTAINERS_WITH_OFFSETS: usize = 4;

/// A bitmap over its bytes. Reading bytes that `check` refused gives an unspecified answer, but stays inside
/// them.
#[derive(Clone, Copy)]
pub(super) struct RoaringView<'a> {
    bytes: &'a [u8],
    num_containers: usize,
    /// Flags of run containers.
    runs: Option<&'a [u8]>,
    /// Key and length - 1 of each container.
    heads: &'a [u8],
    /// Start of each container, if stored.
    offsets: Option<&'a [u8]>,
    first: usize,
}

#[derive(Clone, Copy)]
enum Container<'a> {
    Array(&'a [u8]),
    Words(&'a [u8]),
    Runs(&'a [u8]),
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    bytes.get(at * 2..).and_then(|b| b.first_chunk::<2>()).map_or(0, |b| u16::from_le_bytes(*b) as usize)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at * 4..).and_then(|b| b.first_chunk::<4>()).map_or(0, |b| u32::from_le_bytes(*b))
}

impl<'a> RoaringView<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self::parse(bytes).unwrap_or(Self {
            bytes: &[],
            num_containers: 0,
            runs: None,
            heads: &[],
            offsets: None,
            first: 0,
        })
    }

    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let cookie = u32::from_le_bytes(*bytes.first_chunk::<4>()?);
        let (num_containers, runs, heads_at) = if cookie & 0xffff == COOKIE_WITH_RUNS {
            let num_containers = (cookie >> 16) as usize + 1;
            let flags = num_containers.div_ceil(8);
            (num_containers, Some(bytes.get(4..4 + flags)?), 4 + flags)
        } else if cookie == COOKIE_WITHOUT_RUNS {
            (u32_at(bytes.get(4..8)?, 0) as usize, None, 8)
        } else {
            return None;
        };
        if num_containers > CONTAINER_ROWS {
            return None;
        }
        let offsets_at = heads_at + num_containers * 4;
        let heads = bytes.get(heads_at..offsets_at)?;
        let with_offsets = runs.is_none() || num_containers >= NUM_CONTAINERS_WITH_OFFSETS;
        let first = offsets_at + if with_offsets { num_containers * 4 } else { 0 };
        let offsets = if with_offsets { Some(bytes.get(offsets_at..first)?) } else { None };
        Some(Self { bytes, num_containers, runs, heads, offsets, first })
    }

    /// Whether every container lies inside the bytes, in the order of its key, with its values ascending and
    /// below `num_rows`.
    pub(super) fn check(bytes: &'a [u8], num_rows: usize) -> Result<()> {
        let sound = Self::parse(bytes).is_some_and(|view| {
            let ascending = (1..view.num_containers).all(|i| view.key(i - 1) < view.key(i));
            ascending && (0..view.num_containers).all(|i| view.container_is_sound(i, num_rows))
        });
        sound.then_some(()).ok_or_else(|| Error::corrupt("roaring bitmap"))
    }

    fn container_is_sound(&self, at: usize, num_rows: usize) -> bool {
        let Some(container) = self.container(at) else { return false };
        let limit = num_rows.saturating_sub(self.key(at) * CONTAINER_ROWS);
        match container {
            Container::Array(bytes) => {
                let values = || bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]));
                values().is_sorted_by(|a, b| a < b) && values().next_back().is_some_and(|v| usize::from(v) < limit)
            }
            Container::Words(bytes) => {
                let words = || bytes.chunks_exact(8).map(|b| u64::from_le_bytes(b.try_into().unwrap_or_default()));
                let count: u32 = words().map(u64::count_ones).sum();
                let last = words().rposition_nonzero().unwrap_or(0);
                count as usize == self.len(at) && last < limit
            }
            Container::Runs(bytes) => {
                let (mut next, mut count) = (0, 0);
                let ordered = (0..bytes.len() / 4).all(|run| {
                    let (start, end) = run_of(bytes, run);
                    let fits = start >= next && end <= limit;
                    next = end;
                    count += end - start;
                    fits
                });
                ordered && count == self.len(at)
            }
        }
    }

    fn key(&self, at: usize) -> usize {
        u16_at(self.heads, at * 2)
    }

    fn len(&self, at: usize) -> usize {
        u16_at(self.heads, at * 2 + 1) + 1
    }

    fn is_run(&self, at: usize) -> bool {
        self.runs.and_then(|flags| flags.get(at / 8)).is_some_and(|byte| byte >> (at % 8) & 1 == 1)
    }

    fn container(&self, at: usize) -> Option<Container<'a>> {
        let start = match self.offsets {
            Some(offsets) => u32_at(offsets, at) as usize,
            None => (0..at).try_fold(self.first, |start, i| Some(start + self.stored_bytes(i, start)?))?,
        };
        let bytes = self.bytes.get(start..)?.get(..self.stored_bytes(at, start)?)?;
        Some(if self.is_run(at) {
            Container::Runs(bytes.get(2..)?)
        } else if self.len(at) > MAX_ARRAY_LEN {
            Container::Words(bytes)
        } else {
            Container::Array(bytes)
        })
    }

    fn stored_bytes(&self, at: usize, start: usize) -> Option<usize> {
        Some(if self.is_run(at) {
            2 + u16_at(self.bytes.get(start..)?.get(..2)?, 0) * 4
        } else if self.len(at) > MAX_ARRAY_LEN {
            BITMAP_BYTES
        } else {
            self.len(at) * 2
        })
    }

    pub(super) fn cardinality(&self) -> u64 {
        (0..self.num_containers).map(|at| self.len(at) as u64).sum()
    }

    /// Calls `visit` with each container that meets the rows, its first row, and the part of the rows in it,
    /// relative to that.
    fn overlapping(&self, rows: Range<usize>, mut visit: impl FnMut(Container<'a>, usize, Range<usize>)) {
        let wanted = rows.start / CONTAINER_ROWS;
        let (mut low, mut high) = (0, self.num_containers);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.key(middle) < wanted { low = middle + 1 } else { high = middle }
        }
        for at in low..self.num_containers {
            let base = self.key(at) * CONTAINER_ROWS;
            if base >= rows.end {
                break;
            }
            let Some(container) = self.container(at) else { break };
            let from = rows.start.saturating_sub(base);
            visit(container, base, from..(rows.end - base).min(CONTAINER_ROWS));
        }
    }

    pub(super) fn fill(&self, rows: Range<usize>, words: &mut [u64]) {
        let first = rows.start;
        self.overlapping(rows, |container, base, part| match container {
            Container::Array(bytes) => {
                for value in values_within(bytes, &part) {
                    set_bit(words, base + value - first);
                }
            }
            Container::Runs(bytes) => {
                for run in runs_within(bytes, &part) {
                    set_bits(words, base + run.start - first..base + run.end - first);
                }
            }
            Container::Words(bytes) => {
                for (start, word) in words_within(bytes, &part) {
                    or_word(words, (base + start) as i64 - first as i64, word);
                }
            }
        });
    }

    pub(super) fn positions(&self, rows: Range<usize>, out: &mut Vec<u32>) {
        self.overlapping(rows, |container, base, part| match container {
            Container::Array(bytes) => out.extend(values_within(bytes, &part).map(|v| (base + v) as u32)),
            Container::Runs(bytes) => {
                for run in runs_within(bytes, &part) {
                    out.extend((base + run.start) as u32..(base + run.end) as u32);
                }
            }
            Container::Words(bytes) => {
                for (start, mut word) in words_within(bytes, &part) {
                    while word != 0 {
                        out.push((base + start) as u32 + word.trailing_zeros());
                        word &= word - 1;
                    }
                }
            }
        });
    }
}

trait LastBit {
    fn rposition_nonzero(self) -> Option<usize>;
}

impl<I: Iterator<Item = u64>> LastBit for I {
    fn rposition_nonzero(self) -> Option<usize> {
        let last = self.enumerate().filter(|(_, word)| *word != 0).last();
        last.map(|(at, word)| at * 64 + 63 - word.leading_zeros() as usize)
    }
}

fn run_of(bytes: &[u8], run: usize) -> (usize, usize) {
    let start = u16_at(bytes, run * 2);
    (start, start + u16_at(bytes, run * 2 + 1) + 1)
}

fn values_within<'b>(bytes: &'b [u8], part: &Range<usize>) -> impl Iterator<Item = usize> + 'b {
    let (mut low, mut high) = (0, bytes.len() / 2);
    while low < high && part.start > 0 {
        let middle = low + (high - low) / 2;
        if u16_at(bytes, middle) < part.start { low = middle + 1 } else { high = middle }
    }
    let end = part.end;
    let values = bytes[low * 2..].chunks_exact(2).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]])));
    values.take_while(move |&v| v < end)
}

fn runs_within<'b>(bytes: &'b [u8], part: &Range<usize>) -> impl Iterator<Item = Range<usize>> + 'b {
    let (first, last) = (part.start, part.end);
    let runs = (0..bytes.len() / 4).map(|run| run_of(bytes, run));
    runs.map(move |(start, end)| start.max(first)..end.min(last)).filter(|run| run.start < run.end)
}

/// Words with a bit in the part, each with the row of its lowest bit.
fn words_within<'b>(bytes: &'b [u8], part: &Range<usize>) -> impl Iterator<Item = (usize, u64)> + 'b {
    let (first, end) = (part.start, part.end);
    let words = bytes[first / 64 * 8..end.div_ceil(64) * 8].chunks_exact(8);
    words.enumerate().filter_map(move |(at, chunk)| {
        let start = (first / 64 + at) * 64;
        let mut word = u64::from_le_bytes(chunk.try_into().unwrap_or_default());
        if start < first {
            word &= !0 << (first - start);
        }
        if end - start < 64 {
            word &= (1 << (end - start)) - 1;
        }
        (word != 0).then_some((start, word))
    })
}

fn set_bit(words: &mut [u64], at: usize) {
    if let Some(word) = words.get_mut(at / 64) {
        *word |= 1 << (at % 64);
    }
}

fn set_bits(words: &mut [u64], bits: Range<usize>) {
    let (mut at, end) = (bits.start, bits.end);
    while at < end {
        let stop = (at / 64 + 1) * 64;
        let upto = stop.min(end);
        let mask = if upto - at == 64 { !0 } else { ((1u64 << (upto - at)) - 1) << (at % 64) };
        if let Some(word) = words.get_mut(at / 64) {
            *word |= mask;
        }
        at = upto;
    }
}

/// ORs a word whose lowest bit belongs at bit `at`, which may be negative when the low bits are clear.
fn or_word(words: &mut [u64], at: i64, word: u64) {
    let (index, shift) = (at.div_euclid(64), at.rem_euclid(64));
    let mut or = |index: i64, bits: u64| {
        if let Some(target) = usize::try_from(index).ok().and_then(|i| words.get_mut(i)) {
            *target |= bits;
        }
    };
    or(index, word << shift);
    if shift > 0 {
        or(index + 1, word >> (64 - shift));
    }
}

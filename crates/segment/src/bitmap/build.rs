//! From codes to serialized bitmaps.

use aggregate::Codes;

use super::HEADER_BYTES;
use super::write::write;
use crate::{Error, Result};

/// Which values get a bitmap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BitmapPolicy {
    /// Every value.
    All,
    /// Values where a bitmap beats a scan of the codes: under 3 % of the rows (under 0.1 % where codes take a byte),
    /// or in long runs.
    WhereFaster,
}

/// A run this long on average is cheaper to fill than to compare.
const MIN_MEAN_RUN: u64 = 64;

/// Rows of a thousand below which a value is rare.
const RARE: u64 = 30;
/// The same where a scan looks at one byte a row.
const RARE_NARROW: u64 = 1;

/// How often a value occurs.
#[derive(Clone, Copy, Default)]
struct Tally {
    /// Rows that hold the value.
    rows: u32,
    runs: u32,
    /// The row after the last one that holds it.
    end: u32,
}

/// Serializes the bitmaps of `num_values` codes. `offsets` cuts the codes into rows; without it each row has
/// one. An empty row counts as the null code, if there is one. A row counts once per value.
pub(crate) fn build(
    codes: Codes<'_>,
    offsets: Option<&[i32]>,
    num_values: usize,
    null_code: Option<u32>,
    policy: BitmapPolicy,
) -> Result<Vec<u8>> {
    let num_rows = offsets.map_or(codes.len(), |o| o.len().saturating_sub(1));
    let mut tallies = vec![Tally::default(); num_values];
    match (codes, offsets) {
        (Codes::U8(codes), None) => count(codes, &mut tallies),
        (Codes::U16(codes), None) => count(codes, &mut tallies),
        (Codes::U32(codes), None) => count(codes, &mut tallies),
        (codes, Some(offsets)) => visit(codes, offsets, null_code, |row, code| {
            let tally = &mut tallies[code as usize];
            // Twice in one row counts once.
            if tally.end != row + 1 {
                tally.runs += u32::from(tally.rows == 0 || tally.end != row);
                tally.rows += 1;
                tally.end = row + 1;
            }
        }),
    }
    let narrow = offsets.is_none() && num_values <= 256;
    let mut places = Places::of(&tallies, |tally| policy.takes(tally, num_rows as u64, narrow));
    if places.num_rows > 0 {
        match (codes, offsets) {
            (Codes::U8(codes), None) => places.fill(codes),
            (Codes::U16(codes), None) => places.fill(codes),
            (Codes::U32(codes), None) => places.fill(codes),
            (codes, Some(offsets)) => visit(codes, offsets, null_code, |row, code| places.put_once(row, code)),
        }
    }
    serialize(&places)
}

impl BitmapPolicy {
    fn takes(self, tally: &Tally, num_rows: u64, narrow: bool) -> bool {
        let rare = if narrow { RARE_NARROW } else { RARE };
        let (rows, runs) = (u64::from(tally.rows), u64::from(tally.runs));
        match self {
            BitmapPolicy::All => true,
            BitmapPolicy::WhereFaster => rows * 1_000 < num_rows * rare || runs * MIN_MEAN_RUN <= rows,
        }
    }
}

fn count<C: Copy + Into<u32>>(codes: &[C], tallies: &mut [Tally]) {
    let mut last = u32::MAX;
    for &code in codes {
        let code: u32 = code.into();
        let tally = &mut tallies[code as usize];
        tally.rows += 1;
        tally.runs += u32::from(code != last);
        last = code;
    }
}

fn visit(codes: Codes<'_>, offsets: &[i32], null_code: Option<u32>, mut each: impl FnMut(u32, u32)) {
    for (row, ends) in (0u32..).zip(offsets.windows(2)) {
        (ends[0]..ends[1]).for_each(|at| each(row, codes.get(at as usize)));
        if let (true, Some(null)) = (ends[0] == ends[1], null_code) {
            each(row, null);
        }
    }
}

/// The rows of each chosen code, one code after the other.
struct Places {
    rows: Vec<u32>,
    num_rows: usize,
    /// Where the rows of each code start; those that were not chosen have none.
    starts: Vec<u32>,
    /// Where the next row of each code goes, and how far that moves on: rows of codes that were not chosen all go to
    /// one place behind the others, so that no row needs a decision.
    next: Vec<(u32, u32)>,
}

impl Places {
    fn of(tallies: &[Tally], takes: impl Fn(&Tally) -> bool) -> Self {
        let (mut starts, mut next, mut total) = (Vec::with_capacity(tallies.len() + 1), Vec::new(), 0);
        for tally in tallies {
            let chosen = takes(tally);
            starts.push(total);
            next.push((total, u32::from(chosen)));
            total += if chosen { tally.rows } else { 0 };
        }
        starts.push(total);
        next.iter_mut().filter(|(_, step)| *step == 0).for_each(|(at, _)| *at = total);
        let num_rows = total as usize;
        Self { rows: vec![0; if num_rows > 0 { num_rows + 1 } else { 0 }], num_rows, starts, next }
    }

    fn fill<C: Copy + Into<u32>>(&mut self, codes: &[C]) {
        for (row, &code) in (0u32..).zip(codes) {
            self.put(row, code.into());
        }
    }

    fn put(&mut self, row: u32, code: u32) {
        let (at, step) = &mut self.next[code as usize];
        self.rows[*at as usize] = row;
        *at += *step;
    }

    fn put_once(&mut self, row: u32, code: u32) {
        let (at, start) = (self.next[code as usize].0, self.starts[code as usize]);
        if at == start || self.rows[at as usize - 1] != row {
            self.put(row, code);
        }
    }
}

fn serialize(places: &Places) -> Result<Vec<u8>> {
    let num_values = places.next.len();
    let stated = u32::try_from(num_values).map_err(|_| Error::LimitExceeded("dictionary too long".into()))?;
    let table = HEADER_BYTES + (num_values + 1) * 8;
    let mut out = vec![0; table];
    out.reserve(places.num_rows * 3);
    out[..4].copy_from_slice(&stated.to_le_bytes());
    for (code, ends) in places.starts.windows(2).enumerate() {
        // A value that was asked for has a bitmap even where no row has it.
        if places.next[code].1 > 0 {
            write(&places.rows[ends[0] as usize..ends[1] as usize], &mut out);
        }
        let offset = (out.len() - table) as u64;
        let at = HEADER_BYTES + (code + 1) * 8;
        out[at..at + 8].copy_from_slice(&offset.to_le_bytes());
    }
    Ok(out)
}

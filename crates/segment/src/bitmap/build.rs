//! From codes to serialized bitmaps.

use roaring::RoaringBitmap;

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

struct Tally {
    /// Rows that hold the value.
    rows: u64,
    runs: u64,
    last_row: Option<u32>,
}

/// Serializes the bitmaps of `num_values` codes. `offsets` cuts the codes into rows; without it each row has
/// one. An empty row counts as the null code, if there is one. A row counts once per value.
pub(crate) fn build(
    codes: &[u32],
    offsets: Option<&[i32]>,
    num_values: usize,
    null_code: Option<u32>,
    policy: BitmapPolicy,
) -> Result<Vec<u8>> {
    let num_rows = offsets.map_or(codes.len(), |o| o.len().saturating_sub(1));
    let mut tallies: Vec<Tally> = (0..num_values).map(|_| Tally { rows: 0, runs: 0, last_row: None }).collect();
    visit(codes, offsets, null_code, |row, code| {
        let tally = &mut tallies[code as usize];
        if tally.last_row == Some(row) {
            return;
        }
        tally.rows += 1;
        tally.runs += u64::from(tally.last_row.is_none_or(|last| last + 1 != row));
        tally.last_row = Some(row);
    });
    let narrow = offsets.is_none() && num_values <= 256;
    let chosen: Vec<bool> = tallies.iter().map(|t| policy.takes(t, num_rows as u64, narrow)).collect();
    let (starts, rows) = rows_by_code(codes, offsets, null_code, &tallies, &chosen);
    serialize(&starts, &rows, &chosen)
}

impl BitmapPolicy {
    fn takes(self, tally: &Tally, num_rows: u64, narrow: bool) -> bool {
        let rare = if narrow { RARE_NARROW } else { RARE };
        match self {
            BitmapPolicy::All => true,
            BitmapPolicy::WhereFaster => {
                tally.rows * 1_000 < num_rows * rare || tally.runs * MIN_MEAN_RUN <= tally.rows
            }
        }
    }
}

fn visit(codes: &[u32], offsets: Option<&[i32]>, null_code: Option<u32>, mut each: impl FnMut(u32, u32)) {
    let Some(offsets) = offsets else {
        return codes.iter().enumerate().for_each(|(row, &code)| each(row as u32, code));
    };
    for (row, bounds) in offsets.windows(2).enumerate() {
        let values = &codes[bounds[0] as usize..bounds[1] as usize];
        values.iter().for_each(|&code| each(row as u32, code));
        if let (true, Some(null)) = (values.is_empty(), null_code) {
            each(row as u32, null);
        }
    }
}

/// The rows of each chosen code, one code after the other, and where each code starts.
fn rows_by_code(
    codes: &[u32],
    offsets: Option<&[i32]>,
    null_code: Option<u32>,
    tallies: &[Tally],
    chosen: &[bool],
) -> (Vec<usize>, Vec<u32>) {
    let mut starts = vec![0];
    let mut total = 0;
    for (tally, &chosen) in tallies.iter().zip(chosen) {
        total += if chosen { tally.rows as usize } else { 0 };
        starts.push(total);
    }
    let mut next = starts.clone();
    let mut rows = vec![0; total];
    visit(codes, offsets, null_code, |row, code| {
        let code = code as usize;
        let seen = next[code] > starts[code] && rows[next[code] - 1] == row;
        if chosen[code] && !seen {
            rows[next[code]] = row;
            next[code] += 1;
        }
    });
    (starts, rows)
}

fn serialize(starts: &[usize], rows: &[u32], chosen: &[bool]) -> Result<Vec<u8>> {
    let num_values = u32::try_from(chosen.len()).map_err(|_| Error::LimitExceeded("dictionary too long".into()))?;
    let mut offsets = vec![0u64];
    let mut payload = Vec::new();
    for (code, &chosen) in chosen.iter().enumerate() {
        if chosen {
            let rows = rows[starts[code]..starts[code + 1]].iter().copied();
            let mut bitmap = RoaringBitmap::from_sorted_iter(rows).map_err(|e| Error::Encode(e.to_string()))?;
            bitmap.optimize();
            bitmap.serialize_into(&mut payload).map_err(|e| Error::Encode(e.to_string()))?;
        }
        offsets.push(payload.len() as u64);
    }
    let mut out = Vec::with_capacity(8 + offsets.len() * 8 + payload.len());
    out.extend_from_slice(&num_values.to_le_bytes());
    out.extend_from_slice(&0u32.to_le_bytes());
    offsets.iter().for_each(|offset| out.extend_from_slice(&offset.to_le_bytes()));
    out.append(&mut payload);
    Ok(out)
}

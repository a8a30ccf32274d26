//! One bitmap in the portable roaring format.

use std::ops::Range;

use super::view::{
    BITMAP_BYTES, CONTAINER_ROWS, COOKIE_WITH_RUNS, COOKIE_WITHOUT_RUNS, MAX_ARRAY_LEN, NUM_CONTAINERS_WITH_OFFSETS,
};

/// Rows that share their upper half.
struct Container {
    key: u16,
    /// Where in all rows they are.
    at: Range<usize>,
    num_runs: usize,
}

impl Container {
    fn plain_bytes(&self) -> usize {
        if self.at.len() <= MAX_ARRAY_LEN { self.at.len() * 2 } else { BITMAP_BYTES }
    }

    fn run_bytes(&self) -> usize {
        2 + self.num_runs * 4
    }

    fn has_runs(&self) -> bool {
        self.run_bytes() < self.plain_bytes()
    }

    fn write(&self, rows: &[u32], out: &mut Vec<u8>) {
        let rows = &rows[self.at.clone()];
        if self.has_runs() {
            out.extend_from_slice(&(self.num_runs as u16).to_le_bytes());
            for run in rows.chunk_by(|row, next| row + 1 == *next) {
                out.extend_from_slice(&(run[0] as u16).to_le_bytes());
                out.extend_from_slice(&(run.len() as u16).wrapping_sub(1).to_le_bytes());
            }
        } else if rows.len() <= MAX_ARRAY_LEN {
            out.extend(rows.iter().flat_map(|row| (*row as u16).to_le_bytes()));
        } else {
            let mut words = [0u64; BITMAP_BYTES / 8];
            rows.iter().for_each(|row| words[*row as usize % CONTAINER_ROWS / 64] |= 1 << (row % 64));
            out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        }
    }
}

/// Appends the bitmap of rows, which ascend.
pub(super) fn write(rows: &[u32], out: &mut Vec<u8>) {
    let containers = containers(rows);
    let with_runs = containers.iter().any(Container::has_runs);
    let num = containers.len();
    let start = out.len();
    if with_runs {
        out.extend_from_slice(&(COOKIE_WITH_RUNS | (num as u32 - 1) << 16).to_le_bytes());
        let flags = |some: &[Container]| {
            some.iter().zip(0..).fold(0u8, |flags, (container, at)| flags | u8::from(container.has_runs()) << at)
        };
        out.extend(containers.chunks(8).map(flags));
    } else {
        out.extend_from_slice(&COOKIE_WITHOUT_RUNS.to_le_bytes());
        out.extend_from_slice(&(num as u32).to_le_bytes());
    }
    for container in &containers {
        out.extend_from_slice(&container.key.to_le_bytes());
        out.extend_from_slice(&((container.at.len() - 1) as u16).to_le_bytes());
    }
    if !with_runs || num >= NUM_CONTAINERS_WITH_OFFSETS {
        let mut at = out.len() - start + num * 4;
        for container in &containers {
            out.extend_from_slice(&(at as u32).to_le_bytes());
            at += if container.has_runs() { container.run_bytes() } else { container.plain_bytes() };
        }
    }
    containers.iter().for_each(|container| container.write(rows, out));
}

fn containers(rows: &[u32]) -> Vec<Container> {
    let mut containers: Vec<Container> = Vec::new();
    let mut last = None;
    for (at, &row) in rows.iter().enumerate() {
        let key = (row >> 16) as u16;
        match containers.last_mut().filter(|container| container.key == key) {
            Some(container) => {
                container.at.end = at + 1;
                container.num_runs += usize::from(last != Some(row.wrapping_sub(1)));
            }
            None => containers.push(Container { key, at: at..at + 1, num_runs: 1 }),
        }
        last = Some(row);
    }
    containers
}

//! Parquet's hybrid of runs and packed bits, in which levels and codes are written.

/// Values packed at a time.
const BLOCK: usize = 32;
/// Equal values, beginning at an eighth, from which on a run takes less room than their bits.
const MIN_RUN: usize = 24;

/// Bits that hold every number up to `max`.
pub(super) fn bits_for(max: u32) -> u8 {
    (u32::BITS - max.leading_zeros()) as u8
}

/// A number in groups of seven bits, the lowest first.
pub(super) fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends values of `width` bits: runs where they are long, packed bits between them.
pub(super) fn encode(values: &[u32], width: u8, out: &mut Vec<u8>) {
    let (mut start, mut at) = (0, 0);
    while at < values.len() {
        let run = run_from(&values[at..]);
        if run < MIN_RUN && at + run < values.len() {
            at = values.len().min(at + 8);
            continue;
        }
        if run < MIN_RUN && at > start {
            break;
        }
        literals(&values[start..at], width, out);
        repeat(values[at], run, width, out);
        at += run;
        start = at;
    }
    literals(&values[start..], width, out);
}

/// Appends one value that `num` rows have.
pub(super) fn repeat(value: u32, num: usize, width: u8, out: &mut Vec<u8>) {
    if num > 0 {
        varint((num as u64) << 1, out);
        out.extend_from_slice(&value.to_le_bytes()[..usize::from(width.div_ceil(8))]);
    }
}

/// How often the first value follows itself.
fn run_from(values: &[u32]) -> usize {
    let first = values[0];
    // Most values differ, and one look tells.
    if values.get(7).is_some_and(|&other| other != first) {
        return 1;
    }
    values.iter().position(|&value| value != first).unwrap_or(values.len())
}

fn literals(values: &[u32], width: u8, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    let groups = values.len().div_ceil(8);
    varint((groups as u64) << 1 | 1, out);
    let end = out.len() + groups * usize::from(width);
    out.reserve(groups * usize::from(width) + BLOCK * 4);
    pack(values, width, out);
    out.truncate(end);
}

/// Appends values of `width` bits each, filled up with zeros to whole blocks of 32.
pub(super) fn pack(values: &[u32], width: u8, out: &mut Vec<u8>) {
    macro_rules! by_width {
        ($($bits:literal)*) => {
            match width {
                0 => {}
                $($bits => pack_blocks::<$bits>(values, out),)*
                _ => pack_blocks::<32>(values, out),
            }
        };
    }
    by_width!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
}

fn pack_blocks<const WIDTH: usize>(values: &[u32], out: &mut Vec<u8>) {
    let (blocks, rest) = values.as_chunks::<BLOCK>();
    let mut packed = [0u8; BLOCK * 4];
    for block in blocks {
        pack_block::<WIDTH>(block, &mut packed);
        out.extend_from_slice(&packed[..WIDTH * 4]);
    }
    if !rest.is_empty() {
        let mut block = [0; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        pack_block::<WIDTH>(&block, &mut packed);
        out.extend_from_slice(&packed[..WIDTH * 4]);
    }
}

#[inline(always)]
fn pack_block<const WIDTH: usize>(values: &[u32; BLOCK], out: &mut [u8; BLOCK * 4]) {
    let (words, _) = out.as_chunks_mut::<4>();
    let (mut bits, mut held, mut word) = (0u64, 0, 0);
    for &value in values {
        bits |= u64::from(value) << held;
        held += WIDTH;
        if held >= 32 {
            words[word] = (bits as u32).to_le_bytes();
            word += 1;
            bits >>= 32;
            held -= 32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of a hybrid, read a bit at a time.
    fn decode(mut bytes: &[u8], width: u8, num: usize) -> Vec<u32> {
        let mut out = Vec::new();
        while out.len() < num {
            let (mut head, mut shift) = (0u64, 0);
            loop {
                let byte = bytes[0];
                bytes = &bytes[1..];
                head |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte < 0x80 {
                    break;
                }
            }
            let width = usize::from(width);
            if head & 1 == 0 {
                let len = width.div_ceil(8);
                let value = bytes[..len].iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
                bytes = &bytes[len..];
                out.extend(std::iter::repeat_n(value, (head >> 1) as usize));
            } else {
                let values = (head >> 1) as usize * 8;
                let bit = |at: usize| u32::from(bytes[at / 8] >> (at % 8) & 1);
                out.extend((0..values).map(|at| (0..width).map(|b| bit(at * width + b) << b).sum::<u32>()));
                bytes = &bytes[(head >> 1) as usize * width..];
            }
        }
        assert!(bytes.is_empty());
        out.truncate(num);
        out
    }

    #[test]
    fn values_of_every_width_come_back_with_and_without_runs() {
        for width in 0..=32u8 {
            let mask = if width == 32 { u32::MAX } else { (1 << width) - 1 };
            for len in [0, 1, 7, 8, 9, 31, 33, 100, 1_000] {
                for run in [1, 5, 8, 23, 24, 40, 333] {
                    let value = |at: u32| (at / run).wrapping_mul(2_654_435_761) >> 3 & mask;
                    let values: Vec<u32> = (0..len).map(value).collect();
                    let mut out = Vec::new();
                    encode(&values, width, &mut out);
                    assert_eq!(decode(&out, width, values.len()), values, "{width} {len} {run}");
                }
            }
        }
    }

    #[test]
    fn one_value_takes_a_few_bytes_however_often_it_comes() {
        let mut out = Vec::new();
        encode(&[5; 100_000], 3, &mut out);
        assert!(out.len() < 8);
    }
}

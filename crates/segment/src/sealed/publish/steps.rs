//! Longs by the steps between them: Parquet's `DELTA_BINARY_PACKED`.

use super::hybrid::{pack, varint};

const BLOCK: usize = 128;
const MINI_BLOCK: usize = 32;

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

/// Appends the values of one page.
pub(super) fn encode(values: &[i64], out: &mut Vec<u8>) {
    varint(BLOCK as u64, out);
    varint((BLOCK / MINI_BLOCK) as u64, out);
    varint(values.len() as u64, out);
    varint(zigzag(values.first().copied().unwrap_or(0)), out);
    let mut steps = [0i64; BLOCK];
    let mut at = 1;
    while at < values.len() {
        let num = BLOCK.min(values.len() - at);
        let pairs = values[at - 1..at + num].windows(2);
        steps.iter_mut().zip(pairs).for_each(|(step, pair)| *step = pair[1].wrapping_sub(pair[0]));
        block(&steps[..num], out);
        at += num;
    }
}

fn block(steps: &[i64], out: &mut Vec<u8>) {
    let least = steps.iter().copied().min().unwrap_or(0);
    varint(zigzag(least), out);
    let widths_at = out.len();
    out.extend_from_slice(&[0; BLOCK / MINI_BLOCK]);
    for (at, mini) in steps.chunks(MINI_BLOCK).enumerate() {
        let mut above = [0u64; MINI_BLOCK];
        above.iter_mut().zip(mini).for_each(|(above, &step)| *above = step.wrapping_sub(least) as u64);
        let width = (u64::BITS - above.iter().fold(0, |all, above| all | above).leading_zeros()) as u8;
        out[widths_at + at] = width;
        if width <= 32 {
            pack(&above.map(|above| above as u32), width, out);
        } else {
            pack_wide(&above, width, out);
        }
    }
}

fn pack_wide(values: &[u64; MINI_BLOCK], width: u8, out: &mut Vec<u8>) {
    let (mut bits, mut held) = (0u128, 0);
    for &value in values {
        bits |= u128::from(value) << held;
        held += width;
        while held >= 8 {
            out.push(bits as u8);
            bits >>= 8;
            held -= 8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_varint(bytes: &mut &[u8]) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = bytes[0];
            *bytes = &bytes[1..];
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return number;
            }
        }
    }

    fn unzigzag(number: u64) -> i64 {
        (number >> 1) as i64 ^ -((number & 1) as i64)
    }

    fn decode(mut bytes: &[u8]) -> Vec<i64> {
        let bytes = &mut bytes;
        assert_eq!((read_varint(bytes), read_varint(bytes)), (128, 4));
        let num = read_varint(bytes) as usize;
        let mut out = vec![unzigzag(read_varint(bytes))];
        while out.len() < num {
            let least = unzigzag(read_varint(bytes));
            let widths = &bytes[..4];
            *bytes = &bytes[4..];
            for &width in widths {
                let width = usize::from(width);
                let bit = |at: usize| u64::from(bytes[at / 8] >> (at % 8) & 1);
                for at in 0..32.min(num - out.len()) {
                    let above: u64 = (0..width).map(|b| bit(at * width + b) << b).sum();
                    out.push(out[out.len() - 1].wrapping_add(least).wrapping_add(above as i64));
                }
                *bytes = &bytes[width * 4..];
            }
        }
        out.truncate(num);
        out
    }

    #[test]
    fn longs_come_back_however_far_apart() {
        for spread in [0, 1, 7, 20, 31, 32, 33, 50, 63] {
            for len in [1, 2, 32, 33, 128, 129, 130, 1_000] {
                let value = |at: u64| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (63 - spread)) as i64;
                let values: Vec<i64> = (0..len).map(value).collect();
                let mut out = Vec::new();
                encode(&values, &mut out);
                assert_eq!(decode(&out), values, "{spread} {len}");
            }
        }
        let mut out = Vec::new();
        encode(&[i64::MIN, i64::MAX, 0, i64::MIN], &mut out);
        assert_eq!(decode(&out), [i64::MIN, i64::MAX, 0, i64::MIN]);
    }
}

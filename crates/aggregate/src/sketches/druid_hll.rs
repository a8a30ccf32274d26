//! Druid's own HyperLogLog of 2,048 four-bit registers, with its byte layout and its estimate.

use dialect::utf16;

use crate::error::{Error, Result};
use crate::sketches::murmur::hash128;

use registers::{NUM_BYTES, NUM_REGISTERS, Registers};

mod registers;

const HEADER_BYTES: usize = 7;
const DENSE_BYTES: usize = HEADER_BYTES + NUM_BYTES;
const VERSION: u8 = 1;
/// Collectors with fewer registers set are stored as a list of positions and bytes.
const SPARSE_BELOW: u16 = 128;
/// Greatest value a register holds above the offset.
const RANGE: u8 = 15;
const WHAT: &str = "hyperUnique";

/// What a value adds to a collector: a register and the place of the first set bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    register: u16,
    place: u8,
}

impl Mark {
    /// The mark of a value given as the bytes that are hashed.
    pub fn of_bytes(bytes: &[u8]) -> Mark {
        let (low, high) = hash128(bytes, 0);
        let register = (high >> 48) as u16;
        let place = if low == 0 { 64 } else { low.trailing_zeros() as u8 + 1 };
        Mark { register: register.swap_bytes() & (NUM_REGISTERS as u16 - 1), place }
    }

    /// The mark of a text by its UTF-8 bytes, as ingestion hashes it.
    pub fn of_utf8(text: &str) -> Mark {
        Mark::of_bytes(text.as_bytes())
    }

    /// The mark of a text by its UTF-16 code units, as queries hash it.
    pub fn of_utf16(text: &str) -> Mark {
        utf16::with_bytes(text, Mark::of_bytes)
    }

    pub fn of_long(value: i64) -> Mark {
        Mark::of_bytes(&value.to_le_bytes())
    }

    pub fn of_double(value: f64) -> Mark {
        Mark::of_bytes(&double_bits(value).to_le_bytes())
    }

    pub fn of_float(value: f32) -> Mark {
        Mark::of_bytes(&float_bits(value).to_le_bytes())
    }
}

/// The bits of a double, one pattern for all NaN.
pub fn double_bits(value: f64) -> u64 {
    if value.is_nan() { 0x7ff8_0000_0000_0000 } else { value.to_bits() }
}

/// The bits of a float, one pattern for all NaN.
pub fn float_bits(value: f32) -> u32 {
    if value.is_nan() { 0x7fc0_0000 } else { value.to_bits() }
}

/// A set of distinct values, roughly counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collector {
    /// What all registers have in common.
    offset: u8,
    num_set: u16,
    /// The greatest place above `offset + RANGE`, and its register; 0 if there is none.
    overflow: u8,
    overflow_register: u16,
    registers: Registers,
}

impl Collector {
    pub fn add(&mut self, mark: Mark) {
        let (register, place) = (mark.register, mark.place);
        let top = self.offset.saturating_add(RANGE);
        if place <= self.offset {
            return;
        }
        if place > top {
            if place > self.overflow {
                if self.overflow <= top {
                    self.add(Mark { register: self.overflow_register, place: self.overflow });
                }
                (self.overflow, self.overflow_register) = (place, register);
            }
            return;
        }
        if self.raise(register, place - self.offset) {
            self.shift_if_full();
        }
    }

    /// Sets a register to at least `value`; whether it was zero before.
    fn raise(&mut self, register: u16, value: u8) -> bool {
        if value == 0 {
            return false;
        }
        let byte = self.registers.byte(register / 2);
        let shift = if register.is_multiple_of(2) { 4 } else { 0 };
        let held = *byte >> shift & 0x0f;
        if value > held {
            *byte = *byte & !(0x0f << shift) | value << shift;
        }
        self.num_set += u16::from(held == 0);
        held == 0
    }

    /// Once no register is zero, all go down by one and the offset up.
    fn shift_if_full(&mut self) {
        if usize::from(self.num_set) < NUM_REGISTERS {
            return;
        }
        self.offset = self.offset.saturating_add(1);
        self.registers.lower();
        self.num_set = self.registers.num_set();
    }

    /// Adds all that `other` has seen.
    pub fn fold(&mut self, other: &Collector) {
        if self.offset < other.offset {
            let lower = std::mem::replace(self, other.clone());
            return self.fold(&lower);
        }
        let behind = self.offset - other.offset;
        other.registers.for_each(|at, byte| {
            self.raise(at * 2, (byte >> 4).saturating_sub(behind));
            self.raise(at * 2 + 1, (byte & 0x0f).saturating_sub(behind));
        });
        self.shift_if_full();
        self.add(Mark { register: other.overflow_register, place: other.overflow });
    }

    /// The estimated number of distinct values. In the byte of the overflow, zeros are counted by the
    /// low half of the one register and the high half of the other, as Druid counts them. While few registers are
    /// set Druid looks only at bytes that are not zero, and misses an overflow elsewhere.
    pub fn estimate(&self) -> f64 {
        let (mut sum, mut num_zero) = (0.0, 0_u32);
        let is_sparse = self.num_set < SPARSE_BELOW;
        for (at, &byte) in (0_u16..).zip(self.registers.bytes().iter()) {
            let mut high = (byte >> 4).saturating_add(self.offset);
            let mut low = (byte & 0x0f).saturating_add(self.offset);
            let is_seen = byte != 0 || !is_sparse;
            if self.overflow != 0 && at == self.overflow_register / 2 && is_seen {
                match self.overflow_register % 2 {
                    0 => high = high.max(self.overflow),
                    _ => low = low.max(self.overflow),
                }
                num_zero += u32::from(high & 0xf0 == 0) + u32::from(low & 0x0f == 0);
            } else {
                num_zero += u32::from(byte & 0xf0 == 0) + u32::from(byte & 0x0f == 0);
            }
            sum += f64::powi(0.5, high.into()) + f64::powi(0.5, low.into());
        }
        correct(sum, num_zero)
    }

    /// The estimate as a whole number.
    pub fn estimate_rounded(&self) -> i64 {
        (self.estimate() + 0.5).floor() as i64
    }

    /// Druid's layout: version, offset, registers set (2 bytes), overflow, its register (2 bytes),
    /// then 1,024 bytes of registers; or, for few, triples of a position (2 bytes, counted from the
    /// start of the header) and its byte. Big endian. Room is left for as many triples as registers.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[VERSION, self.offset]);
        out.extend_from_slice(&self.num_set.to_be_bytes());
        out.push(self.overflow);
        out.extend_from_slice(&self.overflow_register.to_be_bytes());
        if self.num_set >= SPARSE_BELOW {
            out.extend_from_slice(&self.registers.bytes());
            return;
        }
        let end = out.len() + usize::from(self.num_set) * 3;
        self.registers.for_each(|at, byte| {
            out.extend_from_slice(&(HEADER_BYTES as u16 + at).to_be_bytes());
            out.push(byte);
        });
        out.resize(end, 0);
    }

    /// Reads Druid's layout.
    pub fn decode(bytes: &[u8]) -> Result<Collector> {
        let corrupt = |reason: &str| Error::corrupt(WHAT, reason);
        if bytes.is_empty() {
            return Ok(Collector::default());
        }
        let [VERSION, offset, _, _, overflow, high, low, payload @ ..] = bytes else {
            return Err(corrupt("has an unknown version or a short header"));
        };
        let overflow_register = u16::from_be_bytes([*high, *low]);
        if usize::from(overflow_register) >= NUM_REGISTERS {
            return Err(corrupt("names a register past the last"));
        }
        let mut collector = Collector { offset: *offset, overflow: *overflow, overflow_register, ..Default::default() };
        if bytes.len() == DENSE_BYTES {
            let set = (0..).zip(payload).filter(|&(_, &byte)| byte != 0);
            set.for_each(|(at, &byte)| *collector.registers.byte(at) = byte);
        } else {
            let (triples, rest) = payload.as_chunks::<3>();
            if !rest.is_empty() {
                return Err(corrupt("is cut short"));
            }
            for [high, low, byte] in triples.iter().filter(|triple| triple[2] != 0) {
                let at = u16::from_be_bytes([*high, *low]).checked_sub(HEADER_BYTES as u16);
                let at = at.filter(|&at| usize::from(at) < NUM_BYTES);
                *collector.registers.byte(at.ok_or(corrupt("names a position outside"))?) = *byte;
            }
        }
        collector.num_set = collector.registers.num_set();
        Ok(collector)
    }

    /// Bytes in memory.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Collector>() + self.registers.memory_bytes()
    }
}

fn correct(sum: f64, num_zero: u32) -> f64 {
    let registers = NUM_REGISTERS as f64;
    let alpha = 0.7213 / (1.0 + 1.079 / registers);
    let estimate = alpha * registers * registers / sum;
    let hashes = f64::powi(2.0, 64);
    if estimate <= registers * 5.0 / 2.0 {
        if num_zero == 0 { estimate } else { registers * (registers / f64::from(num_zero)).ln() }
    } else if estimate > hashes / 30.0 {
        match estimate / hashes {
            ratio if ratio >= 1.0 => f64::INFINITY,
            ratio => -hashes * (1.0 - ratio).ln(),
        }
    } else {
        estimate
    }
}

#[cfg(test)]
mod tests;

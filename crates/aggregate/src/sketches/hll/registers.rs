//! Sketches past their coupons, a byte for each register: what most groups of many rows become.

use datasketches::hll::{HllSketch, HllType};

use super::HllShape;
use super::sieve::SLOT_BITS;

/// Bytes before the registers of a stored sketch.
const HEADER_BYTES: usize = 40;
/// The part of a register's byte that stands for an entry of its own.
const APART: u8 = 15;
/// Flag of an estimate by the registers alone.
const OUT_OF_ORDER: u8 = 16;
const COMPACT: u8 = 8;
/// Values are below it; a coupon has no bits for more.
const MAX_VALUE: u8 = 1 << (u32::BITS - SLOT_BITS);
/// Values from which on their parts of the sum are too small for that of the others.
const SMALL: u8 = 32;

/// What an estimate goes by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    /// How many values there were by the order in which registers rose, if that is known.
    by_order: Option<f64>,
    /// Sums of 2^-value, of values below [`SMALL`] and of the others. Both are exact.
    sums: [f64; 2],
}

/// 2^-value.
#[inline(always)]
fn part(value: u8) -> f64 {
    f64::from_bits((1023 - u64::from(value)) << 52)
}

impl Estimate {
    /// A register rises.
    #[inline(always)]
    pub fn rise(&mut self, num_registers: f64, old: u8, new: u8) {
        if let Some(by_order) = &mut self.by_order {
            *by_order += num_registers / (self.sums[0] + self.sums[1]);
        }
        self.sums[usize::from(old >= SMALL)] -= part(old);
        self.sums[usize::from(new >= SMALL)] += part(new);
    }
}

/// Registers and what was noted of their past.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Registers {
    pub values: Vec<u8>,
    pub estimate: Estimate,
}

impl Registers {
    /// Of the bytes of a sketch. `None` where it is of another shape, holds coupons or is stored otherwise than
    /// expected.
    pub fn read(bytes: &[u8], shape: HllShape) -> Option<Registers> {
        let (header, stored) = bytes.split_first_chunk::<HEADER_BYTES>()?;
        let [10, 1, 7, of_lg_k, _, flags, least, mode, ..] = *header else { return None };
        let double = |at: usize| Some(f64::from_le_bytes(*header.get(at..)?.first_chunk()?));
        let num_apart = u32::from_le_bytes(*header.last_chunk()?) as usize;
        let num_registers = 1usize << shape.lg_k;
        let values = match (shape.target, mode) {
            _ if of_lg_k != shape.lg_k => return None,
            (HllType::Hll4, HLL_4) if flags & COMPACT != 0 && stored.len() == num_registers / 2 + num_apart * 4 => {
                let (nibbles, apart) = stored.split_at(num_registers / 2);
                unpacked(nibbles, least, apart)?
            }
            (HllType::Hll8, HLL_8) if stored.len() == num_registers && num_apart == 0 => stored.to_vec(),
            _ => return None,
        };
        // Others could not be written as they were read.
        (values.iter().fold(0, |most, value| most.max(*value)) < MAX_VALUE).then_some(())?;
        let by_order = double(8)?;
        let by_order = (flags & OUT_OF_ORDER == 0).then_some(by_order);
        Some(Registers { values, estimate: Estimate { by_order, sums: [double(16)?, double(24)?] } })
    }

    /// Takes a coupon, as its bits.
    pub fn add(&mut self, coupon: u32) {
        let at = coupon as usize & (self.values.len() - 1);
        let (old, new) = (self.values[at], (coupon >> SLOT_BITS) as u8);
        if new > old {
            self.values[at] = new;
            self.estimate.rise(self.values.len() as f64, old, new);
        }
    }

    /// Adds all that another one of as many registers has seen.
    pub fn merge(&mut self, other: &Registers) {
        assert_eq!(self.values.len(), other.values.len(), "as many registers");
        self.values.iter_mut().zip(&other.values).for_each(|(value, other)| *value = (*value).max(*other));
        let mut nums = [[0u32; 256]; 4];
        for values in self.values.chunks(4) {
            values.iter().zip(&mut nums).for_each(|(value, nums)| nums[usize::from(*value)] += 1);
        }
        let mut sums = [0.0; 2];
        for value in 0..=u8::MAX {
            let num: u32 = nums.iter().map(|nums| nums[usize::from(value)]).sum();
            sums[usize::from(value >= SMALL)] += f64::from(num) * part(value);
        }
        self.estimate = Estimate { by_order: None, sums };
    }

    /// How many values there were, where their order tells.
    pub fn by_order(&self) -> Option<f64> {
        self.estimate.by_order
    }

    /// Appends the bytes of a sketch of the shape's target, which holds half a byte or a byte for each register.
    pub fn write(&self, target: HllType, out: &mut Vec<u8>) {
        match target {
            HllType::Hll4 => self.write_nibbles(out),
            HllType::Hll6 | HllType::Hll8 => self.write_bytes(out),
        }
    }

    fn write_bytes(&self, out: &mut Vec<u8>) {
        let num_zero = self.values.iter().filter(|value| **value == 0).count();
        self.write_header([0, 0, HLL_8], num_zero, 0, out);
        out.extend_from_slice(&self.values);
    }

    fn write_nibbles(&self, out: &mut Vec<u8>) {
        let least = self.values.iter().fold(u8::MAX, |least, value| least.min(*value));
        let num_least = self.values.iter().filter(|value| **value == least).count();
        let apart = (0u32..).zip(&self.values).filter(|(_, value)| **value - least >= APART);
        let apart: Vec<u32> = apart.map(|(at, value)| u32::from(*value) << SLOT_BITS | at).collect();
        let start = out.len();
        self.write_header([COMPACT, least, HLL_4], num_least, apart.len(), out);
        out.extend(self.values.as_chunks::<2>().0.iter().map(|[low, high]| {
            let (low, high) = ((low - least).min(APART), (high - least).min(APART));
            low | high << 4
        }));
        apart.iter().for_each(|coupon| out.extend_from_slice(&coupon.to_le_bytes()));
        // Entries of their own come in the order of a table.
        if apart.len() > 1
            && let Ok(sketch) = HllSketch::deserialize(&out[start..])
        {
            out.truncate(start);
            out.extend_from_slice(&sketch.serialize());
        }
    }

    fn write_header(&self, [flags, least, mode]: [u8; 3], num_least: usize, num_apart: usize, out: &mut Vec<u8>) {
        let order = if self.estimate.by_order.is_some() { 0 } else { OUT_OF_ORDER };
        let lg_k = self.values.len().trailing_zeros() as u8;
        out.extend_from_slice(&[10, 1, 7, lg_k, 0, flags | order, least, mode]);
        let [small, large] = self.estimate.sums;
        for double in [self.estimate.by_order.unwrap_or_default(), small, large] {
            out.extend_from_slice(&double.to_le_bytes());
        }
        for num in [num_least, num_apart] {
            out.extend_from_slice(&(num as u32).to_le_bytes());
        }
    }

    /// The same as a sketch of the library.
    pub fn sketch(&self, target: HllType) -> Result<HllSketch, datasketches::error::Error> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.values.len());
        self.write(target, &mut bytes);
        HllSketch::deserialize(&bytes)
    }
}

/// Modes of stored sketches that hold registers.
const HLL_4: u8 = 2;
const HLL_8: u8 = 2 | 2 << 2;

/// Registers from half bytes, counted from the least, and entries for those that do not fit.
fn unpacked(nibbles: &[u8], least: u8, apart: &[u8]) -> Option<Vec<u8>> {
    let mut values = Vec::with_capacity(nibbles.len() * 2);
    let mut num_apart = 0;
    for byte in nibbles {
        let (low, high) = (byte & APART, byte >> 4);
        num_apart += usize::from(low == APART) + usize::from(high == APART);
        values.extend([low.wrapping_add(least), high.wrapping_add(least)]);
    }
    for coupon in apart.as_chunks::<4>().0 {
        let coupon = u32::from_le_bytes(*coupon);
        let at = coupon as usize & (values.len() - 1);
        (values[at] == APART.wrapping_add(least)).then_some(())?;
        values[at] = (coupon >> SLOT_BITS) as u8;
    }
    (least < 64 && apart.len() == num_apart * 4).then_some(values)
}

/// The coupons of a stored sketch that holds coupons.
pub(super) fn coupons_of(bytes: &[u8]) -> Option<impl Iterator<Item = u32>> {
    let before = match bytes.get(7)? & 3 {
        0 => 8,
        1 => 12,
        _ => return None,
    };
    Some(bytes.get(before..)?.as_chunks::<4>().0.iter().map(|coupon| u32::from_le_bytes(*coupon)))
}

#[cfg(test)]
mod tests {
    use datasketches::hll::{Coupon, HllUnion};

    use super::super::{coupon_bits, long_coupon};
    use super::*;

    fn coupons(seed: i64, num: i64) -> impl Iterator<Item = Coupon> {
        (0..num).map(move |at| long_coupon(at * 7_919 + seed))
    }

    fn fed(shape: HllShape, seed: i64, num: i64) -> HllSketch {
        let mut sketch = HllSketch::new(shape.lg_k, shape.target).unwrap();
        coupons(seed, num).for_each(|coupon| sketch.update_with_coupon(coupon));
        sketch
    }

    fn written(registers: &Registers, shape: HllShape) -> Vec<u8> {
        let mut bytes = Vec::new();
        registers.write(shape.target, &mut bytes);
        bytes
    }

    #[test]
    fn registers_are_the_sketch() {
        for target in [HllType::Hll4, HllType::Hll8] {
            for (lg_k, num) in [(4, 9), (4, 300_000), (8, 5_000), (12, 400), (12, 30_000), (12, 900_000), (14, 40_000)]
            {
                let shape = HllShape { lg_k, target };
                let mut sketch = fed(shape, 1, num);
                let bytes = sketch.serialize();
                let mut registers = Registers::read(&bytes, shape).unwrap();
                assert_eq!(registers.by_order(), Some(sketch.estimate()));
                assert!(written(&registers, shape) == bytes);
                for coupon in coupons(-5, 3_000) {
                    sketch.update_with_coupon(coupon);
                    registers.add(coupon_bits(coupon));
                }
                assert!(written(&registers, shape) == sketch.serialize(), "{shape:?} {num}");
                let other = fed(shape, 1 << 40, num + 5_000);
                let mut union = HllUnion::new(lg_k).unwrap();
                [&sketch, &other].into_iter().for_each(|sketch| union.update(sketch));
                registers.merge(&Registers::read(&other.serialize(), shape).unwrap());
                let both = union.to_sketch(target);
                assert!(written(&registers, shape) == both.serialize(), "{shape:?} {num}");
                assert_eq!(registers.sketch(target).unwrap().estimate(), both.estimate());
            }
        }
    }

    #[test]
    fn what_is_stored_otherwise_is_left_to_the_library() {
        let shape = HllShape { lg_k: 12, target: HllType::Hll4 };
        let few = fed(shape, 1, 300).serialize();
        let bytes = fed(shape, 1, 9_000).serialize();
        assert_eq!(coupons_of(&few).map(Iterator::count), Some(300));
        assert!(Registers::read(&few, shape).is_none() && coupons_of(&bytes).is_none());
        assert!(Registers::read(&bytes, HllShape { lg_k: 11, ..shape }).is_none());
        assert!(Registers::read(&bytes, HllShape { target: HllType::Hll8, ..shape }).is_none());
        assert!(Registers::read(&bytes[..bytes.len() - 1], shape).is_none() && Registers::read(&[], shape).is_none());
        let shape = HllShape { lg_k: 6, target: HllType::Hll8 };
        let mut bytes = fed(shape, 1, 9_000).serialize();
        assert!(Registers::read(&bytes, shape).is_some());
        bytes[HEADER_BYTES] = MAX_VALUE;
        assert!(Registers::read(&bytes, shape).is_none());
    }
}

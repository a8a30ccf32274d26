//! Sketches past their coupons, a byte for each register: what most groups of many rows become.

use datasketches::hll::{HllSketch, HllType};

use super::HllShape;
use super::coupons::{HASHED_TOGETHER, LISTED, SLOT_BITS, coupons_of, list_above};
use super::narrow::{tells_all, widened};

/// Bytes before the registers of a stored sketch.
const HEADER_BYTES: usize = 40;
/// Registers of a sketch of the usual size: that there are so many is then known when its places are looked at.
const USUAL_REGISTERS: usize = 1 << 12;
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
#[derive(Clone, Debug)]
pub(super) struct Registers {
    pub values: Vec<u8>,
    pub estimate: Estimate,
    low: Low,
}

/// What no register is below, so that most coupons need no look at theirs.
#[derive(Clone, Copy, Debug, Default)]
struct Low {
    value: u8,
    /// Registers that have no more, at most; none as long as nobody asked.
    num: usize,
}

impl Registers {
    pub fn new(values: Vec<u8>, estimate: Estimate) -> Registers {
        Registers { values, estimate, low: Low::default() }
    }

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
            (HllType::Hll6, HLL_6) if stored.len() == num_registers * 3 / 4 + 1 && num_apart == 0 => of_sixes(stored),
            (HllType::Hll8, HLL_8) if stored.len() == num_registers && num_apart == 0 => stored.to_vec(),
            _ => return None,
        };
        // Others could not be written as they were read.
        (values.iter().fold(0, |most, value| most.max(*value)) < MAX_VALUE).then_some(())?;
        let by_order = double(8)?;
        let by_order = (flags & OUT_OF_ORDER == 0).then_some(by_order);
        Some(Registers::new(values, Estimate { by_order, sums: [double(16)?, double(24)?] }))
    }

    /// Takes a coupon, as its bits.
    pub fn add(&mut self, coupon: u32) {
        let at = coupon as usize & (self.values.len() - 1);
        let (old, new) = (self.values[at], (coupon >> SLOT_BITS) as u8);
        if new > old {
            self.values[at] = new;
            self.estimate.rise(self.values.len() as f64, old, new);
            self.low.num = self.low.num.saturating_sub(usize::from(old == self.low.value));
        }
    }

    /// Takes many coupons, as their bits.
    pub fn add_all(&mut self, coupons: impl Iterator<Item = u32>) {
        let mut together = [0; HASHED_TOGETHER];
        let mut coupons = coupons.fuse();
        loop {
            let mut num = 0;
            for (room, coupon) in together.iter_mut().zip(&mut coupons) {
                *room = coupon;
                num += 1;
            }
            if num == 0 {
                return;
            }
            self.add_together(&together[..num]);
        }
    }

    /// Takes numbers that are hashed by eight bytes.
    pub fn add_words<T: Copy>(&mut self, values: &[T], word: impl Fn(T) -> u64) {
        let mut together = [0; HASHED_TOGETHER];
        for values in values.chunks(HASHED_TOGETHER) {
            let coupons = &mut together[..values.len()];
            coupons_of(values, &word, coupons);
            self.add_together(coupons);
        }
    }

    /// Takes the coupons of codes: `narrow` ones, if there are any, tell most of them and stay in a nearer cache.
    pub fn add_coded(&mut self, codes: &[u32], narrow: &[u16], coupons: &[u32]) {
        let mut together = [0; HASHED_TOGETHER];
        for codes in codes.chunks(HASHED_TOGETHER) {
            let together = &mut together[..codes.len()];
            let mut greatest = u16::MAX;
            if !narrow.is_empty() {
                greatest = 0;
                for (room, code) in together.iter_mut().zip(codes) {
                    let coupon = narrow[*code as usize];
                    *room = widened(coupon);
                    greatest = greatest.max(coupon);
                }
            }
            if !tells_all(greatest) {
                together.iter_mut().zip(codes).for_each(|(room, code)| *room = coupons[*code as usize]);
            }
            self.add_together(together);
        }
    }

    /// Takes up to [`HASHED_TOGETHER`] coupons.
    fn add_together(&mut self, coupons: &[u32]) {
        let mut listed = [0; LISTED];
        let num_above = list_above(coupons, self.least(), &mut listed);
        // There is no foreseeing which ones raise their registers, so that no branch tries to.
        let num_rising = match <&[u8; USUAL_REGISTERS]>::try_from(self.values.as_slice()) {
            Ok(values) => keep_rising(&mut listed[..num_above], |slot| values[slot & (USUAL_REGISTERS - 1)]),
            Err(_) => keep_rising(&mut listed[..num_above], |slot| self.values[slot & (self.values.len() - 1)]),
        };
        listed[..num_rising].iter().for_each(|coupon| self.add(*coupon));
    }

    /// What no register is below.
    fn least(&mut self) -> u8 {
        if self.low.num == 0 {
            let least = self.values.iter().fold(u8::MAX, |least, value| least.min(*value));
            let num = self.values.iter().map(|value| usize::from(*value == least)).sum();
            self.low = Low { value: least, num };
        }
        self.low.value
    }

    /// Adds all that another one of as many registers has seen.
    pub fn merge(&mut self, other: &Registers) {
        assert_eq!(self.values.len(), other.values.len(), "as many registers");
        self.values.iter_mut().zip(&other.values).for_each(|(value, other)| *value = (*value).max(*other));
        self.low = Low::default();
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

    /// How many values there were: by the order in which registers rose, or by the registers alone.
    pub fn estimate(&self) -> f64 {
        self.estimate.by_order.unwrap_or_else(|| self.sketch(HllType::Hll8).estimate())
    }

    /// Appends the bytes of a sketch of the shape's target, which holds four, six or eight bits for each register.
    pub fn write(&self, target: HllType, out: &mut Vec<u8>) {
        match target {
            HllType::Hll4 => self.write_nibbles(out),
            HllType::Hll6 => self.write_sixes(out),
            HllType::Hll8 => self.write_bytes(out),
        }
    }

    fn num_zero(&self) -> usize {
        self.values.iter().map(|value| usize::from(*value == 0)).sum()
    }

    fn write_bytes(&self, out: &mut Vec<u8>) {
        self.write_header([0, 0, HLL_8], self.num_zero(), 0, out);
        out.extend_from_slice(&self.values);
    }

    fn write_sixes(&self, out: &mut Vec<u8>) {
        self.write_header([0, 0, HLL_6], self.num_zero(), 0, out);
        for values in self.values.as_chunks::<4>().0 {
            let bits = values.iter().rev().fold(0, |bits, value| bits << 6 | u32::from(*value));
            out.extend_from_slice(&bits.to_le_bytes()[..3]);
        }
        out.push(0);
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
    pub fn sketch(&self, target: HllType) -> HllSketch {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.values.len());
        self.write(target, &mut bytes);
        HllSketch::deserialize(&bytes).expect("written as it is read")
    }
}

/// Leaves of coupons those above their registers; how many there are.
#[inline(always)]
fn keep_rising(coupons: &mut [u32], register: impl Fn(usize) -> u8) -> usize {
    let mut num = 0;
    for at in 0..coupons.len() {
        let coupon = coupons[at];
        coupons[num] = coupon;
        num += usize::from((coupon >> SLOT_BITS) as u8 > register(coupon as usize));
    }
    num
}

/// Modes of stored sketches that hold registers.
const HLL_4: u8 = 2;
const HLL_6: u8 = 2 | 1 << 2;
const HLL_8: u8 = 2 | 2 << 2;

/// Registers of six bits each, and a byte more.
fn of_sixes(stored: &[u8]) -> Vec<u8> {
    let four = |[low, middle, high]: &[u8; 3]| {
        let bits = u32::from_le_bytes([*low, *middle, *high, 0]);
        [0, 6, 12, 18].map(|shift| (bits >> shift) as u8 & 63)
    };
    stored.as_chunks::<3>().0.iter().flat_map(four).collect()
}

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
pub(super) fn stored_coupons(bytes: &[u8]) -> Option<impl Iterator<Item = u32>> {
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

    use super::super::{Hll, coupon_bits, is_narrow, long_coupon, narrow_coupon};
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
        for target in [HllType::Hll4, HllType::Hll6, HllType::Hll8] {
            for (lg_k, num) in [(4, 9), (4, 300_000), (8, 5_000), (12, 400), (12, 30_000), (12, 900_000), (14, 40_000)]
            {
                let shape = HllShape { lg_k, target };
                let mut sketch = fed(shape, 1, num);
                let bytes = sketch.serialize();
                let mut registers = Registers::read(&bytes, shape).unwrap();
                assert_eq!(registers.estimate(), sketch.estimate());
                assert!(written(&registers, shape) == bytes);
                for coupon in coupons(-5, 3_000) {
                    sketch.update_with_coupon(coupon);
                    registers.add(coupon_bits(coupon));
                }
                let longs: Vec<i64> = (0..3_000).map(|at| at * 31 - 77).collect();
                longs.iter().for_each(|long| sketch.update_with_coupon(long_coupon(*long)));
                registers.add_words(&longs, |long| long as u64);
                let more: Vec<Coupon> = coupons(91, 3_000).collect();
                more.iter().for_each(|coupon| sketch.update_with_coupon(*coupon));
                registers.add_all(more.iter().map(|coupon| coupon_bits(*coupon)));
                assert!(written(&registers, shape) == sketch.serialize(), "{shape:?} {num}");
                let other = fed(shape, 1 << 40, num + 5_000);
                let mut union = HllUnion::new(lg_k).unwrap();
                [&sketch, &other].into_iter().for_each(|sketch| union.update(sketch));
                registers.merge(&Registers::read(&other.serialize(), shape).unwrap());
                let both = union.to_sketch(target);
                assert!(written(&registers, shape) == both.serialize(), "{shape:?} {num}");
                assert_eq!(registers.estimate(), both.estimate());
                assert_eq!(registers.sketch(target).estimate(), both.estimate());
            }
        }
    }

    #[test]
    fn many_at_a_time_make_the_sketch_of_one_by_one() {
        for lg_k in [4, 7, 8, 12, 16] {
            for target in [HllType::Hll4, HllType::Hll6, HllType::Hll8] {
                let shape = HllShape { lg_k, target };
                let (mut hashed, mut numbers, mut one_by_one) =
                    (Hll::new(shape).unwrap(), Hll::new(shape).unwrap(), Hll::new(shape).unwrap());
                for start in [0, 3, 400, 9_000, 50_000] {
                    let longs: Vec<i64> = (start..start + 20_000).collect();
                    let coupons: Vec<Coupon> = longs.iter().map(|long| long_coupon(*long)).collect();
                    hashed.add_all(&coupons).unwrap();
                    numbers.add_words(&longs, |long| long as u64).unwrap();
                    coupons.iter().for_each(|coupon| one_by_one.add(*coupon).unwrap());
                    let bytes = |hll: &Hll| {
                        let mut bytes = Vec::new();
                        hll.encode(&mut bytes);
                        bytes
                    };
                    assert!(bytes(&hashed) == bytes(&one_by_one), "{shape:?} from {start}");
                    assert!(bytes(&numbers) == bytes(&one_by_one), "numbers, {shape:?} from {start}");
                }
            }
        }
    }

    #[test]
    fn coupons_by_codes_are_those_of_the_numbers() {
        for lg_k in [4, 12, 14] {
            let shape = HllShape { lg_k, target: HllType::Hll4 };
            let numbers: Vec<i64> = (0..90_000).collect();
            let coupons: Vec<u32> = numbers.iter().map(|number| coupon_bits(long_coupon(*number))).collect();
            let narrow: Vec<u16> = coupons.iter().map(|coupon| narrow_coupon(*coupon)).collect();
            let narrow = if is_narrow(lg_k) { narrow.as_slice() } else { &[] };
            assert!(narrow.is_empty() || !narrow.iter().all(|coupon| tells_all(*coupon)));
            let (mut coded, mut counted) = (Hll::new(shape).unwrap(), Hll::new(shape).unwrap());
            assert!(!coded.add_coded(&[7], narrow, &coupons), "few values");
            for codes in (0..90_000).collect::<Vec<u32>>().chunks(9_001) {
                let longs: Vec<i64> = codes.iter().map(|code| numbers[*code as usize]).collect();
                counted.add_words(&longs, |long| long as u64).unwrap();
                if !coded.add_coded(codes, narrow, &coupons) {
                    coded.add_words(&longs, |long| long as u64).unwrap();
                }
            }
            let bytes = |hll: &Hll| {
                let mut bytes = Vec::new();
                hll.encode(&mut bytes);
                bytes
            };
            assert!(bytes(&coded) == bytes(&counted), "{lg_k}");
        }
    }

    #[test]
    fn what_is_stored_otherwise_is_left_to_the_library() {
        let shape = HllShape { lg_k: 12, target: HllType::Hll4 };
        let few = fed(shape, 1, 300).serialize();
        let bytes = fed(shape, 1, 9_000).serialize();
        assert_eq!(stored_coupons(&few).map(Iterator::count), Some(300));
        assert!(Registers::read(&few, shape).is_none() && stored_coupons(&bytes).is_none());
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

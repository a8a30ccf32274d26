//! Registers of the sketches of many groups side by side: a coupon costs a look at one byte.

use super::coupons::SLOT_BITS;
use super::narrow::{MANY, NARROW_SLOT_BITS};
use super::registers::{Estimate, Registers};
use super::{Content, Hll};
use crate::error::Result;

/// A group whose sketch holds its own coupons.
const NONE: u32 = u32::MAX;
/// Registers of all groups; others keep theirs.
const MAX_REGISTERS: usize = 1 << 30;

/// Sketches that hold registers, by group, until they are given back.
#[derive(Default)]
pub struct HllPool {
    /// Where each group's registers begin, or [`NONE`].
    places: Vec<u32>,
    /// How many coupons a group's sketch is given before it is asked whether it holds registers.
    due: Vec<u32>,
    groups: Vec<u32>,
    lg_k: u8,
    registers: Vec<u8>,
    estimates: Vec<Estimate>,
    /// Registers that may rise, to what, and by which code. Scratch.
    raising: Vec<(u32, u32, u32)>,
    /// Narrow coupons of rows. Scratch.
    looked_at: Vec<u16>,
}

fn raise(registers: &mut [u8], estimates: &mut [Estimate], lg_k: u8, at: usize, new: u8) {
    let old = registers[at];
    if new > old {
        registers[at] = new;
        estimates[at >> lg_k].rise((1u64 << lg_k) as f64, old, new);
    }
}

impl HllPool {
    /// There are so many groups.
    pub fn grow(&mut self, num_groups: usize) {
        if num_groups > self.places.len() {
            self.places.resize(num_groups, NONE);
            self.due.resize(num_groups, 0);
        }
    }

    /// Takes coupons, as their bits, each of a group. Appends which of them are to be given to the group's sketch. A
    /// coupon of zero is none.
    pub fn take(&mut self, groups: &[u32], coupons: &[u32], others: &mut Vec<u32>) {
        let HllPool { places, registers, estimates, raising, lg_k, .. } = self;
        let (places, registers, lg_k) = (places.as_slice(), registers.as_mut_slice(), *lg_k);
        let mask = (1usize << lg_k) - 1;
        raising.resize(groups.len(), (0, 0, 0));
        let mut num_raising = 0;
        for (row, (group, &coupon)) in (0u32..).zip(groups.iter().zip(coupons)) {
            let place = places[*group as usize];
            if place == NONE {
                if coupon != 0 {
                    others.push(row);
                }
                continue;
            }
            let at = place as usize | coupon as usize & mask;
            raising[num_raising] = (at as u32, coupon >> SLOT_BITS, 0);
            num_raising += usize::from((coupon >> SLOT_BITS) as u8 > registers[at]);
        }
        for &(at, new, _) in &raising[..num_raising] {
            raise(registers, estimates, lg_k, at as usize, new as u8);
        }
    }

    /// As `take`, of coupons by their codes: `narrow` is looked at first, since it stays in a nearer cache.
    pub fn take_coded(
        &mut self,
        groups: &[u32],
        codes: &[u32],
        (narrow, coupons): (&[u16], &[u32]),
        others: &mut Vec<u32>,
    ) {
        let HllPool { places, registers, estimates, raising, looked_at, lg_k, .. } = self;
        let (registers, lg_k, mask) = (registers.as_mut_slice(), *lg_k, (1u32 << *lg_k) - 1);
        looked_at.clear();
        looked_at.extend(codes.iter().map(|code| narrow[*code as usize]));
        raising.resize(groups.len(), (0, 0, 0));
        let mut num_raising = 0;
        for (((row, group), key), code) in (0u32..).zip(groups).zip(looked_at.iter()).zip(codes) {
            let place = places[*group as usize];
            if place == NONE {
                others.push(row);
                continue;
            }
            let at = place | u32::from(*key) & mask;
            let value = (key >> NARROW_SLOT_BITS) as u8;
            raising[num_raising] = (at, u32::from(value), *code);
            num_raising += usize::from(value > registers[at as usize].min(MANY - 1));
        }
        for &(at, value, code) in &raising[..num_raising] {
            let new = if value as u8 == MANY { coupons[code as usize] >> SLOT_BITS } else { value };
            raise(registers, estimates, lg_k, at as usize, new as u8);
        }
    }

    /// A sketch was given so many coupons. Takes its registers if it has some.
    pub fn adopt(&mut self, group: usize, num_coupons: usize, sketch: &mut Hll) {
        // A set of coupons holds fewer.
        let least = (3u32 << sketch.shape.lg_k) >> 5;
        let given = self.due[group].saturating_add(u32::try_from(num_coupons).unwrap_or(u32::MAX));
        self.due[group] = given;
        if given < least || self.registers.len() >= MAX_REGISTERS {
            return;
        }
        self.due[group] = least - least / 4;
        sketch.hold_registers();
        let Content::Registers(registers) = &sketch.content else { return };
        let Ok(empty) = Hll::new(sketch.shape) else { return };
        self.lg_k = sketch.shape.lg_k;
        self.places[group] = self.registers.len() as u32;
        self.groups.push(group as u32);
        self.registers.extend_from_slice(&registers.values);
        self.estimates.push(registers.estimate);
        sketch.content = empty.content;
    }

    /// Gives back the registers of every group, for its sketch to [take](Taken::into).
    pub fn give_back(&mut self, mut give: impl FnMut(usize, Taken) -> Result<()>) -> Result<()> {
        let pool = std::mem::take(self);
        let registers = pool.registers.chunks(1 << pool.lg_k);
        for ((&group, values), &estimate) in pool.groups.iter().zip(registers).zip(&pool.estimates) {
            give(group as usize, Taken(Registers::new(values.to_vec(), estimate)))?;
        }
        Ok(())
    }

    pub fn memory_bytes(&self) -> usize {
        self.registers.capacity() + (self.places.capacity() + self.due.capacity()) * size_of::<u32>()
    }
}

/// Registers that were a sketch's.
pub struct Taken(Registers);

impl Taken {
    /// Brings them into the sketch that they were taken from.
    pub fn into(self, sketch: &mut Hll) -> Result<()> {
        sketch.take_back(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{HllShape, HllType, is_narrow, long_coupon, narrow_coupon};
    use super::*;

    /// Three groups, of which two have registers.
    fn pool(lg_k: u8) -> HllPool {
        let shape = HllShape::new(lg_k, HllType::Hll4).unwrap();
        let mut pool = HllPool::default();
        pool.grow(3);
        for group in [0, 2] {
            let mut sketch = Hll::new(shape).unwrap();
            (0..10_000).for_each(|long| sketch.add(long_coupon(long * 3 + group as i64)).unwrap());
            pool.adopt(group, 10_000, &mut sketch);
        }
        pool
    }

    #[test]
    fn a_first_look_at_narrow_coupons_changes_nothing() {
        for lg_k in [4, 11, 12] {
            let (mut one, mut other) = (pool(lg_k), pool(lg_k));
            assert!(is_narrow(lg_k) && one.groups == [0, 2]);
            // Values about the greatest that a narrow coupon tells apart.
            let coupon =
                |code: u32| ((code * 7 + code / 911) % 30 + 1) << SLOT_BITS | code.wrapping_mul(0x9e37_79b1) >> 6;
            let coupons: Vec<u32> = (0..5_000).map(coupon).collect();
            let narrow: Vec<u16> = coupons.iter().map(|coupon| narrow_coupon(*coupon)).collect();
            for start in (0..5_000).step_by(500) {
                let codes: Vec<u32> = (start..start + 500).map(|row| row * 13 % 5_000).collect();
                let groups: Vec<u32> = (start..start + 500).map(|row| row % 3).collect();
                let given: Vec<u32> = codes.iter().map(|code| coupons[*code as usize]).collect();
                let (mut left, mut left_too) = (Vec::new(), Vec::new());
                one.take(&groups, &given, &mut left);
                other.take_coded(&groups, &codes, (&narrow, &coupons), &mut left_too);
                assert_eq!(left, left_too);
            }
            assert!(one.registers == other.registers && one.estimates == other.estimates);
            assert!(one.registers.iter().any(|register| *register > MANY));
        }
        assert!(!is_narrow(13));
    }
}

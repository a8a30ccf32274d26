//! Registers of the sketches of many groups side by side: a coupon costs a look at one byte.

use super::registers::{Estimate, Registers};
use super::sieve::SLOT_BITS;
use super::{Content, Hll, HllType};
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
    /// Registers that may rise, and to what. Scratch.
    raising: Vec<(u32, u8)>,
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
        raising.resize(groups.len(), (0, 0));
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
            raising[num_raising] = (at as u32, (coupon >> SLOT_BITS) as u8);
            num_raising += usize::from((coupon >> SLOT_BITS) as u8 > registers[at]);
        }
        for &(at, new) in &raising[..num_raising] {
            let register = &mut registers[at as usize];
            let old = *register;
            if new > old {
                *register = new;
                estimates[at as usize >> lg_k].rise((mask + 1) as f64, old, new);
            }
        }
    }

    /// A sketch was given so many coupons. Takes its registers if it has some.
    pub fn adopt(&mut self, group: usize, num_coupons: usize, sketch: &mut Hll) {
        let Content::Fed(fed) = &sketch.content else { return };
        // A set of coupons holds fewer.
        let least = (3u32 << sketch.shape.lg_k) >> 5;
        let given = self.due[group].saturating_add(u32::try_from(num_coupons).unwrap_or(u32::MAX));
        self.due[group] = given;
        if given < least || sketch.shape.target == HllType::Hll6 || self.registers.len() >= MAX_REGISTERS {
            return;
        }
        self.due[group] = least - least / 4;
        let Some(registers) = Registers::read(&fed.serialize(), sketch.shape) else { return };
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
            give(group as usize, Taken(Registers { values: values.to_vec(), estimate }))?;
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

//! Coupons of few registers in half of their bits.

use super::coupons::SLOT_BITS;

/// Bits of a narrow coupon that name a register; those above are its value, or [`MANY`].
pub(super) const NARROW_SLOT_BITS: u32 = 12;
/// A value of a narrow coupon that may be more.
pub(super) const MANY: u8 = 15;

/// A coupon in half of the bits, for a first look: of few registers.
pub fn narrow_coupon(coupon: u32) -> u16 {
    let value = (coupon >> SLOT_BITS).min(MANY.into()) as u16;
    value << NARROW_SLOT_BITS | coupon as u16 & ((1 << NARROW_SLOT_BITS) - 1)
}

/// Whether sketches of `2^lg_k` registers can be fed by narrow coupons.
pub fn is_narrow(lg_k: u8) -> bool {
    u32::from(lg_k) <= NARROW_SLOT_BITS
}

/// The coupon that a narrow one stands for, if it [tells all](tells_all).
#[inline(always)]
pub(super) fn widened(narrow: u16) -> u32 {
    let narrow = u32::from(narrow);
    narrow >> NARROW_SLOT_BITS << SLOT_BITS | narrow & ((1 << NARROW_SLOT_BITS) - 1)
}

/// Whether the value of a narrow coupon is the whole one.
#[inline(always)]
pub(super) fn tells_all(narrow: u16) -> bool {
    narrow >> NARROW_SLOT_BITS < MANY.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_coupons_are_the_whole_ones_unless_their_values_are_great() {
        for value in 1..=62u32 {
            for slot in [0, 1, 77, 4_095, 4_096, (1 << SLOT_BITS) - 1] {
                let narrow = narrow_coupon(value << SLOT_BITS | slot);
                assert_eq!(tells_all(narrow), value < MANY.into(), "{value}");
                let whole = value.min(MANY.into()) << SLOT_BITS | slot & 4_095;
                assert_eq!(widened(narrow), whole);
            }
        }
        assert!(is_narrow(12) && !is_narrow(13));
    }
}

//! Doubles as integers that sort the same way, so that one range test serves every number.

/// A long that orders doubles as Java does: -0.0 before 0.0, NaN last and equal to itself.
#[inline(always)]
pub(crate) fn key(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    let ordered = bits ^ (((bits >> 63) as u64) >> 1) as i64;
    if value.is_nan() { NAN_KEY } else { ordered }
}

/// Of NaN: above infinity.
const NAN_KEY: i64 = 0x7ff8_0000_0000_0000;

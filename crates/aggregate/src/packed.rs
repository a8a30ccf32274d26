//! Numbers held as narrow integers: whole numbers by their distance to a base, and decimals that were scaled to
//! whole numbers.

use std::mem::MaybeUninit;

use arrow_buffer::NullBuffer;

use crate::input::{Codes, Rows};

mod extremes;
mod sums;

pub(crate) use extremes::extreme_stored;
pub(crate) use sums::sum_stored;

/// Most digits behind the point that a decimal is scaled by.
pub const MAX_DIGITS: u8 = 9;
/// Whole numbers up to this, at either side of zero, stay apart as doubles when they are divided.
const MAX_SCALED: i64 = 1 << 50;
/// Added to a small number it leaves no bits behind the point, and the whole number in the lowest bits.
const WHOLE: f64 = 1.5 * (1u64 << 52) as f64;

/// What stored integers stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// The long `base + stored`; wraps.
    Long { base: i64 },
    /// The double next to `(base + stored) / 10^digits`.
    Double { base: i64, digits: u8 },
}

/// One column of one vector, as stored.
#[derive(Clone, Copy, Debug)]
pub struct Packed<'a> {
    pub stored: Codes<'a>,
    pub nulls: Option<&'a NullBuffer>,
    pub scale: Scale,
    /// The largest integer stored in the column.
    pub max: u32,
}

/// A whole number over ten to some power, in doubles.
#[derive(Clone, Copy, Debug)]
struct Quotient {
    divisor: f64,
    inverse: f64,
}

impl Quotient {
    fn new(digits: u8) -> Self {
        let divisor = 10f64.powi(i32::from(digits));
        Self { divisor, inverse: 1.0 / divisor }
    }

    /// The quotient by a product and two corrections: what division gives, in a fraction of its time. That it does
    /// was checked of every number when it was packed.
    #[inline(always)]
    fn fused(self, whole: f64) -> f64 {
        let guess = whole * self.inverse;
        let rest = (-guess).mul_add(self.divisor, whole);
        rest.mul_add(self.inverse, guess)
    }
}

impl Scale {
    /// Whether this may stand in a file: its numbers ascend with what is stored, up to `max`.
    pub fn is_sound(self, max: u32) -> bool {
        let within = |base: i64| (-MAX_SCALED..=MAX_SCALED).contains(&base);
        match self {
            Scale::Long { base } => base.checked_add(max.into()).is_some(),
            Scale::Double { base, digits } => {
                digits <= MAX_DIGITS && within(base) && within(base.saturating_add(max.into()))
            }
        }
    }

    /// The whole number that a double is when scaled, where every way of unpacking gives back its bits.
    pub fn whole(value: f64, digits: u8) -> Option<i64> {
        let quotient = Quotient::new(digits);
        let whole = (value * quotient.divisor).round() as i64;
        let near = (-MAX_SCALED..=MAX_SCALED).contains(&whole);
        let same = |unpacked: f64| unpacked.to_bits() == value.to_bits();
        (near && same(whole as f64 / quotient.divisor) && same(quotient.fused(whole as f64))).then_some(whole)
    }

    /// As [`Scale::whole`], of many doubles at once. False, with anything in `out`, unless all are such numbers.
    pub fn wholes(values: &[f64], digits: u8, out: &mut Vec<i64>) -> bool {
        out.resize(values.len(), 0);
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma") {
            // SAFETY: the processor has both.
            return unsafe { wholes_fused(values, Quotient::new(digits), out) };
        }
        values.iter().zip(out).all(|(value, out)| Self::whole(*value, digits).map(|whole| *out = whole).is_some())
    }

    /// How far an integer lies above the one that stands for the same number by another scale. `None` where numbers of
    /// the two are not held alike, or lie too far apart.
    pub(crate) fn above(self, other: Scale) -> Option<i64> {
        let (base, other) = match (self, other) {
            (Scale::Long { base }, Scale::Long { base: other }) => (base, other),
            (Scale::Double { base, digits }, Scale::Double { base: other, digits: same }) if digits == same => {
                (base, other)
            }
            _ => return None,
        };
        base.checked_sub(other).filter(|above| above.unsigned_abs() <= u32::MAX.into())
    }

    /// A stored number as a long; of decimals what is before the point.
    #[inline]
    pub fn long(self, stored: u32) -> i64 {
        match self {
            Scale::Long { base } => base.wrapping_add(stored.into()),
            Scale::Double { .. } => self.double(stored) as i64,
        }
    }

    /// A stored number as a double.
    #[inline]
    pub fn double(self, stored: u32) -> f64 {
        match self {
            Scale::Long { .. } => self.long(stored) as f64,
            Scale::Double { base, digits } => (base + i64::from(stored)) as f64 / Quotient::new(digits).divisor,
        }
    }

    /// Appends stored numbers as longs.
    pub fn unpack_longs(self, stored: Codes<'_>, out: &mut Vec<i64>) {
        match self {
            Scale::Long { base } => each(stored, out, |stored| base.wrapping_add(stored.into())),
            Scale::Double { .. } => each(stored, out, |stored| self.long(stored)),
        }
    }

    /// Appends stored numbers as doubles.
    pub fn unpack_doubles(self, stored: Codes<'_>, out: &mut Vec<f64>) {
        match self {
            Scale::Long { .. } => each(stored, out, |stored| self.double(stored)),
            Scale::Double { base, digits } => {
                let (quotient, base) = (Quotient::new(digits), base as f64);
                match stored {
                    Codes::U8(stored) => divide(stored, base, quotient, out),
                    Codes::U16(stored) => divide(stored, base, quotient, out),
                    Codes::U32(stored) => divide(stored, base, quotient, out),
                }
            }
        }
    }

    /// The sum of the numbers that count, all in one; `None` if there are none. Decimals are added as whole numbers,
    /// so that their sum is rounded once.
    pub fn sum_double(self, stored: Codes<'_>, rows: Rows<'_>) -> Option<f64> {
        let (sum, count) = sum_stored(stored, rows);
        let (base, divisor) = match self {
            Scale::Long { base } => (base, 1.0),
            Scale::Double { base, digits } => (base, Quotient::new(digits).divisor),
        };
        (count > 0).then(|| (i128::from(base) * i128::from(count) + i128::from(sum)) as f64 / divisor)
    }

    /// The sum of the longs that count, which wraps; `None` if there are none, and of decimals.
    pub fn sum_long(self, stored: Codes<'_>, rows: Rows<'_>) -> Option<Option<i64>> {
        let Scale::Long { base } = self else { return None };
        let (sum, count) = sum_stored(stored, rows);
        Some((count > 0).then(|| base.wrapping_mul(count as i64).wrapping_add(sum as i64)))
    }
}

fn each<T>(stored: Codes<'_>, out: &mut Vec<T>, unpack: impl Fn(u32) -> T) {
    match stored {
        Codes::U8(stored) => out.extend(stored.iter().map(|&stored| unpack(stored.into()))),
        Codes::U16(stored) => out.extend(stored.iter().map(|&stored| unpack(stored.into()))),
        Codes::U32(stored) => out.extend(stored.iter().map(|&stored| unpack(stored))),
    }
}

/// Appends numbers. Base and stored numbers are whole and small, so that their sum is exact.
fn divide<C: Copy + Into<f64>>(stored: &[C], base: f64, quotient: Quotient, out: &mut Vec<f64>) {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma") {
        let is_wide = std::is_x86_feature_detected!("avx512f") && std::is_x86_feature_detected!("avx512vl");
        out.reserve(stored.len());
        let room = &mut out.spare_capacity_mut()[..stored.len()];
        // SAFETY: the processor has these features, and all of the room is written.
        unsafe {
            match is_wide {
                true => divide_wide(stored, base, quotient, room),
                false => divide_middle(stored, base, quotient, room),
            }
            out.set_len(out.len() + stored.len());
        }
        return;
    }
    out.extend(stored.iter().map(|&stored| (base + stored.into()) / quotient.divisor));
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,fma")]
fn divide_wide<C: Copy + Into<f64>>(stored: &[C], base: f64, quotient: Quotient, out: &mut [MaybeUninit<f64>]) {
    divide_fused(stored, base, quotient, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn divide_middle<C: Copy + Into<f64>>(stored: &[C], base: f64, quotient: Quotient, out: &mut [MaybeUninit<f64>]) {
    divide_fused(stored, base, quotient, out);
}

/// As `divide`, for processors that multiply and add at once.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn divide_fused<C: Copy + Into<f64>>(stored: &[C], base: f64, quotient: Quotient, out: &mut [MaybeUninit<f64>]) {
    // A plain loop: functions with a feature of their own take in no closures.
    let num = stored.len().min(out.len());
    let (stored, out) = (&stored[..num], &mut out[..num]);
    let mut at = 0;
    while at < num {
        out[at].write(quotient.fused(base + stored[at].into()));
        at += 1;
    }
}

/// Whole numbers of doubles, in lanes; whether all are such.
///
/// # Safety
/// The machine must have AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn wholes_fused(values: &[f64], quotient: Quotient, out: &mut [i64]) -> bool {
    const CHECKED: usize = 256;
    let num = values.len().min(out.len());
    let (mut at, mut end) = (0, 0);
    while end < num {
        end = num.min(end + CHECKED);
        let mut wrong = 0u64;
        while at < end {
            let value = values[at];
            let shifted = value * quotient.divisor + WHOLE;
            let whole = shifted - WHOLE;
            let differs = (whole / quotient.divisor).to_bits() ^ value.to_bits();
            wrong |= differs | (quotient.fused(whole).to_bits() ^ value.to_bits());
            wrong |= u64::from(whole.abs() > MAX_SCALED as f64) | u64::from(whole.is_nan());
            out[at] = (shifted.to_bits() as i64).wrapping_sub(WHOLE.to_bits() as i64);
            at += 1;
        }
        if wrong != 0 {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests;

//! The decimal digits that Java writes of a double or a float, up to Java 18: not always the fewest that read back,
//! and beyond 2^53 whole numbers keep digits that their neighbours share.

use std::f64::consts::{LOG2_10, LOG10_2};

/// Digits and the place of the point: `0.d1d2d3.. * 10^point`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digits {
    bytes: [u8; MAX_DIGITS],
    len: usize,
    pub point: i32,
}

const MAX_DIGITS: usize = 26;
/// Bits of a double's fraction, and the bit above them.
const FRACTION_BITS: i32 = 52;
const HIDDEN_BIT: u64 = 1 << FRACTION_BITS;
/// Powers of five of which Java knows the number of bits.
const KNOWN_POWERS: i32 = 27;

impl Digits {
    /// Of a finite number above zero.
    pub fn of_double(value: f64) -> Digits {
        let bits = value.to_bits();
        let (exponent, fraction) = ((bits >> FRACTION_BITS) as i32 & 0x7ff, bits & (HIDDEN_BIT - 1));
        if exponent == 0 {
            let shift = fraction.leading_zeros() as i32 - (63 - FRACTION_BITS);
            return develop(1 - shift - 1023, fraction << shift, FRACTION_BITS + 1 - shift);
        }
        develop(exponent - 1023, fraction | HIDDEN_BIT, FRACTION_BITS + 1)
    }

    /// Of a finite number above zero.
    pub fn of_float(value: f32) -> Digits {
        const FLOAT_BITS: i32 = 23;
        let bits = value.to_bits();
        let (exponent, fraction) = ((bits >> FLOAT_BITS) as i32 & 0xff, bits & ((1 << FLOAT_BITS) - 1));
        let wide = |fraction: u32| u64::from(fraction) << (FRACTION_BITS - FLOAT_BITS);
        if exponent == 0 {
            let shift = fraction.leading_zeros() as i32 - (31 - FLOAT_BITS);
            return develop(1 - shift - 127, wide(fraction << shift), FLOAT_BITS + 1 - shift);
        }
        develop(exponent - 127, wide(fraction | 1 << FLOAT_BITS), FLOAT_BITS + 1)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn push(&mut self, digit: u8) {
        if self.len < MAX_DIGITS {
            self.bytes[self.len] = b'0' + digit;
            self.len += 1;
        }
    }

    /// The last digit one up; nines carry.
    fn round_up(&mut self) {
        for at in (0..self.len).rev() {
            if self.bytes[at] < b'9' {
                self.bytes[at] += 1;
                return;
            }
            self.bytes[at] = b'0';
        }
        if self.len > 0 {
            self.bytes[0] = b'1';
            self.point += 1;
        }
    }
}

/// `fraction` has its highest bit at 52 and stands for `fraction / 2^52 * 2^exponent`; so many of its bits count.
fn develop(exponent: i32, fraction: u64, significant: i32) -> Digits {
    let zeros = fraction.trailing_zeros() as i32;
    let num_bits = FRACTION_BITS + 1 - zeros;
    let below_point = (num_bits - exponent - 1).max(0);
    if below_point == 0 && (0..=62).contains(&exponent) {
        return whole(exponent, fraction, significant);
    }
    Scaled::new(exponent, fraction >> zeros, num_bits, below_point, significant).digits()
}

/// A whole number below 2^63. Digits below half of what the last bit is worth are rounded away.
fn whole(exponent: i32, fraction: u64, significant: i32) -> Digits {
    let beyond = exponent - significant - 1;
    let insignificant = if exponent > significant && beyond > 1 { (f64::from(beyond) * LOG10_2) as u32 } else { 0 };
    let mut value = match exponent >= FRACTION_BITS {
        true => fraction << (exponent - FRACTION_BITS),
        false => fraction >> (FRACTION_BITS - exponent),
    };
    let mut point = 0;
    if insignificant > 0 {
        let unit = 10u64.pow(insignificant);
        let rest = value % unit;
        value = value / unit + u64::from(rest >= unit / 2);
        point = insignificant as i32;
    }
    let mut digits = Digits { bytes: [0; MAX_DIGITS], len: 0, point: 0 };
    while value.is_multiple_of(10) {
        value /= 10;
        point += 1;
    }
    let text = value.to_string();
    text.bytes().for_each(|digit| digits.push(digit - b'0'));
    digits.point = point + text.len() as i32;
    digits
}

/// The number as `numerator / denominator * 10^exponent10` with a half of its last bit's worth as `margin`, all as
/// powers of two and five.
struct Scaled {
    fraction: u64,
    num_bits: i32,
    exponent10: i32,
    numerator: (i32, i32),
    denominator: (i32, i32),
    margin: (i32, i32),
}

impl Scaled {
    fn new(exponent: i32, fraction: u64, num_bits: i32, below_point: i32, significant: i32) -> Scaled {
        let exponent10 = estimate(fraction << (FRACTION_BITS + 1 - num_bits), exponent);
        let fives = (-exponent10).max(0);
        let mut numerator = (fives + below_point + exponent, fives);
        let tens = exponent10.max(0);
        let mut denominator = (tens + below_point, tens);
        let mut margin = (numerator.0 - significant, fives);
        numerator.0 -= num_bits - 1;
        let common = numerator.0.min(denominator.0);
        numerator.0 -= common;
        denominator.0 -= common;
        margin.0 -= common;
        // The neighbour below a power of two is half as far away.
        if num_bits == 1 {
            margin.0 -= 1;
        }
        if margin.0 < 0 {
            numerator.0 -= margin.0;
            denominator.0 -= margin.0;
            margin.0 = 0;
        }
        Scaled { fraction, num_bits, exponent10, numerator, denominator, margin }
    }

    fn digits(self) -> Digits {
        let bits_of_five = |power: i32| match power {
            0 => 0,
            power if power < KNOWN_POWERS => (f64::from(power) * (LOG2_10 - 1.0)) as i32 + 1,
            power => power * 3,
        };
        let numerator_bits = self.num_bits + self.numerator.0 + bits_of_five(self.numerator.1);
        let denominator_bits = self.denominator.0 + 1 + bits_of_five(self.denominator.1 + 1);
        if numerator_bits < 64 && denominator_bits < 64 { self.short() } else { self.long() }
    }

    /// Whether Java asks for a digit behind the point before it looks whether one is needed.
    fn wants_two(exponent10: i32) -> bool {
        !(-3..8).contains(&exponent10)
    }

    /// In words of 64 bits.
    fn short(mut self) -> Digits {
        let power = |(twos, fives): (i32, i32)| 5i64.wrapping_pow(fives as u32).wrapping_shl(twos as u32);
        let denominator = power(self.denominator);
        let mut numerator = (self.fraction as i64).wrapping_mul(5i64.wrapping_pow(self.numerator.1 as u32));
        numerator = numerator.wrapping_shl(self.numerator.0 as u32);
        let mut margin = power(self.margin);
        let tens = denominator.wrapping_mul(10);
        let mut digits = Digits { bytes: [0; MAX_DIGITS], len: 0, point: 0 };
        let mut is_first = true;
        let (mut low, mut high);
        loop {
            let digit = numerator / denominator;
            numerator = 10 * (numerator % denominator);
            margin = margin.wrapping_mul(10);
            (low, high) = match is_first || margin > 0 {
                true => (numerator < margin, numerator.wrapping_add(margin) > tens),
                false => (true, true),
            };
            if is_first && digit == 0 && !high {
                self.exponent10 -= 1;
            } else {
                digits.push(digit as u8);
            }
            if is_first && Scaled::wants_two(self.exponent10) {
                (low, high) = (false, false);
            }
            is_first = false;
            if low || high {
                break;
            }
        }
        let tie = numerator.wrapping_shl(1).wrapping_sub(tens).signum();
        self.finish(digits, low, high, tie)
    }

    /// In numbers of any length.
    fn long(mut self) -> Digits {
        let denominator = Big::power(1, self.denominator);
        let mut numerator = Big::power(self.fraction, self.numerator);
        let mut margin = Big::power(1, self.margin);
        let mut tens = denominator.clone();
        tens.multiply(10);
        let mut digits = Digits { bytes: [0; MAX_DIGITS], len: 0, point: 0 };
        let mut is_first = true;
        let (mut low, mut high);
        loop {
            let mut digit = 0;
            while numerator.compare(&denominator).is_ge() {
                numerator.subtract(&denominator);
                digit += 1;
            }
            numerator.multiply(10);
            margin.multiply(10);
            low = numerator.compare(&margin).is_lt();
            high = numerator.plus(&margin).compare(&tens).is_ge();
            if is_first && digit == 0 && !high {
                self.exponent10 -= 1;
            } else {
                digits.push(digit);
            }
            if is_first && Scaled::wants_two(self.exponent10) {
                (low, high) = (false, false);
            }
            is_first = false;
            if low || high {
                break;
            }
        }
        numerator.multiply(2);
        let tie = numerator.compare(&tens) as i64;
        self.finish(digits, low, high, tie)
    }

    fn finish(&self, mut digits: Digits, low: bool, high: bool, tie: i64) -> Digits {
        digits.point = self.exponent10 + 1;
        let is_odd = digits.as_bytes().last().is_some_and(|digit| digit % 2 == 1);
        if high && (!low || tie > 0 || (tie == 0 && is_odd)) {
            digits.round_up();
        }
        digits
    }
}

/// The power of ten of the first digit, perhaps one too many.
fn estimate(fraction: u64, exponent: i32) -> i32 {
    let mantissa = f64::from_bits(1023 << FRACTION_BITS | fraction & (HIDDEN_BIT - 1));
    let logarithm = (mantissa - 1.5) * 0.289_529_654 + 0.176_091_259 + f64::from(exponent) * LOG10_2;
    logarithm.floor() as i32
}

/// A natural number, its lowest word first.
#[derive(Clone, Debug)]
struct Big(Vec<u32>);

impl Big {
    /// `value * 2^twos * 5^fives`.
    fn power(value: u64, (twos, fives): (i32, i32)) -> Big {
        let mut big = Big(vec![value as u32, (value >> 32) as u32]);
        (0..fives).for_each(|_| big.multiply(5));
        let (words, bits) = (twos as usize / 32, twos as u32 % 32);
        big.multiply(1 << bits);
        big.0.splice(0..0, std::iter::repeat_n(0, words));
        big.trim();
        big
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    fn multiply(&mut self, by: u32) {
        let mut carry = 0;
        for word in &mut self.0 {
            let product = u64::from(*word) * u64::from(by) + carry;
            *word = product as u32;
            carry = product >> 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn compare(&self, other: &Big) -> std::cmp::Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    /// `other` must not be greater.
    fn subtract(&mut self, other: &Big) {
        let mut borrow = 0;
        for at in 0..self.0.len() {
            let difference = i64::from(self.0[at]) - i64::from(other.0.get(at).copied().unwrap_or(0)) - borrow;
            borrow = i64::from(difference < 0);
            self.0[at] = difference as u32;
        }
        self.trim();
    }

    fn plus(&self, other: &Big) -> Big {
        let (longer, shorter) = if self.0.len() >= other.0.len() { (self, other) } else { (other, self) };
        let mut carry = 0;
        let mut words = Vec::with_capacity(longer.0.len() + 1);
        for (at, word) in longer.0.iter().enumerate() {
            let sum = u64::from(*word) + u64::from(shorter.0.get(at).copied().unwrap_or(0)) + carry;
            words.push(sum as u32);
            carry = sum >> 32;
        }
        if carry > 0 {
            words.push(carry as u32);
        }
        Big(words)
    }
}

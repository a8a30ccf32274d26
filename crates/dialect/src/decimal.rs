//! Decimal numbers of any length, read and compared without rounding and without allocation.

use std::cmp::Ordering;

/// A decimal number as written: optional sign, digits with at most one point, optional exponent.
/// The text is what Java's `BigDecimal` accepts. Borrowed from the text it was read from.
#[derive(Clone, Copy, Debug)]
pub struct Decimal<'a> {
    negative: bool,
    /// Digits before and after the point, leading zeros of the whole number removed.
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

impl<'a> Decimal<'a> {
    /// Reads the whole text; `None` when it is not a decimal number.
    pub fn parse(text: &'a str) -> Option<Decimal<'a>> {
        let bytes = text.as_bytes();
        let (negative, bytes) = match bytes.first()? {
            b'-' => (true, &bytes[1..]),
            b'+' => (false, &bytes[1..]),
            _ => (false, bytes),
        };
        let mantissa_end = bytes.iter().position(|b| matches!(b, b'e' | b'E'));
        let (mantissa, exponent) = match mantissa_end {
            Some(at) => (&bytes[..at], parse_exponent(&bytes[at + 1..])?),
            None => (bytes, 0),
        };
        let (whole, fraction) = match mantissa.iter().position(|b| *b == b'.') {
            Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
            None => (mantissa, &mantissa[..0]),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        if !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
            return None;
        }
        Some(Decimal { negative, whole: trim_start(whole), fraction: trim_end(fraction), exponent })
    }

    pub fn is_zero(&self) -> bool {
        self.digits().all(|d| d == b'0')
    }

    /// The exact integer value; `None` when there is a fraction or it does not fit.
    pub fn to_i64(&self) -> Option<i64> {
        if self.is_zero() {
            return Some(0);
        }
        let magnitude = self.magnitude();
        if !(1..=19).contains(&magnitude) {
            return None;
        }
        let mut value: i128 = 0;
        let mut taken = 0;
        for digit in self.significant() {
            if taken < magnitude {
                value = value * 10 + i128::from(digit - b'0');
            } else if digit != b'0' {
                return None;
            }
            taken += 1;
        }
        for _ in taken..magnitude {
            value *= 10;
        }
        i64::try_from(if self.negative { -value } else { value }).ok()
    }

    /// Compares by value: `1.0` equals `1`.
    pub fn compare(&self, other: &Decimal<'_>) -> Ordering {
        match self.signum().cmp(&other.signum()) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
        let ordering = match self.signum() {
            0 => Ordering::Equal,
            _ => self.compare_magnitude(other),
        };
        if self.negative { ordering.reverse() } else { ordering }
    }

    fn compare_magnitude(&self, other: &Decimal<'_>) -> Ordering {
        match self.magnitude().cmp(&other.magnitude()) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
        let (mut left, mut right) = (self.significant(), other.significant());
        loop {
            match (left.next(), right.next()) {
                (None, None) => return Ordering::Equal,
                (l, r) => match l.unwrap_or(b'0').cmp(&r.unwrap_or(b'0')) {
                    Ordering::Equal => {}
                    unequal => return unequal,
                },
            }
        }
    }

    fn signum(&self) -> i8 {
        match (self.is_zero(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    fn digits(&self) -> impl Iterator<Item = u8> + '_ {
        self.whole.iter().chain(self.fraction).copied()
    }

    fn significant(&self) -> impl Iterator<Item = u8> + '_ {
        self.digits().skip_while(|d| *d == b'0')
    }

    /// Number of digits before the point once the exponent is applied (may be negative).
    fn magnitude(&self) -> i64 {
        let digits = if self.whole.is_empty() {
            let zeros = self.fraction.iter().take_while(|d| **d == b'0').count();
            -i64::try_from(zeros).unwrap_or(i64::MAX)
        } else {
            i64::try_from(self.whole.len()).unwrap_or(i64::MAX)
        };
        digits.saturating_add(self.exponent)
    }
}

fn parse_exponent(bytes: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.parse::<i32>().ok().map(i64::from)
}

fn trim_start(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|d| **d == b'0').count();
    &digits[zeros..]
}

fn trim_end(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().rev().take_while(|d| **d == b'0').count();
    &digits[..digits.len() - zeros]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(a: &str, b: &str) -> Ordering {
        Decimal::parse(a).unwrap().compare(&Decimal::parse(b).unwrap())
    }

    #[test]
    fn exact_integers() {
        let int = |text| Decimal::parse(text).and_then(|d| d.to_i64());
        assert_eq!(int("1.0"), Some(1));
        assert_eq!(int("1.5"), None);
        assert_eq!(int("-0.0"), Some(0));
        assert_eq!(int("12e2"), Some(1200));
        assert_eq!(int("1200e-2"), Some(12));
        assert_eq!(int("125e-2"), None);
        assert_eq!(int("0.001e3"), Some(1));
        assert_eq!(int("9223372036854775807"), Some(i64::MAX));
        assert_eq!(int("9223372036854775808"), None);
        assert_eq!(int("-9223372036854775808.000"), Some(i64::MIN));
        assert_eq!(int("1e2147483647"), None);
        assert_eq!(int("0e2147483647"), Some(0));
        for bad in ["", "+", ".", "e1", "1e", "1e99999999999", "0x1", " 1", "1_0", "NaN", "--1"] {
            assert_eq!(int(bad), None, "{bad}");
        }
    }

    #[test]
    fn compares_without_rounding() {
        assert_eq!(order("1.0", "1"), Ordering::Equal);
        assert_eq!(order("100e-2", ".1e1"), Ordering::Equal);
        assert_eq!(order("-0", "0.00"), Ordering::Equal);
        assert_eq!(order("-2", "1"), Ordering::Less);
        assert_eq!(order("-2", "-10"), Ordering::Greater);
        assert_eq!(order("0.009", "0.01"), Ordering::Less);
        assert_eq!(order("9007199254740993", "9007199254740992.5"), Ordering::Greater, "equal as doubles");
    }
}

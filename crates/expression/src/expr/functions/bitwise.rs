//! Operations on the bits of longs.

use super::shared::{double_or_null, long_or_null};
use super::{DOUBLE, FunctionKind, LONG, rows};
use crate::Result;
use crate::expr::node::Function;
use crate::expr::scalar::Scalar;

pub(super) const KINDS: &[FunctionKind] = &[
    FunctionKind::new("bitwiseand", 2..=2, |_| two(|a, b| a & b)),
    FunctionKind::new("bitwiseor", 2..=2, |_| two(|a, b| a | b)),
    FunctionKind::new("bitwisexor", 2..=2, |_| two(|a, b| a ^ b)),
    FunctionKind::new("bitwiseshiftleft", 2..=2, |_| two(|a, b| a.wrapping_shl(b as u32))),
    FunctionKind::new("bitwiseshiftright", 2..=2, |_| two(|a, b| a.wrapping_shr(b as u32))),
    FunctionKind::new("bitwisecomplement", 1..=1, |_| {
        rows(LONG, |args| Ok(long_or_null(number(&args[0]).map(|a| !a))))
    }),
    FunctionKind::new("bitwiseconvertdoubletolongbits", 1..=1, |_| {
        rows(LONG, |args| {
            Ok(match &args[0] {
                Scalar::Long(_) | Scalar::Double(_) => {
                    long_or_null(args[0].as_double().map(|value| value.to_bits() as i64))
                }
                _ => Scalar::Null,
            })
        })
    }),
    FunctionKind::new("bitwiseconvertlongbitstodouble", 1..=1, |_| {
        rows(DOUBLE, |args| Ok(double_or_null(number(&args[0]).map(|bits| f64::from_bits(bits as u64)))))
    }),
];

/// Text is no number here.
fn number(value: &Scalar<'_>) -> Option<i64> {
    match value {
        Scalar::Long(_) | Scalar::Double(_) => value.as_long(),
        Scalar::Null | Scalar::Text(_) | Scalar::Array(_) | Scalar::Json(_) => None,
    }
}

/// Of two operands one may be text that reads as a number.
fn two(op: impl Fn(i64, i64) -> i64 + Send + Sync + 'static) -> Result<Box<dyn Function>> {
    rows(LONG, move |args| {
        if matches!(args, [Scalar::Text(_), Scalar::Text(_)]) {
            return Ok(Scalar::Null);
        }
        Ok(long_or_null(args[0].as_long().zip(args[1].as_long()).map(|(a, b)| op(a, b))))
    })
}

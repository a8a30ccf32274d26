//! Sizes and counts for people.

use super::shared::long;
use super::{Call, FunctionKind, TEXT, rows};
use crate::expr::node::Function;
use crate::expr::scalar::Scalar;
use crate::java_format::fixed;
use crate::{Error, Result};

pub(super) const KINDS: &[FunctionKind] = &[
    FunctionKind::new("human_readable_binary_byte_format", 1..=2, |call| format(call, &BINARY)),
    FunctionKind::new("human_readable_decimal_byte_format", 1..=2, |call| format(call, &DECIMAL_BYTES)),
    FunctionKind::new("human_readable_decimal_format", 1..=2, |call| format(call, &DECIMAL)),
];

struct System {
    base: f64,
    /// After the number when it is below the base.
    plain: &'static str,
    /// After the letter of the magnitude.
    unit: &'static str,
}

static BINARY: System = System { base: 1024.0, plain: " B", unit: "iB" };
static DECIMAL_BYTES: System = System { base: 1000.0, plain: " B", unit: "B" };
static DECIMAL: System = System { base: 1000.0, plain: "", unit: "" };

fn format(call: Call<'_>, system: &'static System) -> Result<Box<dyn Function>> {
    let name = call.name;
    rows(TEXT, move |args| {
        match &args[0] {
            Scalar::Null => return Ok(Scalar::Null),
            Scalar::Long(_) | Scalar::Double(_) => {}
            Scalar::Text(_) | Scalar::Array(_) | Scalar::Json(_) => {
                return Err(Error::evaluation(name, "the first argument must be a number"));
            }
        }
        let places = match args.get(1) {
            None => 2,
            Some(Scalar::Long(places @ 0..=3)) => *places as usize,
            Some(_) => return Err(Error::evaluation(name, "the precision must be 0 to 3")),
        };
        Ok(long(args, 0).map_or(Scalar::Null, |value| Scalar::text(system.show(value, places))))
    })
}

impl System {
    fn show(&self, value: i64, places: usize) -> String {
        let mut size = value.unsigned_abs() as f64;
        if size < self.base {
            return format!("{value}{}", self.plain);
        }
        let sign = if value < 0 { "-" } else { "" };
        let mut letter = ' ';
        for next in "KMGTPE".chars() {
            if size < self.base {
                break;
            }
            size /= self.base;
            letter = next;
        }
        format!("{sign}{} {letter}{}", fixed(size, places), self.unit)
    }
}

//! Values as JSON text.

use dialect::print;

use super::{Call, FunctionKind, TEXT, rows};
use crate::expr::node::Function;
use crate::expr::scalar::Scalar;
use crate::{Error, Result};

pub(super) const KINDS: &[FunctionKind] = &[FunctionKind::new("to_json_string", 1..=1, to_json_string)];

/// Null stays null.
fn to_json_string(call: Call<'_>) -> Result<Box<dyn Function>> {
    let name = call.name;
    rows(TEXT, move |args| {
        let mut out = Vec::new();
        match &args[0] {
            Scalar::Null => return Ok(Scalar::Null),
            Scalar::Long(value) => print::long(&mut out, *value),
            Scalar::Double(value) => print::json_double(&mut out, *value),
            Scalar::Text(text) => print::json_string(&mut out, text),
            Scalar::Array(_) => return Err(Error::evaluation(name, "arrays are not supported")),
        }
        Ok(Scalar::text(String::from_utf8_lossy(&out).into_owned()))
    })
}

//! Bloom filters.

use aggregate::sketches::bloom::{double_hash, long_hash, null_hash, text_hash};

use super::{Call, FunctionKind, Output, rows};
use crate::Result;
use crate::expr::node::Function;
use crate::expr::scalar::{ExprType, Scalar};
use crate::filter::decode_bloom;

pub(super) const KINDS: &[FunctionKind] = &[FunctionKind::new("bloom_filter_test", 2..=2, test)];

/// Whether a value passes a filter in base64.
fn test(call: Call<'_>) -> Result<Box<dyn Function>> {
    let text = call.literal_text(1, "filter")?.ok_or_else(|| call.error("the filter must not be null"))?;
    let filter = decode_bloom(&text).map_err(|error| call.error(format!("the filter {error}")))?;
    rows(Output::Is(ExprType::LONG), move |args| {
        let hash = match &args[0] {
            Scalar::Null | Scalar::Array(_) => null_hash(),
            Scalar::Long(value) => long_hash(*value),
            Scalar::Double(value) => double_hash(*value),
            Scalar::Text(text) | Scalar::Json(text) => text_hash(text),
        };
        Ok(Scalar::from_bool(filter.contains(hash)))
    })
}

#[cfg(test)]
mod tests {
    use aggregate::sketches::bloom::{Bloom, long_hash, text_hash};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use crate::Expr;

    #[test]
    fn what_was_added_passes() {
        let mut filter = Bloom::new(100);
        [text_hash("a"), long_hash(7)].into_iter().for_each(|hash| filter.add(hash));
        let mut bytes = Vec::new();
        filter.encode(&mut bytes);
        let filter = STANDARD.encode(bytes);
        let passes = |value: &str| {
            let expr = Expr::parse(&format!("bloom_filter_test({value}, '{filter}')")).unwrap();
            expr.constant().and_then(|value| value.as_long())
        };
        assert_eq!((passes("'a'"), passes("7"), passes("'7'"), passes("null")), (Some(1), Some(1), Some(0), Some(0)));
        assert!(Expr::parse("bloom_filter_test(x, 'AA==')").is_err());
    }
}

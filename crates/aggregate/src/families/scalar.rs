//! Numbers as bytes, columns and JSON, for aggregators over any number type.

use std::fmt::Debug;

use arrow_array::{Float32Array, Float64Array, Int64Array};
use serde_json::Value;

use crate::feed::Number;
use crate::input::{ColumnType, Lane};
use crate::spec::Finalized;

/// A number type as aggregators store and show it.
pub(crate) trait Scalar: Number + Debug {
    const COLUMN_TYPE: ColumnType;
    const LANE: Lane;
    fn encode(self, out: &mut Vec<u8>);
    fn decode(bytes: &[u8]) -> Option<Self>;
    fn column(values: impl Iterator<Item = Option<Self>>) -> Finalized;
    fn json(self) -> Value;
}

macro_rules! scalar {
    ($number:ty, $variant:ident, $array:ty, $json:expr) => {
        impl Scalar for $number {
            const COLUMN_TYPE: ColumnType = ColumnType::$variant;
            const LANE: Lane = Lane::$variant;

            fn encode(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn decode(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(<$number>::from_le_bytes)
            }

            fn column(values: impl Iterator<Item = Option<Self>>) -> Finalized {
                Finalized::$variant(values.collect::<$array>())
            }

            fn json(self) -> Value {
                let json: fn($number) -> Value = $json;
                json(self)
            }
        }
    };
}

scalar!(i64, Long, Int64Array, Value::from);
scalar!(f64, Double, Float64Array, |value| number(value, || dialect::print::double_text(value)));
scalar!(f32, Float, Float32Array, |value| {
    let text = dialect::print::float_text(value);
    number(text.parse().unwrap_or(f64::from(value)), || text.clone())
});

/// A JSON number, or a text where JSON has no number.
fn number(value: f64, text: impl Fn() -> String) -> Value {
    serde_json::Number::from_f64(value).map_or_else(|| Value::from(text()), Value::Number)
}

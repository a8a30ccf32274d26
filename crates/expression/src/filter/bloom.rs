//! `bloom`: the value passes a bloom filter, as the `bloom` aggregator makes one.

use aggregate::sketches::bloom::{Bloom, double_hash, float_hash, long_hash, null_hash, text_hash};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::leaf::Leaf;
use super::predicate::{NumberType, Numbers, Predicate};
use super::{Filter, FilterKind, Parsing};
use crate::json::Object;
use crate::{Error, Result, Truth};

pub(super) const KIND: FilterKind = FilterKind { tag: "bloom", parse };

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<Filter> {
    let filter =
        decode(&object.text("bloomKFilter")?).map_err(|error| object.error(format!("'bloomKFilter' {error}")))?;
    Leaf::parse(object, parsing, Passes(filter))
}

/// A filter in base64; fails with what is wrong.
pub(crate) fn decode(text: &str) -> Result<Bloom> {
    let bytes = STANDARD.decode(text).map_err(|error| Error::invalid(format!("is not base64: {error}")))?;
    Bloom::decode(&bytes).map_err(|error| Error::invalid(format!("is no filter: {error}")))
}

#[derive(Debug)]
struct Passes(Bloom);

impl Predicate for Passes {
    /// Of a null that was not added nothing can be said.
    fn text(&self, value: Option<&str>) -> Truth {
        match value {
            Some(text) => Truth::from(self.0.contains(text_hash(text))),
            None if self.0.contains(null_hash()) => Truth::True,
            None => Truth::Unknown,
        }
    }

    fn number(&self, number_type: NumberType, bits: i64) -> Option<Truth> {
        let hash = match number_type {
            NumberType::Long => long_hash(bits),
            NumberType::Double => double_hash(f64::from_bits(bits as u64)),
            NumberType::Float => float_hash(f32::from_bits(bits as u32)),
        };
        Some(Truth::from(self.0.contains(hash)))
    }

    fn numbers(&self, _number_type: NumberType) -> Numbers {
        Numbers::Text
    }
}

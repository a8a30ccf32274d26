//! HyperLogLog of the DataSketches family as an aggregator.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::Result;
use crate::families::hashing::gate::Gate;
use crate::families::hashing::{HashSketch, Hashing};
use crate::families::sketch_spec::{SketchKind, SketchSpec, estimate_type, estimates};
use crate::input::{ColumnType, InputSpec, NumberValues};
use crate::owned::States;
use crate::properties::Properties;
use crate::sketches::hll::{
    Coupon, Hll, HllPool, HllShape, HllType, TextEncoding, canonical, coupon_bits, double_coupon, is_narrow,
    long_coupon, narrow_coupon, text_coupon, word_coupons,
};
use crate::spec::{AggregatorSpec, Finalized};

/// Names under which stored sketches are known.
const STATE_TYPES: [&str; 3] = ["HLLSketch", "HLLSketchBuild", "HLLSketchMerge"];

#[derive(Clone, Debug)]
pub(crate) struct HllAggregator {
    shape: HllShape,
    encoding: TextEncoding,
    empty: Hll,
}

impl HashSketch for HllAggregator {
    type State = Hll;
    type Hash = Coupon;
    type Gate = HllPool;
    type Key = u32;

    const ADDS_KEYS: bool = true;

    fn key(&self, hash: Coupon) -> u32 {
        coupon_bits(hash)
    }

    fn keys(&self, numbers: NumberValues<'_>, out: &mut Vec<u32>) {
        match numbers {
            NumberValues::Longs(longs) => word_coupons(longs, |long| long as u64, out),
            NumberValues::Doubles(doubles) => word_coupons(doubles, canonical, out),
        }
    }

    fn narrow(&self, keys: &[u32]) -> Option<Vec<u16>> {
        is_narrow(self.shape.lg_k).then(|| keys.iter().map(|key| narrow_coupon(*key)).collect())
    }

    fn hash_text(&self, text: &str) -> Option<Coupon> {
        text_coupon(text, self.encoding)
    }

    #[inline]
    fn hash_long(&self, value: i64) -> Coupon {
        long_coupon(value)
    }

    #[inline]
    fn hash_double(&self, value: f64) -> Coupon {
        double_coupon(value)
    }

    fn hash_float(&self, value: f32) -> Coupon {
        double_coupon(value.into())
    }

    fn empty(&self) -> Hll {
        self.empty.clone()
    }

    fn add(&self, state: &mut Hll, hash: Coupon) -> Result<()> {
        state.add(hash)
    }

    fn add_all(&self, state: &mut Hll, hashes: &[Coupon]) -> Result<()> {
        state.add_all(hashes)
    }

    fn add_numbers(&self, state: &mut Hll, numbers: NumberValues<'_>, _buffer: &mut Vec<Coupon>) -> Result<()> {
        match numbers {
            NumberValues::Longs(longs) => state.add_words(longs, |long| long as u64),
            NumberValues::Doubles(doubles) => state.add_words(doubles, canonical),
        }
    }

    fn add_coded(&self, state: &mut Hll, codes: &[u32], (narrow, coupons): (&[u16], &[u32])) -> bool {
        state.add_coded(codes, narrow, coupons)
    }

    fn merge(&self, state: &mut Hll, other: &Hll) -> Result<()> {
        state.merge(other)
    }

    fn state_bytes(&self, state: &Hll) -> usize {
        state.memory_bytes()
    }

    fn encode(&self, state: &Hll, out: &mut Vec<u8>) -> Result<()> {
        state.encode(out);
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Hll> {
        Hll::decode(bytes, self.shape)
    }
}

impl Gate<HllAggregator> for HllPool {
    const IS_ANY: bool = true;

    fn grow(&mut self, num_groups: usize) {
        HllPool::grow(self, num_groups);
    }

    fn pass(&mut self, groups: &[u32], keys: &[u32], passed: &mut Vec<u32>) {
        self.take(groups, keys, passed);
    }

    fn pass_coded(&mut self, groups: &[u32], codes: &[u32], keys: (&[u16], &[u32]), passed: &mut Vec<u32>) {
        self.take_coded(groups, codes, keys, passed);
    }

    fn learn(&mut self, _sketch: &HllAggregator, group: usize, num_hashes: usize, state: &mut Hll) {
        self.adopt(group, num_hashes, state);
    }

    fn settle(&mut self, states: &mut States<'_, Hashing<HllAggregator>>) -> Result<()> {
        self.give_back(|group, taken| states.update(group, |state| taken.into(state)))
    }

    fn memory_bytes(&self) -> usize {
        HllPool::memory_bytes(self)
    }
}

/// `{type, name, fieldName, lgK, tgtHllType, stringEncoding, shouldFinalize, round}`.
#[derive(Clone, Debug)]
pub(crate) struct HllKind {
    tag: &'static str,
    aggregator: HllAggregator,
    should_finalize: bool,
    round: bool,
}

impl HllKind {
    fn builds(&self) -> bool {
        self.tag == BUILD
    }

    /// Reads an aggregator that is fed values, if it is called so, or stored sketches.
    pub fn parse(json: &Value, tag: &'static str) -> Result<Arc<dyn AggregatorSpec>> {
        let properties = Properties::new(json)?;
        let lg_k = properties.integer("lgK", 12, 4..=21)?;
        let shape = HllShape { lg_k: u8::try_from(lg_k).unwrap_or(12), target: target(&properties)? };
        let encoding = encoding(&properties)?;
        let kind = HllKind {
            tag,
            aggregator: HllAggregator { shape, encoding, empty: Hll::new(shape)? },
            should_finalize: properties.flag("shouldFinalize", true)?,
            round: properties.flag("round", false)?,
        };
        let inputs = vec![InputSpec::Column(properties.required_text("fieldName")?)];
        Ok(Arc::new(SketchSpec { name: properties.name().to_owned(), inputs, kind }))
    }
}

/// The name of the one that is fed values.
const BUILD: &str = "HLLSketchBuild";
const MERGE: &str = "HLLSketchMerge";

fn target(properties: &Properties<'_>) -> Result<HllType> {
    match properties.text("tgtHllType")?.as_deref() {
        None | Some("HLL_4") => Ok(HllType::Hll4),
        Some("HLL_6") => Ok(HllType::Hll6),
        Some("HLL_8") => Ok(HllType::Hll8),
        Some(other) => Err(properties.invalid("tgtHllType", format!("is {other:?}, must be HLL_4, HLL_6 or HLL_8"))),
    }
}

fn encoding(properties: &Properties<'_>) -> Result<TextEncoding> {
    let text = properties.text("stringEncoding")?.map(|text| text.to_ascii_lowercase());
    match text.as_deref() {
        None | Some("utf16le") => Ok(TextEncoding::Utf16Le),
        Some("utf8") => Ok(TextEncoding::Utf8),
        Some(other) => Err(properties.invalid("stringEncoding", format!("is {other:?}, must be utf8 or utf16le"))),
    }
}

impl SketchKind for HllKind {
    type Aggregator = Hashing<HllAggregator>;

    fn aggregator(&self) -> Self::Aggregator {
        Hashing(self.aggregator.clone())
    }

    fn tag(&self) -> &'static str {
        self.tag
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state(STATE_TYPES[0])
    }

    fn extra_json(&self) -> Value {
        let target = match self.aggregator.shape.target {
            HllType::Hll4 => "HLL_4",
            HllType::Hll6 => "HLL_6",
            HllType::Hll8 => "HLL_8",
        };
        let mut extra = json!({"lgK": self.aggregator.shape.lg_k, "tgtHllType": target});
        // These are shown as Druid shows them: only where they are not the default.
        if matches!(self.aggregator.encoding, TextEncoding::Utf8) {
            extra["stringEncoding"] = json!("utf8");
        }
        if !self.should_finalize {
            extra["shouldFinalize"] = json!(false);
        }
        if self.round {
            extra["round"] = json!(true);
        }
        extra
    }

    /// Only sketches are merged, stored or in base64, and only values are built from.
    fn reads(&self, column: &ColumnType) -> bool {
        match column {
            ColumnType::State(name) => !self.builds() && STATE_TYPES.contains(&name.as_ref()),
            ColumnType::Value(_) => false,
            ColumnType::String => true,
            ColumnType::Long | ColumnType::Double | ColumnType::Float => self.builds(),
        }
    }

    fn reads_any_value(&self) -> bool {
        self.builds()
    }

    fn merging(&self) -> Self {
        HllKind { tag: MERGE, ..self.clone() }
    }

    fn reads_encoded(&self) -> bool {
        !self.builds()
    }

    fn finalized_type(&self) -> ColumnType {
        if self.should_finalize { estimate_type(self.round) } else { self.state_type() }
    }

    fn finalize(&self, states: &[Hll]) -> Result<Option<Finalized>> {
        Ok(self.should_finalize.then(|| estimates(states.iter().map(Hll::estimate), self.round)))
    }

    fn sort_keys(&self, states: &[Hll]) -> Option<Finalized> {
        Some(estimates(states.iter().map(Hll::estimate), false))
    }
}

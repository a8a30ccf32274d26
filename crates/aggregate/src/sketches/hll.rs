//! HyperLogLog sketches of the DataSketches family, as Druid uses them.

use datasketches::common::NumStdDev;
use datasketches::hash::value::{canonical_float, raw_bytes};
use datasketches::hll::{HllSketch, HllUnion};
use dialect::utf16;

pub use datasketches::hll::{Coupon, HllType};
pub use narrow::{is_narrow, narrow_coupon};
pub use pool::HllPool;

use crate::error::{Error, Result};
use registers::{Registers, stored_coupons};

mod coupons;
mod narrow;
mod pool;
mod registers;

const WHAT: &str = "HLLSketch";

/// How texts are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextEncoding {
    Utf8,
    Utf16Le,
}

/// The coupon of a text; an empty text adds nothing.
pub fn text_coupon(text: &str, encoding: TextEncoding) -> Option<Coupon> {
    if text.is_empty() {
        return None;
    }
    Some(match encoding {
        TextEncoding::Utf8 => Coupon::from_value(raw_bytes::from_str(text)),
        TextEncoding::Utf16Le => utf16::with_bytes(text, |bytes| Coupon::from_value(raw_bytes::from_slice(bytes))),
    })
}

#[inline]
pub fn long_coupon(value: i64) -> Coupon {
    Coupon::from_value(value)
}

#[inline]
pub fn double_coupon(value: f64) -> Coupon {
    Coupon::from_value(canonical_float::from_f64(value))
}

/// A coupon as it is stored, never zero.
#[inline(always)]
pub fn coupon_bits(coupon: Coupon) -> u32 {
    coupons::bits(coupon)
}

/// Appends the coupons, as their bits, of values that are hashed by eight bytes.
pub fn word_coupons<T: Copy>(values: &[T], word: impl Fn(T) -> u64, out: &mut Vec<u32>) {
    let start = out.len();
    out.resize(start + values.len(), 0);
    coupons::coupons_of(values, word, &mut out[start..]);
}

/// The bits by which a double is hashed: equal numbers have equal ones.
#[inline]
pub fn canonical(value: f64) -> u64 {
    // Adding zero turns -0.0 into 0.0.
    if value.is_nan() { 0x7ff8_0000_0000_0000 } else { (value + 0.0).to_bits() }
}

/// Accuracy and layout of a sketch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HllShape {
    /// Binary logarithm of the number of registers, from 4 to 21.
    pub lg_k: u8,
    pub target: HllType,
}

impl HllShape {
    /// Fails on a `lg_k` outside 4 to 21.
    pub fn new(lg_k: u8, target: HllType) -> Result<HllShape> {
        HllSketch::new(4, target).map_err(internal)?;
        if !(4..=21).contains(&lg_k) {
            return Err(Error::invalid("", "lgK", format!("is {lg_k}, must be from 4 to 21")));
        }
        Ok(HllShape { lg_k, target })
    }
}

/// A set of distinct values, roughly counted: fed with values, or a union of other sketches.
#[derive(Clone, Debug)]
pub struct Hll {
    shape: HllShape,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Fed(HllSketch),
    /// As many as the shape says: what many values become.
    Registers(Registers),
    Union(Box<HllUnion>),
}

impl Hll {
    pub fn new(shape: HllShape) -> Result<Hll> {
        Ok(Hll { shape, content: Content::Fed(HllSketch::new(shape.lg_k, shape.target).map_err(internal)?) })
    }

    pub fn add(&mut self, coupon: Coupon) -> Result<()> {
        match &mut self.content {
            Content::Fed(sketch) => sketch.update_with_coupon(coupon),
            Content::Registers(registers) => registers.add(coupon_bits(coupon)),
            Content::Union(_) => return self.unite_all([coupon].into_iter()),
        }
        Ok(())
    }

    pub fn add_all(&mut self, coupons: &[Coupon]) -> Result<()> {
        let coupons = coupons.iter().copied();
        match &mut self.content {
            Content::Fed(sketch) => coupons.for_each(|coupon| sketch.update_with_coupon(coupon)),
            Content::Registers(registers) => registers.add_all(coupons.map(coupon_bits)),
            Content::Union(_) => return self.unite_all(coupons),
        }
        self.hold_registers();
        Ok(())
    }

    /// Adds numbers that are hashed by eight bytes.
    pub fn add_words<T: Copy>(&mut self, mut values: &[T], word: impl Fn(T) -> u64) -> Result<()> {
        while !values.is_empty() {
            if let Content::Registers(registers) = &mut self.content {
                registers.add_words(values, word);
                return Ok(());
            }
            let (first, others) = values.split_at(values.len().min(1 << self.shape.lg_k));
            let coupons = first.iter().map(|value| long_coupon(word(*value) as i64));
            match &mut self.content {
                Content::Fed(sketch) => coupons.for_each(|coupon| sketch.update_with_coupon(coupon)),
                Content::Registers(_) | Content::Union(_) => self.unite_all(coupons)?,
            }
            self.hold_registers();
            values = others;
        }
        Ok(())
    }

    /// Adds numbers by their codes, of which the coupons are known and, where there are any, narrow ones. False, and
    /// nothing was done, of few values or of a union.
    pub fn add_coded(&mut self, codes: &[u32], narrow: &[u16], coupons: &[u32]) -> bool {
        let Content::Registers(registers) = &mut self.content else { return false };
        registers.add_coded(codes, narrow, coupons);
        true
    }

    /// Takes the registers of a sketch that has some.
    fn hold_registers(&mut self) {
        // A set of coupons holds fewer.
        let least = f64::from((3u32 << self.shape.lg_k) >> 5);
        if let Content::Fed(sketch) = &self.content
            && sketch.estimate() >= least
            && let Some(registers) = Registers::read(&sketch.serialize(), self.shape)
        {
            self.content = Content::Registers(registers);
        }
    }

    fn unite_all(&mut self, coupons: impl Iterator<Item = Coupon>) -> Result<()> {
        let mut sketch = HllSketch::new(self.shape.lg_k, HllType::Hll8).map_err(internal)?;
        coupons.for_each(|coupon| sketch.update_with_coupon(coupon));
        if let Content::Union(union) = &mut self.content {
            union.update(&sketch);
        }
        Ok(())
    }

    /// Adds all that `other` has seen.
    pub fn merge(&mut self, other: &Hll) -> Result<()> {
        self.hold_registers();
        match (&mut self.content, &other.content) {
            (Content::Registers(mine), Content::Registers(others)) if mine.values.len() == others.values.len() => {
                mine.merge(others);
                return Ok(());
            }
            (Content::Registers(mine), Content::Fed(sketch)) => {
                let stored = sketch.serialize();
                if let Some(coupons) = stored_coupons(&stored) {
                    coupons.for_each(|coupon| mine.add(coupon));
                    return Ok(());
                }
                if let Some(others) = Registers::read(&stored, self.shape) {
                    mine.merge(&others);
                    return Ok(());
                }
            }
            (Content::Fed(sketch), Content::Registers(others)) if other.shape == self.shape => {
                if let Some(coupons) = stored_coupons(&sketch.serialize()) {
                    let mut registers = others.clone();
                    coupons.for_each(|coupon| registers.add(coupon));
                    self.content = Content::Registers(registers);
                    return Ok(());
                }
            }
            _ => {}
        }
        self.unite(other)
    }

    /// Takes registers that were its own and have seen more since.
    fn take_back(&mut self, registers: Registers) -> Result<()> {
        let met = std::mem::replace(&mut self.content, Content::Registers(registers));
        match met {
            Content::Fed(sketch) if sketch.is_empty() => Ok(()),
            content => self.merge(&Hll { shape: self.shape, content }),
        }
    }

    fn unite(&mut self, other: &Hll) -> Result<()> {
        if !matches!(self.content, Content::Union(_)) {
            let mut union = HllUnion::new(self.shape.lg_k).map_err(internal)?;
            union.update(&self.sketch());
            self.content = Content::Union(Box::new(union));
        }
        if let Content::Union(union) = &mut self.content {
            match &other.content {
                Content::Fed(sketch) => union.update(sketch),
                Content::Registers(_) => union.update(&other.sketch()),
                Content::Union(other) => union.update(&other.to_sketch(HllType::Hll8)),
            }
        }
        Ok(())
    }

    pub fn estimate(&self) -> f64 {
        match &self.content {
            Content::Fed(sketch) => sketch.estimate(),
            Content::Registers(registers) => registers.estimate(),
            Content::Union(union) => union.estimate(),
        }
    }

    /// The estimate and its bounds at 1, 2 or 3 standard deviations: estimate, lower, upper.
    pub fn bounds(&self, num_std_dev: u8) -> Result<[f64; 3]> {
        let deviations = deviations(num_std_dev)?;
        let sketch = self.sketch();
        Ok([sketch.estimate(), sketch.lower_bound(deviations), sketch.upper_bound(deviations)])
    }

    fn sketch(&self) -> HllSketch {
        match &self.content {
            Content::Fed(sketch) => sketch.clone(),
            Content::Registers(registers) => registers.sketch(self.shape.target),
            Content::Union(union) => union.to_sketch(self.shape.target),
        }
    }

    /// The bytes that all DataSketches libraries read.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match &self.content {
            Content::Fed(sketch) => out.extend_from_slice(&sketch.serialize()),
            Content::Registers(registers) => registers.write(self.shape.target, out),
            Content::Union(union) => out.extend_from_slice(&union.to_sketch(self.shape.target).serialize()),
        }
    }

    /// Reads such bytes; merges into the sketch go by `shape`.
    pub fn decode(bytes: &[u8], shape: HllShape) -> Result<Hll> {
        if let Some(registers) = Registers::read(bytes, shape) {
            return Ok(Hll { shape, content: Content::Registers(registers) });
        }
        let sketch = HllSketch::deserialize(bytes).map_err(|error| Error::corrupt(WHAT, error.to_string()))?;
        Ok(Hll { shape, content: Content::Fed(sketch) })
    }

    /// Reads such bytes, with the shape they were written in.
    pub fn decode_as_written(bytes: &[u8]) -> Result<Hll> {
        let sketch = HllSketch::deserialize(bytes).map_err(|error| Error::corrupt(WHAT, error.to_string()))?;
        let shape = HllShape { lg_k: sketch.lg_config_k(), target: sketch.target_type() };
        Ok(Hll { shape, content: Content::Fed(sketch) })
    }

    /// The union of sketches.
    pub fn union<'a>(sketches: impl IntoIterator<Item = &'a Hll>, shape: HllShape) -> Result<Hll> {
        let mut union = Hll::new(shape)?;
        sketches.into_iter().try_for_each(|sketch| union.merge(sketch))?;
        Ok(union)
    }

    /// Bytes in memory.
    pub fn memory_bytes(&self) -> usize {
        match &self.content {
            Content::Fed(sketch) => sketch.estimated_size(),
            Content::Registers(registers) => registers.values.len(),
            Content::Union(union) => union.estimated_size(),
        }
    }

    /// A description for people.
    pub fn describe(&self) -> String {
        let sketch = self.sketch();
        let [estimate, lower, upper] = self.bounds(1).unwrap_or_default();
        format!(
            "### HLL SKETCH SUMMARY:\n  Log Config K   : {}\n  Hll Target     : {:?}\n  LB             : {lower}\n  \
             Estimate       : {estimate}\n  UB             : {upper}\n  Empty          : {}\n",
            sketch.lg_config_k(),
            sketch.target_type(),
            sketch.is_empty()
        )
    }
}

/// Standard deviations from 1 to 3.
pub(super) fn deviations(number: u8) -> Result<NumStdDev> {
    match number {
        1 => Ok(NumStdDev::One),
        2 => Ok(NumStdDev::Two),
        3 => Ok(NumStdDev::Three),
        _ => Err(Error::invalid("", "numStdDev", format!("is {number}, must be 1, 2 or 3"))),
    }
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal { reason: error.to_string() }
}

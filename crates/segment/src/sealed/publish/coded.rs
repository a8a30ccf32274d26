//! Columns whose values are written once, and their codes by row.

use std::ops::Range;
use std::sync::Arc;

use aggregate::{Dictionary, Scale};
use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;
use zstd::bulk::Compressor;

use super::hybrid;
use super::levels::Levels;
use super::pages::{PAGE_VALUES, Pages};
use crate::codes::codes_of;
use crate::{Error, Result};

/// Bytes of a text up to which it is told as a bound.
const MAX_BOUND: usize = 64;
/// Bytes of the texts of one page.
const MAX_TEXT_BYTES: usize = 1 << 27;
const UNUSED: u32 = u32::MAX;

/// What codes stand for.
pub(super) enum Values {
    Texts(Arc<dyn Dictionary>),
    /// `Int64Array` or `Float64Array`, ascending.
    Numbers(ArrayRef),
    /// The codes themselves, scaled.
    Scaled(Scale),
}

/// A column of codes below `num_values`.
pub(super) struct Coded {
    pub(super) codes: ArrayRef,
    pub(super) levels: Levels,
    pub(super) values: Values,
    pub(super) num_values: usize,
}

impl Coded {
    /// The chunk of a range of rows.
    pub(super) fn chunk(
        &self,
        rows: Range<usize>,
        column: ColumnDescPtr,
        compressor: &mut Compressor<'static>,
    ) -> Result<(Bytes, ColumnCloseResult)> {
        let codes = codes_of(self.codes.as_ref()).ok_or_else(|| Error::invalid("a column without codes"))?;
        let present = self.levels.present(codes, rows.clone());
        let used = Used::of(&present, self.num_values);
        let (num_bytes, longest) = self.values.text_bytes(&used.codes);
        // Numbers that hardly repeat take less room as they are; texts are quicker to read as codes.
        let is_number = !matches!(self.values, Values::Texts(_));
        let is_plain = if is_number { used.codes.len() * 2 > present.len() } else { num_bytes > MAX_TEXT_BYTES };
        let page_values = if is_plain { (MAX_TEXT_BYTES / longest.max(1)).clamp(1, PAGE_VALUES) } else { PAGE_VALUES };
        let encoding = if is_plain { Encoding::PLAIN } else { Encoding::RLE_DICTIONARY };
        let (mut pages, mut body) = (Pages::new(compressor, encoding), Vec::new());
        if !is_plain {
            self.values.plain(&used.codes, &mut body);
            pages.dictionary(&body, used.codes.len())?;
        }
        let width = hybrid::bits_for((used.codes.len() as u32).saturating_sub(1));
        let (mut start, mut rest, mut places) = (rows.start, &present[..], Vec::new());
        while start < rows.end {
            let page = start..self.levels.page_end(start, rows.end, page_values);
            body.clear();
            let (num_levels, num_present) = self.levels.write(codes, page.clone(), &mut body);
            let some = rest.split_off(..num_present).unwrap_or_default();
            if is_plain {
                self.values.plain(some, &mut body);
            } else {
                places.clear();
                places.extend(some.iter().map(|&code| used.places[code as usize]));
                body.push(width);
                hybrid::encode(&places, width, &mut body);
            }
            pages.data(&body, num_levels, page.len())?;
            start = page.end;
        }
        let num_nulls = pages.num_values() - present.len();
        pages.finish(column, self.values.statistics(&used.codes, num_nulls as u64))
    }
}

/// The codes that occur, ascending, and the place of each among them.
struct Used {
    codes: Vec<u32>,
    places: Vec<u32>,
}

impl Used {
    fn of(present: &[u32], num_values: usize) -> Self {
        let mut places = vec![UNUSED; num_values];
        present.iter().for_each(|&code| places[code as usize] = 0);
        let mut codes = Vec::new();
        for (place, code) in places.iter_mut().zip(0u32..).filter(|(place, _)| **place != UNUSED) {
            *place = codes.len() as u32;
            codes.push(code);
        }
        Self { codes, places }
    }
}

impl Values {
    /// Appends values as pages hold them.
    fn plain(&self, codes: &[u32], out: &mut Vec<u8>) {
        match self {
            Values::Texts(dictionary) => {
                for text in codes.iter().map(|&code| dictionary.get(code).unwrap_or_default()) {
                    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
                    out.extend_from_slice(text.as_bytes());
                }
            }
            Values::Scaled(Scale::Long { .. }) => {
                codes.iter().for_each(|&code| put(self.long(code).to_le_bytes(), out))
            }
            Values::Scaled(Scale::Double { .. }) => {
                codes.iter().for_each(|&code| put(self.double(code).to_le_bytes(), out));
            }
            Values::Numbers(values) => match values.as_primitive_opt::<Int64Type>() {
                Some(longs) => codes.iter().for_each(|&code| put(longs.value(code as usize).to_le_bytes(), out)),
                None => codes.iter().for_each(|&code| put(self.double(code).to_le_bytes(), out)),
            },
        }
    }

    /// Bytes of all texts, and of the longest.
    fn text_bytes(&self, codes: &[u32]) -> (usize, usize) {
        let Values::Texts(dictionary) = self else { return (0, 0) };
        let lens = codes.iter().map(|&code| dictionary.get(code).map_or(0, str::len));
        lens.fold((0, 0), |(all, longest), len| (all + len, longest.max(len)))
    }

    fn long(&self, code: u32) -> i64 {
        match self {
            Values::Scaled(scale) => scale.long(code),
            Values::Numbers(values) => {
                values.as_primitive_opt::<Int64Type>().map_or(0, |longs| longs.value(code as usize))
            }
            Values::Texts(_) => 0,
        }
    }

    fn double(&self, code: u32) -> f64 {
        match self {
            Values::Scaled(scale) => scale.double(code),
            Values::Numbers(values) => {
                values.as_primitive_opt::<Float64Type>().map_or(0.0, |doubles| doubles.value(code as usize))
            }
            Values::Texts(_) => 0.0,
        }
    }

    fn is_long(&self) -> bool {
        match self {
            Values::Scaled(scale) => matches!(scale, Scale::Long { .. }),
            Values::Numbers(values) => values.as_primitive_opt::<Int64Type>().is_some(),
            Values::Texts(_) => false,
        }
    }

    /// The bounds of the values of these codes, which ascend.
    fn statistics(&self, codes: &[u32], num_nulls: u64) -> Option<Statistics> {
        let ends = codes.first().copied().zip(codes.last().copied());
        let nulls = Some(num_nulls);
        Some(match self {
            Values::Texts(dictionary) => {
                // Parquet orders texts by their bytes, dictionaries do so by their UTF-16 units.
                let texts = codes.iter().filter_map(|&code| dictionary.get(code)).map(str::as_bytes);
                let bound = |text: Option<&[u8]>| {
                    text.filter(|text| text.len() <= MAX_BOUND).map(|text| ByteArray::from(text.to_vec()))
                };
                Statistics::byte_array(bound(texts.clone().min()), bound(texts.max()), None, nulls, false)
            }
            _ if self.is_long() => {
                let (min, max) = ends.map(|(min, max)| (self.long(min), self.long(max))).unzip();
                Statistics::int64(min, max, None, nulls, false)
            }
            _ => {
                // A bound of zero stands for both zeros.
                let low = |min: f64| if min == 0.0 { -0.0 } else { min };
                let high = |max: f64| if max == 0.0 { 0.0 } else { max };
                let (min, max) = ends.map(|(min, max)| (low(self.double(min)), high(self.double(max)))).unzip();
                Statistics::double(min, max, None, nulls, false)
            }
        })
    }
}

fn put(bytes: [u8; 8], out: &mut Vec<u8>) {
    out.extend_from_slice(&bytes);
}

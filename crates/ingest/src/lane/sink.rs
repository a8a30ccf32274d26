//! Parsed columns into live indexes, one per time chunk.

use aggregate::{Codes, ColumnType, Dictionary, Input};
use arrow_array::{Float32Array, Float64Array, Int64Array};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use segment::{Batch, DimensionSchema, LiveIndex, MetricInput, RollupSchema, Shape};
use timeline::{Granularity, Interval};

use crate::parse::{ColumnView, Interner, NumberColumn, ParsedBatch, TextColumn};
use crate::spec::{DataSchema, Dimension, DimensionType, MultiValueHandling};

/// Which kept rows belong to which time chunk, as masks over the batch.
pub(crate) fn by_time_chunk(parsed: &ParsedBatch, granularity: &Granularity) -> Vec<(Interval, Vec<u64>)> {
    let words = parsed.keep().len();
    let mut chunks: Vec<(Interval, Vec<u64>)> = Vec::new();
    let mut at = 0;
    for (word, &bits) in parsed.keep().iter().enumerate() {
        let mut left = bits;
        while left != 0 {
            let row = word * 64 + left.trailing_zeros() as usize;
            left &= left - 1;
            let Some(&time) = parsed.time().get(row) else { continue };
            if !chunks.get(at).is_some_and(|(interval, _)| interval.contains(time)) {
                at = chunks.iter().position(|(interval, _)| interval.contains(time)).unwrap_or_else(|| {
                    chunks.push((granularity.bucket(time), vec![0; words]));
                    chunks.len() - 1
                });
            }
            if let Some(mask) = chunks.get_mut(at).and_then(|(_, mask)| mask.get_mut(word)) {
                *mask |= 1 << (row % 64);
            }
        }
    }
    chunks
}

/// What rows of a schema are folded into, with the dimensions known so far.
pub fn rollup_schema(schema: &DataSchema, dimensions: &[Dimension]) -> RollupSchema {
    RollupSchema {
        dimensions: dimensions.iter().map(dimension_schema).collect(),
        aggregators: schema.metrics.iter().map(|metric| metric.aggregator.clone()).collect(),
        filters: schema.filters(),
        rollup: schema.granularity.rollup,
        query_granularity: schema.granularity.query_granularity.clone(),
        timestamp_spec: Some(schema.timestamp.to_json()),
    }
}

pub(crate) fn dimension_schema(dimension: &Dimension) -> DimensionSchema {
    let column_type = match dimension.dimension_type {
        DimensionType::String | DimensionType::Auto => ColumnType::String,
        DimensionType::Long => ColumnType::Long,
        DimensionType::Double => ColumnType::Double,
        DimensionType::Float => ColumnType::Float,
        DimensionType::Json => ColumnType::Value(Shape::Json),
        DimensionType::Values(shape) => ColumnType::Value(shape),
    };
    DimensionSchema {
        name: dimension.name.as_str().into(),
        column_type,
        multi_value_handling: match dimension.multi_value_handling {
            MultiValueHandling::SortedArray => segment::MultiValueHandling::SortedArray,
            MultiValueHandling::SortedSet => segment::MultiValueHandling::SortedSet,
            MultiValueHandling::Array => segment::MultiValueHandling::Array,
        },
        create_bitmap_index: dimension.create_bitmap_index,
    }
}

/// Adds the rows of `mask` to `index`.
pub fn append(index: &mut LiveIndex, parsed: &ParsedBatch, mask: &[u64]) -> segment::Result<()> {
    let dimensions: Vec<Held<'_>> = (0..parsed.dimensions().len()).map(|at| Held::of(parsed.dimension(at))).collect();
    let num_metrics = index.schema().aggregators.len();
    let metrics: Vec<Vec<Held<'_>>> =
        (0..num_metrics).map(|metric| parsed.metric_inputs(metric).map(Held::of).collect()).collect();
    let inputs: Vec<Input<'_>> = dimensions.iter().map(Held::input).collect();
    let metrics: Vec<MetricInput<'_>> = metrics
        .iter()
        .enumerate()
        .map(|(metric, held)| MetricInput {
            inputs: held.iter().map(Held::input).collect(),
            mask: parsed.metric_keep(metric),
        })
        .collect();
    let batch = Batch { time: parsed.time(), dimensions: &inputs, metrics: &metrics, mask: Some(mask) };
    index.append(&batch).map(|_| ())
}

/// A column of a batch in the form that folding takes.
enum Held<'a> {
    Text(&'a TextColumn, Entries<'a>),
    Long(Int64Array),
    Double(Float64Array),
    Float(Float32Array),
    Absent,
}

impl<'a> Held<'a> {
    fn of(column: ColumnView<'a>) -> Held<'a> {
        match column {
            ColumnView::Text(column, interner) => Held::Text(column, Entries(interner)),
            ColumnView::Long(column) => Held::Long(Int64Array::new(column.values.clone().into(), nulls(column))),
            ColumnView::Double(column) => Held::Double(Float64Array::new(column.values.clone().into(), nulls(column))),
            ColumnView::Float(column) => Held::Float(Float32Array::new(column.values.clone().into(), nulls(column))),
            ColumnView::Time(times) => Held::Long(Int64Array::new(times.to_vec().into(), None)),
            ColumnView::Absent => Held::Absent,
        }
    }

    fn input(&self) -> Input<'_> {
        match self {
            Held::Text(column, entries) => match &column.offsets {
                None => Input::Text { codes: Codes::U32(&column.codes), dictionary: entries },
                Some(offsets) => Input::Texts { offsets, codes: Codes::U32(&column.codes), dictionary: entries },
            },
            Held::Long(array) => Input::Long(array),
            Held::Double(array) => Input::Double(array),
            Held::Float(array) => Input::Float(array),
            Held::Absent => Input::Absent,
        }
    }
}

fn nulls<T: Copy + Default>(column: &NumberColumn<T>) -> Option<NullBuffer> {
    let words = column.valid.as_ref()?;
    let bits = Buffer::from_vec(words.clone());
    Some(NullBuffer::new(BooleanBuffer::new(bits, 0, column.len())))
}

/// The entries of an interner as a dictionary.
struct Entries<'a>(&'a Interner);

impl Dictionary for Entries<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, code: u32) -> Option<&str> {
        self.0.get(code)
    }

    fn is_sorted(&self) -> bool {
        false
    }

    fn code_of(&self, value: Option<&str>) -> Option<u32> {
        match value {
            None => Some(crate::parse::NULL_CODE),
            Some(text) => self.0.code_of(text),
        }
    }

    fn lasting_id(&self) -> Option<u64> {
        Some(self.0.id())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aggregate::{ArenaKind, Fold, Groups, Rows};
    use arrow_array::cast::AsArray;
    use segment::{Limits, Segment};
    use serde_json::json;
    use timeline::SegmentId;

    use super::*;
    use crate::parse::Numbering;
    use crate::parse::tests::{parse, parser};

    /// The state that ingestion makes of the values of `x`, one a record.
    fn ingested(metric: &serde_json::Value, values: &[&str]) -> Vec<u8> {
        let parser = parser(json!({"metricsSpec": [metric]}), json!({"type": "json"}), Numbering::Stream);
        let rollup = Arc::new(rollup_schema(parser.schema(), &[]));
        let id = SegmentId::new("d", Interval::ETERNITY, "v", 0);
        let mut live = LiveIndex::new(id, rollup, Limits::default()).unwrap();
        let mut batch = parser.batch();
        // The same values come in two batches, each of other types.
        for values in [values, &values[1..]] {
            let records: Vec<String> = values.iter().map(|x| format!("{{\"ts\": 1, \"x\": {x}}}")).collect();
            parse(&parser, &mut batch, records.iter().map(String::as_bytes));
            append(&mut live, &batch, batch.keep()).unwrap();
        }
        let states = live.snapshot().column("s").unwrap().read(0..1);
        states.as_binary::<i32>().value(0).to_vec()
    }

    fn folded(metric: &serde_json::Value, inputs: &[Input<'_>]) -> Vec<u8> {
        let spec = aggregate::parse_aggregator(metric, &[]).unwrap();
        let columns: Vec<_> = [ColumnType::Long, ColumnType::Double].into_iter().map(Some).collect();
        let mut fold = Fold::bind(&[spec], &[columns[..inputs.len()].to_vec()], ArenaKind::Flat).unwrap();
        fold.grow(1);
        fold.fold(0, Groups::One, 3, Rows::All, &[inputs]).unwrap();
        fold.states(&[0]).unwrap()[0].as_binary::<i32>().value(0).to_vec()
    }

    #[test]
    fn sketches_hash_numbers_as_numbers() {
        let longs = Int64Array::from(vec![7, 9_704_348_062, -3]);
        let (some, doubles) =
            (Int64Array::from(vec![Some(7), None, None]), Float64Array::from(vec![None, Some(2.5), Some(1e300)]));
        for tag in ["HLLSketchBuild", "thetaSketch"] {
            let metric = json!({"type": tag, "name": "s", "fieldName": "x"});
            assert_eq!(ingested(&metric, &["7", "9704348062", "-3"]), folded(&metric, &[Input::Long(&longs)]), "{tag}");
            let both = folded(&metric, &[Input::Long(&some), Input::Double(&doubles)]);
            assert_eq!(ingested(&metric, &["7", "2.5", "1e300"]), both, "{tag}");
            assert_ne!(ingested(&metric, &["\"7\"", "2.5", "1e300"]), both, "{tag}");
        }
    }
}

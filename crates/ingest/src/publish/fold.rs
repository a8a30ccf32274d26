//! The chunks of a cut, folded into one sealed segment per time chunk.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use metastore::{MetricSums, NewSegment};
use segment::{ColumnSchema, ColumnType, DimensionSchema, RollupSchema, Segment, SegmentRef, Source, Table};
use serde_json::json;
use timeline::{Interval, ShardSpec};

use super::{CutPlan, image, totals};
use crate::spec::{DataSchema, DimensionType};
use crate::{Error, Result};

/// A segment as bytes, not yet stored.
#[derive(Clone)]
pub(crate) struct Sealed {
    pub(crate) interval: Interval,
    pub(crate) rows: i64,
    pub(crate) weight: i64,
    pub(crate) sums: MetricSums,
    pub(crate) min_time: i64,
    pub(crate) max_time: i64,
    pub(crate) meta: String,
    pub(crate) bytes: Bytes,
    /// The rows, until its image is made.
    pub(crate) table: Option<Arc<Table>>,
}

impl Sealed {
    /// Folds `inputs`, all of one time chunk, earlier records first. `None` when there is no row.
    pub(crate) fn fold(interval: Interval, inputs: &[SegmentRef], schema: &RollupSchema) -> Result<Option<Sealed>> {
        let sources: Vec<Source<'_>> = inputs.iter().map(|input| Source::all(&**input)).collect();
        Sealed::fold_sources(interval, &sources, schema)
    }

    /// Folds the wanted rows of `sources`, all of one time chunk. `None` when there is no row.
    pub(crate) fn fold_sources(
        interval: Interval,
        sources: &[Source<'_>],
        schema: &RollupSchema,
    ) -> Result<Option<Sealed>> {
        let (table, bytes) = image::seal(sources, schema)?;
        if table.num_rows() == 0 {
            return Ok(None);
        }
        let (range, totals, meta) = (table.time_range(), totals(&**table.view()), meta(&**table.view()));
        Ok(Some(Sealed {
            interval,
            rows: i64::try_from(table.num_rows()).unwrap_or(i64::MAX),
            weight: totals.weight,
            sums: totals.sums,
            min_time: range.start,
            max_time: range.end - 1,
            meta,
            bytes,
            table: Some(Arc::new(table)),
        }))
    }

    /// Without its rows, for whoever keeps many.
    pub(crate) fn without_table(self) -> Sealed {
        Sealed { table: None, ..self }
    }

    /// The segment as it is published under an object's id.
    pub(crate) fn record(&self, bundle_id: &str, size: i64, hash: &str) -> NewSegment {
        NewSegment {
            bundle_id: bundle_id.to_owned(),
            interval: self.interval,
            shard_spec: ShardSpec::Numbered { partition_num: 0, partitions: 0 },
            size,
            hash: hash.to_owned(),
            rows: self.rows,
            weight_sum: self.weight,
            metric_sums: self.sums.clone(),
            min_time: self.min_time,
            max_time: self.max_time,
            meta: self.meta.clone(),
        }
    }
}

impl CutPlan {
    /// Folds everything. Takes the processor for a while.
    pub(crate) fn fold(&self) -> Result<Vec<Sealed>> {
        let mut by_chunk: BTreeMap<(i64, i64), (Interval, Vec<SegmentRef>)> = BTreeMap::new();
        for part in &self.parts {
            for (interval, rows) in part.chunk.rows() {
                let found = by_chunk.entry((interval.start, interval.end)).or_insert_with(|| (interval, Vec::new()));
                found.1.push(rows);
            }
        }
        let mut sealed = Vec::with_capacity(by_chunk.len());
        for (interval, rows) in by_chunk.into_values() {
            let schema = rollup_of(&self.schema, &rows);
            sealed.extend(Sealed::fold(interval, &rows, &schema)?);
        }
        let weight: i64 = self.parts.iter().map(|part| part.chunk.head.weight).sum();
        let folded: i64 = sealed.iter().map(|segment| segment.weight).sum();
        if weight != folded {
            return Err(Error::Internal(format!("{weight} records were taken, {folded} are in the segments of a cut")));
        }
        Ok(sealed)
    }
}

/// What rows of `schema` fold into, with every dimension that one of `segments` has, in the order of their
/// finding: declared ones come first in each.
pub(crate) fn rollup_of(schema: &DataSchema, segments: &[SegmentRef]) -> RollupSchema {
    let mut dimensions: Vec<DimensionSchema> = Vec::new();
    for column in segments.iter().flat_map(|segment| segment.schema().dimensions()) {
        if dimensions.iter().all(|known| known.name != column.name) {
            let column_type = column_type_of(schema, segments, column);
            dimensions.push(dimension_of(schema, &column.name, column_type));
        }
    }
    RollupSchema {
        dimensions,
        aggregators: schema.metrics.iter().map(|metric| metric.aggregator.clone()).collect(),
        filters: schema.filters(),
        rollup: schema.granularity.rollup,
        query_granularity: schema.granularity.query_granularity.clone(),
        timestamp_spec: Some(schema.timestamp.to_json()),
    }
}

/// The declared type, as it was when the first segment was written; what takes its type from its values has the type
/// of all.
fn column_type_of(schema: &DataSchema, segments: &[SegmentRef], column: &ColumnSchema) -> ColumnType {
    let declared = schema.dimensions.dimensions.iter().find(|dimension| *dimension.name == *column.name);
    let by_values = match declared {
        Some(dimension) => dimension.dimension_type == DimensionType::Auto,
        None => schema.dimensions.use_schema_discovery,
    };
    let segments: Vec<&dyn Segment> = segments.iter().map(|segment| &**segment).collect();
    let common = if by_values { segment::common_type(&segments, &column.name) } else { None };
    common.unwrap_or_else(|| column.column_type.clone())
}

fn dimension_of(schema: &DataSchema, name: &str, column_type: segment::ColumnType) -> DimensionSchema {
    let declared = schema.dimensions.dimensions.iter().find(|dimension| dimension.name == name);
    match declared {
        Some(dimension) => DimensionSchema { column_type, ..crate::lane::dimension_schema(dimension) },
        None => DimensionSchema::new(name, column_type),
    }
}

/// What readers need to know of a segment without opening it.
fn meta(segment: &dyn Segment) -> String {
    let schema = segment.schema();
    let dimensions: Vec<Arc<str>> = schema.dimensions().map(|column| column.name.clone()).collect();
    let metrics: Vec<Arc<str>> = schema.metrics().map(|column| column.name.clone()).collect();
    let metadata = segment.metadata();
    json!({
        "dimensions": dimensions,
        "metrics": metrics,
        "aggregators": metadata.aggregators,
        "queryGranularity": metadata.query_granularity,
        "rollup": metadata.rollup,
    })
    .to_string()
}

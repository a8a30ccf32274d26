//! Events from memory into a live index, as a lane reads them.

use std::sync::Arc;

use ingest::parse::{Numbering, ParsedBatch, parse_input_format};
use ingest::{DataSchema, Parser, RawBatch, RawRecord};
use segment::{Limits, LiveIndex, RollupSchema};
use serde_json::{Value, json};

use crate::{Result, segment_id};

/// Reads records and folds them.
pub struct Reader {
    parser: Parser,
    batch: ParsedBatch,
    rollup: Arc<RollupSchema>,
}

impl Reader {
    pub fn new(data_schema: &Value) -> Result<Self> {
        Self::of(data_schema, &json!({"type": "json"}))
    }

    pub fn of(data_schema: &Value, input_format: &Value) -> Result<Self> {
        let schema = Arc::new(DataSchema::parse(data_schema, &[])?);
        let format = parse_input_format(input_format, "inputFormat")?;
        let rollup = Arc::new(ingest::rollup_schema(&schema, &schema.dimensions.dimensions));
        let parser = Parser::new(schema, format, Numbering::Stream)?;
        Ok(Self { batch: parser.batch(), parser, rollup })
    }

    pub fn live(&self, table: &str) -> Result<LiveIndex> {
        let limits = Limits { max_rows: usize::MAX, max_bytes: usize::MAX, ..Limits::default() };
        Ok(LiveIndex::new(segment_id(table, 0)?, self.rollup.clone(), limits)?)
    }

    pub fn rollup(&self) -> &Arc<RollupSchema> {
        &self.rollup
    }

    pub fn parse(&mut self, lines: &[&[u8]]) {
        let record = |value| RawRecord { value: Some(value), ..RawRecord::default() };
        let records: Vec<RawRecord<'_>> = lines.iter().copied().map(record).collect();
        self.parser.parse(&RawBatch { topic: "", partition: 0, records: &records }, &mut self.batch);
    }

    pub fn append(&self, live: &mut LiveIndex) -> Result<()> {
        Ok(ingest::append_rows(live, &self.batch, self.batch.keep())?)
    }
}

/// Lines without their ends.
pub fn lines_of(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let end = memchr::memchr(b'\n', rest)?;
        let line = &rest[..end];
        rest = &rest[end + 1..];
        Some(line)
    })
}

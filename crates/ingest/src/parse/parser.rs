//! Batches of raw records into batches of columns.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::batch::ParsedBatch;
use super::formats::{InputFormat, Reader, is_blank};
use super::layout::Layout;
use super::raw::RawBatch;
use super::reject::{Outcome, Reason};
use crate::Result;
use crate::spec::DataSchema;
use crate::transform::{Transformer, Windows};

/// Bytes a record may have.
pub const MAX_RECORD_BYTES: usize = 8 * 1024 * 1024;

/// How messages say where a record stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbering {
    /// Records of a stream: each is the first of its own.
    Stream,
    /// Lines of files, counted over all batches, beside the rows read so far.
    Lines,
    /// Lines alone.
    Sample,
}

/// Parses records by one schema and input format. It holds no state: what is learned from records
/// lives in the batches that it gives out, one for each lane or file.
#[derive(Debug)]
pub struct Parser {
    pub(super) schema: Arc<DataSchema>,
    format: Arc<dyn InputFormat>,
    layout: Layout,
    pub(super) numbering: Numbering,
    transformer: Option<Transformer>,
    windows: Windows,
}

impl Parser {
    /// A parser of stream records or of lines, as `numbering` says. Fails when a transform or filter
    /// of the schema is none.
    pub fn new(schema: Arc<DataSchema>, format: Arc<dyn InputFormat>, numbering: Numbering) -> Result<Parser> {
        let mut layout = Layout::new(&schema)?;
        let transformer = Transformer::new(&schema, &mut layout)?;
        Ok(Parser { schema, format, layout, numbering, transformer, windows: Windows::default() })
    }

    /// With limits to the times of rows.
    pub fn with_windows(mut self, windows: Windows) -> Parser {
        self.windows = windows;
        self
    }

    /// The schema it parses by.
    pub fn schema(&self) -> &Arc<DataSchema> {
        &self.schema
    }

    /// A batch to parse into, again and again.
    pub fn batch(&self) -> ParsedBatch {
        ParsedBatch::new(self.layout.clone())
    }

    pub(super) fn reader(&self) -> Box<dyn Reader> {
        self.format.reader(self.numbering == Numbering::Stream)
    }

    /// Parses records into a batch that this parser gave, in place of what it held. It cannot fail:
    /// what became of every record stands in the batch.
    pub fn parse(&self, raw: &RawBatch<'_>, batch: &mut ParsedBatch) {
        batch.clear();
        let mut reader = batch.reader.take().unwrap_or_else(|| self.reader());
        let all = catch_unwind(AssertUnwindSafe(|| self.read_all(raw, reader.as_mut(), batch)));
        if all.is_err() {
            batch.clear();
            reader = self.read_one_by_one(raw, batch);
        }
        batch.reader = Some(reader);
        batch.outcomes.resize(raw.records.len(), Outcome::ThrownAway(Reason::Empty));
        if let Some(transformer) = &self.transformer {
            transformer.apply(batch);
        }
        batch.resolve();
        self.windows.apply(raw, batch);
        self.settle(raw, batch);
    }

    fn read_all(&self, raw: &RawBatch<'_>, reader: &mut dyn Reader, batch: &mut ParsedBatch) {
        for at in 0..raw.records.len() {
            self.read_record(raw, at, reader, batch);
        }
    }

    /// After a panic: every record on its own, and the one that panics is rejected.
    #[cold]
    fn read_one_by_one(&self, raw: &RawBatch<'_>, batch: &mut ParsedBatch) -> Box<dyn Reader> {
        let mut reader = self.reader();
        for at in 0..raw.records.len() {
            let read = catch_unwind(AssertUnwindSafe(|| self.read_record(raw, at, reader.as_mut(), batch)));
            if read.is_err() {
                reader = self.reader();
                batch.abort_record();
                batch.fail_record(Reason::Panic, "the parser panicked".to_owned());
            }
        }
        reader
    }

    #[inline]
    fn read_record(&self, raw: &RawBatch<'_>, at: usize, reader: &mut dyn Reader, batch: &mut ParsedBatch) {
        let record = &raw.records[at];
        batch.begin_record(at as u32);
        let value = record.value.unwrap_or_default();
        if value.len() > MAX_RECORD_BYTES {
            let detail = format!("the record has {} bytes, at most {MAX_RECORD_BYTES}", value.len());
            return batch.fail_record(Reason::TooLarge, detail);
        }
        // Of a stream, Druid throws records without a value away whatever the format.
        let has_rows = record.value.is_some_and(|value| !(value.len() < 256 && is_blank(value)));
        if has_rows {
            reader.read(raw, record, &self.schema.timestamp, batch);
        }
    }
}

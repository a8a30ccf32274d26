//! The sampler: what rows a spec would make of the first records of its input.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::context::TaskContext;
use super::input::parse_input_source;
use super::sampled::Sampled;
use crate::parse::{Numbering, Parser, RawBatch, RawRecord, parse_input_format};
use crate::spec::DataSchema;
use crate::spec::fields::Fields;
use crate::{Error, Reply, Result};

const DEFAULT_ROWS: i64 = 500;
const MAX_ROWS: i64 = 5_000;
const DEFAULT_TIMEOUT_MS: i64 = 10_000;
const MAX_TIMEOUT_MS: i64 = 120_000;
const MAX_BYTES: usize = 64 << 20;

/// A record of a stream, owned.
#[derive(Debug, Clone, Default)]
pub struct SampleRecord {
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Its own time in ms.
    pub time_ms: Option<i64>,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value.
    pub value: Option<Vec<u8>>,
    /// Its headers.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

/// Gives the first or newest records of the stream that an `ioConfig` describes.
#[async_trait::async_trait]
pub trait SampleSource: Send + Sync {
    /// Up to `most` records, as many as arrive within `timeout`, and the name of their topic.
    async fn records(&self, io_config: &Value, most: usize, timeout: Duration) -> Result<(String, Vec<SampleRecord>)>;
}

/// Answers a sampler request.
pub async fn sample(context: Arc<TaskContext>, streams: &dyn SampleSource, json: &Value) -> Reply {
    match answer(context, streams, json).await {
        Ok(answer) => Reply::json(answer),
        Err(error @ (Error::Unavailable(_) | Error::Io { .. })) => {
            Reply::error(400, format!("Failed to sample data: {error}"))
        }
        Err(error) => error.into(),
    }
}

async fn answer(context: Arc<TaskContext>, streams: &dyn SampleSource, json: &Value) -> Result<Value> {
    let request = Request::parse(json, &context)?;
    let (topic, records) = match request.stream {
        true => {
            let timeout = Duration::from_millis(request.timeout_ms.unsigned_abs());
            streams.records(&request.io_config, request.num_rows, timeout).await?
        }
        false => {
            let (io, rows) = (request.io_config.clone(), request.num_rows);
            let read = tokio::task::spawn_blocking(move || lines(&io, rows, &context));
            (String::new(), read.await.map_err(|error| Error::Internal(error.to_string()))??)
        }
    };
    let work = tokio::task::spawn_blocking(move || request.sample(&topic, &records));
    work.await.map_err(|error| Error::Internal(error.to_string()))?
}

struct Request {
    stream: bool,
    io_config: Value,
    schema: Arc<DataSchema>,
    format: Value,
    num_rows: usize,
    timeout_ms: i64,
}

impl Request {
    fn parse(json: &Value, context: &TaskContext) -> Result<Request> {
        let fields = Fields::of(json, "")?;
        let stream = match fields.text("type")?.as_deref() {
            Some("index") => false,
            Some("kafka") => true,
            Some(other) => {
                let reason =
                    format!("Could not resolve type id '{other}' as a sampler, known type ids = [index, kafka]");
                return Err(Error::invalid("type", reason));
            }
            None => return Err(Error::invalid("type", "missing type id property 'type'")),
        };
        let spec = Fields::of(fields.required("spec")?, "spec")?;
        let io = Fields::of(spec.required("ioConfig")?, "spec.ioConfig")?;
        if !stream {
            parse_input_source(io.required("inputSource")?, "spec.ioConfig.inputSource")?;
        }
        let config = fields.object("samplerConfig")?;
        let number = |name: &str, default: i64, most: i64| match &config {
            Some(config) => Ok(config.long(name)?.unwrap_or(default).clamp(0, most)),
            None => Ok::<_, Error>(default),
        };
        let schema = DataSchema::parse_sample(spec.required("dataSchema")?, context.aggregators)?;
        Ok(Request {
            stream,
            io_config: spec.required("ioConfig")?.clone(),
            schema: Arc::new(schema),
            format: io.required("inputFormat")?.clone(),
            num_rows: number("numRows", DEFAULT_ROWS, MAX_ROWS)?.unsigned_abs() as usize,
            timeout_ms: number("timeoutMs", DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS)?,
        })
    }

    fn sample(&self, topic: &str, records: &[SampleRecord]) -> Result<Value> {
        let format = parse_input_format(&self.format, "spec.ioConfig.inputFormat")?;
        let (mut sources, mut rows) = (format.reader(self.stream), format.reader(self.stream));
        let parser = Parser::new(self.schema.clone(), format, Numbering::Sample)?;
        let headers: Vec<Headers<'_>> = records
            .iter()
            .map(|record| record.headers.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect())
            .collect();
        let mut raws: Vec<(i32, RawRecord<'_>)> = Vec::with_capacity(records.len());
        for (record, headers) in records.iter().zip(&headers) {
            raws.push((record.partition, raw(record, headers)));
        }
        let mut batch = parser.batch();
        let mut data = Sampled::default();
        // Dimensions are found first, so that every row shows all of them.
        for (partition, record) in &raws {
            parser.parse(&RawBatch { topic, partition: *partition, records: std::slice::from_ref(record) }, &mut batch);
        }
        batch.begin_file();
        for (partition, record) in &raws {
            if data.num_read() >= self.num_rows {
                break;
            }
            let raw = RawBatch { topic, partition: *partition, records: std::slice::from_ref(record) };
            parser.parse(&raw, &mut batch);
            let inputs: Vec<Value> = sources.source_rows(&raw, record).rows.iter().map(row_json).collect();
            data.take(&batch, inputs, &rows.rows(&raw, record).rows, &self.schema)?;
        }
        Ok(data.answer(&batch, &self.schema))
    }
}

/// Headers of a record, borrowed.
type Headers<'a> = Vec<(&'a str, Option<&'a [u8]>)>;

fn raw<'a>(record: &'a SampleRecord, headers: &'a [(&'a str, Option<&'a [u8]>)]) -> RawRecord<'a> {
    RawRecord {
        offset: record.offset,
        time_ms: record.time_ms,
        key: record.key.as_deref(),
        value: record.value.as_deref(),
        headers,
    }
}

fn row_json(row: &crate::parse::Row<'_>) -> Value {
    Value::Object(row.iter().map(|(name, cell)| (name.to_string(), cell.to_json())).collect())
}

/// The first lines of the files of a batch `ioConfig`.
fn lines(io: &Value, most: usize, context: &TaskContext) -> Result<Vec<SampleRecord>> {
    use std::io::{BufRead, BufReader, Read};
    let fields = Fields::of(io, "spec.ioConfig")?;
    let source = parse_input_source(fields.required("inputSource")?, "spec.ioConfig.inputSource")?;
    let mut records = Vec::new();
    for file in source.files(&context.reach)? {
        let name = file.name;
        let mut reader = BufReader::new((file.open)()?.take(MAX_BYTES as u64));
        // A header and lines that are filtered are no rows, so some more than asked for are read.
        while records.len() < most.saturating_mul(2).saturating_add(16) {
            let mut line = Vec::new();
            let read = reader
                .read_until(b'\n', &mut line)
                .map_err(|error| Error::io(format!("cannot read [{name}]"), error))?;
            if read == 0 {
                break;
            }
            while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                line.pop();
            }
            records.push(SampleRecord { offset: records.len() as i64, value: Some(line), ..SampleRecord::default() });
        }
    }
    Ok(records)
}

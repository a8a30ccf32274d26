//! Partials as Arrow IPC streams: keys and states by column, time chunks in the schema's metadata.

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::Arc;

use aggregate::Shape;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, RecordBatchOptions};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema};
use timeline::Interval;

use crate::finalize::Values;
use crate::partial::{Body, Chunks, FoldPartial, Partial, Place};
use crate::{Error, Result};

/// What the columns are: `fold` or `facts`.
const KIND: &str = "dolmen.partial";
const NUM_KEYS: &str = "dolmen.keys";
const CHUNKS: &str = "dolmen.chunks";
/// Of a column of keys of values: their shape.
const SHAPE: &str = "dolmen.shape";

impl Partial {
    /// The stream. Rows of a scan are not held here and cannot be written.
    pub fn to_ipc(&self) -> Result<Vec<u8>> {
        match &self.body {
            Body::Fold(partial) => write_fold(partial),
            Body::Apart(parts) => write_fold(&FoldPartial::strung(parts.clone())?),
            Body::Spilled(_) => Err(Error::ResourceLimit("the query has more groups than one answer carries".into())),
            Body::Facts(batch) => write(&with_metadata(batch, HashMap::from([(KIND.to_owned(), "facts".to_owned())]))?),
            Body::Scan(_) => Err(Error::unsupported("the rows of a scan travel as rows")),
        }
    }

    /// Reads a stream that `to_ipc` wrote. Fails on anything else.
    pub fn from_ipc(bytes: &[u8]) -> Result<Self> {
        let batch = read(bytes)?;
        let schema = batch.schema();
        match schema.metadata().get(KIND).map(String::as_str) {
            Some("facts") => Ok(Partial { body: Body::Facts(with_metadata(&batch, HashMap::new())?) }),
            Some("fold") => Ok(Partial::fold(fold_of(&batch, schema.metadata())?)),
            _ => Err(corrupt("unknown kind")),
        }
    }
}

/// The stream of groups.
pub(crate) fn write_fold(partial: &FoldPartial) -> Result<Vec<u8>> {
    write(&batch_of(partial)?)
}

/// Reads what `write_fold` wrote.
pub(crate) fn read_fold(bytes: &[u8]) -> Result<FoldPartial> {
    let batch = read(bytes)?;
    fold_of(&batch, batch.schema().metadata())
}

fn read(bytes: &[u8]) -> Result<RecordBatch> {
    let mut reader = StreamReader::try_new(Cursor::new(bytes), None)?;
    Ok(reader.next().ok_or_else(|| corrupt("no batch"))??)
}

fn corrupt(what: &str) -> Error {
    Error::Room { kind: dialect::ErrorKind::Corrupt, message: format!("a partial answer cannot be read: {what}") }
}

fn with_metadata(batch: &RecordBatch, metadata: HashMap<String, String>) -> Result<RecordBatch> {
    let schema = Schema::new_with_metadata(batch.schema().fields().clone(), metadata);
    Ok(RecordBatch::try_new(Arc::new(schema), batch.columns().to_vec())?)
}

fn write(batch: &RecordBatch) -> Result<Vec<u8>> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema())?;
    writer.write(batch)?;
    Ok(writer.into_inner()?)
}

/// Ends of a chunk and of the times of its rows, whether one was met, and the table.
type ToldChunk = ([i64; 4], bool, String);

fn batch_of(partial: &FoldPartial) -> Result<RecordBatch> {
    let mut columns: Vec<(String, ArrayRef)> =
        vec![("time".to_owned(), Arc::new(Int64Array::from(partial.times.clone())))];
    columns.extend(partial.keys.iter().enumerate().map(|(at, key)| (format!("key{at}"), key.to_wire())));
    columns.extend(partial.states.iter().enumerate().map(|(at, states)| (format!("state{at}"), states.clone())));
    let told = |(place, rows, is_met): (&Place, Interval, bool)| {
        ([place.chunk.start, place.chunk.end, rows.start, rows.end], is_met, place.datasource.clone())
    };
    let chunks: Vec<ToldChunk> = partial.chunks.iter().map(told).collect();
    let metadata = HashMap::from([
        (KIND.to_owned(), "fold".to_owned()),
        (NUM_KEYS.to_owned(), partial.keys.len().to_string()),
        (CHUNKS.to_owned(), serde_json::to_string(&chunks).map_err(Error::internal)?),
    ]);
    let shapes: Vec<Option<Shape>> = partial.keys.iter().map(Values::keys_of).collect();
    let field = |(at, (name, array)): (usize, &(String, ArrayRef))| {
        let field = Field::new(name, array.data_type().clone(), true);
        match at.checked_sub(1).and_then(|key| shapes.get(key).copied().flatten()) {
            Some(shape) => field.with_metadata(HashMap::from([(SHAPE.to_owned(), shape.name().to_owned())])),
            None => field,
        }
    };
    let fields = columns.iter().enumerate().map(field);
    let schema = Schema::new_with_metadata(fields.collect::<Vec<_>>(), metadata);
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(partial.num_groups()));
    Ok(RecordBatch::try_new_with_options(Arc::new(schema), arrays, &options)?)
}

fn fold_of(batch: &RecordBatch, metadata: &HashMap<String, String>) -> Result<FoldPartial> {
    let num_keys: usize =
        metadata.get(NUM_KEYS).and_then(|n| n.parse().ok()).ok_or_else(|| corrupt("number of keys"))?;
    let chunks = metadata.get(CHUNKS).ok_or_else(|| corrupt("time chunks"))?;
    let chunks: Vec<ToldChunk> = serde_json::from_str(chunks).map_err(|_| corrupt("time chunks"))?;
    let mut known = Chunks::default();
    for ([start, end, first, last], is_met, datasource) in chunks {
        let place = Place { chunk: Interval { start, end }, datasource };
        known.add(place.clone(), Interval { start: first, end: last });
        if is_met {
            known.meet(&place);
        }
    }
    let columns = batch.columns();
    let (Some(times), true) = (columns.first(), columns.len() > num_keys) else { return Err(corrupt("columns")) };
    let times = times.as_primitive_opt::<Int64Type>().ok_or_else(|| corrupt("times"))?;
    Ok(FoldPartial {
        times: times.values().to_vec(),
        keys: columns[1..=num_keys]
            .iter()
            .zip(&batch.schema().fields()[1..=num_keys])
            .map(|(array, field)| key_of(array, field))
            .collect::<Result<_>>()?,
        states: columns[num_keys + 1..].to_vec(),
        chunks: known,
    })
}

fn key_of(array: &ArrayRef, field: &Field) -> Result<Values> {
    if let Some(name) = field.metadata().get(SHAPE) {
        let shape = Shape::of_name(name).ok_or_else(|| corrupt("shape of a key"))?;
        let keys = array.as_string_opt::<i32>().ok_or_else(|| corrupt("type of a key"))?;
        return Ok(Values::of_keys(keys, shape));
    }
    Ok(match array.data_type() {
        DataType::Int64 => Values::Long(array.as_primitive::<Int64Type>().clone()),
        DataType::Float64 => Values::Double(array.as_primitive::<Float64Type>().clone()),
        DataType::Float32 => Values::Float(array.as_primitive::<Float32Type>().clone()),
        DataType::Utf8 => Values::Text(array.as_string::<i32>().clone()),
        DataType::Null => Values::Null(array.len()),
        _ => return Err(corrupt("type of a key")),
    })
}

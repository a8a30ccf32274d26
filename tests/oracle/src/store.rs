//! The rows as the store holds them: some in live indexes, some in sealed segments.

use crate::chance::Chance;
use crate::extraction::{ENTRIES, LOOKUP};
use crate::rows::{Column, DAY_MS, Row};
use crate::source::World;
use expression::{Environment, Lookup, LookupRef, LookupResolver};
use ingest::parse::{Numbering, parse_input_format};
use ingest::{DataSchema, Parser, RawBatch, RawRecord};
use query::{ExecContext, Query, Sources};
use segment::{Limits, LiveIndex, SealedSegment, Segment, SegmentRef, Source, merge, write_image};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use timeline::{Interval, SegmentId};

pub struct Store {
    /// Segments of each table, by its name.
    tables: BTreeMap<String, Vec<SegmentRef>>,
    env: Environment,
}

/// The one lookup.
struct Words(LookupRef);

impl LookupResolver for Words {
    fn lookup(&self, name: &str) -> Option<LookupRef> {
        (name == LOOKUP).then(|| Arc::clone(&self.0))
    }
}

impl Sources for Store {
    fn segments(&self, datasource: &str, intervals: &[Interval]) -> query::Result<Vec<SegmentRef>> {
        let meets = |segment: &&SegmentRef| intervals.iter().any(|one| one.overlaps(&segment.id().interval));
        Ok(self.tables.get(datasource).into_iter().flatten().filter(meets).cloned().collect())
    }
}

/// The dataSchema that a client would post for the columns.
pub fn data_schema(datasource: &str, columns: &[Column]) -> Json {
    let dimensions: Vec<Json> = columns.iter().map(|column| column.kind.dimension(&column.name)).collect();
    json!({
        "dataSource": datasource,
        "timestampSpec": {"column": "ts", "format": "millis"},
        "dimensionsSpec": {"dimensions": dimensions},
        "granularitySpec": {"type": "uniform", "segmentGranularity": "DAY", "queryGranularity": "NONE", "rollup": false},
    })
}

impl Store {
    /// Deals the rows to up to three segments a day; each is live or sealed.
    pub fn deal(chance: &Chance, world: &World) -> Store {
        let mut tables: BTreeMap<String, Vec<SegmentRef>> = BTreeMap::new();
        for (at, table) in world.tables.iter().enumerate() {
            let name = World::table_name("t", at);
            let mut parts: BTreeMap<(i64, usize), Vec<&Row>> = BTreeMap::new();
            let num_parts = 1 + chance.below(3);
            for row in &table.rows {
                parts.entry((row.time.div_euclid(DAY_MS), chance.below(num_parts))).or_default().push(row);
            }
            let segments = parts.into_iter().map(|((day, part), rows)| {
                let id = segment_id(&name, day, part);
                segment(&table.columns, &rows, id, chance.one_in(2))
            });
            let segments = segments.collect();
            tables.insert(name, segments);
        }
        let entries = ENTRIES.iter().map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned())));
        let words = Words(Arc::new(Lookup::new(entries, false).expect("a lookup")));
        Store { tables, env: Environment::new(Arc::new(words), 0) }
    }

    pub fn ask(&self, query: &Json) -> Result<Json, String> {
        let query = Query::parse_with(query.to_string().as_bytes(), &self.env).map_err(|error| error.to_string())?;
        let answer = query::answer(&query, self, &ExecContext::inline(1 << 30)).map_err(|error| error.to_string())?;
        let bytes = answer.to_json().map_err(|error| error.to_string())?;
        serde_json::from_slice(&bytes).map_err(|error| error.to_string())
    }
}

fn segment_id(table: &str, day: i64, part: usize) -> SegmentId {
    let interval = Interval { start: day * DAY_MS, end: (day + 1) * DAY_MS }.to_string().replace('/', "_");
    let part = if part > 0 { format!("_{part}") } else { String::new() };
    SegmentId::parse(&format!("{table}_{interval}_v1{part}"), table).expect("an id")
}

fn segment(columns: &[Column], rows: &[&Row], id: SegmentId, is_live: bool) -> SegmentRef {
    let schema = Arc::new(DataSchema::parse(&data_schema("t", columns), &[]).expect("a schema"));
    let format = parse_input_format(&json!({"type": "json"}), "inputFormat").expect("a format");
    let parser = Parser::new(Arc::clone(&schema), format, Numbering::Stream).expect("a parser");
    let mut batch = parser.batch();
    let records: Vec<Vec<u8>> = rows.iter().map(|row| row.json().to_string().into_bytes()).collect();
    let raw: Vec<RawRecord<'_>> = (0..)
        .zip(&records)
        .map(|(offset, value)| RawRecord { offset, value: Some(value), ..RawRecord::default() })
        .collect();
    parser.parse(&RawBatch { topic: "t", partition: 0, records: &raw }, &mut batch);
    assert_eq!(batch.num_kept(), rows.len(), "every row is taken");
    let rollup = Arc::new(ingest::rollup_schema(&schema, &batch.dimensions()));
    let mut live = LiveIndex::new(id.clone(), Arc::clone(&rollup), Limits::default()).expect("an index");
    ingest::append_rows(&mut live, &batch, batch.keep()).expect("rows");
    let snapshot = live.snapshot();
    if is_live {
        return snapshot;
    }
    let table = merge(&[Source::all(&*snapshot as &dyn Segment)], &rollup).expect("a table");
    let mut image = Vec::new();
    write_image(&table, &mut image).expect("an image");
    Arc::new(SealedSegment::from_bytes(image.into(), id).expect("a segment"))
}

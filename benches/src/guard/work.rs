//! What is counted: queries as they are posted, events as they are read, rows as they are sealed.

use std::sync::Arc;

use query::{ExecContext, Query};
use segment::{SegmentRef, Source};
use serde_json::Value;

use super::Rows;
use crate::reader::{Reader, lines_of};
use crate::{Result, Tables};

/// Memory that a query may have.
const MEMORY_BYTES: u64 = 1 << 30;
const BATCH_RECORDS: usize = 4_096;

/// Something that can be done again and again; answers the size of what it made.
pub type Work = Box<dyn FnMut() -> Result<usize>>;

/// A named piece of work.
pub struct Case {
    pub name: String,
    kind: Kind,
}

enum Kind {
    /// Of the sealed rows.
    Sealed(Value),
    /// Of the events, in a live index.
    Live(Value),
    RollUp,
    Seal,
}

impl Case {
    /// Everything that is not counted.
    pub fn prepare(self, rows: &Rows) -> Result<Work> {
        match self.kind {
            Kind::Sealed(query) => ask(rows.tables(), &query),
            Kind::Live(query) => ask(Tables::of([("ads", live(rows)?)]), &query),
            Kind::RollUp => {
                let events = rows.events.clone();
                Ok(Box::new(move || Ok(read(&events)?.0.num_rows())))
            }
            Kind::Seal => {
                let (live, rollup) = read(&rows.events)?;
                Ok(Box::new(move || {
                    let merged = segment::merge(&[Source::all(live.as_ref())], &rollup)?;
                    let mut out = Vec::new();
                    segment::write_image(&merged, &mut out)?;
                    Ok(out.len())
                }))
            }
        }
    }
}

fn ask(tables: Tables, query: &Value) -> Result<Work> {
    let (written, exec) = (serde_json::to_vec(query)?, ExecContext::inline(MEMORY_BYTES));
    Ok(Box::new(move || Ok(query::answer(&Query::parse(&written)?, &tables, &exec)?.to_json()?.len())))
}

fn live(rows: &Rows) -> Result<SegmentRef> {
    Ok(read(&rows.events)?.0)
}

/// The events rolled up by the minute.
fn read(events: &[u8]) -> Result<(SegmentRef, Arc<segment::RollupSchema>)> {
    let mut reader = Reader::new(&written()?["schema"])?;
    let mut live = reader.live("ads")?;
    let lines: Vec<&[u8]> = lines_of(events).collect();
    for lines in lines.chunks(BATCH_RECORDS) {
        reader.parse(lines);
        reader.append(&mut live)?;
    }
    Ok((live.snapshot(), reader.rollup().clone()))
}

/// The queries as they are written, and the spec that events are read by.
fn written() -> Result<Value> {
    Ok(serde_json::from_str(include_str!("../../guard/cases.json"))?)
}

/// The queries over one kind of rows, with what they have in common.
fn queries(written: &Value, rows: &str, kind: fn(Value) -> Kind) -> Vec<Case> {
    let queries = written[rows].as_object().into_iter().flatten();
    let whole = |own: &Value| {
        let mut query = written["common"].as_object().cloned().unwrap_or_default();
        query.extend(own.as_object().cloned().unwrap_or_default());
        Value::Object(query)
    };
    queries.map(|(name, own)| Case { name: name.clone(), kind: kind(whole(own)) }).collect()
}

/// All of them.
pub fn cases() -> Result<Vec<Case>> {
    let written = written()?;
    let mut all = queries(&written, "sealed", Kind::Sealed);
    all.extend(queries(&written, "live", Kind::Live));
    all.extend(
        [("roll up", Kind::RollUp), ("seal", Kind::Seal)].map(|(name, kind)| Case { name: name.to_owned(), kind }),
    );
    Ok(all)
}

//! Rows as segments, queries as JSON, answers as JSON.

use std::collections::HashMap;

use segment::{BatchView, SegmentRef};
use serde_json::{Value, json};
use timeline::{Interval, SegmentId};

use crate::{ExecContext, Query, Result, Sources};

pub const HOUR: i64 = 3_600_000;
/// 2022-01-01T00:00Z.
pub const DAY0: i64 = 1_640_995_200_000;
pub const DAYS: &str = "2022-01-01/2022-01-05";

/// One event of the tests.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub time: i64,
    pub color: Option<&'static str>,
    pub tags: Vec<&'static str>,
    pub user: Option<i64>,
    pub x: Option<f64>,
}

pub fn row(time: i64, color: Option<&'static str>, tags: &[&'static str], user: Option<i64>, x: Option<f64>) -> Row {
    Row { time, color, tags: tags.to_vec(), user, x }
}

/// Six rows over three days, one of them without rows, and a null in every column.
pub fn rows() -> Vec<Row> {
    vec![
        row(DAY0 + HOUR / 2, Some("red"), &["a"], Some(1), Some(1.5)),
        row(DAY0 + 6 * HOUR, Some("blue"), &["a", "b"], Some(2), Some(2.5)),
        row(DAY0 + 6 * HOUR + 1, Some("red"), &[], None, None),
        row(DAY0 + 25 * HOUR, None, &["b"], Some(1), Some(10.0)),
        row(DAY0 + 25 * HOUR, Some("green"), &["c", "a", "b"], Some(7), Some(-1.0)),
        row(DAY0 + 75 * HOUR, Some(""), &["b"], Some(7), Some(0.25)),
    ]
}

fn id(chunk: i64, partition: u32) -> SegmentId {
    let start = DAY0 + chunk * 24 * HOUR;
    let text = format!("t_{}_v1", Interval { start, end: start + 24 * HOUR }.to_string().replace('/', "_"));
    let text = if partition > 0 { format!("{text}_{partition}") } else { text };
    SegmentId::parse(&text, "t").expect("an id")
}

/// Rows of one day as a segment, in the order given. Partition 1 has dictionaries as a live index has them,
/// partition 2 has bitmaps.
pub fn segment(rows: &[Row], partition: u32) -> SegmentRef {
    let chunk = rows.first().map_or(0, |row| (row.time - DAY0).div_euclid(24 * HOUR));
    let builder = match partition {
        1 => BatchView::builder().insertion_order(),
        2 => BatchView::builder().with_bitmaps(),
        _ => BatchView::builder(),
    };
    builder
        .id(id(chunk, partition))
        .num_rows(rows.len())
        .time(rows.iter().map(|row| row.time))
        .string("color", rows.iter().map(|row| row.color))
        .strings("tags", rows.iter().map(|row| row.tags.iter().map(|tag| Some(*tag)).collect::<Vec<_>>()))
        .long("user", rows.iter().map(|row| row.user))
        .double("x", rows.iter().map(|row| row.x))
        .build()
        .expect("a segment")
}

/// One segment a day.
pub fn by_day(rows: &[Row]) -> Vec<SegmentRef> {
    let mut days: std::collections::BTreeMap<i64, Vec<Row>> = Default::default();
    for row in rows {
        days.entry((row.time - DAY0).div_euclid(24 * HOUR)).or_default().push(row.clone());
    }
    days.values().map(|rows| segment(rows, 0)).collect()
}

/// Tables by name.
pub struct Tables(pub HashMap<String, Vec<SegmentRef>>);

impl Sources for Tables {
    fn segments(&self, datasource: &str, _: &[Interval]) -> Result<Vec<SegmentRef>> {
        Ok(self.0.get(datasource).cloned().unwrap_or_default())
    }
}

pub fn ask_of(segments: Vec<SegmentRef>, query: &Value) -> Result<Value> {
    let tables = Tables(HashMap::from([("t".to_owned(), segments)]));
    let query = Query::parse(query.to_string().as_bytes())?;
    let bytes = crate::answer(&query, &tables, &ExecContext::inline(1 << 30))?.to_json()?;
    Ok(serde_json::from_slice(&bytes).expect("JSON"))
}

/// The answer over one segment a day.
pub fn ask(query: Value) -> Value {
    ask_of(by_day(&rows()), &query).unwrap_or_else(|error| panic!("{error}: {query}"))
}

pub fn fails(query: Value) -> String {
    match ask_of(by_day(&rows()), &query) {
        Ok(answer) => panic!("an answer instead of an error: {answer}"),
        Err(error) => error.to_string(),
    }
}

/// A query with the fields that all have.
pub fn query(kind: &str, more: Value) -> Value {
    let mut query = json!({"queryType": kind, "dataSource": "t", "intervals": DAYS, "granularity": "all"});
    if let (Some(query), Value::Object(more)) = (query.as_object_mut(), more) {
        query.extend(more);
    }
    query
}

pub fn count() -> Value {
    json!({"type": "count", "name": "n"})
}

pub fn sum() -> Value {
    json!({"type": "doubleSum", "name": "s", "fieldName": "x"})
}

pub fn red() -> Value {
    json!({"type": "selector", "dimension": "color", "value": "red"})
}

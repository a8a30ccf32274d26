//! Many rows of which nearly each is a group of its own: dealt to parts of the keys first, folded as they come, or sent
//! to disk, they give one answer.

use std::sync::{Arc, LazyLock};

use segment::{BatchView, SegmentRef};
use serde_json::{Value, json};

use super::support::*;
use crate::exec::Reservation;
use crate::{ExecContext, MemoryBudget, Query, SpillSpace};

const NUM_ROWS: usize = 700_000;
/// No more than what rows take that wait, and then some of the groups.
const LITTLE: u64 = 50 << 20;

static SEGMENT: LazyLock<SegmentRef> = LazyLock::new(segment);

fn segment() -> SegmentRef {
    let scattered = |row: usize| (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) >> 3;
    // A few are met often, the others once or twice.
    let user = move |row: usize| match row % 8 {
        0 => (row / 8 % 50) as i64,
        _ => (scattered(row) % 1_000_000_007) as i64,
    };
    let city = move |row: usize| (!row.is_multiple_of(9)).then(|| format!("c{}", scattered(row + 7) % 300));
    let builder = BatchView::builder()
        .num_rows(NUM_ROWS)
        .time((0..NUM_ROWS as i64).map(|row| DAY0 + row * 90))
        .long("user", (0..NUM_ROWS).map(|row| Some(user(row))))
        .long("some", (0..NUM_ROWS).map(|row| (row % 5 > 0).then(|| user(row + 3))))
        .string("city", (0..NUM_ROWS).map(city))
        .double("x", (0..NUM_ROWS).map(|row| (row % 7 > 0).then_some((row % 100) as f64 / 4.0)));
    builder.build().expect("a segment")
}

fn queries() -> [Value; 4] {
    let long = |name: &str| json!({"type": "default", "dimension": name, "outputName": name, "outputType": "LONG"});
    let c1 = json!({"type": "selector", "dimension": "city", "value": "c1"});
    let some = json!({"type": "filtered", "filter": c1, "aggregator": {"type": "count", "name": "of_c1"}});
    let most = json!({"type": "doubleMax", "name": "most", "fieldName": "x"});
    let base = json!({"granularity": "all", "aggregations": [count(), sum(), some, most]});
    let with = |more: Value| {
        let mut query = query("groupBy", base.clone());
        query.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        query
    };
    let like = json!({"type": "like", "dimension": "city", "pattern": "c%"});
    let first =
        json!({"type": "default", "limit": 300, "columns": [{"dimension": "n", "direction": "descending"}, "user"]});
    [
        with(json!({"dimensions": [long("user")], "limitSpec": first})),
        with(json!({"dimensions": ["city", long("user")], "filter": like})),
        with(json!({"dimensions": [long("some")], "granularity": "hour", "having":
            {"type": "greaterThan", "aggregation": "n", "value": 2}})),
        with(json!({"dimensions": [long("user")], "granularity": "hour", "limitSpec": first,
            "intervals": "2022-01-01T01:00/2022-01-01T16:30"})),
    ]
}

fn answer(query: &Value, exec: &ExecContext) -> Vec<u8> {
    let query = Query::parse(query.to_string().as_bytes()).expect("a query");
    let partial = crate::run_leaf(&query, std::slice::from_ref(&SEGMENT), exec).expect("a partial");
    let answer = crate::finalize(&query, partial, exec).and_then(|answer| answer.to_json()).expect("an answer");
    assert_eq!(exec.memory.used_bytes(), 0, "memory is given back");
    answer
}

#[test]
fn rows_that_are_dealt_give_what_they_give_as_they_come() {
    // Where others hold most of the memory, rows do not wait to be folded.
    let all = MemoryBudget::new("memory of all queries", 4 << 30);
    let mut others = Reservation::new(&all);
    others.resize((2 << 30) + 1).expect("room");
    let tight = MemoryBudget::within("memory of a query", 4 << 30, Some(all));
    for query in queries() {
        let dealt = answer(&query, &ExecContext::inline(4 << 30));
        let as_they_come = answer(&query, &ExecContext { memory: tight.clone(), ..ExecContext::inline(0) });
        assert!(dealt == as_they_come, "{query}: {} and {} bytes", dealt.len(), as_they_come.len());
    }
}

#[test]
fn groups_of_parts_go_to_disk_where_memory_is_tight() {
    let disk = MemoryBudget::new("disk for spilled groups", 1 << 30);
    let spill = SpillSpace { files: Arc::new(tempfile::tempfile), budget: Arc::clone(&disk) };
    let all = MemoryBudget::new("memory of all queries", LITTLE);
    let memory = MemoryBudget::within("memory of a query", 1 << 29, Some(all));
    let exec = ExecContext { spill: Some(spill), memory, ..ExecContext::inline(0) };
    let [_, query, ..] = queries();
    let spilled = answer(&query, &exec);
    assert!(disk.most_bytes() > 0);
    assert_eq!(disk.used_bytes(), 0, "disk is given back");
    let whole = answer(&query, &ExecContext::inline(4 << 30));
    assert!(spilled == whole, "{} and {} bytes", spilled.len(), whole.len());
}

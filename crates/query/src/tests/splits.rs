//! However the rows of a time chunk are cut into segments, in whatever order they lie there, each kind of query
//! gives the answer that one row after the other gives.

use std::collections::BTreeMap;

use proptest::prelude::*;
use segment::SegmentRef;
use serde_json::{Value, json};

use super::support::*;
use crate::{ExecContext, Executor, Job, Query};

const COLORS: [Option<&str>; 4] = [None, Some(""), Some("red"), Some("🎈")];
const TAGS: [&str; 3] = ["a", "b", "\u{ffff}"];

fn any_row() -> impl Strategy<Value = Row> {
    let tags = proptest::collection::vec(0..TAGS.len(), 0..3);
    (0..72i64 * 4, 0..COLORS.len(), tags, proptest::option::of(0..4i64), proptest::option::of(-8..8i32)).prop_map(
        |(quarter, color, tags, user, x)| Row {
            time: DAY0 + quarter * HOUR / 4,
            color: COLORS[color],
            tags: tags.into_iter().map(|tag| TAGS[tag]).collect(),
            user,
            x: x.map(|x| f64::from(x) / 4.0),
        },
    )
}

/// Rows dealt to up to three segments a day; a segment is sorted by time or not.
fn deal(rows: &[(Row, u32)], sorted: &[bool]) -> Vec<SegmentRef> {
    let mut parts: BTreeMap<(i64, u32), Vec<Row>> = BTreeMap::new();
    for (row, part) in rows {
        parts.entry(((row.time - DAY0).div_euclid(24 * HOUR), *part)).or_default().push(row.clone());
    }
    let build = |((_, part), mut rows): ((i64, u32), Vec<Row>)| {
        if sorted[part as usize] {
            rows.sort_by_key(|row| row.time);
        }
        segment(&rows, part)
    };
    parts.into_iter().map(build).collect()
}

fn queries() -> Vec<Value> {
    let aggregations = json!([
        count(),
        sum(),
        {"type": "longMax", "name": "m", "fieldName": "user"},
        {"type": "filtered", "filter": red(), "aggregator": {"type": "count", "name": "reds"}},
        {"type": "cardinality", "name": "c", "fields": ["color"], "round": true},
    ]);
    let interval = "2022-01-01T03:10/2022-01-03T20:00";
    let user = json!({"type": "default", "dimension": "user", "outputName": "user", "outputType": "LONG"});
    let limit =
        json!({"type": "default", "limit": 3, "offset": 1, "columns": [{"dimension": "s", "direction": "descending"}]});
    let mut all = Vec::new();
    for granularity in ["all", "hour", "day", "fifteen_minute"] {
        let base = json!({"granularity": granularity, "intervals": interval, "aggregations": aggregations});
        let with = |kind: &str, more: Value| {
            let mut query = query(kind, base.clone());
            query.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
            query
        };
        all.push(with("timeseries", json!({})));
        all.push(with(
            "timeseries",
            json!({"filter": red(), "descending": true, "limit": 5, "context": {"grandTotal": true}}),
        ));
        all.push(with("topN", json!({"dimension": "color", "metric": "s", "threshold": 2})));
        all.push(with(
            "topN",
            json!({"dimension": "tags", "metric": {"type": "dimension"}, "threshold": 2, "filter": red()}),
        ));
        all.push(with("groupBy", json!({"dimensions": ["color", user]})));
        all.push(with("groupBy", json!({"dimensions": ["tags", "color"], "limitSpec": limit})));
        all.push(with("groupBy", json!({"dimensions": ["color"], "limitSpec": {"type": "default", "limit": 4}})));
        all.push(with("timeseries", json!({"limit": 2})));
        all.push(with("groupBy", json!({"dimensions": [user, "tags"], "subtotalsSpec": [["tags"], ["user"], []]})));
        all.push(with("search", json!({"searchDimensions": ["color", "tags"]})));
    }
    all.push(query("timeBoundary", json!({"intervals": interval})));
    all.push(query(
        "scan",
        json!({"columns": ["__time"], "order": "descending", "intervals": interval, "batchSize": 7}),
    ));
    all
}

/// A thread per job.
pub(super) struct Threads;

impl Executor for Threads {
    fn num_threads(&self) -> usize {
        4
    }

    fn run(&self, jobs: Vec<Job>) {
        let running: Vec<_> = jobs.into_iter().map(std::thread::spawn).collect();
        running.into_iter().for_each(|thread| thread.join().expect("a job that ends"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_split_gives_the_same_answer(
        rows in proptest::collection::vec((any_row(), 0..3u32), 1..60),
        sorted in proptest::array::uniform3(any::<bool>()),
    ) {
        let whole: Vec<(Row, u32)> = rows.iter().map(|(row, _)| (row.clone(), 0)).collect();
        for query in queries() {
            let expected = ask_of(deal(&whole, &[true, true, true]), &query).expect("an answer");
            let dealt = ask_of(deal(&rows, &sorted), &query).expect("an answer");
            prop_assert_eq!(&dealt, &expected, "{}", query);
        }
    }

    #[test]
    fn partials_merge_in_any_grouping(
        rows in proptest::collection::vec((any_row(), 0..3u32), 1..60),
        cut in 0..3usize,
    ) {
        let exec = ExecContext::inline(1 << 30);
        let segments = deal(&rows, &[true, false, true]);
        for query in queries().into_iter().filter(|query| query["queryType"] != "scan") {
            let query = Query::parse(query.to_string().as_bytes()).expect("a query");
            let leaf = |segments: &[SegmentRef]| crate::run_leaf(&query, segments, &exec).expect("a partial");
            let threads = ExecContext { executor: std::sync::Arc::new(Threads), ..exec.clone() };
            let shared = crate::run_leaf(&query, &segments, &threads).expect("a partial");
            let finish = |partial| crate::finalize(&query, partial, &exec).and_then(|a| a.to_json()).expect("an answer");
            let cut = cut.min(segments.len());
            let travelled = |part: crate::Partial| crate::Partial::from_ipc(&part.to_ipc().expect("bytes")).expect("a partial");
            let parts = vec![leaf(&segments[..cut]), travelled(leaf(&segments[cut..]))];
            let merged = finish(crate::merge(&query, parts, &exec).expect("merged"));
            prop_assert_eq!(finish(shared), finish(leaf(&segments)));
            prop_assert_eq!(String::from_utf8(merged), String::from_utf8(finish(leaf(&segments))));
        }
    }

    #[test]
    fn folds_are_what_rows_one_by_one_give(rows in proptest::collection::vec((any_row(), 0..3u32), 1..60)) {
        type Groups = BTreeMap<(i64, Option<&'static str>), (i64, Option<f64>)>;
        let mut expected = Groups::new();
        for (row, _) in &rows {
            let hour = row.time.div_euclid(HOUR) * HOUR;
            let group = expected.entry((hour, row.color)).or_default();
            group.0 += 1;
            group.1 = row.x.map(|x| x + group.1.unwrap_or(0.0)).or(group.1);
        }
        let by_hour = query("groupBy", json!({"granularity": "hour", "dimensions": ["color"], "aggregations": [count(), sum()],
            "context": {"resultAsArray": true}}));
        let answer = ask_of(deal(&rows, &[true, false, true]), &by_hour).expect("an answer");
        let oracle: Vec<Value> = expected.iter().map(|((hour, color), (n, s))| json!([hour, color, n, s])).collect();
        prop_assert_eq!(answer, Value::from(oracle));

        let totals = query("timeseries", json!({"granularity": "hour", "aggregations": [count()], "context": {"skipEmptyBuckets": true}}));
        let answer = ask_of(deal(&rows, &[false, true, true]), &totals).expect("an answer");
        let counts: Vec<i64> = answer.as_array().expect("a list").iter().map(|b| b["result"]["n"].as_i64().unwrap_or(0)).collect();
        let mut hours: BTreeMap<i64, i64> = BTreeMap::new();
        expected.iter().for_each(|((hour, _), (n, _))| *hours.entry(*hour).or_default() += n);
        prop_assert_eq!(counts, hours.into_values().collect::<Vec<_>>());

        let mut colors: BTreeMap<Option<&str>, i64> = BTreeMap::new();
        expected.iter().for_each(|((_, color), (n, _))| *colors.entry(*color).or_default() += n);
        let mut ranked: Vec<(Option<&str>, i64)> = colors.into_iter().collect();
        ranked.sort_by_key(|(color, n)| (-n, *color));
        ranked.truncate(2);
        let top = query("topN", json!({"dimension": "color", "metric": "n", "threshold": 2, "aggregations": [count()]}));
        let answer = ask_of(deal(&rows, &[true, false, false]), &top).expect("an answer");
        let expected: Vec<Value> = ranked.iter().map(|(color, n)| json!({"color": color, "n": n})).collect();
        prop_assert_eq!(&answer[0]["result"], &Value::from(expected));
    }
}

//! The laws of splitting.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use proptest::prelude::*;
use query::{Bound, ExecContext, Query, Sources};
use segment::{SealedSegment, SegmentRef};
use serde_json::Value;
use timeline::Interval;

use crate::forms::{self, DAY, DAY0, FORMS, Form, HOUR, Row, comparable, id, raw};
use crate::queries;

const COLORS: [Option<&str>; 5] = [None, Some(""), Some("red"), Some("\u{1f388}"), Some("\u{fffd}")];
const TAGS: [&str; 4] = ["a", "b", "b2", "\u{ffff}"];

struct Table {
    segments: Vec<SegmentRef>,
    /// The same rows, some of which are bound.
    bound: Option<Vec<SegmentRef>>,
}

impl Sources for Table {
    fn segments(&self, datasource: &str, _: &[Interval]) -> query::Result<Vec<SegmentRef>> {
        Ok(if datasource == "t" { self.segments.clone() } else { Vec::new() })
    }

    fn bound(&self, datasource: &str, _: &[Interval]) -> query::Result<Option<Bound>> {
        let bound = self.bound.clone().filter(|_| datasource == "t");
        Ok(bound.map(|segments| Bound { segments, of: self.segments.clone() }))
    }
}

fn ask(segments: &[SegmentRef], query: &Value) -> Value {
    ask_table(&Table { segments: segments.to_vec(), bound: None }, query)
}

fn ask_table(table: &Table, query: &Value) -> Value {
    let parsed = Query::parse(query.to_string().as_bytes()).unwrap_or_else(|e| panic!("{e}: {query}"));
    let answer = query::answer(&parsed, table, &ExecContext::inline(1 << 30));
    let bytes = answer.and_then(|answer| answer.to_json()).unwrap_or_else(|e| panic!("{e}: {query}"));
    comparable(query, serde_json::from_slice(&bytes).expect("JSON"))
}

fn any_row() -> impl Strategy<Value = Row> {
    let tags = proptest::collection::vec(0..TAGS.len(), 0..3);
    let numbers = (proptest::option::of(0..4i64), proptest::option::of(-2..3i8), proptest::option::of(-8..8i32));
    (0..72 * 6i64, 0..COLORS.len(), tags, numbers, any::<bool>()).prop_map(
        |(at, color, tags, (user, ratio, x), is_click)| Row {
            time: DAY0 + at * HOUR / 6 + 7,
            color: COLORS[color],
            tags: tags.into_iter().map(|tag| TAGS[tag]).collect(),
            user,
            ratio: ratio.map(|ratio| f32::from(ratio) / 2.0),
            x: x.map(|x| f64::from(x) / 4.0),
            is_click,
        },
    )
}

/// Rows of days dealt to parts: day, part, rows.
fn dealt(rows: &[(Row, u32)]) -> BTreeMap<(i64, u32), Vec<Row>> {
    let mut parts: BTreeMap<(i64, u32), Vec<Row>> = BTreeMap::new();
    for (row, part) in rows {
        parts.entry(((row.time - DAY0).div_euclid(DAY), *part)).or_default().push(row.clone());
    }
    parts
}

fn deal(rows: &[(Row, u32)], forms: &[Form], rollup: bool) -> Vec<SegmentRef> {
    let parts = dealt(rows).into_iter();
    parts.map(|((day, part), rows)| forms::segment(forms[part as usize], &rows, &id(day, part), rollup)).collect()
}

/// The rows of a day in one piece.
fn whole(rows: &[(Row, u32)]) -> Vec<(Row, u32)> {
    rows.iter().map(|(row, _)| (row.clone(), 0)).collect()
}

/// Those that go with the first one as one, and the others.
fn bound(segments: &[SegmentRef]) -> Vec<SegmentRef> {
    let (bound, mut apart): (Vec<SegmentRef>, Vec<SegmentRef>) =
        segments.iter().cloned().partition(|segment| segment::goes_with(&*segments[0], &**segment));
    let mut image = Vec::new();
    let table = segment::bind(&bound, expression::AGGREGATORS).expect("bound");
    segment::write_image(&table, &mut image).expect("written");
    apart.push(Arc::new(SealedSegment::from_bytes(image.into(), id(0, 9)).expect("opened")));
    apart
}

fn any_rows() -> impl Strategy<Value = Vec<(Row, u32)>> {
    proptest::collection::vec((any_row(), 0..3u32), 1..60)
}

fn any_forms() -> impl Strategy<Value = Vec<Form>> {
    proptest::collection::vec(proptest::sample::select(&FORMS[..]), 3)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn folds_are_those_of_the_rows(rows in any_rows(), forms in any_forms(), rollup: bool) {
        let days = dealt(&whole(&rows)).into_iter();
        let oracle: Vec<SegmentRef> = days.map(|((day, _), rows)| raw(&rows, &id(day, 0)) as SegmentRef).collect();
        let segments = deal(&rows, &forms, rollup);
        // What a search counts are rows, which roll-up joins.
        let asked = queries::folds().into_iter().filter(|q| !rollup || q["queryType"] != "search");
        for query in asked {
            prop_assert_eq!(ask(&segments, &query), ask(&oracle, &query), "{:?} {}", forms, query);
        }
    }

    #[test]
    fn states_are_those_of_the_whole(rows in any_rows(), forms in any_forms(), rollup: bool) {
        let (oracle, segments) = (deal(&whole(&rows), &[Form::Batch], rollup), deal(&rows, &forms, rollup));
        for query in queries::states() {
            prop_assert_eq!(ask(&segments, &query), ask(&oracle, &query), "{:?} {}", forms, query);
        }
    }

    #[test]
    fn rows_come_back_once_each(rows in any_rows(), forms in any_forms()) {
        let (oracle, segments) = (deal(&whole(&rows), &[Form::Batch], false), deal(&rows, &forms, false));
        for query in queries::rows() {
            prop_assert_eq!(ask(&segments, &query), ask(&oracle, &query), "{:?} {}", forms, query);
        }
    }

    #[test]
    fn bound_segments_answer_as_they_do_apart(rows in any_rows(), forms in any_forms(), rollup: bool) {
        let segments = deal(&rows, &forms, rollup);
        let table = Table { bound: Some(bound(&segments)), segments };
        for query in [queries::folds(), queries::states(), queries::rows(), queries::metadata()].concat() {
            prop_assert_eq!(ask_table(&table, &query), ask(&table.segments, &query), "{:?} {}", forms, query);
        }
    }

    #[test]
    fn columns_are_described_alike(rows in any_rows(), forms in any_forms()) {
        let (oracle, segments) = (deal(&whole(&rows), &[Form::Sealed], false), deal(&rows, &forms, false));
        for query in queries::metadata() {
            prop_assert_eq!(ask(&segments, &query), ask(&oracle, &query), "{:?} {}", forms, query);
        }
    }
}

#[test]
fn every_kind_of_query_is_asked() {
    let all = [queries::folds(), queries::states(), queries::rows(), queries::metadata()].concat();
    let mut asked: HashMap<String, usize> = HashMap::new();
    all.iter().filter_map(|q| q["queryType"].as_str()).for_each(|kind| *asked.entry(kind.to_owned()).or_default() += 1);
    let mut kinds: Vec<_> = asked.into_keys().collect();
    kinds.sort();
    let known =
        ["dataSourceMetadata", "groupBy", "scan", "search", "segmentMetadata", "timeBoundary", "timeseries", "topN"];
    assert_eq!(kinds, known);
}

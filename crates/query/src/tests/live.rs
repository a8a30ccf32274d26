//! Rows of a live index of several blocks answer as the same rows in plain columns do.

use std::sync::Arc;

use aggregate::Input;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use segment::{
    Batch, ColumnType, DimensionSchema, Limits, LiveIndex, MultiValueHandling, RollupSchema, SegmentRef, TIME_COLUMN,
    VECTOR_ROWS, input_of,
};
use serde_json::{Value, json};

use super::support::*;

const COLORS: [Option<&str>; 5] = [None, Some(""), Some("red"), Some("green"), Some("🎈")];
const TAGS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// Rows of a day; those of a vector are close to each other in time, in order or not.
fn day_of_rows(is_sorted: bool) -> Vec<Row> {
    let row = |at: usize| {
        let mixed = at.wrapping_mul(2_654_435_761) >> 7;
        let tags: Vec<&str> =
            (0..if at < VECTOR_ROWS { 1 } else { mixed % 3 }).map(|n| TAGS[(mixed / 3 + n) % 6]).collect();
        let time = DAY0 + at as i64 * 1_700 + if is_sorted { 0 } else { (mixed % 5_000) as i64 };
        let user = (at < VECTOR_ROWS || !mixed.is_multiple_of(7)).then_some((mixed % 5_000) as i64 - 9);
        row(
            time,
            COLORS[mixed % 5],
            &tags,
            user,
            (!mixed.is_multiple_of(11)).then_some((mixed % 801) as f64 / 4.0 - 3.0),
        )
    };
    (0..2 * VECTOR_ROWS + 4_321).map(row).collect()
}

fn live(from: &SegmentRef) -> SegmentRef {
    let tags = DimensionSchema { multi_value_handling: MultiValueHandling::Array, ..DimensionSchema::string("tags") };
    let dimensions = vec![
        DimensionSchema::string("color"),
        tags,
        DimensionSchema::new("user", ColumnType::Long),
        DimensionSchema::new("x", ColumnType::Double),
    ];
    let schema = Arc::new(RollupSchema { rollup: false, ..RollupSchema::new(dimensions, Vec::new()) });
    let columns: Vec<_> = schema.dimensions.iter().map(|dimension| from.column(&dimension.name).unwrap()).collect();
    let dictionaries: Vec<_> = columns.iter().map(|column| column.dictionary()).collect();
    let times = from.column(TIME_COLUMN).unwrap();
    let mut index = LiveIndex::new(from.id().clone(), schema, Limits::default()).unwrap();
    for start in (0..from.num_rows()).step_by(1_000) {
        let rows: Vec<u32> = (start as u32..from.num_rows().min(start + 1_000) as u32).collect();
        let arrays: Vec<_> = columns.iter().map(|column| column.take(&rows)).collect();
        let inputs = columns.iter().zip(&arrays).zip(&dictionaries);
        let inputs = inputs.map(|((column, array), texts)| input_of(&**array, &column.column_type(), texts.as_deref()));
        let dimensions: Vec<Input<'_>> = inputs.collect::<Option<_>>().unwrap();
        let times = times.take(&rows);
        let time = times.as_primitive::<Int64Type>().values();
        index.append(&Batch { time, dimensions: &dimensions, metrics: &[], mask: None }).unwrap();
    }
    index.snapshot()
}

fn filters() -> Vec<Value> {
    let range = |column: &str, of: &str, lower: Value, upper: Value| json!({"type": "range", "column": column, "matchValueType": of, "lower": lower, "upper": upper});
    vec![
        json!(null),
        red(),
        json!({"type": "selector", "dimension": "color", "value": null}),
        json!({"type": "in", "dimension": "color", "values": ["", "green", "nobody"]}),
        json!({"type": "selector", "dimension": "color", "value": "nobody"}),
        json!({"type": "selector", "dimension": "tags", "value": "c"}),
        json!({"type": "not", "field": {"type": "in", "dimension": "tags", "values": ["a", "b"]}}),
        json!({"type": "selector", "dimension": "user", "value": "77"}),
        json!({"type": "null", "column": "x"}),
        range("user", "LONG", json!(10), json!(900)),
        range("x", "DOUBLE", json!(-1.0), json!(20.5)),
        range("x", "DOUBLE", json!(1e6), json!(null)),
        json!({"type": "and", "fields": [red(), range("x", "DOUBLE", json!(null), json!(30))]}),
    ]
}

fn queries() -> Vec<Value> {
    let aggregations = json!([
        count(),
        sum(),
        {"type": "longMax", "name": "m", "fieldName": "user"},
        {"type": "doubleMin", "name": "l", "fieldName": "x"},
        {"type": "filtered", "filter": red(), "aggregator": {"type": "longSum", "name": "reds", "fieldName": "user"}},
        {"type": "cardinality", "name": "c", "fields": ["user"], "round": true},
    ]);
    let user = json!({"type": "default", "dimension": "user", "outputName": "user", "outputType": "LONG"});
    let mut all = Vec::new();
    for filter in filters() {
        let with = |kind: &str, more: Value| {
            let mut query = query(kind, more);
            query["filter"] = filter.clone();
            query["aggregations"] = aggregations.clone();
            query
        };
        let part = "2022-01-01T01:10/2022-01-01T06:20";
        all.push(with("timeseries", json!({})));
        all.push(with("timeseries", json!({"granularity": "hour"})));
        all.push(with("timeseries", json!({"granularity": "minute", "intervals": part})));
        all.push(with("groupBy", json!({"dimensions": ["color"], "granularity": "hour"})));
        all.push(with("groupBy", json!({"dimensions": ["tags"], "intervals": part})));
        all.push(with("groupBy", json!({"dimensions": ["tags"]})));
        all.push(with("groupBy", json!({"dimensions": [user, "tags"]})));
        all.push(with("groupBy", json!({"dimensions": ["color", "x"]})));
        all.push(with("topN", json!({"dimension": "user", "metric": "s", "threshold": 9})));
    }
    // Each filter with some kinds, each kind with some filters.
    all.into_iter().step_by(4).collect()
}

#[test]
fn blocks_of_a_live_index_answer_as_plain_columns() {
    for is_sorted in [true, false] {
        let plain = segment(&day_of_rows(is_sorted), 0);
        let live = live(&plain);
        assert_eq!(live.sorted_times().is_some(), is_sorted);
        for query in queries() {
            let expected = ask_of(vec![plain.clone()], &query).unwrap();
            assert_eq!(ask_of(vec![live.clone()], &query).unwrap(), expected, "{query}");
        }
    }
}

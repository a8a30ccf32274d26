//! One query of every kind and then some.

use serde_json::{Value, json};

const INTERVAL: &str = "2022-01-01T03:10/2022-01-03T20:00";

fn query(kind: &str, more: Value) -> Value {
    let mut query = json!({"queryType": kind, "dataSource": "t", "intervals": INTERVAL, "granularity": "all"});
    if let (Some(query), Value::Object(more)) = (query.as_object_mut(), more) {
        query.extend(more);
    }
    query
}

fn filters() -> Vec<Value> {
    vec![
        json!({"type": "selector", "dimension": "color", "value": "red"}),
        json!({"type": "not", "field": {"type": "selector", "dimension": "tags", "value": "a"}}),
        json!({"type": "range", "column": "user", "matchValueType": "LONG", "lower": 1, "upper": 2}),
        json!({"type": "or", "fields": [
            {"type": "null", "column": "color"},
            {"type": "like", "dimension": "tags", "pattern": "b%"},
            {"type": "bound", "dimension": "ratio", "ordering": "numeric", "lower": "0.5"},
        ]}),
    ]
}

/// Folds of what every form can answer, the unfolded rows included.
pub fn folds() -> Vec<Value> {
    let red = &filters()[0];
    let plain = json!([
        {"type": "longSum", "name": "n", "fieldName": "n"},
        {"type": "doubleSum", "name": "s", "fieldName": "s"},
        {"type": "doubleMax", "name": "m", "fieldName": "m"},
        {"type": "longMin", "name": "least", "fieldName": "user"},
        {"type": "filtered", "filter": red, "aggregator": {"type": "longSum", "name": "reds", "fieldName": "clicks"}},
        {"type": "cardinality", "name": "c", "fields": ["color", "user"], "byRow": true, "round": true},
    ]);
    let mut all = grouped(&plain, "s");
    all.push(query("timeBoundary", json!({})));
    all.push(query("dataSourceMetadata", json!({})));
    for filter in filters() {
        let wanted = json!({"searchDimensions": ["color", "tags"], "filter": filter,
            "query": {"type": "contains", "value": "", "caseSensitive": true}});
        // A hit counts rows, which roll-up joins.
        all.push(query("search", wanted));
    }
    all
}

/// Folds of states that were folded at ingestion.
pub fn states() -> Vec<Value> {
    let sketches = json!([
        {"type": "HLLSketchMerge", "name": "hll", "fieldName": "hll", "round": true},
        {"type": "thetaSketch", "name": "theta", "fieldName": "theta"},
        {"type": "quantilesDoublesSketch", "name": "quantiles", "fieldName": "quantiles"},
        {"type": "longSum", "name": "clicks", "fieldName": "clicks"},
    ]);
    grouped(&sketches, "theta")
}

fn grouped(aggregations: &Value, metric: &str) -> Vec<Value> {
    let user = json!({"type": "default", "dimension": "user", "outputName": "user", "outputType": "LONG"});
    let limit = json!({"type": "default", "limit": 3, "offset": 1,
        "columns": [{"dimension": metric, "direction": "descending", "dimensionOrder": "numeric"}, "tags", "color"]});
    let mut all = Vec::new();
    for granularity in ["all", "hour", "day"] {
        let with = |kind: &str, more: Value| {
            let mut query = query(kind, json!({"granularity": granularity, "aggregations": aggregations}));
            query.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
            query
        };
        all.push(with("timeseries", json!({})));
        all.extend(
            filters().into_iter().map(|filter| with("timeseries", json!({"filter": filter, "descending": true}))),
        );
        all.push(with("topN", json!({"dimension": "color", "metric": metric, "threshold": 2})));
        all.push(with("topN", json!({"dimension": "user", "metric": {"type": "dimension"}, "threshold": 2})));
        all.push(with("topN", json!({"dimension": "tags", "metric": metric, "threshold": 3, "filter": filters()[3]})));
        all.push(with("groupBy", json!({"dimensions": ["color", user]})));
        all.push(with("groupBy", json!({"dimensions": ["tags", "color"], "limitSpec": limit, "filter": filters()[1]})));
        all.push(with("groupBy", json!({"dimensions": [user, "tags"], "subtotalsSpec": [["tags"], ["user"], []]})));
        all.push(with(
            "groupBy",
            json!({"dimensions": [
            {"type": "default", "dimension": "ratio", "outputName": "ratio", "outputType": "FLOAT"}]}),
        ));
    }
    all
}

/// What only rows that are not rolled up can be asked.
pub fn rows() -> Vec<Value> {
    let columns = json!(["__time", "color", "tags", "user", "ratio", "n", "s", "clicks"]);
    let mut all = vec![
        query("scan", json!({"columns": columns, "batchSize": 7})),
        query("scan", json!({"columns": columns, "resultFormat": "compactedList"})),
        query("scan", json!({"columns": ["__time"], "order": "ascending", "batchSize": 5})),
        query("scan", json!({"columns": ["__time"], "order": "descending", "limit": 9, "offset": 2})),
        query("timeseries", json!({"granularity": "hour", "aggregations": [{"type": "count", "name": "rows"}]})),
    ];
    all.extend(filters().into_iter().map(|filter| query("scan", json!({"columns": columns, "filter": filter}))));
    all
}

/// How columns are described.
pub fn metadata() -> Vec<Value> {
    let wanted = ["interval", "minmax", "aggregators", "queryGranularity", "rollup", "timestampSpec"];
    vec![query(
        "segmentMetadata",
        json!({"merge": true, "intervals": "2022-01-01/2022-01-05", "analysisTypes": wanted}),
    )]
}

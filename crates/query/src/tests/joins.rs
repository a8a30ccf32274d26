use serde_json::{Value, json};

use super::support::*;

/// Colours with a number, one of them twice, one that no row has, and null.
fn colors() -> Value {
    json!({"type": "inline", "columnNames": ["k", "w"], "columnTypes": ["STRING", "LONG"],
        "rows": [["red", 1], ["blue", 2], ["blue", 3], ["pink", 4], [null, 5]]})
}

fn join(kind: &str, condition: &str) -> Value {
    json!({"type": "join", "left": "t", "right": colors(), "rightPrefix": "j.", "condition": condition, "joinType": kind})
}

/// The rows of a scan as lists.
fn scan(source: Value, columns: Value, filter: Value) -> Value {
    let more = json!({"dataSource": source, "columns": columns, "resultFormat": "compactedList", "filter": filter});
    let mut query = query("scan", more);
    query.as_object_mut().map(|query| query.remove("granularity"));
    let batches = ask(query);
    let rows = batches.as_array().into_iter().flatten().flat_map(|batch| batch["events"].as_array().cloned());
    Value::Array(rows.flatten().collect())
}

const EQUAL: &str = "color == \"j.k\"";

#[test]
fn rows_stand_beside_every_row_of_their_key() {
    let columns = json!(["color", "j.w"]);
    let inner = json!([["red", 1], ["blue", 2], ["blue", 3], ["red", 1]]);
    assert_eq!(scan(join("INNER", EQUAL), columns.clone(), Value::Null), inner);
    let left = json!([["red", 1], ["blue", 2], ["blue", 3], ["red", 1], [null, null], ["green", null], ["", null]]);
    assert_eq!(scan(join("LEFT", EQUAL), columns.clone(), Value::Null), left);
    assert_eq!(scan(join("LEFT", "\"j.k\" == color"), columns.clone(), Value::Null), left);
    let null = scan(join("INNER", "notdistinctfrom(color, \"j.k\")"), columns.clone(), Value::Null);
    assert_eq!(null, json!([["red", 1], ["blue", 2], ["blue", 3], ["red", 1], [null, 5]]));
    assert_eq!(scan(join("INNER", "0"), columns.clone(), Value::Null), json!([]));
    assert_eq!(scan(join("INNER", "1"), columns, Value::Null).as_array().map(Vec::len), Some(30));
    let by_number = scan(join("INNER", "user == \"j.w\""), json!(["user", "j.k"]), Value::Null);
    assert_eq!(by_number, json!([[1, "red"], [2, "blue"], [1, "red"]]));
    let two = scan(join("INNER", "color == \"j.k\" && user == \"j.w\""), json!(["color", "user"]), Value::Null);
    assert_eq!(two, json!([["red", 1], ["blue", 2]]));
}

#[test]
fn rows_without_a_partner_stay_on_the_right_too() {
    let rows = scan(join("RIGHT", EQUAL), json!(["color", "j.w"]), json!({"type": "null", "column": "color"}));
    // Segment by segment: the day without red and blue keeps all of them.
    let day = |rows: [i64; 5]| rows.into_iter().filter(|w| *w > 0).map(|w| json!([null, w])).collect::<Vec<_>>();
    let expected = [day([0, 0, 0, 4, 5]), day([1, 2, 3, 4, 5]), day([1, 2, 3, 4, 5])].concat();
    assert_eq!(rows, Value::Array(expected));
    let full = scan(join("FULL", EQUAL), json!(["color", "j.w"]), Value::Null);
    assert_eq!(full.as_array().map(Vec::len), Some(7 + 2 + 5 + 5));
}

#[test]
fn a_filter_passes_the_same_rows_whichever_side_it_reads() {
    let both = |name: &str, value: &str| json!({"type": "selector", "dimension": name, "value": value});
    for kind in ["INNER", "LEFT", "RIGHT", "FULL"] {
        let all = scan(join(kind, EQUAL), json!(["color", "x", "j.k"]), Value::Null);
        let with = |at: usize, value: &str| -> Vec<Value> {
            all.as_array().into_iter().flatten().filter(|row| row[at] == value).cloned().collect()
        };
        for (name, at) in [("color", 0), ("j.k", 2)] {
            for value in ["red", "green", "pink"] {
                let found = scan(join(kind, EQUAL), json!(["color", "x", "j.k"]), both(name, value));
                assert_eq!(found, Value::Array(with(at, value)), "{kind} {name} {value}");
            }
        }
        let mut early = join(kind, EQUAL);
        early["leftFilter"] = both("color", "red");
        let red = scan(early, json!(["color", "x", "j.k"]), both("color", "red"));
        assert_eq!(red, Value::Array(with(0, "red")), "{kind}");
    }
}

/// A row whose partners all fail a filter is no row without a partner.
#[test]
fn filters_of_the_right_alone_make_no_gaps() {
    let columns = json!(["color", "j.w"]);
    let of = |filter: Value| {
        let columns = columns.clone();
        move |kind: &str| scan(join(kind, EQUAL), columns.clone(), filter.clone())
    };
    let above = of(json!({"type": "range", "column": "j.w", "matchValueType": "LONG", "lower": 3}));
    assert_eq!(above("INNER"), json!([["blue", 3]]));
    assert_eq!(above("LEFT"), json!([["blue", 3]]));
    let null = of(json!({"type": "or", "fields": [{"type": "null", "column": "j.w"},
        {"type": "equals", "column": "j.w", "matchValueType": "LONG", "matchValue": 2}]}));
    assert_eq!(null("INNER"), json!([["blue", 2]]));
    assert_eq!(null("LEFT"), json!([["blue", 2], [null, null], ["green", null], ["", null]]));
    let three = of(json!({"type": "equals", "column": "j.w", "matchValueType": "LONG", "matchValue": 3}));
    assert_eq!(three("RIGHT"), json!([["blue", 3], [null, 3], [null, 3]]));
    assert_eq!(three("FULL"), json!([["blue", 3], [null, 3], [null, 3]]));
}

#[test]
fn folds_read_joined_columns() {
    let aggregations = json!([count(), {"type": "longSum", "name": "w", "fieldName": "j.w"}]);
    let more = |kind: &str| {
        json!({"dataSource": join(kind, EQUAL), "dimensions": ["j.k"], "aggregations": aggregations,
            "context": {"resultAsArray": true}})
    };
    assert_eq!(ask(query("groupBy", more("INNER"))), json!([["blue", 2, 5], ["red", 2, 2]]));
    assert_eq!(ask(query("groupBy", more("LEFT"))), json!([[null, 3, null], ["blue", 2, 5], ["red", 2, 2]]));
    // Time chunks without a row in the join are filled all the same.
    let days = query(
        "timeseries",
        json!({"granularity": "day", "dataSource": join("INNER", EQUAL), "aggregations": [count()]}),
    );
    let counts: Vec<_> = ask(days).as_array().into_iter().flatten().map(|row| row["result"]["n"].clone()).collect();
    assert_eq!(counts, [4, 0, 0]);
}

#[test]
fn joins_nest() {
    let weights =
        json!({"type": "query", "query": query("groupBy", json!({"dimensions": ["color"], "aggregations": [sum()]}))});
    let outer = json!({"type": "join", "left": join("LEFT", EQUAL), "right": weights, "rightPrefix": "k.",
        "condition": "\"j.k\" == \"k.color\"", "joinType": "INNER"});
    let filter = json!({"type": "selector", "dimension": "k.color", "value": "blue"});
    let rows = scan(outer.clone(), json!(["color", "j.w", "k.s"]), filter);
    assert_eq!(rows, json!([["blue", 2, 2.5], ["blue", 3, 2.5]]));
    let unnested = json!({"type": "unnest", "base": outer, "virtualColumn": {"type": "expression", "name": "tag", "expression": "tags"}});
    assert_eq!(
        scan(
            unnested,
            json!(["j.w", "tag"]),
            json!({"type": "equals", "column": "tag", "matchValueType": "STRING", "matchValue": "b"})
        ),
        json!([[2, "b"], [3, "b"]])
    );
}

#[test]
fn conditions_and_prefixes_that_make_no_sense_are_refused() {
    let refused = |source: Value| fails(query("timeseries", json!({"dataSource": source, "aggregations": [count()]})));
    let with = |field: &str, value: Value| {
        let mut join = join("INNER", EQUAL);
        join[field] = value;
        join
    };
    for (source, word) in [
        (with("rightPrefix", json!("")), "rightPrefix"),
        (with("rightPrefix", json!("_")), "__time"),
        (with("right", json!("t")), "globalTable"),
        (with("joinType", json!("OUTER")), "OUTER"),
        (with("condition", json!("color < \"j.k\"")), "equalities"),
        (with("condition", json!("color == \"j.nope\"")), "nope"),
        (with("condition", json!("tags == \"j.k\"")), "several values"),
        (with("left", join("INNER", EQUAL)), "conflicts"),
    ] {
        let error = refused(source);
        assert!(error.contains(word), "{error}");
    }
    let global = with("right", json!({"type": "globalTable", "name": "t"}));
    let global = with_condition(global, "color == \"j.color\"");
    assert_eq!(
        scan(global, json!(["j.x"]), json!({"type": "selector", "dimension": "color", "value": "green"})),
        json!([[-1.0]])
    );
}

fn with_condition(mut join: Value, condition: &str) -> Value {
    join["condition"] = json!(condition);
    join
}

fn unnest(expression: &str) -> Value {
    json!({"type": "unnest", "base": "t", "virtualColumn": {"type": "expression", "name": "u", "expression": expression}})
}

#[test]
fn a_row_for_each_value() {
    let tags = scan(unnest("tags"), json!(["user", "u"]), Value::Null);
    assert_eq!(
        tags,
        json!([[1, "a"], [2, "a"], [2, "b"], [null, null], [1, "b"], [7, "c"], [7, "a"], [7, "b"], [7, "b"]])
    );
    // Of an array, null and empty ones have no value.
    let arrays = scan(unnest("mv_to_array(tags)"), json!(["user", "u"]), Value::Null);
    assert_eq!(arrays.as_array().map(Vec::len), Some(8));
    let numbers = query(
        "groupBy",
        json!({"dataSource": unnest("array(user, 7)"), "aggregations": [count()],
        "dimensions": [{"type": "default", "dimension": "u", "outputType": "LONG"}], "context": {"resultAsArray": true}}),
    );
    assert_eq!(ask(numbers), json!([[null, 1], [1, 2], [2, 1], [7, 8]]));
    let mut filtered = unnest("tags");
    filtered["unnestFilter"] = json!({"type": "in", "dimension": "u", "values": ["b", "c"]});
    let rows = scan(filtered, json!(["user", "u"]), json!({"type": "selector", "dimension": "user", "value": "7"}));
    assert_eq!(rows, json!([[7, "c"], [7, "b"], [7, "b"]]));
    let hides = json!({"type": "unnest", "base": "t", "virtualColumn": {"type": "mv-filtered", "name": "tags", "delegate": "tags", "values": ["a"]}});
    assert_eq!(
        scan(hides, json!(["user", "tags"]), json!({"type": "selector", "dimension": "tags", "value": "a"})),
        json!([[1, "a"], [2, "a"], [7, "a"]])
    );
}

#[test]
fn a_table_without_the_column_has_nothing_to_take_apart() {
    let bare = segment::BatchView::builder().time([DAY0]).build().expect("a segment");
    let mut segments = by_day(&rows());
    let whole = ask_of(
        segments.clone(),
        &query("timeseries", json!({"dataSource": unnest("tags"), "aggregations": [count()]})),
    );
    segments.push(bare);
    let more = ask_of(segments, &query("timeseries", json!({"dataSource": unnest("tags"), "aggregations": [count()]})));
    assert_eq!(more.expect("an answer")[0]["result"], whole.expect("an answer")[0]["result"]);
}

#[test]
fn filters_nest_in_sources() {
    let only = |base: Value, name: &str, value: &str| json!({"type": "filter", "base": base, "filter": {"type": "selector", "dimension": name, "value": value}});
    assert_eq!(scan(only(json!("t"), "color", "red"), json!(["x"]), Value::Null), json!([[1.5], [null]]));
    let inner = only(only(unnest("tags"), "u", "b"), "user", "7");
    assert_eq!(scan(inner, json!(["x"]), Value::Null), json!([[-1.0], [0.25]]));
    // The filter of a source reads its columns, whatever the query calls by the same name.
    let virtual_column = json!([{"type": "expression", "name": "color", "expression": "'no'"}]);
    let counts = query(
        "timeseries",
        json!({"dataSource": only(json!("t"), "color", "red"), "aggregations": [count()],
        "virtualColumns": virtual_column, "filter": {"type": "selector", "dimension": "color", "value": "no"}}),
    );
    assert_eq!(ask(counts)[0]["result"]["n"], 2);
}

#[test]
fn the_same_rows_whatever_the_intervals_cut_off() {
    let half = |source: Value| {
        query(
            "timeseries",
            json!({"dataSource": source, "intervals": "2022-01-01/2022-01-01T06:00", "aggregations": [count()]}),
        )
    };
    assert_eq!(ask(half(join("LEFT", EQUAL)))[0]["result"]["n"], 1);
    assert_eq!(ask(half(unnest("tags")))[0]["result"]["n"], 1);
}

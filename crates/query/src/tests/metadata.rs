use serde_json::{Value, json};

use super::support::*;

#[test]
fn time_boundary_reports_row_times() {
    let answer = ask(json!({"queryType": "timeBoundary", "dataSource": "t"}));
    let result = json!({"minTime": "2022-01-01T00:30:00.000Z", "maxTime": "2022-01-04T03:00:00.000Z"});
    assert_eq!(answer, json!([{"timestamp": "2022-01-01T00:30:00.000Z", "result": result}]));
    let answer = ask(json!({"queryType": "timeBoundary", "dataSource": "t", "bound": "MAXTIME", "filter": red()}));
    let result = json!({"maxTime": "2022-01-01T06:00:00.001Z"});
    assert_eq!(answer, json!([{"timestamp": "2022-01-01T06:00:00.001Z", "result": result}]));
    assert_eq!(ask(json!({"queryType": "timeBoundary", "dataSource": "unknown"})), json!([]));
}

#[test]
fn data_source_metadata_is_the_newest_event() {
    let answer = ask(json!({"queryType": "dataSourceMetadata", "dataSource": "t"}));
    let newest = "2022-01-04T03:00:00.000Z";
    assert_eq!(answer, json!([{"timestamp": newest, "result": {"maxIngestedEventTime": newest}}]));
}

#[test]
fn segment_metadata_merges_columns() {
    let answer = ask(json!({"queryType": "segmentMetadata", "dataSource": "t", "merge": true}));
    let merged = &answer[0];
    assert_eq!(merged["numRows"], 6);
    assert_eq!(merged["id"], "t_2022-01-04T00:00:00.000Z_2022-01-05T00:00:00.000Z_merged");
    assert_eq!(
        merged["intervals"],
        json!([
            "2022-01-01T00:00:00.000Z/2022-01-03T00:00:00.000Z",
            "2022-01-04T00:00:00.000Z/2022-01-05T00:00:00.000Z"
        ])
    );
    let color = &merged["columns"]["color"];
    assert_eq!(
        (&color["type"], &color["hasNulls"], &color["maxValue"]),
        (&json!("STRING"), &json!(true), &json!("red"))
    );
    assert_eq!(merged["columns"]["tags"]["hasMultipleValues"], true);
    assert_eq!(merged["columns"]["user"]["cardinality"], json!(null));
    assert_eq!(merged["aggregators"], json!(null));
}

#[test]
fn search_counts_rows_by_value() {
    let answer = ask(query("search", json!({"query": {"type": "insensitive_contains", "value": "R"}})));
    let hits = json!([{"dimension": "color", "value": "green", "count": 1}, {"dimension": "color", "value": "red", "count": 2}]);
    assert_eq!(answer, json!([{"timestamp": "2022-01-01T00:00:00.000Z", "result": hits}]));
    let one = ask(query("search", json!({"searchDimensions": "tags", "limit": 1})));
    assert_eq!(one[0]["result"], json!([{"dimension": "tags", "value": null, "count": 1}]));
}

#[test]
fn search_stamps_a_lone_chunk_with_its_start() {
    let origin = |origin: &str| json!({"type": "period", "period": "P1D", "origin": origin});
    let stamps = |intervals: Value| {
        let asked =
            json!({"intervals": intervals, "granularity": origin("2022-01-01T05:00Z"), "searchDimensions": "tags"});
        let answer = ask(query("search", asked));
        answer.as_array().expect("lists").iter().map(|list| list["timestamp"].clone()).collect::<Vec<_>>()
    };
    let starts = ["2022-01-01T00:00:00.000Z", "2022-01-02T00:00:00.000Z", "2022-01-04T00:00:00.000Z"];
    assert_eq!(stamps(json!(DAYS)), starts);
    let twice = stamps(json!(["2022-01-01T00:00Z/2022-01-01T01:00Z", "2022-01-01T06:00Z/2022-01-01T07:00Z"]));
    assert_eq!(twice, ["2021-12-31T05:00:00.000Z"]);
}

#[test]
fn columns_of_states_may_hold_nulls() {
    let id = timeline::SegmentId::parse("t_2022-01-01T00:00:00.000Z_2022-01-02T00:00:00.000Z_v1", "t").expect("an id");
    let sketches = segment::BatchView::builder().id(id).time([DAY0]).state("h", "HLLSketch", [Some(b"x")]);
    let asked = json!({"queryType": "segmentMetadata", "dataSource": "t"});
    let answer = ask_of(vec![sketches.build().expect("a segment")], &asked).expect("an answer");
    let column = &answer[0]["columns"]["h"];
    assert_eq!((&column["typeSignature"], &column["hasNulls"]), (&json!("COMPLEX<HLLSketch>"), &json!(true)));
}

#[test]
fn search_takes_the_first_values_of_a_segment_and_joins_equal_ones() {
    let rows =
        |texts: &[&'static str]| texts.iter().map(|text| row(DAY0, Some(text), &[], None, None)).collect::<Vec<_>>();
    let values = |texts: &[&'static str], more: Value| {
        let mut asked = query("search", json!({"searchDimensions": "color"}));
        asked.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let answer = ask_of(vec![segment(&rows(texts), 0)], &asked).expect("an answer");
        let hits = answer[0]["result"].as_array().expect("a list").clone();
        hits.iter().map(|hit| json!([hit["value"], hit["count"]])).collect::<Value>()
    };
    let numbers = ["1.0", "10", "01", "1", "2"];
    assert_eq!(values(&numbers, json!({"sort": "numeric"})), json!([["01", 3], ["2", 1], ["10", 1]]));
    // The limit cuts in the order of the dictionary, the order asked for comes after.
    assert_eq!(values(&["bbb", "aa", "c"], json!({"sort": "strlen", "limit": 2})), json!([["aa", 1], ["bbb", 1]]));
}

#[test]
fn a_search_that_finds_nothing_tells_where_it_searched() {
    let wanted = json!({"type": "contains", "value": "nothing"});
    let asked = |granularity: &str| {
        let more = json!({"searchDimensions": ["color"], "query": wanted, "granularity": granularity});
        ask(query("search", more))
    };
    assert_eq!(asked("all"), json!([{"timestamp": "2022-01-01T00:00:00.000Z", "result": []}]));
    assert_eq!(asked("day").as_array().map_or(0, Vec::len), 3);
}

#[test]
fn a_search_lists_each_chunk_that_is_asked_for_though_no_row_of_it_be() {
    let asked = |intervals: &str, filter: Value| {
        let more = json!({"searchDimensions": ["color"], "intervals": intervals, "filter": filter});
        let lists = ask(query("search", more));
        lists.as_array().expect("lists").iter().map(|list| list["timestamp"].clone()).collect::<Vec<_>>()
    };
    let first = ["2022-01-01T00:00:00.000Z"];
    assert_eq!(asked("2022-01-01T23:59Z/2022-01-02T12:00Z", json!({"type": "true"})), first);
    assert_eq!(asked("2022-01-01T23:58Z/2022-01-01T23:59Z", json!({"type": "true"})), first);
    assert_eq!(asked(DAYS, json!({"type": "null", "column": "__time"})), first);
    let later = json!({"type": "interval", "dimension": "__time", "intervals": ["2022-01-04/2022-01-05"]});
    assert_eq!(asked(DAYS, later), first);
    assert!(asked("2022-01-03/2022-01-04", json!({"type": "true"})).is_empty());
}

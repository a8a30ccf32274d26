//! Aggregators with states of their own, and what post-aggregators make of them.

use serde_json::{Value, json};

use super::support::*;

fn asked(aggregations: Value, posts: Value) -> Value {
    query("timeseries", json!({"aggregations": aggregations, "postAggregations": posts}))
}

/// The result of a query of one row, over three segments.
fn result(aggregations: Value, posts: Value) -> Value {
    ask(asked(aggregations, posts))[0]["result"].clone()
}

fn field(name: &str) -> Value {
    json!({"type": "fieldAccess", "fieldName": name})
}

#[test]
fn quantiles_of_every_sketch() {
    for tag in ["quantilesDoublesSketch", "KllDoublesSketch", "KllFloatsSketch"] {
        let post = |what: &str| {
            json!({"type": format!("{tag}{what}"), "name": what, "field": field("a"), "fraction": 0.5,
                "fractions": [0.0, 1.0], "splitPoints": [1, 3], "value": 1.5})
        };
        let posts: Vec<Value> =
            ["ToQuantile", "ToQuantiles", "ToHistogram", "ToRank", "ToCDF", "ToString"].map(post).to_vec();
        let answer = result(json!([{"type": tag, "name": "a", "fieldName": "x"}]), json!(posts));
        assert_eq!((&answer["a"], &answer["ToQuantile"]), (&json!(5), &json!(1.5)), "{tag}");
        assert_eq!((&answer["ToQuantiles"], &answer["ToRank"]), (&json!([-1.0, 10.0]), &json!(0.6)), "{tag}");
        assert_eq!(answer["ToCDF"], json!([0.4, 0.8, 1.0]), "{tag}");
        let counts = answer["ToHistogram"].as_array().unwrap().iter().map(|count| count.as_f64().unwrap().round());
        assert_eq!(counts.collect::<Vec<_>>(), [2.0, 2.0, 1.0], "{tag}");
        assert!(answer["ToString"].as_str().unwrap().contains('5'), "{tag}");
    }
}

#[test]
fn tuple_sketches_count_keys_and_sum_their_numbers() {
    let sketch = |name: &str| json!({"type": "arrayOfDoublesSketch", "name": name, "fieldName": "color", "metricColumns": ["x", "user"]});
    let filter = json!({"type": "selector", "dimension": "user", "value": "1"});
    let aggregations = json!([sketch("a"), {"type": "filtered", "filter": filter, "aggregator": sketch("b")}]);
    let post = |what: &str| json!({"type": format!("arrayOfDoublesSketch{what}"), "name": what, "field": field("a"), "column": 2});
    let set = |func: &str| json!({"type": "arrayOfDoublesSketchSetOp", "operation": func, "fields": [field("a"), field("b")]});
    let mut posts: Vec<Value> =
        ["ToEstimate", "ToNumEntries", "ToEstimateAndBounds", "ToMeans", "ToVariances", "ToMetricsSumEstimate"]
            .map(post)
            .to_vec();
    for func in ["UNION", "INTERSECT", "NOT"] {
        posts.push(json!({"type": "arrayOfDoublesSketchToEstimate", "name": func, "field": set(func)}));
    }
    posts.push(json!({"type": "arrayOfDoublesSketchTTest", "name": "t", "fields": [field("a"), field("a")]}));
    posts.push(json!({"type": "quantilesDoublesSketchToQuantile", "name": "q", "fraction": 1,
        "field": post("ToQuantilesSketch")}));
    let answer = result(aggregations, json!(posts));
    assert_eq!((&answer["a"], &answer["b"], &answer["ToNumEntries"]), (&json!(3.0), &json!(1.0), &json!(3)));
    assert_eq!(answer["ToEstimateAndBounds"], json!([3.0, 3.0, 3.0]));
    assert_eq!((&answer["ToMetricsSumEstimate"], &answer["ToMeans"][0]), (&json!([3.0, 10.0]), &json!(1.0)));
    assert_eq!((&answer["ToVariances"][0], &answer["q"]), (&json!(3.25), &json!(7.0)));
    assert_eq!((&answer["UNION"], &answer["INTERSECT"], &answer["NOT"]), (&json!(3.0), &json!(1.0), &json!(2.0)));
    assert!((answer["t"][0].as_f64().unwrap() - 1.0).abs() < 1e-9);
}

#[test]
fn variances_and_their_roots() {
    let of = |name: &str, estimator: Value| json!({"type": "variance", "name": name, "fieldName": "x", "estimator": estimator});
    let aggregations = json!([of("s", Value::Null), of("p", json!("population"))]);
    let answer = result(aggregations.clone(), json!([{"type": "stddev", "name": "d", "fieldName": "s"}]));
    let near = |value: &Value, expected: f64| (value.as_f64().unwrap() - expected).abs() < 1e-9;
    assert!(near(&answer["s"], 18.6125) && near(&answer["p"], 14.89) && near(&answer["d"], 18.6125_f64.sqrt()));
    let wrong = json!([{"type": "stddev", "name": "d", "fieldName": "n"}]);
    assert!(fails(asked(json!([count()]), wrong)).contains("'n'"));
}

#[test]
fn histograms_and_digests() {
    let aggregations = json!([
        {"type": "approxHistogram", "name": "h", "fieldName": "x"},
        {"type": "fixedBucketsHistogram", "name": "f", "fieldName": "x", "lowerLimit": 0, "upperLimit": 5,
            "numBuckets": 5, "outlierHandlingMode": "overflow"},
        {"type": "tDigestSketch", "name": "t", "fieldName": "x"},
    ]);
    let posts = json!([
        {"type": "min", "name": "min", "fieldName": "h"},
        {"type": "max", "name": "max", "fieldName": "h"},
        {"type": "customBuckets", "name": "custom", "fieldName": "h", "breaks": [-2, 1, 20]},
        {"type": "equalBuckets", "name": "equal", "fieldName": "h", "numBuckets": 3},
        {"type": "quantiles", "name": "quantiles", "fieldName": "f", "probabilities": [0.5]},
        {"type": "quantileFromTDigestSketch", "name": "median", "field": field("t"), "fraction": 0.5},
    ]);
    let answer = result(aggregations, posts);
    assert_eq!((&answer["min"], &answer["max"], &answer["median"]), (&json!(-1.0), &json!(10.0), &json!(1.5)));
    assert_eq!(answer["custom"], json!({"breaks": [-2.0, 1.0, 20.0], "counts": [2.0, 3.0]}));
    assert_eq!(answer["equal"]["counts"].as_array().unwrap().iter().map(|c| c.as_f64().unwrap()).sum::<f64>(), 5.0);
    let fixed = &answer["f"];
    assert_eq!((&fixed["histogram"], &fixed["missingValueCount"]), (&json!([1, 1, 1, 0, 0]), &json!(1)));
    assert_eq!((&fixed["lowerOutlierCount"], &fixed["upperOutlierCount"]), (&json!(1), &json!(1)));
    assert_eq!(answer["quantiles"]["quantiles"], json!([1.5]));
}

#[test]
fn moments_are_solved_for_quantiles() {
    let sketch = json!({"type": "momentSketch", "name": "m", "fieldName": "x", "k": 8, "compress": false});
    let posts = json!([
        {"type": "momentSketchSolveQuantiles", "name": "quantiles", "field": field("m"), "fractions": [0, 0.5, 1]},
        {"type": "momentSketchMin", "name": "min", "field": field("m")},
        {"type": "momentSketchMax", "name": "max", "field": field("m")},
    ]);
    let answer = result(json!([sketch]), posts);
    assert_eq!((&answer["min"], &answer["max"]), (&json!(-1.0), &json!(10.0)));
    let quantiles: Vec<f64> = answer["quantiles"].as_array().unwrap().iter().map(|one| one.as_f64().unwrap()).collect();
    assert_eq!((quantiles[0], quantiles[2]), (-1.0, 10.0));
    assert!((0.25..=2.5).contains(&quantiles[1]), "{quantiles:?}");
    let wrong = json!([{"type": "momentSketchSolveQuantiles", "name": "q", "field": field("m"), "fractions": [2]}]);
    assert!(
        fails(asked(json!([{"type": "momentSketch", "name": "m", "fieldName": "x"}]), wrong)).contains("fractions")
    );
}

#[test]
fn a_single_value_is_refused_of_several_rows() {
    let single = json!([{"type": "singleValue", "name": "v", "fieldName": "x", "columnType": "DOUBLE"}]);
    let mut one = asked(single.clone(), json!([]));
    one["filter"] = json!({"type": "selector", "dimension": "color", "value": "blue"});
    assert_eq!(ask(one)[0]["result"]["v"], json!(2.5));
    assert!(fails(asked(single, json!([]))).contains("Subquery expression returned more than one row"));
    let times = json!([{"type": "timeMin", "name": "from", "fieldName": "__time"}, {"type": "timeMax", "name": "to", "fieldName": "__time"}]);
    assert_eq!(result(times, json!([])), json!({"from": "2022-01-01T00:30:00.000Z", "to": "2022-01-04T03:00:00.000Z"}));
}

#[test]
fn values_are_folded_by_expressions_over_all_segments() {
    let colors = json!({"type": "expression", "name": "c", "fields": ["color"], "initialValue": "ARRAY<STRING>[]",
        "fold": "array_set_add(__acc, color)", "combine": "array_set_add_all(__acc, c)", "shouldAggregateNullInputs": false});
    let sum = json!({"type": "expression", "name": "s", "fields": ["user"], "initialValue": "0",
        "fold": "__acc + user", "shouldAggregateNullInputs": false, "finalize": "o * 10"});
    let tags = json!({"type": "expression", "name": "t", "fields": ["tags"], "initialValue": "0",
        "fold": "__acc + if (tags == 'b', 1, 0)", "combine": "__acc + t"});
    let posts = json!([{"type": "arithmetic", "name": "half", "fn": "/", "fields": [field("s"), {"type": "constant", "value": 2}]}]);
    let answer = result(json!([colors, sum, tags]), posts);
    assert_eq!(answer, json!({"c": ["", "blue", "green", "red"], "s": 180, "t": 4, "half": 9.0}));
    let nothing = json!({"type": "selector", "dimension": "color", "value": "nope"});
    let mut none = asked(json!([colors, sum]), json!([]));
    none["filter"] = nothing;
    assert_eq!(ask(none)[0]["result"], json!({"c": null, "s": null}));
}

#[test]
fn what_passes_a_bloom_filter_is_what_it_was_made_of() {
    let mut of_red = asked(json!([{"type": "bloom", "name": "b", "field": "color"}]), json!([]));
    of_red["filter"] = json!({"type": "selector", "dimension": "color", "value": "red"});
    let filter = ask(of_red)[0]["result"]["b"].clone();
    let mut passing = asked(json!([count()]), json!([]));
    passing["filter"] = json!({"type": "bloom", "dimension": "color", "bloomKFilter": filter});
    assert_eq!(ask(passing)[0]["result"]["n"], json!(2));
}

#[test]
fn a_field_accessed_is_shown_raw_and_the_aggregator_finalized() {
    let aggregations = json!([{"type": "thetaSketch", "name": "t", "fieldName": "color"},
        {"type": "distinctCount", "name": "d", "fieldName": "color"}]);
    let mut raw = field("t");
    raw["name"] = json!("raw");
    let posts = json!([raw, {"type": "finalizingFieldAccess", "name": "f", "fieldName": "t"},
        {"type": "thetaSketchEstimate", "name": "e", "field": field("raw")}]);
    let answer = result(aggregations, posts);
    assert_eq!((&answer["t"], &answer["f"], &answer["e"]), (&json!(3.0), &json!(3.0), &json!(3.0)));
    assert_eq!((answer["raw"].as_str().map(|text| &text[..4]), &answer["d"]), (Some("AgMD"), &json!(4)));
}

#[test]
fn javascript_is_off() {
    assert!(fails(asked(json!([{"type": "javascript", "name": "j"}]), json!([]))).contains("JavaScript is disabled"));
    assert!(fails(asked(json!([]), json!([{"type": "javascript", "name": "j"}]))).contains("JavaScript is disabled"));
}

#[test]
fn rows_are_ordered_by_what_sketches_compare_by() {
    let ordered = |aggregation: Value| {
        let answer = ask(query(
            "topN",
            json!({"dimension": "tags", "metric": "a", "threshold": 2, "aggregations": [aggregation]}),
        ));
        answer[0]["result"].as_array().unwrap().iter().map(|row| row["tags"].clone()).collect::<Vec<_>>()
    };
    let raw = json!({"type": "thetaSketch", "name": "a", "fieldName": "x", "shouldFinalize": false});
    assert_eq!(ordered(raw), [json!("b"), json!("a")]);
    let histogram = json!({"type": "approxHistogram", "name": "a", "fieldName": "x"});
    assert_eq!(ordered(histogram), [json!("b"), json!("a")]);
    let reversed = json!({"type": "expression", "name": "a", "fields": ["user"], "initialValue": "0",
        "shouldAggregateNullInputs": false, "isNullUnlessAggregated": false,
        "fold": "__acc + 1", "combine": "__acc + a", "compare": "o2 - o1"});
    assert_eq!(ordered(reversed), [json!("c"), json!("a")]);
}

use std::sync::Arc;

use arrow_array::{BinaryArray, Float32Array, Float64Array, Int64Array};
use serde_json::{Value, json};

use crate::arena::ArenaKind;
use crate::fold::Fold;
use crate::input::{Codes, ColumnType, Dictionary, Groups, Input, Rows};
use crate::spec::{AggregatorSpec, Finalized, parse_aggregator};

struct Texts(&'static [Option<&'static str>]);

impl Dictionary for Texts {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, code: u32) -> Option<&str> {
        self.0[code as usize]
    }

    fn is_sorted(&self) -> bool {
        false
    }

    fn code_of(&self, value: Option<&str>) -> Option<u32> {
        self.0.iter().position(|held| *held == value).map(|code| code as u32)
    }
}

fn spec(tag: &str) -> Arc<dyn AggregatorSpec> {
    parse_aggregator(&json!({"type": tag, "name": "a", "fieldName": "x"}), &[]).unwrap()
}

fn folded(spec: &Arc<dyn AggregatorSpec>, types: &[ColumnType], inputs: &[Input<'_>], num_rows: usize) -> Fold {
    let types = vec![types.iter().cloned().map(Some).collect()];
    let mut fold = Fold::bind(std::slice::from_ref(spec), &types, ArenaKind::Flat).unwrap();
    fold.grow(1);
    fold.fold(0, Groups::One, num_rows, Rows::All, &[inputs]).unwrap();
    fold
}

fn json_of(finalized: Finalized) -> Value {
    match finalized {
        Finalized::Long(answers) => json!(answers.iter().next().unwrap()),
        Finalized::Double(answers) => {
            answers.iter().next().unwrap().map_or(Value::Null, |value| json!(format!("{value}")))
        }
        Finalized::Float(answers) => {
            answers.iter().next().unwrap().map_or(Value::Null, |value| json!(format!("{value}")))
        }
        Finalized::Text(answers) => json!(answers.iter().next().unwrap()),
        Finalized::Json(answers) => answers[0].clone(),
    }
}

fn answer(tag: &str, types: &[ColumnType], inputs: &[Input<'_>], num_rows: usize) -> Value {
    let spec = spec(tag);
    let states = folded(&spec, types, inputs, num_rows).states(&[0]).unwrap();
    json_of(spec.finalize(&states[0]).unwrap())
}

#[test]
fn extremes_follow_java() {
    let of = |tag: &str, values: &[f64]| {
        let column = Float64Array::from(values.to_vec());
        answer(tag, &[ColumnType::Double], &[Input::Double(&column)], values.len())
    };
    assert_eq!(of("doubleMax", &[1.0, f64::NAN, 3.0]), "NaN");
    assert_eq!(of("doubleMin", &[1.0, f64::NAN, 3.0]), "NaN");
    assert_eq!(of("doubleMin", &[0.0, -0.0, 0.0]), "-0");
    assert_eq!(of("doubleMax", &[-0.0, 0.0, -0.0]), "0");
    assert_eq!(of("doubleMax", &[f64::NEG_INFINITY]), "-inf");
    assert_eq!(of("doubleMin", &[f64::INFINITY]), "inf");
    assert_eq!(of("doubleMin", &[-2.5, -7.25, 100.0]), "-7.25");
    assert_eq!(of("doubleMax", &[]), Value::Null);
    assert_eq!(of("longMax", &[2.9, -3.0, f64::NAN]), 2);
    assert_eq!(of("floatMin", &[1e300, 2.5]), "2.5");
}

#[test]
fn extremes_of_longs_keep_the_ends_apart_from_null() {
    for (tag, end) in [("longMin", i64::MAX), ("longMax", i64::MIN)] {
        let column = Int64Array::from(vec![None, Some(end)]);
        assert_eq!(answer(tag, &[ColumnType::Long], &[Input::Long(&column)], 2), end);
        let nulls = Int64Array::from(vec![None, None]);
        assert_eq!(answer(tag, &[ColumnType::Long], &[Input::Long(&nulls)], 2), Value::Null);
    }
}

const LONG: ColumnType = ColumnType::Long;

#[test]
fn first_and_last_break_ties_by_order_and_take_null_values() {
    let times = Int64Array::from(vec![Some(5), Some(3), Some(3), None, Some(9), Some(9)]);
    let values = Int64Array::from(vec![Some(1), Some(2), Some(3), Some(4), Some(5), None]);
    let inputs = [Input::Long(&values), Input::Long(&times)];
    assert_eq!(answer("longFirst", &[LONG, LONG], &inputs, 6), 2);
    assert_eq!(answer("longLast", &[LONG, LONG], &inputs, 6), Value::Null);
    assert_eq!(answer("stringFirst", &[LONG, LONG], &inputs, 6), "2");
    assert_eq!(answer("stringLast", &[LONG, LONG], &inputs, 6), Value::Null);
    assert_eq!(answer("doubleFirst", &[LONG, LONG], &inputs, 6), "2");
    assert_eq!(answer("longAny", &[LONG], &inputs[..1], 6), 1);
}

#[test]
fn unfinalized_pairs_show_time_and_value() {
    let (times, values) = (Int64Array::from(vec![1_659_312_000_000]), Float32Array::from(vec![2.7]));
    let spec = spec("floatFirst");
    let fold = folded(&spec, &[ColumnType::Float, LONG], &[Input::Float(&values), Input::Long(&times)], 1);
    let shown = json_of(spec.unfinalized(&fold.states(&[0]).unwrap()[0]).unwrap());
    assert_eq!(shown, json!({"lhs": 1_659_312_000_000_i64, "rhs": 2.7}));
}

#[test]
fn stored_pairs_fold_by_their_own_times() {
    for (tag, expected) in [("longFirst", 30), ("longLast", 10), ("stringFirst", 30), ("stringLast", 10)] {
        let spec = spec(tag);
        let states = [(9, 10), (7, 20), (2, 30)].map(|(time, value)| {
            let (times, values) = (Int64Array::from(vec![time]), Int64Array::from(vec![value]));
            let inputs = [Input::Long(&values), Input::Long(&times)];
            folded(&spec, &[LONG, LONG], &inputs, 1).states(&[0]).unwrap().remove(0)
        });
        let bytes = |at: usize| states[at].as_any().downcast_ref::<BinaryArray>().unwrap().value(0).to_vec();
        let column: BinaryArray = [Some(bytes(0)), None, Some(bytes(1)), Some(bytes(2))].into_iter().collect();
        let other_times = Int64Array::from(vec![1, 2, 3, 4]);
        let inputs = [Input::State(&column), Input::Long(&other_times)];
        let answer = answer(tag, &[spec.state_type(), LONG], &inputs, 4);
        let expected = if tag.starts_with("string") { json!(expected.to_string()) } else { json!(expected) };
        assert_eq!(answer, expected, "{tag}");
    }
}

#[test]
fn texts_are_cut_to_whole_characters() {
    let json = json!({"type": "stringLast", "name": "a", "fieldName": "x", "maxStringBytes": 4});
    let spec = parse_aggregator(&json, &[]).unwrap();
    let (dictionary, times) = (Texts(&[Some("abcé")]), Int64Array::from(vec![1]));
    let text = Input::Text { codes: Codes::U8(&[0]), dictionary: &dictionary };
    let fold = folded(&spec, &[ColumnType::String, LONG], &[text, Input::Long(&times)], 1);
    assert_eq!(json_of(spec.finalize(&fold.states(&[0]).unwrap()[0]).unwrap()), "abc");
}

#[test]
fn texts_count_as_the_numbers_they_are() {
    let dictionary = Texts(&[None, Some("1.9"), Some("1e2"), Some(" 5"), Some("x")]);
    let one = Input::Text { codes: Codes::U8(&[0, 1, 2, 3, 4]), dictionary: &dictionary };
    let many = Input::Texts { offsets: &[0, 0, 2, 3], codes: Codes::U8(&[1, 2, 1]), dictionary: &dictionary };
    let of = |tag: &str, input: Input<'_>, num_rows: usize| answer(tag, &[ColumnType::String], &[input], num_rows);
    assert_eq!(of("longSum", one, 5), 101);
    assert_eq!(of("doubleSum", one, 5), "101.9");
    assert_eq!(of("longSum", many, 3), 102);
    assert_eq!(of("doubleMax", many, 3), "100");
    assert_eq!(of("doubleMean", one, 5), "25.475");
    assert_eq!(of("quantilesDoublesSketch", many, 3), 3);
}

#[test]
fn texts_that_are_no_numbers_count_as_rows_but_change_nothing() {
    let dictionary = Texts(&[None, Some("x"), Some("7")]);
    let of = |tag: &str, codes: &[u8]| {
        let input = Input::Text { codes: Codes::U8(codes), dictionary: &dictionary };
        answer(tag, &[ColumnType::String], &[input], codes.len())
    };
    assert_eq!((of("longSum", &[1]), of("longSum", &[1, 2]), of("longSum", &[0])), (json!(0), json!(7), Value::Null));
    assert_eq!((of("doubleSum", &[1]), of("floatSum", &[0, 0])), (json!("0"), Value::Null));
    assert_eq!((of("longMin", &[1]), of("longMax", &[1, 2])), (json!(i64::MAX), json!(7)));
    assert_eq!((of("floatMin", &[1, 0]), of("doubleMax", &[1])), (json!("inf"), json!("-inf")));
    let json = json!({"type": "floatMin", "name": "a", "expression": "x"});
    let spec = parse_aggregator(&json, &[]).unwrap();
    let text = Input::Text { codes: Codes::U8(&[1]), dictionary: &dictionary };
    let fold = folded(&spec, &[ColumnType::String], &[text], 1);
    assert_eq!(json_of(spec.finalize(&fold.states(&[0]).unwrap()[0]).unwrap()), Value::Null);
}

#[test]
fn rows_without_any_of_the_columns_are_not_counted() {
    let json = json!({"type": "cardinality", "name": "a", "fields": ["x", "y"], "byRow": true, "round": true});
    let spec = parse_aggregator(&json, &[]).unwrap();
    let of = |inputs: &[Input<'_>]| {
        let fold = folded(&spec, &[LONG, LONG], inputs, 2);
        json_of(spec.finalize(&fold.states(&[0]).unwrap()[0]).unwrap())
    };
    let column = Int64Array::from(vec![Some(1), None]);
    assert_eq!(of(&[Input::Absent, Input::Absent]), 0);
    assert_eq!(of(&[Input::Long(&column), Input::Absent]), 2);
}

#[test]
fn a_mean_is_stored_as_sum_and_count() {
    let spec = spec("doubleMean");
    let column = Float64Array::from(vec![10.0, 1.5, 7.75, 0.25]);
    let fold = folded(&spec, &[ColumnType::Double], &[Input::Double(&column)], 4);
    let states = fold.states(&[0]).unwrap();
    assert_eq!(json_of(spec.unfinalized(&states[0]).unwrap()), "QDOAAAAAAAAAAAAAAAAABA==");
    assert_eq!(json_of(spec.finalize(&states[0]).unwrap()), "4.875");
    assert_eq!(answer("doubleMean", &[ColumnType::Double], &[Input::Absent], 4), "0");
}

#[test]
fn grouping_has_a_bit_for_each_dimension_left_out() {
    let json = json!({"type": "grouping", "name": "g", "groupings": ["a", "b", "c"]});
    let spec = parse_aggregator(&json, &[]).unwrap();
    let states = folded(&spec, &[], &[], 2).states(&[0]).unwrap().remove(0);
    let of = |dimensions: &[&str]| {
        let dimensions: Vec<String> = dimensions.iter().map(|name| (*name).to_owned()).collect();
        json_of(spec.for_grouping(&dimensions).unwrap().finalize(&states).unwrap())
    };
    assert_eq!(json_of(spec.finalize(&states).unwrap()), 0);
    assert_eq!((of(&["a", "b", "c"]), of(&["b", "d"]), of(&[])), (json!(0), json!(0b101), json!(0b111)));
}

#[test]
fn roll_up_passes_over_texts_that_are_missing() {
    let dictionary = Texts(&[None, Some(""), Some("b")]);
    let times = Int64Array::from(vec![1, 2, 3]);
    let text = Input::Text { codes: Codes::U8(&[0, 2, 1]), dictionary: &dictionary };
    let types = [ColumnType::String, ColumnType::Long];
    let answer = |spec: &Arc<dyn AggregatorSpec>| {
        let fold = folded(spec, &types, &[text, Input::Long(&times)], 3);
        let states = fold.states(&[0]).unwrap().remove(0);
        match spec.unfinalized(&states).unwrap() {
            Finalized::Json(values) => values[0].clone(),
            other => panic!("{other:?}"),
        }
    };
    let (first, last) = (spec("stringFirst"), spec("stringLast"));
    assert_eq!(answer(&first), json!({"lhs": 1, "rhs": null}));
    assert_eq!(answer(&last), json!({"lhs": 3, "rhs": ""}));
    assert_eq!(answer(&first.in_roll_up().unwrap()), json!({"lhs": 2, "rhs": "b"}));
    assert_eq!(answer(&last.in_roll_up().unwrap()), json!({"lhs": 3, "rhs": null}), "an empty text is stored as none");
}

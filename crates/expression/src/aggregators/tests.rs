use std::sync::Arc;

use aggregate::laws::{self, Column};
use aggregate::{AggregatorSpec, ArenaKind, Dictionary, Finalized, Fold, Groups, Input, Rows, parse_aggregator};
use arrow_array::{Float64Array, Int64Array};
use serde_json::{Value, json};

use super::AGGREGATORS;

const NUM_ROWS: usize = 200;

fn spec(json: &Value) -> Arc<dyn AggregatorSpec> {
    parse_aggregator(json, AGGREGATORS).unwrap()
}

struct Texts(Vec<Option<&'static str>>);

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
        self.0.iter().position(|held| *held == value).and_then(|at| u32::try_from(at).ok())
    }
}

fn longs() -> Column {
    Column::Long((0..NUM_ROWS as i64).map(|row| (row % 7 != 3).then_some(row % 23)).collect())
}

fn texts() -> Column {
    let codes = (0..NUM_ROWS as u32).map(|row| row * 5 % 4).collect();
    Column::Text { codes, dictionary: Arc::new(Texts(vec![None, Some("a"), Some("b"), Some("c")])) }
}

fn lists() -> Column {
    let codes: Vec<u32> = (0..NUM_ROWS as u32 * 2).map(|at| at * 7 % 4).collect();
    let offsets = (0..=NUM_ROWS as i32).map(|row| row * 2).collect();
    Column::Texts { offsets, codes, dictionary: Arc::new(Texts(vec![None, Some("a"), Some("b"), Some("c")])) }
}

#[test]
fn expressions_keep_the_laws() {
    let sum = json!({"type": "expression", "name": "x", "fields": ["v"], "initialValue": "0", "fold": "__acc + v",
        "shouldAggregateNullInputs": false});
    let set = json!({"type": "expression", "name": "x", "fields": ["v"], "initialValue": "ARRAY<STRING>[]",
        "fold": "array_set_add(__acc, v)", "combine": "array_set_add_all(__acc, x)",
        "finalize": "if (array_length(o) == 0, 'none', array_to_string(o, ','))"});
    let greatest = json!({"type": "expression", "name": "x", "fields": ["v"], "initialValue": "''",
        "shouldAggregateNullInputs": false, "fold": "if (v > __acc, v, __acc)", "isNullUnlessAggregated": false});
    for (json, column) in
        [(&sum, longs()), (&sum, Column::Absent), (&set, texts()), (&set, lists()), (&greatest, texts())]
    {
        laws::check(&spec(json), &[column], NUM_ROWS).unwrap();
        assert_eq!(spec(&spec(json).to_json()).to_json(), spec(json).to_json());
    }
}

fn answer(json: &Value, inputs: &[Input<'_>], num_rows: usize) -> aggregate::Result<Finalized> {
    let spec = spec(json);
    let columns = vec![vec![None; spec.inputs().len()]];
    let mut fold = Fold::bind(std::slice::from_ref(&spec), &columns, ArenaKind::Flat)?;
    fold.grow(1);
    fold.fold(0, Groups::One, num_rows, Rows::All, &[inputs])?;
    spec.finalize(&fold.states(&[0])?[0])
}

#[test]
fn rows_are_counted_without_fields() {
    let json = json!({"type": "expression", "name": "n", "fields": [], "initialValue": "0", "fold": "__acc + 1",
        "combine": "__acc + n", "isNullUnlessAggregated": false});
    let counted = |rows| match answer(&json, &[], rows).unwrap() {
        Finalized::Long(counts) => counts.value(0),
        other => panic!("{other:?}"),
    };
    assert_eq!((counted(5), counted(0)), (5, 0));
}

/// The form that runs from value to value, beside one that says the same and is folded in rounds.
#[test]
fn running_folds_are_those_of_the_rounds() {
    let numbers = Int64Array::from_iter((0..500).map(|row| (row % 7 != 3).then_some(row * 37 % 101 - 20)));
    let texts = Texts(vec![None, Some("a"), Some("7"), Some("2.5")]);
    let codes: Vec<u32> = (0..500).map(|row| row * 5 % 4).collect();
    let text = Input::Text { codes: aggregate::Codes::U32(&codes), dictionary: &texts };
    let json = |initial: &str, fold: &str| {
        json!({"type": "expression", "name": "e", "fields": ["v", "w"], "initialValue": initial, "fold": fold,
            "combine": "__acc + e", "maxSizeBytes": "1MiB"})
    };
    let fold = |initial, fold| answer(&json(initial, fold), &[Input::Long(&numbers), text], 500);
    for (initial, running, rounds) in [
        ("0", "__acc + nvl(v, 1)", "case_searched(1, __acc + nvl(v, 1), 0)"),
        ("0", "__acc + v", "case_searched(1, __acc + v, 0)"),
        ("0", "if(v > 5, __acc + v * 2, __acc)", "case_searched(v > 5, __acc + v * 2, __acc)"),
        ("1.5", "IF(v > 90, v / 64.0 * __acc, __acc)", "case_searched(v > 90, v / 64.0 * __acc, __acc)"),
        ("0", "if(v > 0, __acc - 100 / v, __acc)", "case_searched(v > 0, __acc - 100 / v, __acc)"),
        ("0", "__acc - 100 / (v + 20)", "case_searched(1, __acc - 100 / (v + 20), 0)"),
        ("'x'", "if(v > 70, __acc + w, __acc)", "case_searched(v > 70, __acc + w, __acc)"),
        ("0.0", "if(w == 'a', __acc, __acc)", "case_searched(w == 'a', __acc, __acc)"),
        ("0", "max(__acc, v)", "case_searched(1, max(__acc, v), 0)"),
        ("0", "max(v, __acc)", "case_searched(1, max(v, __acc), 0)"),
        (
            "-99.5",
            "if(v > 3, greatest(v, __acc, 7.25), __acc)",
            "case_searched(v > 3, greatest(v, __acc, 7.25), __acc)",
        ),
        ("0", "bitwiseOr(__acc, nvl(v, 0))", "case_searched(1, bitwiseOr(__acc, nvl(v, 0)), 0)"),
        ("'x'", "concat(__acc, '-', nvl(w, 'n'))", "case_searched(1, concat(__acc, '-', nvl(w, 'n')), '')"),
        ("ARRAY<LONG>[]", "array_append(__acc, v)", "case_searched(1, array_append(__acc, v), __acc)"),
        ("ARRAY<STRING>[]", "array_set_add(__acc, w)", "case_searched(1, array_set_add(__acc, w), __acc)"),
        ("2.0", "if(w == 7, __acc + w, __acc)", "case_searched(w == 7, __acc + w, __acc)"),
    ] {
        let (one, other) = (fold(initial, running), fold(initial, rounds));
        assert_eq!(format!("{one:?}"), format!("{other:?}"), "{running}");
    }
}

#[test]
fn nulls_are_passed_over_where_asked() {
    let numbers = Float64Array::from(vec![Some(1.5), None, Some(2.0)]);
    let json = |nulls: bool| {
        json!({"type": "expression", "name": "s", "fields": ["v"], "initialValue": "0.0", "fold": "__acc + v",
            "shouldAggregateNullInputs": nulls})
    };
    let sum = |nulls| match answer(&json(nulls), &[Input::Double(&numbers)], 3).unwrap() {
        Finalized::Double(sums) => sums.iter().next().flatten(),
        other => panic!("{other:?}"),
    };
    assert_eq!((sum(false), sum(true)), (Some(3.5), None));
}

#[test]
fn what_grows_too_large_and_what_is_no_expression_is_refused() {
    let numbers = Int64Array::from_iter_values(0..100);
    let json = json!({"type": "expression", "name": "a", "fields": ["v"], "initialValue": "ARRAY<LONG>[]",
        "fold": "array_append(__acc, v)", "combine": "array_concat(__acc, a)", "maxSizeBytes": 64});
    let error = answer(&json, &[Input::Long(&numbers)], 100).unwrap_err();
    assert_eq!(error.kind(), aggregate::ErrorKind::LimitExceeded);
    let message = |json: Value| parse_aggregator(&json, AGGREGATORS).unwrap_err().to_string();
    let base = json!({"type": "expression", "name": "a", "fields": ["v"], "initialValue": "0", "fold": "__acc + v"});
    for (field, value) in [("initialValue", "v"), ("fold", "__acc +"), ("maxSizeBytes", "9"), ("finalize", "f(o)")] {
        let mut json = base.clone();
        json[field] = value.into();
        assert!(message(json).contains(field), "{field}");
    }
    let mut two = base;
    two["fields"] = json!(["v", "w"]);
    assert!(message(two).contains("combine"));
}

#[test]
fn times_are_read_in_their_format() {
    let iso = [None, Some("2024-03-09T11:34:56Z"), Some("1709984097000"), Some("no time")];
    let days = [Some("09/03/2024"), Some("11/03/2024"), None];
    for (format, entries, least, greatest) in [
        (json!(null), &iso[..], "2024-03-09T11:34:56.000Z", "2024-03-09T11:34:57.000Z"),
        (json!("dd/MM/yyyy"), &days, "2024-03-09T00:00:00.000Z", "2024-03-11T00:00:00.000Z"),
    ] {
        let codes: Vec<u32> = (0..NUM_ROWS).map(|row| (row * 5 % entries.len()) as u32).collect();
        let texts = Texts(entries.to_vec());
        let input = Input::Text { codes: aggregate::Codes::U32(&codes), dictionary: &texts };
        let column = Column::Text { codes: codes.clone(), dictionary: Arc::new(Texts(entries.to_vec())) };
        for (tag, wanted) in [("timeMin", least), ("timeMax", greatest)] {
            let json = json!({"type": tag, "name": "x", "fieldName": "t", "timeFormat": format});
            laws::check(&spec(&json), std::slice::from_ref(&column), NUM_ROWS).unwrap();
            let shown = answer(&json, &[input], NUM_ROWS).unwrap();
            assert!(matches!(&shown, Finalized::Text(texts) if texts.value(0) == wanted), "{shown:?}");
            assert_eq!(spec(&spec(&json).to_json()).to_json(), spec(&json).to_json());
        }
    }
    let latest = json!({"type": "timeMax", "name": "x", "fieldName": "t", "timeFormat": "posix"});
    let numbers = Int64Array::from(vec![Some(5), None, Some(1_000)]);
    let shown = answer(&latest, &[Input::Long(&numbers)], 3).unwrap();
    assert!(matches!(&shown, Finalized::Text(texts) if texts.value(0) == "1970-01-01T00:00:01.000Z"), "{shown:?}");
    let wrong = json!({"type": "timeMin", "name": "x", "fieldName": "t", "timeFormat": "yyyy-QQ"});
    assert!(parse_aggregator(&wrong, AGGREGATORS).unwrap_err().to_string().contains("timeFormat"));
}

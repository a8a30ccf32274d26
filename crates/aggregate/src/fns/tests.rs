use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BinaryArray};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::*;
use crate::arena::ArenaKind;
use crate::fold::Fold;
use crate::input::{Codes, ColumnType, Dictionary, Groups, Input, InputSpec, Rows};
use crate::laws::{self, Column};
use crate::spec::{Finalized, parse_aggregator};

/// `longSum` lives in `long_sum.rs`.
fn file_of(tag: &str) -> String {
    let tag = tag.replace("HLL", "hll").replace("Kll", "kll");
    tag.chars().fold(String::new(), |mut file, letter| {
        if letter.is_uppercase() {
            file.push('_');
        }
        file.extend(letter.to_lowercase());
        file
    })
}

#[test]
fn the_folder_and_the_list_agree() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/fns");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> = names.filter(|name| name != "mod.rs" && name != "tests.rs").collect();
    let listed: BTreeSet<String> = KINDS.iter().map(|kind| format!("{}.rs", file_of(kind.tag))).collect();
    assert_eq!(files, listed);
    assert_eq!(listed.len(), KINDS.len(), "no tag repeats");
}

/// A dictionary of texts in order of first sight; code 0 is null.
struct Texts(Vec<Option<String>>);

impl Dictionary for Texts {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, code: u32) -> Option<&str> {
        self.0[code as usize].as_deref()
    }

    fn is_sorted(&self) -> bool {
        false
    }

    fn code_of(&self, value: Option<&str>) -> Option<u32> {
        self.0.iter().position(|held| held.as_deref() == value).map(|code| code as u32)
    }
}

const NUM_ROWS: usize = 700;

fn scattered(row: usize) -> usize {
    row * 389 % NUM_ROWS
}

fn longs() -> Column {
    let value = |row| (row % 9 != 4).then(|| scattered(row) as i64 * 1_000_003 - 300_000_000);
    Column::Long((0..NUM_ROWS).map(value).collect())
}

fn doubles() -> Column {
    Column::Double((0..NUM_ROWS).map(|row| (row % 11 != 3).then(|| scattered(row) as f64 / 8.0 - 40.0)).collect())
}

fn floats() -> Column {
    Column::Float((0..NUM_ROWS).map(|row| (row % 10 != 7).then(|| scattered(row) as f32 / 4.0 - 80.0)).collect())
}

fn times() -> Column {
    Column::Long((0..NUM_ROWS).map(|row| (row % 13 != 5).then(|| scattered(row) as i64)).collect())
}

fn dictionary() -> Arc<dyn Dictionary> {
    let text =
        |code: u32| (code > 0).then(|| if code.is_multiple_of(3) { code.to_string() } else { format!("é{code}") });
    Arc::new(Texts((0..90).map(text).collect()))
}

fn texts() -> Column {
    Column::Text { codes: (0..NUM_ROWS).map(|row| (scattered(row) % 90) as u32).collect(), dictionary: dictionary() }
}

fn lists() -> Column {
    let lengths = (0..NUM_ROWS).map(|row| row % 4);
    let offsets = std::iter::once(0).chain(lengths.scan(0, |end, length| {
        *end += length as i32;
        Some(*end)
    }));
    let offsets: Vec<i32> = offsets.collect();
    let codes = (0..offsets[NUM_ROWS] as usize).map(|at| (at * 31 % 90) as u32).collect();
    Column::Texts { offsets, codes, dictionary: dictionary() }
}

/// What the aggregators of a tag read in the check of their laws: other properties, and the columns.
fn samples(tag: &str) -> Vec<(Value, Vec<Column>)> {
    let over = |columns: &[fn() -> Column], properties: Value| -> Vec<(Value, Vec<Column>)> {
        let tag = tag.strip_suffix("Fold").unwrap_or(tag);
        let with_time = tag.ends_with("First") || tag.ends_with("Last");
        let inputs = |column: fn() -> Column| if with_time { vec![column(), times()] } else { vec![column()] };
        columns.iter().map(|&column| (properties.clone(), inputs(column))).collect()
    };
    let all: [fn() -> Column; 6] = [longs, doubles, floats, texts, lists, || Column::Absent];
    let column = json!({"fieldName": "x"});
    match tag {
        "count" => vec![(json!({}), vec![])],
        "grouping" => vec![(json!({"groupings": ["a", "b"]}), vec![])],
        "cardinality" => {
            let mut samples = over(&all, json!({"fields": ["x"]}));
            samples.extend(over(&all, json!({"fields": ["x"], "byRow": true, "round": true})));
            samples.push((json!({"fields": ["x", "y"]}), vec![texts(), longs()]));
            samples.push((json!({"fields": ["x", "y"], "byRow": true}), vec![lists(), doubles()]));
            samples
        }
        "thetaSketch" => {
            let mut samples = over(&all, column);
            samples.extend(over(&all, json!({"fieldName": "x", "errorBoundsStdDev": 2})));
            samples.extend(over(&all, json!({"fieldName": "x", "shouldFinalize": false})));
            samples
        }
        "HLLSketchBuild" => over(&all, json!({"fieldName": "x", "lgK": 14})),
        "HLLSketch" | "HLLSketchMerge" => vec![stored("HLLSketchBuild", json!({"fieldName": "x", "lgK": 14}))],
        "quantilesDoublesSketch" => {
            let mut samples = over(&all, json!({"fieldName": "x", "k": 16}));
            samples.push(stored("quantilesDoublesSketch", column));
            samples
        }
        "approxHistogram" => {
            let mut samples = over(&all, json!({"fieldName": "x", "resolution": 1_000}));
            samples.push(stored("approxHistogram", json!({"fieldName": "x", "resolution": 1_000})));
            samples
        }
        "approxHistogramFold" => vec![stored("approxHistogram", json!({"fieldName": "x", "resolution": 1_000}))],
        "fixedBucketsHistogram" => {
            let json = |mode: &str| {
                json!({"fieldName": "x", "lowerLimit": -10, "upperLimit": 30.5, "numBuckets": 9,
                "outlierHandlingMode": mode})
            };
            let mut samples: Vec<_> = ["ignore", "overflow", "clip"].map(|mode| over(&all, json(mode))).concat();
            samples.push(stored("fixedBucketsHistogram", json("overflow")));
            samples
        }
        "histogram" => {
            let json = json!({"fieldName": "x", "breaks": [-20, 0, 0.5, 30]});
            let mut samples = over(&all, json.clone());
            samples.push(stored("histogram", json));
            samples
        }
        "tDigestSketch" => {
            let mut samples = over(&all, json!({"fieldName": "x", "compression": 3_000}));
            samples.push(stored("tDigestSketch", json!({"fieldName": "x", "compression": 3_000})));
            samples
        }
        // Sums that no order of adding changes.
        "momentSketch" => {
            let json = json!({"fieldName": "x", "k": 2, "compress": false});
            let mut samples = over(&all, json.clone());
            samples.push(stored("momentSketch", json));
            samples
        }
        "momentSketchMerge" => vec![stored("momentSketch", json!({"fieldName": "x", "k": 2, "compress": false}))],
        "singleValue" => over(&all, json!({"fieldName": "x", "columnType": "string"})),
        "bloom" => over(&all, json!({"field": "x", "maxNumEntries": 100})),
        "arrayOfDoublesSketch" => {
            let json = json!({"fieldName": "x", "metricColumns": ["y", "z"], "nominalEntries": 64});
            let keyed = all.map(|key| (json.clone(), vec![key(), longs(), texts()]));
            keyed.into_iter().collect()
        }
        "KllDoublesSketch" | "KllFloatsSketch" => {
            let mut samples = over(&all, json!({"fieldName": "x", "k": 20}));
            samples.push(stored(tag, column));
            samples
        }
        "KllDoublesSketchMerge" => vec![stored("KllDoublesSketch", column)],
        "KllFloatsSketchMerge" => vec![stored("KllFloatsSketch", column)],
        "quantilesDoublesSketchMerge" => vec![stored("quantilesDoublesSketch", column)],
        "variance" => {
            let mut samples = over(&all, column.clone());
            samples.extend(over(&all, json!({"fieldName": "x", "inputType": "long", "estimator": "population"})));
            samples.push(stored("variance", column));
            samples
        }
        "varianceFold" => vec![stored("variance", column)],
        "hyperUnique" => {
            let mut samples = over(&all, column.clone());
            samples.push(stored("hyperUnique", column));
            samples
        }
        _ => over(&all, column),
    }
}

/// A column of states, each of two rows, as sample of an aggregator that merges.
fn stored(tag: &str, mut json: Value) -> (Value, Vec<Column>) {
    json["type"] = tag.into();
    json["name"] = "x".into();
    let spec = parse_aggregator(&json, &[]).unwrap();
    let columns = vec![vec![Some(ColumnType::Double)]];
    let mut fold = Fold::bind(std::slice::from_ref(&spec), &columns, ArenaKind::Flat).unwrap();
    fold.grow(NUM_ROWS);
    let Column::Double(values) = doubles() else { unreachable!() };
    for half in 0..2_u32 {
        let groups: Vec<u32> = (0..NUM_ROWS as u32).map(|row| (row + half) % NUM_ROWS as u32).collect();
        fold.fold(0, Groups::U32(&groups), NUM_ROWS, Rows::All, &[[Input::Double(&values)]]).unwrap();
    }
    let order: Vec<u32> = (0..NUM_ROWS as u32).collect();
    let states = fold.states(&order).unwrap().remove(0);
    let states = states.as_any().downcast_ref::<BinaryArray>().unwrap().clone();
    (json, vec![Column::State(states, spec.state_type())])
}

#[test]
fn every_aggregator_keeps_the_laws() {
    // Of more than one row a single value is none.
    for kind in KINDS.iter().filter(|kind| kind.tag != "singleValue") {
        for (mut json, columns) in samples(kind.tag) {
            json["type"] = kind.tag.into();
            json["name"] = "x".into();
            let spec = parse_aggregator(&json, &[]).unwrap();
            laws::check(&spec, &columns, NUM_ROWS).unwrap();
        }
    }
}

#[test]
fn every_aggregator_is_read_back_from_its_json() {
    for kind in KINDS {
        for (mut json, _) in samples(kind.tag) {
            json["type"] = kind.tag.into();
            json["name"] = "x".into();
            let written = parse_aggregator(&json, &[]).unwrap().to_json();
            assert_eq!(written["type"], kind.tag);
            assert_eq!(parse_aggregator(&written, &[]).unwrap().to_json(), written);
        }
    }
}

#[test]
fn the_merging_aggregator_reads_the_stored_column() {
    for kind in KINDS.iter().filter(|kind| kind.tag != "grouping") {
        let (mut json, columns) = samples(kind.tag).remove(0);
        json["type"] = kind.tag.into();
        json["name"] = "x".into();
        let spec = parse_aggregator(&json, &[]).unwrap();
        let merging = spec.merging();
        assert_eq!((merging.name(), merging.inputs()[0].clone()), ("x", InputSpec::Column("x".into())));
        assert_eq!(columns.len(), spec.inputs().len(), "{}", kind.tag);
        let mut types = vec![None; merging.inputs().len()];
        types[0] = Some(spec.state_type());
        merging.accumulator(&types).unwrap();
    }
}

#[test]
fn bad_properties_are_named() {
    let message = |json: Value| parse_aggregator(&json, &[]).unwrap_err().to_string();
    for (json, named) in [
        (json!({"name": "a"}), "type"),
        (json!({"type": "longsum", "name": "a", "fieldName": "x"}), "longsum"),
        (json!({"type": "longSum", "fieldName": "x"}), "name"),
        (json!({"type": "longSum", "name": "a"}), "fieldName"),
        (json!({"type": "longSum", "name": "a", "fieldName": "x", "expression": "y"}), "expression"),
        (json!({"type": "HLLSketchBuild", "name": "a", "fieldName": "x", "lgK": 22}), "lgK"),
        (json!({"type": "HLLSketchBuild", "name": "a", "fieldName": "x", "tgtHllType": "HLL_5"}), "tgtHllType"),
        (json!({"type": "thetaSketch", "name": "a", "fieldName": "x", "size": 100}), "size"),
        (json!({"type": "quantilesDoublesSketch", "name": "a", "fieldName": "x", "k": 100}), "k"),
        (json!({"type": "cardinality", "name": "a", "fields": [1]}), "fields"),
        (json!({"type": "histogram", "name": "a", "fieldName": "x", "breaks": []}), "breaks"),
        (json!({"type": "histogram", "name": "a", "fieldName": "x", "breaks": [2, 1]}), "breaks"),
        (json!({"type": "grouping", "name": "a", "groupings": []}), "groupings"),
        (json!({"type": "stringLast", "name": "a", "fieldName": "x", "maxStringBytes": -1}), "maxStringBytes"),
        (json!({"type": "momentSketch", "name": "a", "fieldName": "x", "k": 65}), "k"),
        (json!({"type": "singleValue", "name": "a", "fieldName": "x", "columnType": "ARRAY<LONG>"}), "columnType"),
    ] {
        assert!(message(json.clone()).contains(named), "{json}: {}", message(json.clone()));
    }
}

/// The answer of an aggregator over one column, as Druid gave it.
fn answer(json: Value, column: &Column) -> f64 {
    let spec = parse_aggregator(&json, &[]).unwrap();
    let mut fold = Fold::bind(std::slice::from_ref(&spec), &[vec![Some(ColumnType::String)]], ArenaKind::Flat).unwrap();
    fold.grow(1);
    let Column::Text { codes, dictionary } = column else { unreachable!() };
    let input = Input::Text { codes: Codes::U32(codes), dictionary: dictionary.as_ref() };
    fold.fold(0, Groups::One, codes.len(), Rows::All, &[[input]]).unwrap();
    match spec.finalize(&fold.states(&[0]).unwrap()[0]).unwrap() {
        Finalized::Double(answers) => answers.value(0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn distinct_texts_are_estimated_as_druid_does() {
    let texts: Vec<Option<String>> = (0..83).map(|user| Some(format!("u{user}"))).collect();
    let column = Column::Text { codes: (0..83).chain(0..83).collect(), dictionary: Arc::new(Texts(texts)) };
    let of = |tag: &str| json!({"type": tag, "name": "a", "fieldName": "user", "fields": ["user"]});
    assert_eq!(answer(of("cardinality"), &column), 83.686_779_806_282_77);
    assert_eq!(answer(of("hyperUnique"), &column), 84.728_753_881_163_33);
    assert_eq!(answer(of("thetaSketch"), &column), 83.0);
    assert!((answer(of("HLLSketchBuild"), &column) - 83.000_016_904_611_4).abs() < 1e-5);
}

#[test]
fn sketches_in_base64_are_folded_and_other_texts_are_not() {
    let (_, columns) = stored("hyperUnique", json!({"fieldName": "x"}));
    let Column::State(states, _) = &columns[0] else { unreachable!() };
    let mut texts = vec![None, Some(String::new()), Some("no sketch".to_owned())];
    texts.extend((0..9).map(|row| Some(STANDARD.encode(states.value(row)))));
    let column = Column::Text { codes: (0..texts.len() as u32).collect(), dictionary: Arc::new(Texts(texts)) };
    let json = json!({"type": "hyperUnique", "name": "x", "fieldName": "x", "isInputHyperUnique": true});
    let expected = {
        let spec = parse_aggregator(&json, &[]).unwrap();
        let mut fold = Fold::merging(std::slice::from_ref(&spec)).unwrap();
        fold.grow(1);
        let first: ArrayRef = Arc::new(states.slice(0, 9));
        fold.merge(0, Groups::One, 9, Rows::All, &[first]).unwrap();
        let Finalized::Double(answers) = spec.finalize(&fold.states(&[0]).unwrap()[0]).unwrap() else { unreachable!() };
        answers.value(0)
    };
    assert!(expected > 8.0);
    assert_eq!(answer(json, &column), expected);
}

//! Whatever is asked of nested data, the columns of its paths answer as the documents do.

use std::sync::Arc;

use aggregate::{Codes, ColumnType, Dictionary, Input, Shape};
use arrow_array::StringArray;
use dialect::value::{key, of_json};
use segment::{
    Batch, BatchView, DimensionSchema, Limits, LiveIndex, RollupSchema, SegmentRef, Source, StringDictionary,
    compare_values, merge,
};
use serde_json::{Value, json};
use timeline::{Interval, SegmentId};

use crate::expr::read_whole;
use crate::{Filter, VirtualColumns, WithVirtual};

const PATHS: [&str; 12] =
    ["$", "$.a", "$.b", "$.a.b", "$.a[0]", "$.a[1]", "$.a[-1]", "$.a[0].b", "$.b[-1].a", "$.c.d", "$[0]", "$['x.y']"];
const TYPES: [&str; 7] = ["STRING", "LONG", "DOUBLE", "FLOAT", "ARRAY<STRING>", "ARRAY<LONG>", "COMPLEX<json>"];

fn live(keys: &[Option<String>]) -> SegmentRef {
    let nested = DimensionSchema::new("n", ColumnType::Value(Shape::Json));
    let schema = RollupSchema { rollup: false, ..RollupSchema::new(vec![nested], Vec::new()) };
    let id = SegmentId::new("ds", Interval::ETERNITY, "v", 0);
    let mut index = LiveIndex::new(id, Arc::new(schema), Limits::default()).unwrap();
    let mut sorted = keys.to_vec();
    sorted.sort_by(|a, b| compare_values(a.as_deref(), b.as_deref()));
    sorted.dedup();
    let dictionary = StringDictionary::sorted(StringArray::from(sorted)).unwrap();
    let codes: Vec<u32> = keys.iter().map(|key| dictionary.code_of(key.as_deref()).unwrap()).collect();
    let time: Vec<i64> = (0..keys.len() as i64).collect();
    let input = Input::Text { codes: Codes::U32(&codes), dictionary: &dictionary };
    index.append(&Batch { time: &time, dimensions: &[input], metrics: &[], mask: None }).unwrap();
    index.snapshot()
}

/// The same rows as documents only, live, and as they are sealed.
fn forms(documents: &[Value]) -> [SegmentRef; 3] {
    let keys: Vec<Option<String>> = documents.iter().map(|tree| key(&of_json(tree))).collect();
    let live = live(&keys);
    let nested = DimensionSchema::new("n", ColumnType::Value(Shape::Json));
    let schema = RollupSchema { rollup: false, ..RollupSchema::new(vec![nested], Vec::new()) };
    let sealed: SegmentRef = merge(&[Source::all(&*live)], &schema).unwrap().view().clone();
    let view = BatchView::builder().time(0..keys.len() as i64);
    let plain: SegmentRef = view.values("n", Shape::Json, StringArray::from(keys)).build().unwrap();
    assert!(plain.column("n").unwrap().fields().is_none());
    assert!(sealed.column("n").unwrap().fields().is_some());
    [plain, live, sealed]
}

fn questions() -> Vec<Value> {
    let field = |path: &&str, column_type: &&str| json!({"type": "nested-field", "columnName": "n", "outputName": "v", "path": path, "expectedType": column_type});
    let expression = |text: String| json!({"type": "expression", "name": "v", "expression": text});
    let mut all: Vec<Value> = PATHS.iter().flat_map(|path| TYPES.iter().map(move |t| field(path, t))).collect();
    for path in PATHS {
        let path = path.replace('\'', "\\'");
        all.push(expression(format!("json_value(n, '{path}')")));
        all.push(expression(format!("json_value(n, '{path}', 'STRING')")));
        all.push(expression(format!("json_value(n, '{path}', 'LONG')")));
        all.push(expression(format!("json_value(n, '{path}', 'DOUBLE') + 1")));
        all.push(expression(format!("concat(json_value(n, '{path}', 'STRING'), json_value(n, '$.a', 'STRING'))")));
        all.push(expression(format!("nvl(json_value(n, '{path}'), json_value(n, '$.b'))")));
    }
    all
}

fn filters() -> [Value; 5] {
    [
        json!({"type": "null", "column": "v"}),
        json!({"type": "equals", "column": "v", "matchValueType": "STRING", "matchValue": "1"}),
        json!({"type": "range", "column": "v", "matchValueType": "DOUBLE", "lower": -1, "upper": 1, "upperOpen": true}),
        json!({"type": "not", "field": {"type": "in", "dimension": "v", "values": ["a", "1", null]}}),
        json!({"type": "expression", "expression": "json_value(n, '$.a', 'STRING') == 'a' || json_value(n, '$.b') > 0"}),
    ]
}

/// Every value and every verdict, as text.
fn answers(segment: &SegmentRef, question: &Value) -> String {
    let columns = VirtualColumns::parse(&json!([question])).unwrap();
    let num_rows = segment.num_rows();
    let segment = match WithVirtual::new(segment.clone(), &columns) {
        Ok(segment) => segment,
        Err(error) => return error.to_string(),
    };
    let rows: Vec<u32> = (0..num_rows as u32).collect();
    let column = segment.column("v").unwrap();
    let mut out = format!("{:?}\n", read_whole(&column, &rows));
    if let Some(shown) = columns.shown("v", &segment) {
        out += &format!("shown {:?} {:?}\n", shown.type_name(), shown.take(&rows));
    }
    for filter in filters() {
        let mut words = Vec::new();
        let verdict = Filter::parse(&filter).unwrap().bind(&segment).and_then(|bound| {
            bound.mask(0..num_rows, false, &mut words)?;
            Ok(bound.mask(0..num_rows, true, &mut Vec::new()).is_ok())
        });
        match verdict {
            Ok(_) => out += &format!("{filter}: {words:?}\n"),
            Err(error) => out += &format!("{filter}: {error}\n"),
        }
    }
    out
}

fn check(documents: &[Value]) {
    let [plain, live, sealed] = forms(documents);
    for question in questions() {
        let expected = answers(&plain, &question);
        assert_eq!(answers(&live, &question), expected, "live: {question} of {documents:?}");
        assert_eq!(answers(&sealed, &question), expected, "sealed: {question} of {documents:?}");
    }
}

#[test]
fn columns_of_paths_answer_as_documents() {
    let typed = json!([
        {"a": 1, "b": "a", "c": {"d": 1.5}}, {"a": -3, "b": "1", "c": {"d": 1e10}}, {"a": null, "b": null}, {"a": 7},
    ]);
    let arrays = json!([{"a": [1, 2], "b": [{"a": 1}]}, {"a": [], "b": [{"a": 2}, 3]}, {"a": [null, 3]}, null]);
    let mixed =
        json!([{"a": 1, "b": true}, {"a": "a", "b": 1.5}, {"a": {"b": [1.5, "x"]}}, {"a": [{"b": 1}, 5]}, "a", [1]]);
    for documents in [typed, arrays, mixed] {
        check(documents.as_array().unwrap());
    }
}

/// A small generator of numbers that are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn document(&mut self, depth: u64) -> Value {
        match self.below(7 + depth * 2) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(self.below(7) as i64 - 3),
            3 => json!((self.below(9) as f64 - 4.0) / 4.0),
            4..7 => json!(["", "a", "1", "a1"][self.below(4) as usize]),
            7 | 9 => (0..self.below(4)).map(|_| self.document(depth - 1)).collect(),
            _ => {
                let names = ["a", "b", "c", "d", "x.y"];
                let fields =
                    (0..self.below(4)).map(|_| (names[self.below(5) as usize].to_owned(), self.document(depth - 1)));
                Value::Object(fields.collect())
            }
        }
    }
}

#[test]
fn columns_of_paths_answer_as_any_documents() {
    let mut dice = Dice(11);
    for _ in 0..60 {
        let documents: Vec<Value> = (0..dice.below(12)).map(|_| dice.document(3)).collect();
        check(&documents);
    }
}

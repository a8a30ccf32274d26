//! The places where a store that only looks like Druid gives itself away, one named case each: `traps.md` lists them,
//! `traps/*.json` asks. The same cases can be asked of another store that runs already: `DOLMEN_TRAPS_OF=http://host:port`.

mod ask;
pub mod data;
mod list;

use crate::store::Store;
use ask::Ask;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cases {
    about: String,
    /// Properties of every query that does not give them itself; one that gives `null` does without.
    common: Map<String, Value>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    asks: Vec<Ask>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("traps")
}

pub fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> T {
    let text = std::fs::read_to_string(path).expect("readable");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files of cases.
fn files() -> Vec<Cases> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder()).expect("the folder").map(|file| file.expect("a file").path()).collect();
    let is_cases = |path: &PathBuf| path.extension().is_some_and(|is| is == "json") && !path.ends_with("data.json");
    paths.retain(is_cases);
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

/// What a store answers otherwise than the cases want.
pub async fn complaints(http: &reqwest::Client, base: &str, file: &Cases) -> Vec<String> {
    let mut complaints = Vec::new();
    for case in &file.cases {
        for (number, ask) in case.asks.iter().enumerate() {
            for complaint in ask.complaints(http, base, &file.common).await {
                complaints.push(format!("{}, ask {number} ({}): {complaint}", case.name, file.about));
            }
        }
    }
    complaints
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_trap_catches_us() {
    let other = std::env::var("DOLMEN_TRAPS_OF").ok();
    let store = if other.is_none() { Some(Store::start().await) } else { None };
    let base = other.clone().or_else(|| store.as_ref().map(|store| store.node.url())).expect("a store");
    let http = reqwest::Client::new();
    data::load(&http, &base, &folder().join("data.json")).await;
    let mut failures = Vec::new();
    for file in files() {
        failures.extend(complaints(&http, &base, &file).await);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    if let Some(store) = store {
        store.node.stop().await;
    }
}

/// Each segment has 999 values that are better than the one that is best over both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trap_15_a_segment_keeps_no_less_than_1000_values_of_a_topn() {
    let store = Store::start().await;
    let rows = |day: &str, letter: char| {
        let row = |key: String, n: i64| json!({"t": format!("2024-03-{day}T01:00:00Z"), "key": key, "n": n});
        let mut rows: Vec<Value> = (0..999).map(|number| row(format!("{letter}{number}"), 3)).collect();
        rows.push(row("both".into(), 2));
        rows
    };
    let rows = [rows("04", 'a'), rows("05", 'b')].concat();
    let dimensions = json!(["key", {"type": "long", "name": "n"}]);
    let load = json!([{"dataSource": "many", "segmentGranularity": "DAY", "rollup": false, "dimensions": dimensions, "rows": rows}]);
    data::load_all(&store.http, &store.node.url(), load).await;
    let query = json!({"queryType": "topN", "dataSource": "many", "granularity": "all", "intervals": "2024/2025",
        "dimension": "key", "metric": "n", "threshold": 1,
        "aggregations": [{"type": "longSum", "name": "n", "fieldName": "n"}]});
    let answer: Value = store.post("/druid/v2", &query).await.json().await.expect("JSON");
    assert_eq!(answer[0]["result"], json!([{"key": "both", "n": 4}]));
    store.node.stop().await;
}

/// What breaks off is told from what is complete by the array that is never closed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trap_48_an_error_amid_the_rows_leaves_the_array_open() {
    let store = Store::start().await;
    let scan = |last: i64| {
        let rows: Vec<Value> = (1..100_000).map(|_| json!([1])).chain([json!([last])]).collect();
        json!({"queryType": "scan", "intervals": "0000/3000", "columns": ["quotient"],
            "virtualColumns": [{"type": "expression", "name": "quotient", "expression": "1 / n"}],
            "dataSource": {"type": "inline", "columnNames": ["n"], "columnTypes": ["LONG"], "rows": rows}})
    };
    for (last, is_whole) in [(1, true), (0, false)] {
        let answer = store.post("/druid/v2", &scan(last)).await;
        assert_eq!(answer.status().as_u16(), 200);
        let text = answer.text().await.expect("a body that ends as bodies do");
        assert!(text.starts_with("[{"));
        assert_eq!(serde_json::from_str::<Value>(&text).is_ok(), is_whole);
    }
    store.node.stop().await;
}

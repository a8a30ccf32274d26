//! The rows that the cases ask about, loaded by batch tasks.

use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Load {
    data_source: String,
    segment_granularity: String,
    #[serde(default = "none")]
    query_granularity: String,
    rollup: bool,
    #[serde(default)]
    append: bool,
    #[serde(default = "iso")]
    format: String,
    dimensions: Value,
    #[serde(default)]
    metrics: Vec<Value>,
    filter: Option<Value>,
    rows: Vec<Value>,
    /// What the report of the task says of the rows.
    report: Option<Value>,
}

fn none() -> String {
    "NONE".into()
}

fn iso() -> String {
    "iso".into()
}

/// Runs every load of the file, one after the other.
pub async fn load(http: &Client, base: &str, path: &Path) {
    load_all(http, base, super::read(path)).await;
}

/// As [`load`].
pub async fn load_all(http: &Client, base: &str, loads: Value) {
    let loads: Vec<Load> = serde_json::from_value(loads).expect("loads");
    for load in loads {
        let task = run(http, base, &load.spec()).await;
        let Some(wanted) = &load.report else { continue };
        let report: Value = get(http, &format!("{base}/druid/indexer/v1/task/{task}/reports")).await;
        let totals = &report["ingestionStatsAndErrors"]["payload"]["rowStats"]["buildSegments"];
        for (name, count) in wanted.as_object().expect("counts") {
            assert_eq!(totals[name], *count, "{name} of {}: {report}", load.data_source);
        }
    }
}

impl Load {
    fn spec(&self) -> Value {
        let lines: Vec<String> = self.rows.iter().map(|row| whole(row).to_string()).collect();
        json!({"type": "index_parallel", "spec": {
            "dataSchema": {"dataSource": self.data_source,
                "timestampSpec": {"column": "t", "format": self.format},
                "dimensionsSpec": {"dimensions": self.dimensions},
                "metricsSpec": self.metrics,
                "granularitySpec": {"segmentGranularity": self.segment_granularity,
                    "queryGranularity": self.query_granularity, "rollup": self.rollup},
                "transformSpec": {"filter": self.filter}},
            "ioConfig": {"type": "index_parallel", "appendToExisting": self.append,
                "inputSource": {"type": "inline", "data": lines.join("\n")}, "inputFormat": {"type": "json"}},
            "tuningConfig": {"type": "index_parallel"}}})
    }
}

/// A row with its long texts written out.
fn whole(row: &Value) -> Value {
    let mut row = row.clone();
    for value in row.as_object_mut().expect("a row").values_mut() {
        if let Some(text) = value["repeat"].as_str() {
            *value = text.repeat(value["times"].as_u64().expect("times") as usize).into();
        }
    }
    row
}

async fn get(http: &Client, url: &str) -> Value {
    http.get(url).send().await.expect("an answer").json().await.expect("JSON")
}

/// Runs a task to its end, which must be a good one; its id.
async fn run(http: &Client, base: &str, spec: &Value) -> String {
    let answer = http.post(format!("{base}/druid/indexer/v1/task")).json(spec).send().await.expect("an answer");
    let answer: Value = answer.json().await.expect("JSON");
    let id = answer["task"].as_str().unwrap_or_else(|| panic!("{answer}")).to_string();
    let started = Instant::now();
    loop {
        let status = get(http, &format!("{base}/druid/indexer/v1/task/{id}/status")).await["status"].take();
        match status["statusCode"].as_str() {
            Some("RUNNING") => assert!(started.elapsed() < PATIENCE, "the task does not end: {status}"),
            Some("SUCCESS") => return id,
            _ => panic!("{status}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

//! A node in this process, asked over HTTP.

use node::config::Config;
use node::{Node, NodeOptions};
use reqwest::{Client, Response};
use serde_json::Value;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Nothing that is waited for takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Store {
    pub node: Node,
    pub http: Client,
    _data_dir: TempDir,
}

impl Store {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// As [`Store::start`], configured.
    pub async fn start_with(configure: impl FnOnce(&mut Config)) -> Self {
        let data_dir = tempfile::tempdir().expect("a directory");
        let mut config = Config::default();
        config.http.port = 0;
        config.memory.limit = Some(1 << 30);
        configure(&mut config);
        let options = NodeOptions { config, data_dir: data_dir.path().join("data"), roles: Vec::new() };
        let node = Node::start(options).await.expect("the node starts");
        Self { node, http: Client::new(), _data_dir: data_dir }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.node.url())
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.http.post(self.url(path)).json(body).send().await.expect("an answer")
    }

    pub async fn get_json(&self, path: &str) -> Value {
        let answer = self.http.get(self.url(path)).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    }

    /// Submits a task and waits for its end; its status.
    pub async fn run_task(&self, spec: &Value) -> Value {
        let answer = self.post("/druid/indexer/v1/task", spec).await;
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
        let task: Value = answer.json().await.expect("JSON");
        let id = task["task"].as_str().expect("an id").to_string();
        let path = format!("/druid/indexer/v1/task/{id}/status");
        let started = Instant::now();
        loop {
            let status = self.get_json(&path).await["status"].take();
            if status["statusCode"] != "RUNNING" {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "the task does not end: {status}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Asks until the answer is the one expected; rows that arrive late are waited for.
    pub async fn expect(&self, what: &str, query: &Value, expected: &Value) {
        let started = Instant::now();
        loop {
            let answer = self.post("/druid/v2", query).await;
            let status = answer.status();
            let answer: Value = answer.json().await.expect("JSON");
            if status.is_success() && answer == *expected {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{what}: expected {expected}, got {status} {answer}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

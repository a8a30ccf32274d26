//! A real Prometheus scrapes a real store: every rule can be judged, every panel of the dashboard has something to
//! draw. Skipped, and says so, where there is no Prometheus.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(120);

/// Ends its process when it goes.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn quickstart(dir: &Path) -> (Running, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_dolmen"))
        .args(["quickstart", "--port", "0", "--rate", "500", "--data-dir"])
        .arg(dir)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines().map_while(Result::ok);
    let told = lines.find_map(|line| line.strip_prefix("Dolmen answers at ").map(str::to_string)).expect("an address");
    // What it says later must not block it.
    std::thread::spawn(move || lines.for_each(drop));
    (Running(child), told.split(',').next().expect("an address").to_string())
}

fn config() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config")
}

/// The files as they are, but for the address and a quicker pulse.
fn configure(dir: &Path, store: &str) {
    let text = std::fs::read_to_string(config().join("prometheus.yml")).expect("prometheus.yml");
    let host = store.trim_start_matches("http://");
    let text = text.replace("127.0.0.1:8888", host).replace("_interval: 15s", "_interval: 1s");
    assert!(text.contains(host) && text.contains("_interval: 1s"), "{text}");
    std::fs::write(dir.join("prometheus.yml"), text).expect("written");
    std::fs::copy(config().join("prometheus-alerts.yml"), dir.join("prometheus-alerts.yml")).expect("copied");
}

fn prometheus(dir: &Path) -> (Running, String) {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let child = Command::new("prometheus")
        .arg(format!("--config.file={}", dir.join("prometheus.yml").display()))
        .arg(format!("--storage.tsdb.path={}", dir.join("tsdb").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stderr(Stdio::null())
        .spawn()
        .expect("Prometheus runs");
    (Running(child), format!("http://127.0.0.1:{port}"))
}

async fn ask(url: &str, expression: &str) -> Option<Vec<Value>> {
    let request = reqwest::Client::new().get(format!("{url}/api/v1/query")).query(&[("query", expression)]);
    let answer: Value = request.send().await.ok()?.json().await.ok()?;
    assert_ne!(answer["status"], "error", "{expression}: {answer}");
    answer.pointer("/data/result")?.as_array().cloned()
}

/// Expressions of the dashboard by panel, with Grafana's interval filled in.
fn expressions() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(config().join("grafana/dolmen.json")).expect("the dashboard");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let of_panel = |panel: &Value| {
        let title = panel["title"].as_str().expect("a title").to_string();
        let targets = panel["targets"].as_array().expect("targets").clone();
        targets.into_iter().map(move |target| {
            let expression = target["expr"].as_str().expect("an expression");
            (title.clone(), expression.replace("$__rate_interval", "1m"))
        })
    };
    panels.iter().flat_map(of_panel).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_panel_has_data_and_every_rule_can_be_judged() {
    if Command::new("prometheus").arg("--version").output().is_err() {
        println!("the dashboard in Prometheus: skipped, there is no Prometheus");
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let (_store, store_url) = quickstart(&dir.path().join("data"));
    configure(dir.path(), &store_url);
    let (_prometheus, url) = prometheus(dir.path());
    let expressions = expressions();
    assert!(expressions.len() > 20, "{}", expressions.len());
    let started = Instant::now();
    for (title, expression) in &expressions {
        loop {
            // Panels about queries need some.
            let query = json!({"queryType": "timeBoundary", "dataSource": "ads"}).to_string();
            let request = reqwest::Client::new().post(format!("{store_url}/druid/v2"));
            let _ = request.header("content-type", "application/json").body(query).send().await;
            if ask(&url, expression).await.is_some_and(|result| !result.is_empty()) {
                break;
            }
            assert!(started.elapsed() < PATIENCE, "{title}: nothing for {expression}");
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
    let rules = wait_for_rules(&url).await;
    for name in ["DolmenLag", "DolmenLaneHalted", "DolmenFailedCut", "DolmenMemory"] {
        let rule = rules.iter().find(|rule| rule["name"] == name).unwrap_or_else(|| panic!("no rule {name}"));
        assert_eq!((&rule["health"], &rule["state"]), (&json!("ok"), &json!("inactive")), "{rule}");
    }
}

/// The rules once all were judged.
async fn wait_for_rules(url: &str) -> Vec<Value> {
    let started = Instant::now();
    loop {
        let answer = reqwest::get(format!("{url}/api/v1/rules")).await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        let rules = answer.pointer("/data/groups/0/rules").and_then(Value::as_array).cloned().unwrap_or_default();
        if !rules.is_empty() && rules.iter().all(|rule| rule["health"] != "unknown") {
            return rules;
        }
        assert!(started.elapsed() < PATIENCE, "{answer}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

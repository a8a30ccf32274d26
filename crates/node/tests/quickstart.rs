//! The real binary: quickstart starts, answers, seals at SIGTERM, and goes on at the next start.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(90);

struct Quickstart {
    child: Child,
    url: String,
    lines: mpsc::Receiver<String>,
    told: Vec<String>,
}

impl Quickstart {
    fn start(data_dir: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dolmen"))
            .args(["quickstart", "--port", "0", "--rate", "500", "--data-dir"])
            .arg(data_dir)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let out = child.stdout.take().expect("its output");
        let (say, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if say.send(line).is_err() {
                    return;
                }
            }
        });
        let mut quickstart = Self { child, url: String::new(), lines, told: Vec::new() };
        let line = quickstart.wait_for("Dolmen answers at ");
        let url = line.trim_start_matches("Dolmen answers at ").split(',').next().expect("an address");
        quickstart.url = url.to_string();
        quickstart
    }

    fn wait_for(&mut self, start: &str) -> String {
        loop {
            let line =
                self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("never said [{start}]: {:?}", self.told));
            self.told.push(line.clone());
            if line.starts_with(start) {
                return line;
            }
        }
    }

    fn ask(&self, query: &Value) -> Value {
        let url = format!("{}/druid/v2", self.url);
        let body = query.to_string();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let request = reqwest::Client::new().post(url).header("content-type", "application/json").body(body);
            request.send().await.expect("an answer").json().await.expect("JSON")
        })
    }

    /// Events counted by both datasources.
    fn count(&self) -> i64 {
        ["ads", "orders"].iter().map(|name| self.count_of(name)).sum()
    }

    fn count_of(&self, datasource: &str) -> i64 {
        let answer = self.ask(&json!({"queryType": "timeseries", "dataSource": datasource, "granularity": "all",
            "intervals": ["2000/3000"], "aggregations": [{"type": "longSum", "name": "n", "fieldName": "count"}]}));
        answer.pointer("/0/result/n").and_then(Value::as_i64).unwrap_or(0)
    }

    fn wait_for_more_than(&self, count: i64) -> i64 {
        let started = Instant::now();
        loop {
            let now = self.count();
            if now > count {
                return now;
            }
            assert!(started.elapsed() < PATIENCE, "the count stays at {now}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().expect("kill");
        assert!(sent.success());
    }

    /// Tells it to end; the lines it said last.
    fn stop(mut self) -> Vec<String> {
        self.signal("-TERM");
        let status = self.child.wait().expect("it ends");
        let mut told = std::mem::take(&mut self.told);
        told.extend(self.lines.try_iter());
        assert!(status.success(), "{status}: {told:?}");
        told
    }
}

impl Drop for Quickstart {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_second_start_goes_on_and_a_kill_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let data = dir.path().join("data");
    let first = Quickstart::start(&data);
    first.wait_for_more_than(1_000);
    let told = first.stop();
    assert!(told.iter().any(|line| line.starts_with("Everything is sealed")), "{told:?}");

    let second = Quickstart::start(&data);
    assert!(second.told.iter().any(|line| line.contains("were rebased")), "{:?}", second.told);
    assert!(!second.told.iter().any(|line| line.contains("did not end by itself")), "{:?}", second.told);
    let before = second.wait_for_more_than(1_000);
    second.wait_for_more_than(before);
    second.signal("-KILL");
    drop(second);

    let third = Quickstart::start(&data);
    assert!(third.told.iter().any(|line| line.contains("did not end by itself")), "{:?}", third.told);
    third.wait_for_more_than(1_000);
    third.stop();
}

#[test]
fn a_directory_has_one_process() {
    let dir = tempfile::tempdir().expect("a directory");
    let data = dir.path().join("data");
    let first = Quickstart::start(&data);
    let second = Command::new(env!("CARGO_BIN_EXE_dolmen"))
        .args(["serve", "--port", "0", "--data-dir"])
        .arg(&data)
        .output()
        .expect("the binary runs");
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && said.contains(&format!("process {}", first.child.id())), "{said}");
    first.stop();
}

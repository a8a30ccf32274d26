//! The binary as a process of its own.

use crate::until;
use serde_json::Value;
use std::cell::Cell;
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const LOG_LINES: usize = 60;

/// A data directory and what every process on it is told.
pub struct Store {
    directory: TempDir,
    binary: PathBuf,
    environment: Vec<(String, String)>,
    num_starts: Cell<u32>,
}

impl Store {
    /// An empty data directory for `binary`, or for the one that `DOLMEN_TEST_BINARY` names.
    pub fn new(binary: &str) -> Store {
        let binary = std::env::var_os("DOLMEN_TEST_BINARY").map_or_else(|| PathBuf::from(binary), PathBuf::from);
        let directory = tempfile::tempdir().expect("a directory");
        Store { directory, binary, environment: Vec::new(), num_starts: Cell::new(0) }
    }

    /// Sets a variable for every process to come.
    pub fn set(&mut self, name: &str, value: impl ToString) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_string()));
    }

    pub fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Starts a process with these variables more, and does not wait for it.
    pub fn launch(&self, more: &[(&str, &str)]) -> Running {
        self.num_starts.set(self.num_starts.get() + 1);
        let log = self.directory.path().join(format!("log-{}", self.num_starts.get()));
        let file = File::create(&log).expect("a log");
        let mut command = Command::new(&self.binary);
        command.args(["serve", "--port", "0", "--data-dir"]).arg(self.data_dir());
        command.envs(self.environment.iter().map(|(name, value)| (name, value))).envs(more.iter().copied());
        command.stdin(Stdio::null()).stderr(file.try_clone().expect("a log")).stdout(file);
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.binary.display()));
        Running::new(child, log)
    }

    /// Starts a process and waits until it answers.
    pub fn start(&self) -> Running {
        let mut running = self.launch(&[]);
        assert!(running.is_ready(), "the store ended while it started");
        running
    }
}

/// A running store. It is killed when dropped; its log is shown if that happens in a panic.
pub struct Running {
    child: Child,
    log: PathBuf,
    url: String,
    runtime: Runtime,
    client: reqwest::Client,
}

impl Running {
    fn new(child: Child, log: PathBuf) -> Running {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = reqwest::Client::builder().no_proxy().timeout(ANSWER_TIMEOUT).build().expect("a client");
        Running { child, log, url: String::new(), runtime, client }
    }

    /// Waits until it answers queries; false when it ended before.
    pub fn is_ready(&mut self) -> bool {
        until("the store to answer", || {
            if self.has_ended().is_some() {
                return Some(false);
            }
            if self.url.is_empty() {
                self.url = address(&self.log)?;
            }
            let ready = self.get("/druid/broker/v1/readiness");
            ready.is_ok_and(|(status, _)| status == 200).then_some(true)
        })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// How it ended, once it has.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child")
    }

    /// Kills it as a crash does and waits until it is gone.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("a child");
    }

    /// Asks it to drain, and does not wait.
    pub fn ask_to_stop(&self) {
        self.signal(libc::SIGTERM);
    }

    /// Asks it to drain and waits for its end, which must be a good one.
    pub fn drain(mut self) {
        self.ask_to_stop();
        let status = until("the store to drain", || self.has_ended());
        assert_eq!(status.code(), Some(0), "the store ended with {status} when asked to stop");
    }

    /// Waits for a process that does not start; its log.
    pub fn refusal(mut self) -> String {
        assert!(!self.is_ready(), "the store started");
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let status = self.has_ended();
        assert!(status.is_some_and(|status| status.code() == Some(1)), "{status:?}: {text}");
        text
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// True when it has ended by its own abort, as at a crash point.
    pub fn has_aborted(&mut self) -> bool {
        match self.has_ended() {
            None => false,
            Some(status) if status.signal() == Some(libc::SIGABRT) => true,
            Some(status) => panic!("the store ended with {status}, not at the crash point"),
        }
    }

    fn signal(&self, signal: i32) {
        let pid = i32::try_from(self.child.id()).expect("a process id");
        // SAFETY: the process is our child and has not been waited for, so the id is its own.
        let sent = unsafe { libc::kill(pid, signal) };
        assert_eq!(sent, 0, "the store takes a signal");
    }

    /// Processor time spent so far, in user and system.
    pub fn cpu_time(&self) -> Duration {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: u64 = fields.iter().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        // SAFETY: a query of a constant of the system.
        let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
        Duration::from_millis(ticks * 1_000 / u64::try_from(per_second).unwrap_or(100))
    }

    /// Memory that it occupies now.
    pub fn resident_bytes(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
    }

    /// Names of its threads, and what each of them waits for.
    fn threads(&self) -> String {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id()));
        let told = tasks.into_iter().flatten().flatten().map(|task| {
            let read = |name: &str| std::fs::read_to_string(task.path().join(name)).unwrap_or_default();
            format!("{} ({})", read("comm").trim(), read("wchan").trim())
        });
        told.collect::<Vec<String>>().join(", ")
    }

    /// Status and body of an answer; a body that is no JSON is null.
    pub fn get(&self, path: &str) -> Result<(u16, Value), String> {
        self.answer(self.client.get(format!("{}{path}", self.url)))
    }

    /// As [`Running::get`], with a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Result<(u16, Value), String> {
        self.answer(self.client.post(format!("{}{path}", self.url)).json(body))
    }

    fn answer(&self, request: reqwest::RequestBuilder) -> Result<(u16, Value), String> {
        self.runtime.block_on(async {
            let answer = request.send().await.map_err(|error| error.to_string())?;
            let status = answer.status().as_u16();
            let body = answer.bytes().await.map_err(|error| error.to_string())?;
            Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() && self.has_ended().is_none() {
            eprintln!("--- the store's supervisors: {:?}", self.get("/druid/indexer/v1/supervisor?state=true"));
            eprintln!("--- the store's threads: {}", self.threads());
        }
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let text = std::fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            eprintln!("--- the store's log ends:");
            lines.iter().skip(lines.len().saturating_sub(LOG_LINES)).for_each(|line| eprintln!("{line}"));
        }
    }
}

/// The address that the process says it answers at.
fn address(log: &Path) -> Option<String> {
    let text = std::fs::read_to_string(log).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("dolmen answers at "))?;
    text.contains(&format!("{line}\n")).then(|| line.to_owned())
}

//! `dolmen task`: submit and watch batch tasks.

use super::client::{Store, escape, print_json, read_input};
use super::{CommandResult, Target};
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

const BASE: &str = "/druid/indexer/v1";

#[derive(Debug, Subcommand)]
pub enum Task {
    /// Submit a task from Druid's JSON spec
    Submit {
        /// File with the spec, or `-` for standard input
        file: PathBuf,
        /// Wait for the end, with the rows done so far; exit 1 when it failed
        #[arg(long)]
        wait: bool,
        #[command(flatten)]
        target: Target,
    },
    /// The state of a task
    Status {
        id: String,
        #[command(flatten)]
        target: Target,
    },
    /// Row counters and bad rows
    Report {
        id: String,
        #[command(flatten)]
        target: Target,
    },
    /// All known tasks
    List {
        /// running, complete, waiting or pending
        #[arg(long)]
        state: Option<String>,
        #[command(flatten)]
        target: Target,
    },
}

pub async fn run(command: Task) -> CommandResult {
    match command {
        Task::Submit { file, wait, target } => submit(&Store::new(&target), read_input(&file)?, wait).await,
        Task::Status { id, target } => get(&target, &format!("task/{}/status", escape(&id))).await,
        Task::Report { id, target } => get(&target, &format!("task/{}/reports", escape(&id))).await,
        Task::List { state, target } => {
            let filter = state.map(|state| format!("?state={}", escape(&state))).unwrap_or_default();
            get(&target, &format!("tasks{filter}")).await
        }
    }
}

async fn get(target: &Target, path: &str) -> CommandResult {
    print_json(&Store::new(target).get(&format!("{BASE}/{path}")).await?)
}

async fn submit(store: &Store, spec: Vec<u8>, wait: bool) -> CommandResult {
    let answer = store.post(&format!("{BASE}/task"), Some(spec)).await?;
    let id = answer.get("task").and_then(Value::as_str).ok_or("the store gave no task id")?.to_string();
    println!("{id}");
    if !wait {
        return Ok(());
    }
    let bar = ProgressBar::new_spinner().with_style(ProgressStyle::with_template("{spinner} {msg} {elapsed}")?);
    bar.enable_steady_tick(Duration::from_millis(120));
    let status = wait_for_end(store, &id, &bar).await?;
    bar.finish_and_clear();
    match status.get("status").and_then(Value::as_str) {
        Some("SUCCESS") => {
            println!("SUCCESS");
            Ok(())
        }
        _ => Err(status.get("errorMsg").and_then(Value::as_str).unwrap_or("the task failed").to_string().into()),
    }
}

async fn wait_for_end(store: &Store, id: &str, bar: &ProgressBar) -> Result<Value, Box<dyn std::error::Error>> {
    let path = format!("{BASE}/task/{}", escape(id));
    loop {
        let answer = store.get(&format!("{path}/status")).await?;
        let status = answer.get("status").cloned().unwrap_or_default();
        if status.get("statusCode").and_then(Value::as_str) != Some("RUNNING") {
            return Ok(status);
        }
        if let Ok(report) = store.get(&format!("{path}/reports")).await {
            bar.set_message(format!("{} rows", rows_done(&report)));
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// Rows processed, in a live report or a final one.
fn rows_done(report: &Value) -> u64 {
    let stats = "/ingestionStatsAndErrors/payload/rowStats";
    ["totals/buildSegments", "buildSegments"]
        .iter()
        .find_map(|form| report.pointer(&format!("{stats}/{form}/processed")).and_then(Value::as_u64))
        .unwrap_or(0)
}

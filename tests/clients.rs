//! Clients as their users have them, against the store. Skipped, and says so, where Python, Node or the packages
//! cannot be had; with `DOLMEN_CLIENTS=required` that is a failure.

use crate::store::Store;
use crate::traps::{self, data};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Packages may have to be fetched.
const LIMIT: Duration = Duration::from_secs(10 * 60);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

/// Where packages are installed, once for each list of them.
fn installed(client: &str, list: &str) -> PathBuf {
    let list = std::fs::read(folder().join(list)).expect("the list");
    // The list itself is no name; its checksum is one that changes with it.
    let checksum = list
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{client}-{checksum:016x}"))
}

/// Runs a command; what it said, or why it could not and its words where it failed.
fn run(command: &mut Command) -> Result<String, String> {
    let told = harness::run_within(LIMIT, command)?;
    if told.status.success() { Ok(told.text) } else { Err(told.text) }
}

/// A virtual environment with pydruid; its Python.
fn pydruid() -> Result<PathBuf, String> {
    let environment = installed("pydruid", "requirements.txt");
    let python = environment.join("bin/python");
    if !environment.join("done").exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
        let install = ["-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r"];
        run(Command::new(&python).args(install).arg(folder().join("requirements.txt")))?;
        std::fs::write(environment.join("done"), "").expect("written");
    }
    Ok(python)
}

/// A folder with plywood, its requester and the checks; the checks.
fn plywood() -> Result<PathBuf, String> {
    let modules = installed("plywood", "package-lock.json");
    std::fs::create_dir_all(&modules).expect("a folder");
    for file in ["package.json", "package-lock.json", "plywood_checks.mjs"] {
        std::fs::copy(folder().join(file), modules.join(file)).expect("copied");
    }
    if !modules.join("done").exists() {
        let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        run(Command::new("npm").args(install).current_dir(&modules))?;
        std::fs::write(modules.join("done"), "").expect("written");
    }
    Ok(modules.join("plywood_checks.mjs"))
}

/// Runs the checks of a client over the rows of `clients/data.json`.
async fn check(client: &str, program: Result<(PathBuf, Option<PathBuf>), String>) {
    let (program, script) = match program {
        Ok(found) => found,
        Err(why) => {
            let is_required = std::env::var("DOLMEN_CLIENTS").is_ok_and(|value| value == "required");
            assert!(!is_required, "{client} is required: {why}");
            return println!("{client}: skipped, it cannot be had here: {why}");
        }
    };
    let store = Store::start().await;
    data::load(&store.http, &store.node.url(), &folder().join("data.json")).await;
    let mut command = Command::new(program);
    command.args(script).arg(store.node.url());
    let told = tokio::task::spawn_blocking(move || run(&mut command)).await.expect("it runs");
    match told {
        Ok(words) => print!("{words}"),
        Err(words) => panic!("{words}"),
    }
    store.node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pydruid_is_at_home() {
    let python = pydruid();
    check("pydruid", python.map(|python| (python, Some(folder().join("pydruid_checks.py"))))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plywood_is_at_home() {
    check("plywood", plywood().map(|script| ("node".into(), Some(script)))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_requests_are_answered() {
    let store = Store::start().await;
    let url = store.node.url();
    data::load(&store.http, &url, &folder().join("data.json")).await;
    let complaints = traps::complaints(&store.http, &url, &traps::read(&folder().join("recorded.json"))).await;
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    store.node.stop().await;
}

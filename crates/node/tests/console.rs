//! The console in a real browser, over a real quickstart. Skipped, and says so, where Node, its packages or Chromium
//! are missing.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The script gives up its last steps before that.
const LIMIT: Duration = Duration::from_secs(15 * 60);

#[test]
fn a_person_finds_their_way() {
    let console = Path::new(env!("CARGO_MANIFEST_DIR")).join("console");
    if Command::new("node").arg("--version").output().is_err() {
        println!("console in a browser: skipped, there is no Node");
        return;
    }
    // Answers of a debug build beside other tests take their time.
    let mut command = Command::new("node");
    command.arg("test/browser.mjs").env("DOLMEN_BIN", env!("CARGO_BIN_EXE_dolmen")).current_dir(console);
    let told = harness::run_within(LIMIT, &mut command).unwrap_or_else(|why| panic!("{why}"));
    println!("{}", told.text);
    assert!(told.status.success(), "{}", told.text);
}

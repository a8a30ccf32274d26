//! The console in a real browser, over a real quickstart. Skipped, and says so, where Node, its packages or Chromium
//! are missing.

use std::path::Path;
use std::process::Command;

#[test]
fn a_person_finds_their_way() {
    let console = Path::new(env!("CARGO_MANIFEST_DIR")).join("console");
    if Command::new("node").arg("--version").output().is_err() {
        println!("console in a browser: skipped, there is no Node");
        return;
    }
    // Answers of a debug build beside other tests take their time.
    let run = Command::new("node")
        .arg("test/browser.mjs")
        .env("DOLMEN_BIN", env!("CARGO_BIN_EXE_dolmen"))
        .current_dir(console)
        .output()
        .expect("node runs");
    let told = String::from_utf8_lossy(&run.stdout);
    println!("{told}");
    assert!(run.status.success(), "{told}\n{}", String::from_utf8_lossy(&run.stderr));
}

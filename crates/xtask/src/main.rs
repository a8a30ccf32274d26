//! Chores of the house, run as `cargo xtask <chore>`.

mod edges;
mod open_sets;
mod shape;
mod source;
mod walls;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// One thing that is not tidy, with the place to look at.
pub struct Finding {
    pub place: String,
    pub what: String,
}

impl Finding {
    pub fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

type Check = fn(&Path) -> Result<Vec<Finding>, String>;

/// What `tidy` looks at, in this order.
const CHECKS: &[(&str, Check)] = &[
    ("edges between crates", edges::check),
    ("shape of files and functions", shape::check),
    ("open sets and their lists", open_sets::check),
    ("walls", walls::check),
];

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => tidy(std::env::args().nth(2).as_deref() == Some("--shrink")),
        _ => {
            eprintln!("usage: cargo xtask tidy [--shrink]");
            ExitCode::from(2)
        }
    }
}

fn tidy(shrink: bool) -> ExitCode {
    let root = root();
    if shrink && let Err(error) = shape::write_ratchet(&root) {
        eprintln!("tidy: {error}");
        return ExitCode::FAILURE;
    }
    let mut num_findings = 0;
    for (name, check) in CHECKS {
        match check(&root) {
            Ok(findings) => {
                for finding in &findings {
                    eprintln!("tidy: {name}: {}: {}", finding.place, finding.what);
                }
                num_findings += findings.len();
            }
            Err(error) => {
                eprintln!("tidy: {name}: {error}");
                num_findings += 1;
            }
        }
    }
    if num_findings == 0 {
        println!("tidy: {} checks passed", CHECKS.len());
        return ExitCode::SUCCESS;
    }
    eprintln!("tidy: {num_findings} findings");
    ExitCode::FAILURE
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

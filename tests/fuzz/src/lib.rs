//! Everything that reads what others wrote, fed with bytes that nobody meant. A target takes any input, gives an
//! error or an answer, and neither panics nor takes more memory than its input can be worth.

mod targets;

pub use targets::{TARGETS, Target, named};

use std::path::{Path, PathBuf};

/// Inputs that a target starts from, by name.
pub fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let directory = seed_directory(target);
    let entries = std::fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut seeds: Vec<(String, Vec<u8>)> = entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            (path.display().to_string(), std::fs::read(&path).expect("a seed"))
        })
        .collect();
    seeds.sort();
    seeds
}

fn seed_directory(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target)
}

//! `traps.md` against what there is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const NUM_TRAPS: usize = 68;

/// Names of tests by trap, of the rows `| 1 | words | name, name |` of the list; none of what is not asked yet.
fn listed() -> BTreeMap<usize, Vec<String>> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("traps.md")).expect("the list");
    let cells =
        |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_string()).collect::<Vec<_>>();
    let rows = text.lines().filter(|line| line.starts_with("| ")).map(cells);
    let numbered = rows.filter_map(|row| Some((row.first()?.parse().ok()?, row)));
    numbered
        .map(|(number, row)| {
            assert_eq!(row.len(), 3, "trap {number} has a number, words and tests");
            let names = row[2].split('`').skip(1).step_by(2).map(str::to_string).collect();
            (number, names)
        })
        .collect()
}

/// All tests of this repository, by name.
fn tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository").to_path_buf();
    let mut names: BTreeSet<String> =
        super::files().into_iter().flat_map(|file| file.cases).map(|case| case.name).collect();
    let mut folders: Vec<PathBuf> = vec![root.join("crates"), root.join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.extension().and_then(|extension| extension.to_str()) {
                _ if path.is_dir() && path.file_name().is_some_and(|name| name != "node_modules") => folders.push(path),
                Some("rs") => names.extend(functions(&std::fs::read_to_string(&path).expect("readable"))),
                _ => {}
            }
        }
    }
    names
}

/// Functions of a source that stand below `#[test]` or the like, or are cases of a suite.
fn functions(source: &str) -> Vec<String> {
    let name = |line: &str| {
        let (_, rest) = line.split_once("fn ")?;
        Some(rest.split(['(', '<']).next()?.to_string())
    };
    source.lines().filter_map(name).collect()
}

#[test]
fn every_trap_is_listed_and_has_a_test() {
    let listed = listed();
    let tests = tests();
    let numbers: Vec<usize> = listed.keys().copied().collect();
    assert_eq!(numbers, (1..=NUM_TRAPS).collect::<Vec<_>>());
    for (number, names) in &listed {
        for name in names {
            assert!(tests.contains(name), "trap {number}: there is no test {name}");
            let tag = format!("trap_{number:02}_");
            assert!(name.starts_with(&tag), "trap {number}: {name} does not begin with {tag}");
        }
    }
    let of_list: BTreeSet<&String> = listed.values().flatten().collect();
    let unlisted: Vec<&String> =
        tests.iter().filter(|name| name.starts_with("trap_") && !of_list.contains(name)).collect();
    assert!(unlisted.is_empty(), "not in traps.md: {unlisted:?}");
}

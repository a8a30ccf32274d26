//! Open sets: a folder whose `mod.rs` holds a `KINDS`-like list. Every file of the folder is declared there and
//! named in the list, so that adding a member is one file and one entry.

use crate::Finding;
use crate::source::{self, Source};
use std::path::Path;

/// A folder is an open set when its `mod.rs` has a line `static NAME: &[..]` or `const NAME: &[..]` in capitals
/// under the mark `// open set`.
pub fn check(root: &Path) -> Result<Vec<Finding>, String> {
    let sources = source::sources(root)?;
    let mut findings = Vec::new();
    for list in sources.iter().filter(|s| s.path.ends_with("/mod.rs") && s.text.contains("// open set")) {
        let folder = list.path.trim_end_matches("mod.rs");
        for member in members(&sources, folder) {
            findings.extend(missing(list, &member));
        }
    }
    Ok(findings)
}

/// Names of the files and folders directly in `folder`, without helpers named in the list's `// helpers:` line.
fn members(sources: &[Source], folder: &str) -> Vec<String> {
    let mut names: Vec<String> = sources
        .iter()
        .filter_map(|source| source.path.strip_prefix(folder))
        .filter_map(|below| below.split('/').next())
        .map(|first| first.trim_end_matches(".rs").to_string())
        .filter(|name| name != "mod" && name != "tests")
        .collect();
    names.dedup();
    names
}

fn missing(list: &Source, member: &str) -> Option<Finding> {
    let helpers = list.text.lines().find_map(|line| line.trim().strip_prefix("// helpers:")).unwrap_or_default();
    if helpers.split([',', ' ']).any(|name| name == member) {
        return None;
    }
    let declared = list.text.lines().any(|line| {
        let line = line.trim().trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        line == format!("mod {member};")
    });
    if !declared {
        return Some(Finding::new(&list.path, format!("does not declare {member}")));
    }
    let body = list.text.split("// open set").nth(1).unwrap_or_default();
    (!body.contains(&format!("{member}::"))).then(|| Finding::new(&list.path, format!("{member} is not in the list")))
}

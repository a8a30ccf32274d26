//! Edges between crates: what the manifests say must stand in the table of ARCHITECTURE.md.

use crate::{Finding, source};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

type Edges = BTreeMap<String, BTreeSet<String>>;

/// Reads the table between the marks `<!-- edges -->` of ARCHITECTURE.md and every `crates/*/Cargo.toml`.
pub fn check(root: &Path) -> Result<Vec<Finding>, String> {
    let allowed = table(&read(&root.join("ARCHITECTURE.md"))?);
    let mut findings = Vec::new();
    for room in source::entries(&root.join("crates"))? {
        let name = room.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let manifest = read(&room.join("Cargo.toml"))?;
        let real = dependencies(&manifest, &allowed)?;
        let Some(wanted) = allowed.get(&name) else {
            findings.push(Finding::new(&name, "is not in the table of ARCHITECTURE.md"));
            continue;
        };
        for edge in real.difference(wanted) {
            findings.push(Finding::new(&name, format!("depends on {edge}, which its row does not allow")));
        }
    }
    Ok(findings)
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Rows `| name | reason | may depend on |`; the third cell lists names, or `all`, or `-`.
fn table(text: &str) -> Edges {
    let rows: Vec<Vec<String>> = text
        .lines()
        .skip_while(|line| line.trim() != "<!-- edges -->")
        .take_while(|line| line.trim() != "<!-- /edges -->")
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').map(|cell| cell.trim().replace('`', "")).collect())
        .collect();
    let names: BTreeSet<String> = rows.iter().map(|row| row[1].clone()).collect();
    rows.iter()
        .filter(|row| row.len() > 3)
        .map(|row| {
            let named = row[3].split([',', ' ']).filter(|word| names.contains(*word)).map(str::to_string).collect();
            (row[1].clone(), if row[3] == "all" { names.clone() } else { named })
        })
        .collect()
}

fn dependencies(manifest: &str, rooms: &Edges) -> Result<BTreeSet<String>, String> {
    let value: toml::Table = manifest.parse().map_err(|error| format!("manifest: {error}"))?;
    let Some(table) = value.get("dependencies").and_then(|d| d.as_table()) else {
        return Ok(BTreeSet::new());
    };
    Ok(table.keys().filter(|name| rooms.contains_key(*name)).cloned().collect())
}

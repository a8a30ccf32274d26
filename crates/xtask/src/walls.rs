//! Walls: what a room must not know, found as words in its code.

use crate::Finding;
use crate::source::{self, Source, code_of};
use std::path::Path;

/// Rooms that are given the time and never wait.
const PURE: &[&str] = &["timeline", "dialect", "aggregate", "segment", "expression", "query"];

struct Wall {
    word: &'static str,
    /// Rooms where the word is at home; elsewhere it is a finding.
    home: fn(&str) -> bool,
    why: &'static str,
}

const WALLS: &[Wall] = &[
    Wall { word: "tokio::", home: |room| !PURE.contains(&room), why: "this room does not wait" },
    Wall { word: "SystemTime::now", home: |room| room == "node", why: "only node reads the clock: take a Clock" },
    Wall { word: "Instant::now", home: |room| room == "node", why: "only node reads the clock: take a Clock" },
    Wall { word: "Timestamp::now", home: |room| room == "node", why: "only node reads the clock: take a Clock" },
    Wall { word: "axum::", home: |room| room == "node", why: "only node serves HTTP" },
    Wall {
        word: "env::var",
        home: |room| matches!(room, "node" | "storage" | "xtask"),
        why: "only node reads the environment",
    },
    Wall { word: "env::args", home: |room| matches!(room, "node" | "xtask"), why: "only node reads arguments" },
    Wall { word: "LiveIndex", home: |room| room != "query", why: "query knows segments by their interface only" },
    Wall { word: "SealedSegment", home: |room| room != "query", why: "query knows segments by their interface only" },
    Wall { word: "todo!(", home: |_| false, why: "a part is built or not there" },
    Wall { word: "unimplemented!(", home: |_| false, why: "a part is built or not there" },
];

/// Looks for each wall's word in the code of every file outside tests.
pub fn check(root: &Path) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for source in source::sources(root)?.iter().filter(|s| !s.is_test() && s.room() != "xtask") {
        look(source, &mut findings);
    }
    Ok(findings)
}

fn look(source: &Source, findings: &mut Vec<Finding>) {
    let (mut in_block, mut in_string) = (false, None);
    for (number, line) in source.lines_without_tests().iter().enumerate() {
        let code = code_of(line, &mut in_block, &mut in_string);
        for wall in WALLS {
            if code.contains(wall.word) && !(wall.home)(source.room()) {
                let place = format!("{}:{}", source.path, number + 1);
                findings.push(Finding::new(place, format!("`{}`: {}", wall.word, wall.why)));
            }
        }
    }
}

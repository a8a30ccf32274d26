//! Rust sources as the checks see them: paths below `crates/`, text, and text without comments and literals.

use std::fs;
use std::path::{Path, PathBuf};

/// A Rust file of the workspace.
pub struct Source {
    /// Path below the repository's root, with `/`.
    pub path: String,
    pub text: String,
}

impl Source {
    /// The crate's folder name, `segment` for `crates/segment/src/lib.rs`.
    pub fn room(&self) -> &str {
        self.path.split('/').nth(1).unwrap_or_default()
    }

    /// Test code is measured by nobody: `tests.rs`, `tests/`, `benches/`.
    pub fn is_test(&self) -> bool {
        self.path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "benches"))
    }

    /// Lines before the inline test module, if there is one.
    pub fn lines_without_tests(&self) -> Vec<&str> {
        let lines: Vec<&str> = self.text.lines().collect();
        let cut = lines.windows(2).position(|pair| {
            pair[0].trim() == "#[cfg(test)]" && pair[1].trim_start().starts_with("mod ") && pair[1].ends_with('{')
        });
        lines[..cut.unwrap_or(lines.len())].to_vec()
    }
}

/// All Rust files below `crates/*/src`, in order of their paths.
pub fn sources(root: &Path) -> Result<Vec<Source>, String> {
    let mut found = Vec::new();
    for room in entries(&root.join("crates"))? {
        let src = room.join("src");
        if src.is_dir() {
            collect(root, &src, &mut found)?;
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// The entries of a folder; an error names it.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let list = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(list.filter_map(|entry| entry.ok().map(|e| e.path())).collect())
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) -> Result<(), String> {
    for path in entries(folder)? {
        if path.is_dir() {
            collect(root, &path, found)?;
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let below = path.strip_prefix(root).unwrap_or(&path);
            found.push(Source { path: below.to_string_lossy().replace('\\', "/"), text });
        }
    }
    Ok(())
}

/// The line with comments, strings and characters blanked, so that braces and names in them do not count.
/// `in_block` carries an open block comment from line to line, `in_raw` the end mark of an open raw string.
pub fn code_of(line: &str, in_block: &mut bool, in_string: &mut Option<String>) -> String {
    let chars: Vec<char> = line.chars().collect();
    let mut out = String::with_capacity(line.len());
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        if let Some(end) = in_string.clone() {
            at += step_in_string(rest, &end, in_string);
        } else if *in_block {
            *in_block = !starts(rest, "*/");
            at += if *in_block { 1 } else { 2 };
        } else if starts(rest, "//") {
            break;
        } else if starts(rest, "/*") {
            *in_block = true;
            at += 2;
        } else if let Some((len, end)) = opens_string(rest, out.chars().last()) {
            *in_string = Some(end);
            at += len;
        } else if let Some(len) = char_literal(rest) {
            at += len;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

fn step_in_string(rest: &[char], end: &str, in_string: &mut Option<String>) -> usize {
    if end == "\"" && rest[0] == '\\' {
        return 2;
    }
    if starts(rest, end) {
        *in_string = None;
        return end.chars().count();
    }
    1
}

fn opens_string(rest: &[char], before: Option<char>) -> Option<(usize, String)> {
    if rest[0] == '"' {
        return Some((1, "\"".to_string()));
    }
    let raw = rest[0] == 'r' && !before.is_some_and(|c| c.is_alphanumeric() && c != 'b' || c == '_');
    let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
    if raw && rest.get(1 + hashes) == Some(&'"') {
        return Some((2 + hashes, format!("\"{}", "#".repeat(hashes))));
    }
    None
}

fn char_literal(rest: &[char]) -> Option<usize> {
    if rest[0] != '\'' {
        return None;
    }
    if rest.get(1) == Some(&'\\') {
        return rest.iter().skip(3).position(|c| *c == '\'').map(|end| end + 4);
    }
    (rest.get(2) == Some(&'\'')).then_some(3)
}

fn starts(chars: &[char], prefix: &str) -> bool {
    let mut chars = chars.iter();
    prefix.chars().all(|c| chars.next() == Some(&c))
}

//! Shape: files of at most 500 lines, functions of at most 70, tests apart. Longer ones that stand in the
//! ratchet may shrink and never grow.

use crate::Finding;
use crate::source::{self, Source, code_of};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const MAX_FILE_LINES: usize = 500;
const MAX_FUNCTION_LINES: usize = 70;

/// Measures every file and function against its limit, or against its entry in the ratchet.
pub fn check(root: &Path) -> Result<Vec<Finding>, String> {
    let ratchet = read_ratchet(root)?;
    let mut findings = Vec::new();
    for (place, lines, limit) in measures(root)? {
        let allowed = ratchet.get(&place).copied().unwrap_or(limit).max(limit);
        if lines > allowed {
            findings.push(Finding::new(place, format!("{lines} lines, at most {allowed}")));
        }
    }
    Ok(findings)
}

/// Writes the ratchet anew: what is over the limit today and was already in it, at no more than before.
pub fn write_ratchet(root: &Path) -> Result<(), String> {
    let before = read_ratchet(root)?;
    let mut text = String::new();
    for (place, lines, limit) in measures(root)? {
        if let Some(old) = before.get(&place)
            && lines > limit
        {
            text.push_str(&format!("{place} {}\n", lines.min(*old)));
        }
    }
    fs::write(ratchet_path(root), text).map_err(|error| error.to_string())
}

fn ratchet_path(root: &Path) -> PathBuf {
    root.join("crates/xtask/ratchet.txt")
}

fn read_ratchet(root: &Path) -> Result<BTreeMap<String, usize>, String> {
    let text = fs::read_to_string(ratchet_path(root)).unwrap_or_default();
    text.lines()
        .map(|line| {
            let (place, lines) = line.rsplit_once(' ').ok_or_else(|| format!("ratchet: {line}"))?;
            Ok((place.to_string(), lines.parse().map_err(|_| format!("ratchet: {line}"))?))
        })
        .collect()
}

fn measures(root: &Path) -> Result<Vec<(String, usize, usize)>, String> {
    let mut found = Vec::new();
    for source in source::sources(root)?.iter().filter(|source| !source.is_test()) {
        found.push((source.path.clone(), source.lines_without_tests().len(), MAX_FILE_LINES));
        for (name, lines) in functions(source) {
            found.push((format!("{}:{name}", source.path), lines, MAX_FUNCTION_LINES));
        }
    }
    Ok(found)
}

/// Names and lengths of the functions that have a body, from `fn` to the closing brace.
fn functions(source: &Source) -> Vec<(String, usize)> {
    let mut scan = Scan::default();
    let (mut in_block, mut in_string) = (false, None);
    for (number, line) in source.lines_without_tests().iter().enumerate() {
        let code = code_of(line, &mut in_block, &mut in_string);
        if let Some(name) = function_name(&code) {
            scan.open.push(Open { name, start: number, body: None });
        }
        code.chars().for_each(|c| scan.step(c, number));
    }
    scan.done
}

struct Open {
    name: String,
    start: usize,
    /// Depth of braces around the body, once it has begun.
    body: Option<usize>,
}

#[derive(Default)]
struct Scan {
    done: Vec<(String, usize)>,
    open: Vec<Open>,
    braces: usize,
    /// Inside `[T; 2]` a semicolon ends nothing.
    brackets: usize,
}

impl Scan {
    fn step(&mut self, c: char, number: usize) {
        match c {
            '[' => self.brackets += 1,
            ']' => self.brackets = self.brackets.saturating_sub(1),
            '{' => {
                if let Some(Open { body: body @ None, .. }) = self.open.last_mut() {
                    *body = Some(self.braces);
                }
                self.braces += 1;
            }
            '}' => {
                self.braces = self.braces.saturating_sub(1);
                if self.open.last().is_some_and(|open| open.body == Some(self.braces))
                    && let Some(open) = self.open.pop()
                {
                    self.done.push((open.name, number - open.start + 1));
                }
            }
            ';' if self.brackets == 0 && self.open.last().is_some_and(|open| open.body.is_none()) => {
                self.open.pop();
            }
            _ => {}
        }
    }
}

fn function_name(code: &str) -> Option<String> {
    let at = code.find("fn ")?;
    let before = code[..at].chars().last();
    if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let name: String = code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source { path: "crates/x/src/lib.rs".into(), text: text.into() }
    }

    #[test]
    fn a_function_ends_at_its_own_brace() {
        let text = "fn a() {\n    let s = \"}\"; // }\n    if x {\n    }\n}\n\nfn b(x: [u8; 2])\n-> u8 {\n    0\n}\n";
        assert_eq!(functions(&source(text)), vec![("a".to_string(), 5), ("b".to_string(), 4)]);
    }

    #[test]
    fn a_signature_without_body_is_no_function() {
        let text = "trait T {\n    fn a(&self) -> &[u8];\n    fn b(&self) {\n    }\n}\n";
        assert_eq!(functions(&source(text)), vec![("b".to_string(), 2)]);
    }

    #[test]
    fn inline_tests_are_not_counted() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {\n    }\n}\n";
        assert_eq!(functions(&source(text)), vec![("a".to_string(), 1)]);
    }
}

//! The log: lines of text or of JSON on standard error. The last ones are kept to be shown.

use crate::config::{Log, LogFormat};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::io::{IsTerminal, Write};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::MakeWriterExt;

const MAX_LINES: usize = 500;
const MAX_LINE_BYTES: usize = 4 << 10;

static TAIL: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// Installs the log once for the process. Errors name the level that makes no sense.
pub fn start(config: &Log) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.level).map_err(|error| format!("log.level: {error}"))?;
    let writer = std::io::stderr.and(|| Tail);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    let installed = match config.format {
        LogFormat::Json => builder.json().try_init(),
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
    };
    installed.map_err(|error| format!("log: {error}"))
}

/// The newest lines, the oldest first.
pub fn tail() -> Vec<String> {
    TAIL.lock().iter().cloned().collect()
}

/// Keeps what is written; one write is one event.
struct Tail;

impl Write for Tail {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let kept = bytes.get(..MAX_LINE_BYTES).unwrap_or(bytes);
        let line = without_colors(&String::from_utf8_lossy(kept));
        let mut tail = TAIL.lock();
        tail.push_back(line.trim_end().to_string());
        while tail.len() > MAX_LINES {
            tail.pop_front();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Without the marks by which a terminal colours text.
fn without_colors(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_string();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals() {
        assert_eq!(without_colors("\u{1b}[2m10:00\u{1b}[0m \u{1b}[32m INFO\u{1b}[0m ready"), "10:00  INFO ready");
        assert_eq!(without_colors("plain"), "plain");
    }

    #[test]
    fn the_last_lines_are_kept() {
        for number in 0..MAX_LINES + 3 {
            Tail.write_all(format!("line {number}\n").as_bytes()).expect("kept");
        }
        let tail = tail();
        assert_eq!(tail.len(), MAX_LINES);
        assert_eq!(tail.last().map(String::as_str), Some("line 502"));
    }
}

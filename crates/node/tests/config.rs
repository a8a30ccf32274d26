//! The configuration and the specs that come with the source are what the program reads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ingest::DataSchema;
use node::config::Config;

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config").join(folder);
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
    assert!(!files.is_empty(), "no .{extension} to look at");
    files
}

#[test]
fn configurations_say_the_defaults() {
    for path in files("", "toml") {
        let text = std::fs::read_to_string(&path).expect("text");
        let config = Config::parse(&text, &BTreeMap::new()).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let defaults = Config::parse("", &BTreeMap::new()).expect("defaults");
        assert_eq!(config.shown().to_string(), defaults.shown().to_string(), "{}", path.display());
    }
}

#[test]
fn settings_that_are_shown_as_comments_can_be_set() {
    for path in files("", "toml") {
        let text = std::fs::read_to_string(&path).expect("text");
        let setting = |line: &str| {
            let rest = line.strip_prefix("# ").unwrap_or(line);
            if rest.contains(" = ") && !rest.contains(": ") { rest.to_owned() } else { line.to_owned() }
        };
        let all: Vec<String> = text.lines().map(setting).collect();
        assert_ne!(all.join("\n"), text.trim_end());
        Config::parse(&all.join("\n"), &BTreeMap::new()).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
}

#[test]
fn specs_parse() {
    for path in files("specs", "json") {
        let text = std::fs::read(&path).expect("bytes");
        let json: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        let schema = DataSchema::parse(&json["spec"]["dataSchema"], &[]);
        let schema = schema.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        assert_eq!(Some(schema.data_source.as_str()), name.split('.').next());
        assert!(json["spec"]["ioConfig"]["topic"].is_string() && json["type"] == "kafka");
    }
}

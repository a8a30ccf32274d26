//! The configuration: one TOML file, every key optional, each overridden by `DOLMEN__SECTION__KEY`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What can be wrong with a configuration; always names the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {path}: {why}")]
    Unreadable { path: PathBuf, why: std::io::Error },
    #[error("{0}")]
    Invalid(String),
}

/// Everything that can be set. Sizes are bytes, times milliseconds.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub http: Http,
    pub ingest: Ingest,
    pub storage: Storage,
    pub metastore: Metastore,
    pub memory: Memory,
    pub query: Query,
    pub security: Security,
    pub log: Log,
    pub console: Console,
    /// Where each key that is not at its default was set, by `section.key`.
    #[serde(skip)]
    pub origins: BTreeMap<String, Origin>,
}

/// Who set a key. Later ones win.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    File,
    Environment,
    CommandLine,
}

impl Origin {
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Environment => "environment",
            Self::CommandLine => "command line",
        }
    }
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address to listen on. Anything but loopback needs `security.insecure` while there are no users.
    pub bind: String,
    pub port: u16,
    pub max_query_bytes: usize,
    pub max_spec_bytes: usize,
    pub max_connections: usize,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            bind: "127.0.0.1".into(),
            port: 8888,
            max_query_bytes: 16 << 20,
            max_spec_bytes: 64 << 20,
            max_connections: 1024,
        }
    }
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ingest {
    /// Local files of batch tasks must lie below one of these.
    pub allowed_directories: Vec<PathBuf>,
    /// Origins (`http://host:port`) that the `http` input may read although they are not public.
    pub allowed_origins: Vec<String>,
    pub cut_max_age_ms: u64,
    pub cut_max_rows: u64,
    pub cut_max_bytes: u64,
    /// How often small segments are looked for that could be merged; 0: never.
    pub compaction_period_ms: u64,
    pub dead_letter_max_bytes: u64,
    pub task_slots: usize,
}

impl Default for Ingest {
    fn default() -> Self {
        Self {
            allowed_directories: Vec::new(),
            allowed_origins: Vec::new(),
            cut_max_age_ms: 60_000,
            cut_max_rows: 1_000_000,
            cut_max_bytes: 256 << 20,
            compaction_period_ms: 30_000,
            dead_letter_max_bytes: 1 << 30,
            task_slots: 4,
        }
    }
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Storage {
    /// `file:///dir`, `s3://bucket/prefix`, `gs://..`, `az://..`; absent: `segments` below the data directory.
    pub url: Option<String>,
    pub cache_dir: Option<PathBuf>,
    pub cache_size: Option<u64>,
    /// How long nothing must have been added to a time chunk before its small segments are bound to be read together
    /// with others; 0: never.
    pub volumes_after_ms: u64,
}

impl Default for Storage {
    fn default() -> Self {
        Self { url: None, cache_dir: None, cache_size: None, volumes_after_ms: 120_000 }
    }
}

impl Storage {
    /// `None` where no segments are bound.
    pub fn volumes_after_ms(&self) -> Option<i64> {
        i64::try_from(self.volumes_after_ms).ok().filter(|ms| *ms > 0)
    }
}

#[derive(Debug, Clone, Deserialize, Serialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Metastore {
    /// `sqlite:///file` or `postgres://..`; absent: `metastore.sqlite` below the data directory.
    pub url: Option<String>,
}

#[derive(Debug, Clone, Deserialize, Serialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Memory {
    /// The process's budget; absent: what the machine or its cgroup has.
    pub limit: Option<u64>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Query {
    /// Threads that fold; absent: one a core.
    pub threads: Option<usize>,
    pub timeout_ms: u64,
    pub max_timeout_ms: u64,
    /// Queries that are begun at once, of which as many run as there are threads; absent: eight a thread, at least 32.
    pub max_concurrent: Option<usize>,
    pub max_queued: usize,
    /// Bytes that one query may hold; groups beyond them go to disk.
    pub memory_bytes: u64,
    /// Share of the memory budget that one query may hold at most, in percent.
    pub memory_percent: u8,
    /// Bytes on disk that the groups of all queries may take.
    pub spill_bytes: u64,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            threads: None,
            timeout_ms: 300_000,
            max_timeout_ms: 3_600_000,
            max_concurrent: None,
            max_queued: 100,
            memory_bytes: 1 << 30,
            memory_percent: 25,
            spill_bytes: 64 << 30,
        }
    }
}

#[derive(Debug, Clone, Deserialize, Serialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Security {
    /// Listen beyond loopback without users.
    pub insecure: bool,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives such as `ingest=debug,info`.
    pub level: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into(), format: LogFormat::Text }
    }
}

#[derive(Debug, Clone, Deserialize, Serialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Console {
    pub dashboards_dir: Option<PathBuf>,
}

impl Config {
    /// Reads the file, if one is given, and lays the environment over it.
    pub fn load(file: Option<&Path>, environment: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let text = match file {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|why| ConfigError::Unreadable { path: path.to_path_buf(), why })?,
            None => String::new(),
        };
        Self::parse(&text, environment)
    }

    /// Parses TOML text and lays `DOLMEN__SECTION__KEY` values over it; lists are separated by commas.
    pub fn parse(text: &str, environment: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let mut table: toml::Table = text.parse().map_err(|error| ConfigError::Invalid(format!("config: {error}")))?;
        let mut origins = origins_of_file(&table);
        for (name, value) in environment {
            if let Some(path) = name.strip_prefix("DOLMEN__") {
                overlay(&mut table, path, value)?;
                origins.insert(path.to_ascii_lowercase().replacen("__", ".", 1), Origin::Environment);
            }
        }
        let mut config: Self =
            table.try_into().map_err(|error| ConfigError::Invalid(format!("config: {}", error.to_string().trim())))?;
        config.origins = origins;
        config.check()?;
        Ok(config)
    }

    /// Notes that an option of the command line has set a key.
    pub fn from_command_line(&mut self, key: &str) {
        self.origins.insert(key.to_string(), Origin::CommandLine);
    }

    /// The settings as JSON for whoever asks the process; user and password of a URL are hidden.
    pub fn shown(&self) -> serde_json::Value {
        let mut shown = self.clone();
        for url in [&mut shown.storage.url, &mut shown.metastore.url].into_iter().flatten() {
            *url = without_credentials(url);
        }
        serde_json::to_value(shown).unwrap_or_default()
    }

    fn check(&self) -> Result<(), ConfigError> {
        let limits = [
            ("query.memory_percent", (1..=100).contains(&self.query.memory_percent)),
            ("query.memory_bytes", self.query.memory_bytes > 0),
            ("ingest.cut_max_rows", self.ingest.cut_max_rows > 0),
            ("ingest.cut_max_age_ms", self.ingest.cut_max_age_ms > 0),
            ("query.threads", self.query.threads != Some(0)),
        ];
        match limits.iter().find(|(_, ok)| !ok) {
            Some((key, _)) => Err(ConfigError::Invalid(format!("config: {key} is out of range"))),
            None => Ok(()),
        }
    }
}

/// `scheme://user:password@host/..` without what stands before the `@`, and without the query.
fn without_credentials(url: &str) -> String {
    let url = url.split('?').next().unwrap_or_default();
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}{path}")
        }
        None => url.to_string(),
    }
}

fn origins_of_file(table: &toml::Table) -> BTreeMap<String, Origin> {
    let sections = table.iter().filter_map(|(section, values)| Some((section, values.as_table()?)));
    sections
        .flat_map(|(section, values)| values.keys().map(move |key| (format!("{section}.{key}"), Origin::File)))
        .collect()
}

fn overlay(table: &mut toml::Table, path: &str, value: &str) -> Result<(), ConfigError> {
    let lower = path.to_ascii_lowercase();
    let Some((section, key)) = lower.split_once("__") else {
        return Err(ConfigError::Invalid(format!("DOLMEN__{path}: expected DOLMEN__SECTION__KEY")));
    };
    let entry = table.entry(section.to_string()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    let Some(section) = entry.as_table_mut() else {
        return Err(ConfigError::Invalid(format!("DOLMEN__{path}: {section} is not a section")));
    };
    section.insert(key.to_string(), environment_value(&lower, value));
    Ok(())
}

fn environment_value(key: &str, text: &str) -> toml::Value {
    if matches!(key, "ingest__allowed_directories" | "ingest__allowed_origins") {
        return toml::Value::Array(text.split(',').map(|item| toml::Value::String(item.trim().into())).collect());
    }
    if let Ok(number) = text.parse::<i64>() {
        return toml::Value::Integer(number);
    }
    match text {
        "true" => toml::Value::Boolean(true),
        "false" => toml::Value::Boolean(false),
        _ => toml::Value::String(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect()
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let config = Config::parse("", &environment(&[])).expect("defaults");
        assert_eq!((config.http.port, config.http.bind.as_str()), (8888, "127.0.0.1"));
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let env = environment(&[
            ("DOLMEN__HTTP__PORT", "9999"),
            ("DOLMEN__INGEST__ALLOWED_DIRECTORIES", "/a, /b"),
            ("HOME", "/x"),
        ]);
        let config = Config::parse("[http]\nport = 1\n", &env).expect("valid");
        assert_eq!(config.http.port, 9999);
        assert_eq!(config.origins.get("http.port"), Some(&Origin::Environment));
        assert_eq!(config.ingest.allowed_directories, vec![PathBuf::from("/a"), PathBuf::from("/b")]);
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = Config::parse("[http]\nprot = 1\n", &environment(&[])).expect_err("typo");
        assert!(error.to_string().contains("prot"), "{error}");
    }

    #[test]
    fn secrets_are_not_shown() {
        let mut config = Config::default();
        config.metastore.url = Some("postgres://dolmen:s3cret@db:5432/facts?password=s3cret".into());
        let shown = config.shown().to_string();
        assert!(!shown.contains("s3cret") && shown.contains("postgres://db:5432/facts"), "{shown}");
    }

    #[test]
    fn a_value_out_of_range_is_an_error_that_names_the_key() {
        let error = Config::parse("[query]\nmemory_percent = 0\n", &environment(&[])).expect_err("range");
        assert!(error.to_string().contains("query.memory_percent"), "{error}");
    }
}

//! A real Apache Kafka, started by the project's script.

use crate::program::run_within;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The first start fetches Kafka.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// One node of Apache Kafka; it ends with this value.
pub struct Kafka {
    script: PathBuf,
    /// Data of this broker.
    directory: TempDir,
    port: u16,
}

impl Kafka {
    /// None, with a printed line, where Java or Maven are missing.
    pub fn start() -> Option<Kafka> {
        let missing: Vec<&str> = ["java", "mvn"].into_iter().filter(|tool| !is_there(tool)).collect();
        if !missing.is_empty() {
            println!("skipped: no {} here, so no Apache Kafka", missing.join(" and no "));
            return None;
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kafka/kafka.sh");
        let kafka = Kafka { script, directory: tempfile::tempdir().expect("a directory"), port: free_ports() };
        kafka.run(&["start"]);
        Some(kafka)
    }

    pub fn bootstrap_servers(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn create_topic(&self, name: &str, num_partitions: i32) {
        self.run(&["topic", name, &num_partitions.to_string()]);
    }

    fn run(&self, arguments: &[&str]) {
        let mut command = Command::new(&self.script);
        command.args(arguments).env("KAFKA_RUN", self.directory.path()).env("KAFKA_PORT", self.port.to_string());
        let told = run_within(LIMIT, &mut command).unwrap_or_else(|why| panic!("kafka.sh {arguments:?}: {why}"));
        assert!(told.status.success(), "kafka.sh {arguments:?}: {}", told.text);
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        let mut command = Command::new(&self.script);
        command.arg("kill").env("KAFKA_RUN", self.directory.path()).env("KAFKA_PORT", self.port.to_string());
        if let Err(error) = command.status() {
            eprintln!("kafka.sh kill: {error}");
        }
    }
}

fn is_there(tool: &str) -> bool {
    let mut command = Command::new(tool);
    command.arg("-version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A port that was free a moment ago, as the one after it.
fn free_ports() -> u16 {
    (0..100)
        .find_map(|_| {
            let first = std::net::TcpListener::bind(("127.0.0.1", 0)).ok()?;
            let port = first.local_addr().ok()?.port();
            std::net::TcpListener::bind(("127.0.0.1", port.checked_add(1)?)).ok()?;
            Some(port)
        })
        .expect("two free ports in a row")
}

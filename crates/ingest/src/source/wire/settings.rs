//! Which clusters are read by this client, and how.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use timeline::Clock;

use super::messages::fetch::Bounds;

/// What is told in the driver's words and heeded here. Whoever sets anything else is served by the driver.
const HEEDED: &[&str] = &[
    "bootstrap.servers",
    "client.id",
    "isolation.level",
    "check.crcs",
    "fetch.wait.max.ms",
    "fetch.min.bytes",
    "fetch.max.bytes",
    "fetch.message.max.bytes",
    "queued.max.messages.kbytes",
    "socket.timeout.ms",
    "socket.connection.setup.timeout.ms",
    "reconnect.backoff.ms",
    "reconnect.backoff.max.ms",
    "retry.backoff.ms",
    "retry.backoff.max.ms",
    "topic.metadata.refresh.interval.ms",
    "metadata.max.age.ms",
    "connections.max.idle.ms",
];

/// Settings whose other values are the driver's business.
const ONLY: &[(&str, &str)] = &[
    ("security.protocol", "plaintext"),
    ("client.dns.lookup", "use_all_dns_ips"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "error"),
    ("enable.partition.eof", "true"),
    ("allow.auto.create.topics", "false"),
];

/// Of no meaning where nothing is queued and no group is joined.
const MEANINGLESS: &[&str] = &["fetch.queue.backoff.ms", "group.id"];

/// How much longer an answer may take than the broker was told to wait: connections that lead nowhere are left soon.
const PATIENCE: Duration = Duration::from_secs(10);

const DEFAULT_PORT: u16 = 9092;
const MEGABYTE: u64 = 1 << 20;

/// How a cluster is read.
#[derive(Clone)]
pub(in super::super) struct Settings {
    pub(super) clock: Arc<dyn Clock>,
    /// Hosts and ports that are asked first.
    pub(super) servers: Vec<(String, u16)>,
    pub(super) client_id: String,
    pub(super) is_checked: bool,
    pub(super) bounds: Bounds,
    /// A broker that owes an answer for so long is let go.
    pub(super) answer_timeout: Duration,
    /// The same as long as no broker has been seen to be slow.
    pub(super) patience: Duration,
    pub(super) connect_timeout: Duration,
    /// First and longest wait before something is tried again.
    pub(super) backoff: (Duration, Duration),
}

impl Settings {
    /// Of the driver's settings; `None` where they ask for what is not done here.
    pub(in super::super) fn of(all: &BTreeMap<&str, &str>, clock: Arc<dyn Clock>) -> Option<Settings> {
        let properties = |name: &str| all.get(name).copied();
        let only = |name: &&str| ONLY.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
        let is_covered = |name: &&str| match only(name) {
            Some(wanted) => properties(name) == Some(wanted),
            None => HEEDED.contains(name) || MEANINGLESS.contains(name),
        };
        if !all.keys().all(is_covered) {
            return None;
        }
        let number = |name: &str, default: u64| match properties(name) {
            Some(text) => text.trim().parse::<u64>().ok(),
            None => Some(default),
        };
        let ms = |name: &str, default: u64| number(name, default).map(Duration::from_millis);
        let int = |value: u64| i32::try_from(value).unwrap_or(i32::MAX);
        let held = number("queued.max.messages.kbytes", 16 << 10)?.saturating_mul(1 << 10);
        let bounds = Bounds {
            wait_ms: int(number("fetch.wait.max.ms", 500)?),
            least_bytes: int(number("fetch.min.bytes", 1)?),
            most_bytes: int(number("fetch.max.bytes", 50 * MEGABYTE)?.min(held.max(1))),
            most_bytes_of_partition: int(number("fetch.message.max.bytes", MEGABYTE)?),
            is_committed: properties("isolation.level") != Some("read_uncommitted"),
        };
        let wait = ms("fetch.wait.max.ms", 500)?;
        let answer_timeout = ms("socket.timeout.ms", 60_000)?;
        let first = ms("retry.backoff.ms", 100)?.max(Duration::from_millis(1));
        let servers = properties("bootstrap.servers")?.split(',').map(str::trim).filter(|text| !text.is_empty());
        Some(Settings {
            clock,
            servers: servers.map(address).collect::<Option<_>>()?,
            client_id: properties("client.id").unwrap_or("dolmen").to_owned(),
            is_checked: properties("check.crcs") != Some("false"),
            bounds,
            answer_timeout,
            patience: (wait + PATIENCE).min(answer_timeout),
            connect_timeout: ms("socket.connection.setup.timeout.ms", 10_000)?,
            backoff: (first, ms("retry.backoff.max.ms", 1_000)?.max(first)),
        })
    }

    /// Bytes that one answer may have: what was asked for, and a batch that is larger and comes alone.
    pub(super) fn most_answer_bytes(&self) -> usize {
        let asked = usize::try_from(self.bounds.most_bytes).unwrap_or(0);
        asked.saturating_add(super::compression::MOST_BYTES)
    }
}

/// Host and port; hosts of six groups stand in brackets.
fn address(text: &str) -> Option<(String, u16)> {
    let text = text.strip_prefix("PLAINTEXT://").or_else(|| text.strip_prefix("plaintext://")).unwrap_or(text);
    if text.contains("://") {
        return None;
    }
    let is_bare = text.ends_with(']') || text.matches(':').count() > 1 && !text.starts_with('[');
    match text.rsplit_once(':').filter(|_| !is_bare) {
        Some((host, port)) => Some((unbracketed(host), port.parse().ok()?)),
        None => Some((unbracketed(text), DEFAULT_PORT)),
    }
}

fn unbracketed(host: &str) -> String {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&'static str, &'static str)]) -> Option<Settings> {
        Settings::of(&pairs.iter().copied().collect(), Arc::new(timeline::ManualClock::default()))
    }

    #[test]
    fn addresses_are_read_as_the_driver_does() {
        let servers = "a:1, b,PLAINTEXT://c:3,[::1]:4,[::1]";
        let found = settings(&[("bootstrap.servers", servers)]).expect("covered").servers;
        let wanted = [("a", 1), ("b", 9092), ("c", 3), ("::1", 4), ("::1", 9092)];
        assert_eq!(found, wanted.map(|(host, port)| (host.to_owned(), port)));
    }

    #[test]
    fn what_is_not_done_here_is_left_to_the_driver() {
        let servers = ("bootstrap.servers", "a:1");
        for other in [("security.protocol", "ssl"), ("client.rack", "r"), ("ssl.ca.pem", "x")] {
            assert!(settings(&[servers, other]).is_none(), "{other:?}");
        }
        assert!(settings(&[("bootstrap.servers", "SSL://a:1")]).is_none());
        assert!(settings(&[servers, ("security.protocol", "plaintext")]).is_some());
        let read = settings(&[servers, ("isolation.level", "read_uncommitted"), ("check.crcs", "false")]);
        let read = read.expect("covered");
        assert!(!read.bounds.is_committed && !read.is_checked);
    }
}

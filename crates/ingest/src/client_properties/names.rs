//! The closed list of names.

/// What a name of the Java client means here.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning {
    /// The same thing under the driver's name.
    Text(&'static str),
    /// A whole number up to `max`.
    Number { driver: &'static str, max: u64 },
    /// true or false.
    Flag(&'static str),
    /// One of some words, each with the driver's word.
    Choice { driver: &'static str, choices: &'static [(&'static str, &'static str)] },
    /// Records per poll, used by our own reader.
    MaxPollRecords,
    /// Time allowed for a question to the cluster.
    ApiTimeout,
    /// User and password in Java's login syntax.
    Jaas,
    /// A file with certificates or keys; `kind` names the property that tells its format.
    StoreFile { pem: Option<&'static str>, pkcs12: Option<&'static str>, kind: &'static str },
    /// The format of such a file.
    StoreType,
    /// Without a meaning for a reader that keeps its own offsets.
    Ignored,
    /// Known, and refused for this reason.
    Refused(&'static str),
}

const CODE: &str = "names code of the Java client to load, which does not exist here";
const KERBEROS: &str = "Kerberos is not supported; use PLAIN or SCRAM";
const OAUTH: &str = "OAUTHBEARER is not supported; use PLAIN or SCRAM";
const MS_PER_DAY: u64 = 86_400_000;
const MAX_INT: u64 = 2_147_483_647;
const MAX_FETCH: u64 = 1_000_000_000;
const MAX_SOCKET: u64 = 100_000_000;

const PROTOCOLS: &[(&str, &str)] =
    &[("PLAINTEXT", "plaintext"), ("SSL", "ssl"), ("SASL_PLAINTEXT", "sasl_plaintext"), ("SASL_SSL", "sasl_ssl")];
const MECHANISMS: &[(&str, &str)] =
    &[("PLAIN", "PLAIN"), ("SCRAM-SHA-256", "SCRAM-SHA-256"), ("SCRAM-SHA-512", "SCRAM-SHA-512")];
const ISOLATION: &[(&str, &str)] = &[("read_committed", "read_committed"), ("read_uncommitted", "read_uncommitted")];
const DNS: &[(&str, &str)] = &[
    ("use_all_dns_ips", "use_all_dns_ips"),
    ("resolve_canonical_bootstrap_servers_only", "resolve_canonical_bootstrap_servers_only"),
];
const IDENTIFICATION: &[(&str, &str)] = &[("https", "https"), ("", "none")];

pub(super) const NAMES: &[(&str, Meaning)] = &[
    ("bootstrap.servers", Meaning::Text("bootstrap.servers")),
    ("client.id", Meaning::Text("client.id")),
    ("client.rack", Meaning::Text("client.rack")),
    ("client.dns.lookup", Meaning::Choice { driver: "client.dns.lookup", choices: DNS }),
    ("security.protocol", Meaning::Choice { driver: "security.protocol", choices: PROTOCOLS }),
    ("sasl.mechanism", Meaning::Choice { driver: "sasl.mechanism", choices: MECHANISMS }),
    ("sasl.jaas.config", Meaning::Jaas),
    ("ssl.truststore.certificates", Meaning::Text("ssl.ca.pem")),
    ("ssl.keystore.certificate.chain", Meaning::Text("ssl.certificate.pem")),
    ("ssl.keystore.key", Meaning::Text("ssl.key.pem")),
    ("ssl.key.password", Meaning::Text("ssl.key.password")),
    ("ssl.keystore.password", Meaning::Text("ssl.keystore.password")),
    ("ssl.truststore.password", Meaning::Ignored),
    (
        "ssl.truststore.location",
        Meaning::StoreFile { pem: Some("ssl.ca.location"), pkcs12: None, kind: "ssl.truststore.type" },
    ),
    (
        "ssl.keystore.location",
        Meaning::StoreFile { pem: None, pkcs12: Some("ssl.keystore.location"), kind: "ssl.keystore.type" },
    ),
    ("ssl.truststore.type", Meaning::StoreType),
    ("ssl.keystore.type", Meaning::StoreType),
    (
        "ssl.endpoint.identification.algorithm",
        Meaning::Choice { driver: "ssl.endpoint.identification.algorithm", choices: IDENTIFICATION },
    ),
    ("isolation.level", Meaning::Choice { driver: "isolation.level", choices: ISOLATION }),
    ("check.crcs", Meaning::Flag("check.crcs")),
    ("max.poll.records", Meaning::MaxPollRecords),
    ("default.api.timeout.ms", Meaning::ApiTimeout),
    ("request.timeout.ms", Meaning::Number { driver: "socket.timeout.ms", max: 300_000 }),
    ("fetch.min.bytes", Meaning::Number { driver: "fetch.min.bytes", max: MAX_SOCKET }),
    ("fetch.max.bytes", Meaning::Number { driver: "fetch.max.bytes", max: MAX_INT }),
    ("fetch.max.wait.ms", Meaning::Number { driver: "fetch.wait.max.ms", max: 300_000 }),
    ("max.partition.fetch.bytes", Meaning::Number { driver: "fetch.message.max.bytes", max: MAX_FETCH }),
    ("receive.buffer.bytes", Meaning::Number { driver: "socket.receive.buffer.bytes", max: MAX_SOCKET }),
    ("send.buffer.bytes", Meaning::Number { driver: "socket.send.buffer.bytes", max: MAX_SOCKET }),
    ("reconnect.backoff.ms", Meaning::Number { driver: "reconnect.backoff.ms", max: 3_600_000 }),
    ("reconnect.backoff.max.ms", Meaning::Number { driver: "reconnect.backoff.max.ms", max: 3_600_000 }),
    ("retry.backoff.ms", Meaning::Number { driver: "retry.backoff.ms", max: 300_000 }),
    ("retry.backoff.max.ms", Meaning::Number { driver: "retry.backoff.max.ms", max: 300_000 }),
    ("metadata.max.age.ms", Meaning::Number { driver: "metadata.max.age.ms", max: MS_PER_DAY }),
    ("connections.max.idle.ms", Meaning::Number { driver: "connections.max.idle.ms", max: MAX_INT }),
    (
        "socket.connection.setup.timeout.ms",
        Meaning::Number { driver: "socket.connection.setup.timeout.ms", max: MAX_INT },
    ),
    ("socket.connection.setup.timeout.max.ms", Meaning::Ignored),
    ("group.id", Meaning::Ignored),
    ("group.instance.id", Meaning::Ignored),
    ("group.protocol", Meaning::Ignored),
    ("enable.auto.commit", Meaning::Ignored),
    ("auto.commit.interval.ms", Meaning::Ignored),
    ("auto.offset.reset", Meaning::Ignored),
    ("key.deserializer", Meaning::Ignored),
    ("value.deserializer", Meaning::Ignored),
    ("max.poll.interval.ms", Meaning::Ignored),
    ("session.timeout.ms", Meaning::Ignored),
    ("heartbeat.interval.ms", Meaning::Ignored),
    ("partition.assignment.strategy", Meaning::Ignored),
    ("exclude.internal.topics", Meaning::Ignored),
    ("allow.auto.create.topics", Meaning::Ignored),
    ("enable.metrics.push", Meaning::Ignored),
    ("metrics.num.samples", Meaning::Ignored),
    ("metrics.recording.level", Meaning::Ignored),
    ("metrics.sample.window.ms", Meaning::Ignored),
    ("auto.include.jmx.reporter", Meaning::Ignored),
    ("ssl.protocol", Meaning::Ignored),
    ("ssl.enabled.protocols", Meaning::Ignored),
    ("ssl.keymanager.algorithm", Meaning::Ignored),
    ("ssl.trustmanager.algorithm", Meaning::Ignored),
    ("ssl.secure.random.implementation", Meaning::Ignored),
    ("ssl.cipher.suites", Meaning::Refused("cipher suites carry names of Java; the driver chooses them here")),
    ("ssl.provider", Meaning::Refused(CODE)),
    ("ssl.engine.factory.class", Meaning::Refused(CODE)),
    ("security.providers", Meaning::Refused(CODE)),
    ("interceptor.classes", Meaning::Refused(CODE)),
    ("metric.reporters", Meaning::Refused(CODE)),
    ("config.providers", Meaning::Refused(CODE)),
    ("sasl.client.callback.handler.class", Meaning::Refused(CODE)),
    ("sasl.login.callback.handler.class", Meaning::Refused(CODE)),
    ("sasl.login.class", Meaning::Refused(CODE)),
    ("sasl.kerberos.service.name", Meaning::Refused(KERBEROS)),
    ("sasl.kerberos.kinit.cmd", Meaning::Refused(KERBEROS)),
    ("sasl.kerberos.min.time.before.relogin", Meaning::Refused(KERBEROS)),
    ("sasl.kerberos.ticket.renew.jitter", Meaning::Refused(KERBEROS)),
    ("sasl.kerberos.ticket.renew.window.factor", Meaning::Refused(KERBEROS)),
    ("sasl.oauthbearer.token.endpoint.url", Meaning::Refused(OAUTH)),
    ("sasl.oauthbearer.jwks.endpoint.url", Meaning::Refused(OAUTH)),
];

/// The meaning of `name`, or `None` when it is not on the list.
pub(super) fn meaning(name: &str) -> Option<Meaning> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning)
}

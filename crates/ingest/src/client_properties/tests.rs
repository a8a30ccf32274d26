use serde_json::json;

use super::*;

fn properties(value: Value) -> Map<String, Value> {
    let mut map = value.as_object().expect("an object").clone();
    map.entry("bootstrap.servers").or_insert_with(|| json!("a:9092"));
    map
}

fn run(value: Value) -> Result<ClientProperties> {
    let environment = |name: &str| (name == "KAFKA_LOGIN").then(|| "from-the-environment".to_owned());
    translate(&properties(value), &environment, &PropertyPolicy::default())
}

fn shown(out: &ClientProperties, name: &str) -> String {
    out.driver.get(name).map(|value| value.reveal().to_owned()).unwrap_or_default()
}

#[test]
fn java_names_become_driver_names() {
    let out = run(json!({
        "security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512", "max.poll.records": 500,
        "sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"u\" password=\"p\\\"q\";",
        "request.timeout.ms": 2000, "default.api.timeout.ms": "3000", "group.id": "g",
    }))
    .expect("translated");
    assert_eq!(shown(&out, "security.protocol"), "sasl_ssl");
    assert_eq!((shown(&out, "sasl.username"), shown(&out, "sasl.password")), ("u".to_owned(), "p\"q".to_owned()));
    assert_eq!(shown(&out, "socket.timeout.ms"), "2000");
    assert_eq!(out.api_timeout, Duration::from_millis(3000));
    assert_eq!((out.max_poll_records, out.ignored), (Some(500), vec!["group.id".to_owned()]));
}

#[test]
fn settings_of_the_driver_are_refused_by_name() {
    for name in [
        "plugin.library.paths",
        "sasl.kerberos.kinit.cmd",
        "ssl.ca.location",
        "ssl.key.location",
        "ssl.engine.location",
        "ssl.providers",
        "sasl.oauthbearer.token.endpoint.url",
        "debug",
        "test.mock.num.brokers",
        "sasl.oauthbearer.config",
        "ssl.crl.location",
        "ssl.keystore.location",
        "ssl.truststore.location",
        "statistics.interval.ms",
        "log_level",
        "enable.partition.eof",
        "opaque",
        "interceptors",
        "sasl.username",
        "",
    ] {
        let error = run(json!({ name: "/etc/passwd" })).expect_err(name);
        assert!(error.to_string().contains(name), "{error} does not name {name}");
    }
}

#[test]
fn secrets_come_from_the_environment_and_are_never_shown() {
    let spec = json!({
        "sasl.jaas.config": "org.apache.kafka.common.security.plain.PlainLoginModule required username='u' password='hush';",
        "ssl.key.password": {"type": "environment", "variable": "KAFKA_LOGIN"},
        "ssl.keystore.password": {"type": "default", "password": "hush"},
    });
    let out = run(spec.clone()).expect("translated");
    assert_eq!(shown(&out, "ssl.key.password"), "from-the-environment");
    assert!(!format!("{out:?}").contains("hush"));
    let redacted = Value::Object(redact(&properties(spec))).to_string();
    assert!(!redacted.contains("hush"), "{redacted}");
    assert!(redacted.contains("KAFKA_LOGIN"));
    let dynamic = run(
        json!({"druid.dynamic.config.provider": {"type": "environment", "variables": {"ssl.key.password": "KAFKA_LOGIN"}}}),
    );
    assert_eq!(shown(&dynamic.expect("translated"), "ssl.key.password"), "from-the-environment");
    assert!(run(json!({"ssl.key.password": {"type": "environment", "variable": "UNSET"}})).is_err());
}

#[test]
fn a_bad_login_text_is_refused_without_repeating_it() {
    for text in [
        "x.Evil required username=\"u\" password=\"hush\";",
        "hush",
        "",
        "org.apache.kafka.common.security.plain.PlainLoginModule required password=\"hush",
    ] {
        let error = run(json!({ "sasl.jaas.config": text })).expect_err(text).to_string();
        assert!(error.contains("sasl.jaas.config") && !error.contains("hush"), "{error}");
    }
}

#[test]
fn names_are_listed_once() {
    let mut names: Vec<&str> = names::NAMES.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

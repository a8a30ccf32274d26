//! Client properties under the names of Kafka's Java client, as supervisor specs carry them.
//!
//! The list of names is closed: a name is translated, ignored because it has no meaning for a
//! reader that keeps its own offsets, or refused by name. Nothing is handed through to the driver,
//! since some settings of a driver load libraries, run commands or read files.

mod jaas;
mod names;
mod secret;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

pub use secret::{Secret, redact};

use crate::{Error, Result};
use names::Meaning;

/// Where the value of an environment variable comes from.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What an operator allows client properties to reach.
#[derive(Debug, Clone, Default)]
pub struct PropertyPolicy {
    /// Certificate and key files must lie below one of these directories.
    pub allowed_directories: Vec<PathBuf>,
}

/// Client properties as meant.
#[derive(Debug, Clone)]
pub struct ClientProperties {
    /// Settings of the driver, by the driver's names.
    pub driver: BTreeMap<&'static str, Secret>,
    /// Names that were accepted and have no meaning here.
    pub ignored: Vec<String>,
    /// Records asked of the driver at once.
    pub max_poll_records: Option<usize>,
    /// How long a question to the cluster may take.
    pub api_timeout: Duration,
}

const FIELD: &str = "ioConfig.consumerProperties";
const DEFAULT_API_TIMEOUT: Duration = Duration::from_secs(60);

/// Translates `properties`. Values may be strings, numbers, booleans or, for secrets, a password
/// provider of type `environment` (or `default` with the password in it).
pub fn translate(
    properties: &Map<String, Value>,
    environment: Environment<'_>,
    policy: &PropertyPolicy,
) -> Result<ClientProperties> {
    let texts = texts(properties, environment)?;
    let mut out = ClientProperties {
        driver: BTreeMap::new(),
        ignored: Vec::new(),
        max_poll_records: None,
        api_timeout: DEFAULT_API_TIMEOUT,
    };
    for (name, value) in &texts {
        apply(&mut out, name, value, &texts, policy)?;
    }
    if !out.driver.contains_key("bootstrap.servers") {
        return Err(Error::invalid(FIELD, "must contain an entry for [bootstrap.servers]"));
    }
    Ok(out)
}

type Texts = BTreeMap<String, Secret>;

fn texts(properties: &Map<String, Value>, environment: Environment<'_>) -> Result<Texts> {
    let mut texts = Texts::new();
    for (name, value) in properties {
        if name == "druid.dynamic.config.provider" {
            for (inner, variable) in dynamic_variables(value)? {
                texts.insert(inner.clone(), variable_value(name, variable, environment)?);
            }
        } else if !value.is_null() {
            texts.insert(name.clone(), text_of(name, value, environment)?);
        }
    }
    Ok(texts)
}

fn dynamic_variables(value: &Value) -> Result<&Map<String, Value>> {
    let field = format!("{FIELD}.druid.dynamic.config.provider");
    match value.get("type").and_then(Value::as_str) {
        Some("environment") => value
            .get("variables")
            .and_then(Value::as_object)
            .ok_or_else(|| Error::invalid(field, "[variables] must be an object of property names to variable names")),
        other => Err(Error::invalid(field, format!("type {other:?} is not supported, use \"environment\""))),
    }
}

fn variable_value(name: &str, variable: &Value, environment: Environment<'_>) -> Result<Secret> {
    let field = || format!("{FIELD}.{name}");
    let variable = variable.as_str().ok_or_else(|| Error::invalid(field(), "[variable] must be a string"))?;
    match environment(variable) {
        Some(value) => Ok(Secret::new(value)),
        None => Err(Error::invalid(field(), format!("environment variable [{variable}] is not set"))),
    }
}

fn text_of(name: &str, value: &Value, environment: Environment<'_>) -> Result<Secret> {
    match value {
        Value::String(text) => Ok(Secret::new(text.clone())),
        Value::Number(number) => Ok(Secret::new(number.to_string())),
        Value::Bool(flag) => Ok(Secret::new(flag.to_string())),
        Value::Object(provider) => match provider.get("type").and_then(Value::as_str) {
            Some("environment") => variable_value(name, provider.get("variable").unwrap_or(&Value::Null), environment),
            Some("default") => match provider.get("password") {
                Some(Value::String(password)) => Ok(Secret::new(password.clone())),
                _ => Err(Error::invalid(format!("{FIELD}.{name}"), "[password] must be a string")),
            },
            other => Err(Error::invalid(
                format!("{FIELD}.{name}"),
                format!("password provider of type {other:?} is not supported, use \"environment\""),
            )),
        },
        Value::Array(_) | Value::Null => Err(Error::invalid(format!("{FIELD}.{name}"), "must be a scalar")),
    }
}

fn apply(out: &mut ClientProperties, name: &str, value: &Secret, all: &Texts, policy: &PropertyPolicy) -> Result<()> {
    let field = || format!("{FIELD}.{name}");
    let Some(meaning) = names::meaning(name) else {
        return Err(Error::invalid(field(), "is not a property that can be set here"));
    };
    match meaning {
        Meaning::Ignored => out.ignored.push(name.to_owned()),
        Meaning::Refused(why) => return Err(Error::invalid(field(), why)),
        Meaning::Text(driver) => {
            out.driver.insert(driver, value.clone());
        }
        Meaning::Number { driver, max } => {
            out.driver.insert(driver, Secret::new(number(&field(), value, max)?.to_string()));
        }
        Meaning::Flag(driver) => {
            let flag = one_of(&field(), value, &[("true", "true"), ("false", "false")])?;
            out.driver.insert(driver, Secret::new(flag.to_owned()));
        }
        Meaning::Choice { driver, choices } => {
            out.driver.insert(driver, Secret::new(one_of(&field(), value, choices)?.to_owned()));
        }
        Meaning::MaxPollRecords => {
            out.max_poll_records = usize::try_from(number(&field(), value, 1_000_000)?).ok();
        }
        Meaning::ApiTimeout => out.api_timeout = Duration::from_millis(number(&field(), value, 3_600_000)?),
        Meaning::Jaas => {
            let login = jaas::parse(value.reveal()).map_err(|why| Error::invalid(field(), why))?;
            out.driver.insert("sasl.username", Secret::new(login.username));
            out.driver.insert("sasl.password", login.password);
        }
        Meaning::StoreFile { pem, pkcs12, kind } => {
            let driver = store_setting(&field(), all.get(kind), pem, pkcs12)?;
            out.driver.insert(driver, Secret::new(allowed_file(&field(), value.reveal(), policy)?));
        }
        Meaning::StoreType => {
            one_of(&field(), value, &[("PEM", ""), ("PKCS12", ""), ("JKS", "")])?;
        }
    }
    Ok(())
}

fn number(field: &str, value: &Secret, max: u64) -> Result<u64> {
    match value.reveal().trim().parse::<u64>() {
        Ok(number) if number <= max => Ok(number),
        _ => Err(Error::invalid(field, format!("must be a whole number from 0 to {max}"))),
    }
}

fn one_of(field: &str, value: &Secret, choices: &[(&str, &'static str)]) -> Result<&'static str> {
    let found = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(value.reveal().trim()));
    found.map(|(_, driver)| *driver).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        Error::invalid(field, format!("must be one of {names:?}"))
    })
}

fn store_setting(
    field: &str,
    kind: Option<&Secret>,
    pem: Option<&'static str>,
    pkcs12: Option<&'static str>,
) -> Result<&'static str> {
    let kind = kind.map_or("JKS", Secret::reveal);
    let driver = match kind.to_ascii_uppercase().as_str() {
        "PEM" => pem,
        "PKCS12" => pkcs12,
        _ => None,
    };
    driver.ok_or_else(|| {
        Error::invalid(
            field,
            format!("a store of type {kind} cannot be read here; use type PEM, or give the PEM text itself"),
        )
    })
}

fn allowed_file(field: &str, path: &str, policy: &PropertyPolicy) -> Result<String> {
    let refuse = |why: &str| Error::invalid(field, why);
    let real = Path::new(path).canonicalize().map_err(|_| refuse("no such file"))?;
    let allowed = policy
        .allowed_directories
        .iter()
        .any(|directory| directory.canonicalize().is_ok_and(|directory| real.starts_with(directory)));
    if !allowed {
        return Err(refuse("files are read only below ingest.allowed_directories; give the PEM text itself instead"));
    }
    real.into_os_string().into_string().map_err(|_| refuse("the path is not text"))
}

#[cfg(test)]
mod tests;

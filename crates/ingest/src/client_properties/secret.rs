//! Values that must not be shown.

use std::fmt;

use serde_json::{Map, Value};

/// A value that may be a password: it is used, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps `value`.
    pub fn new(value: String) -> Secret {
        Secret(value)
    }

    /// The value itself, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What stands in place of a secret.
pub const HIDDEN: &str = "******";

/// The properties as they may be shown back: secrets given in the clear are replaced by stars.
pub fn redact(properties: &Map<String, Value>) -> Map<String, Value> {
    properties
        .iter()
        .map(|(name, value)| {
            let shown = match value {
                Value::Object(provider) => Value::Object(redact_provider(provider)),
                _ if is_secret(name) => Value::from(HIDDEN),
                other => other.clone(),
            };
            (name.clone(), shown)
        })
        .collect()
}

fn redact_provider(provider: &Map<String, Value>) -> Map<String, Value> {
    let shown = provider.iter().map(|(key, value)| {
        let value = if key == "password" { Value::from(HIDDEN) } else { value.clone() };
        (key.clone(), value)
    });
    shown.collect()
}

fn is_secret(name: &str) -> bool {
    name.ends_with("password") || matches!(name, "sasl.jaas.config" | "ssl.keystore.key")
}

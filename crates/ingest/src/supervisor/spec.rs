//! A supervisor's spec as meant, and as it is stored and shown.

use std::sync::Arc;

use aggregate::Kind;
use serde_json::{Value, json};

use super::io_config::{IoConfig, hide_secrets};
use super::tuning::Tuning;
use crate::client_properties::{ClientProperties, translate};
use crate::parse::{Numbering, Parser, parse_input_format};
use crate::spec::{DataSchema, check_name};
use crate::{Error, IngestContext, Result};

/// Aggregators beside the built-in ones that specs may use.
pub(super) static KINDS: &[&Kind] = expression::AGGREGATORS;

/// A Kafka supervisor's spec.
#[derive(Debug, Clone)]
pub(super) struct SupervisorSpec {
    pub(super) id: String,
    pub(super) datasource: String,
    pub(super) schema: DataSchema,
    pub(super) io: IoConfig,
    pub(super) tuning: Tuning,
    pub(super) suspended: bool,
    /// The whole spec with its defaults, secrets in the clear.
    pub(super) json: Value,
}

impl SupervisorSpec {
    /// Reads a spec as a client writes it: `{"type":"kafka","spec":{..}}`, or flat.
    pub(super) fn parse(body: &Value) -> Result<SupervisorSpec> {
        let object = body.as_object().ok_or_else(|| Error::invalid("type", "a supervisor spec is a JSON object"))?;
        match object.get("type").filter(|value| !value.is_null()) {
            None => return Err(Error::invalid("type", "is missing; it must be [kafka]")),
            Some(Value::String(kind)) if kind == "kafka" => {}
            Some(other) => {
                return Err(Error::invalid("type", format!("[{other}] is not a supervisor type; use [kafka]")));
            }
        }
        let nested = object.get("spec").and_then(Value::as_object);
        let part = |name: &str| {
            let inner = nested.and_then(|spec| spec.get(name));
            inner.or_else(|| object.get(name)).filter(|value| !value.is_null())
        };
        let schema = part("dataSchema").ok_or_else(|| Error::invalid("dataSchema", "is required"))?;
        let io = part("ioConfig").ok_or_else(|| Error::invalid("ioConfig", "is required"))?;
        let schema = DataSchema::parse(schema, KINDS)?;
        let (io, tuning) = (IoConfig::parse(io)?, Tuning::parse(part("tuningConfig"))?);
        // What cannot be parsed by is refused now, and not by the first record.
        parser(&schema, &io)?;
        let id = given_id(object.get("id"))?.unwrap_or_else(|| schema.data_source.clone());
        let context = part("context").cloned().unwrap_or(Value::Null);
        let suspended = matches!(object.get("suspended"), Some(Value::Bool(true)))
            || object.get("suspended").and_then(Value::as_str) == Some("true");
        let mut spec = SupervisorSpec {
            datasource: schema.data_source.clone(),
            id,
            schema,
            io,
            tuning,
            suspended,
            json: Value::Null,
        };
        spec.json = spec.print(&context);
        Ok(spec)
    }

    /// Reads a spec as it was stored.
    pub(super) fn parse_stored(json: &str) -> Result<SupervisorSpec> {
        let value: Value = serde_json::from_str(json).map_err(|error| Error::Corrupt(error.to_string()))?;
        SupervisorSpec::parse(&value)
    }

    fn print(&self, context: &Value) -> Value {
        let (schema, io, tuning) = (self.schema.to_json(), self.io.to_json(), self.tuning.to_json());
        let mut out = json!({
            "type": "kafka",
            "spec": {"dataSchema": schema, "ioConfig": io, "tuningConfig": tuning},
            "dataSchema": schema,
            "tuningConfig": tuning,
            "ioConfig": io,
            "context": context,
            "suspended": self.suspended,
        });
        if self.id != self.datasource {
            out["id"] = json!(self.id);
        }
        out
    }

    /// As clients may see it.
    pub(super) fn shown(&self) -> Value {
        SupervisorSpec::hide_secrets(self.json.clone())
    }

    /// A stored spec as clients may see it.
    pub(super) fn hide_secrets(mut stored: Value) -> Value {
        if let Some(io) = stored.get_mut("ioConfig") {
            hide_secrets(io);
        }
        if let Some(io) = stored.get_mut("spec").and_then(|spec| spec.get_mut("ioConfig")) {
            hide_secrets(io);
        }
        stored
    }

    pub(super) fn with_suspended(&self, suspended: bool) -> SupervisorSpec {
        let mut spec = self.clone();
        spec.suspended = suspended;
        spec.json["suspended"] = json!(suspended);
        spec
    }

    /// The client properties as meant.
    pub(super) fn client_properties(&self, context: &IngestContext) -> Result<ClientProperties> {
        translate(&self.io.consumer_properties, &*context.environment, &context.property_policy)
    }

    /// Properties that were given and have no meaning here.
    pub(super) fn ignored(&self) -> Vec<&String> {
        self.io.ignored.iter().chain(&self.tuning.ignored).collect()
    }
}

/// What parses records by a spec.
pub(super) fn parser(schema: &DataSchema, io: &IoConfig) -> Result<Parser> {
    let format = parse_input_format(&io.input_format, "ioConfig.inputFormat")?;
    Parser::new(Arc::new(schema.clone()), format, Numbering::Stream)
}

fn given_id(id: Option<&Value>) -> Result<Option<String>> {
    match id.filter(|id| !id.is_null()) {
        None => Ok(None),
        Some(Value::String(id)) => match check_name(id) {
            Ok(()) => Ok(Some(id.clone())),
            Err(why) => Err(Error::invalid("id", why)),
        },
        Some(_) => Err(Error::invalid("id", "must be a string")),
    }
}

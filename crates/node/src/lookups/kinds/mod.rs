//! Kinds of lookups: where the content comes from. One file each.

// helpers: rows
mod cached_namespace;
mod kafka;
mod map;
mod rows;

use super::registry::Slot;
use async_trait::async_trait;
use expression::LookupRef;
use ingest::client_properties::PropertyPolicy;
use ingest::tasks::Reach;
use ingest::{ConnectFn, EnvironmentFn};
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What lookups may reach.
pub struct World {
    pub reach: Reach,
    pub connect: ConnectFn,
    pub environment: EnvironmentFn,
    pub property_policy: PropertyPolicy,
}

/// Where the content of a lookup comes from.
pub enum Content {
    /// It is in the spec.
    Given(LookupRef),
    /// It is fetched, and fetched again.
    Kept(Arc<dyn Keeper>),
}

/// Keeps the content of a lookup up to date.
#[async_trait]
pub trait Keeper: Send + Sync {
    /// Works until `stop`, or until nothing can change any more.
    async fn keep(&self, world: Arc<World>, slot: Arc<Slot>, stop: CancellationToken);
}

/// Most bytes of keys and values of one lookup, and most bytes of a file that holds one.
const MAX_BYTES: usize = 512 << 20;

type Fields = Map<String, Value>;
type Parse = fn(&Fields) -> Result<Content, String>;

// open set
static KINDS: &[(&str, Parse)] =
    &[("cachedNamespace", cached_namespace::parse), ("kafka", kafka::parse), ("map", map::parse)];

/// Reads a `lookupExtractorFactory`.
pub fn parse(factory: &Value) -> Result<Content, String> {
    let Value::Object(fields) = factory else { return Err("'lookupExtractorFactory' must be an object".into()) };
    let tag = fields.get("type").and_then(Value::as_str).ok_or("'lookupExtractorFactory' needs a 'type'")?;
    match KINDS.iter().find(|(known, _)| *known == tag) {
        Some((_, parse)) => parse(fields).map_err(|why| format!("lookup '{tag}': {why}")),
        None => {
            let known: Vec<&str> = KINDS.iter().map(|(known, _)| *known).collect();
            Err(format!("unknown type of lookup '{tag}': known are {}", known.join(", ")))
        }
    }
}

/// A property that must be text, unless absent.
fn text(fields: &Fields, name: &str) -> Result<Option<String>, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(format!("'{name}' must be text, got {other}")),
    }
}

/// A property that must be true or false.
fn flag(fields: &Fields, name: &str) -> Result<bool, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some(other) => Err(format!("'{name}' must be true or false, got {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::KINDS;
    use std::collections::BTreeSet;

    #[test]
    fn no_tag_repeats() {
        let tags: BTreeSet<&str> = KINDS.iter().map(|(tag, _)| *tag).collect();
        assert_eq!(tags.len(), KINDS.len());
    }
}

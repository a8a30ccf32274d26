//! Lookups as the metastore keeps them: one value a lookup, and a mark that changes with each of them.

use super::spec::replaces;
use metastore::{Metastore, Refusal, SetConfig};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Exists once lookups were first written; each change gives it a new version.
const MARK: &str = "lookups";
const PREFIX: &str = "lookups/";
/// Longest name of a tier or lookup.
const MAX_NAME: usize = 250;

/// One registered lookup.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub spec: Value,
    /// Of the metastore: changes whenever the spec does.
    pub revision: i64,
}

/// Lookups by tier and name.
pub type Book = BTreeMap<String, BTreeMap<String, Entry>>;

/// Who changes lookups, as clients say.
#[derive(Debug, Clone, Default)]
pub struct Who {
    pub author: String,
    pub comment: String,
}

/// A change that was not made.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("{0}")]
    Invalid(String),
    #[error("{0}")]
    Unavailable(String),
}

/// Changes with every lookup that is written; `None` before the first.
pub async fn mark(metastore: &dyn Metastore) -> Result<Option<i64>, metastore::Error> {
    Ok(metastore.config(MARK).await?.map(|config| config.version))
}

/// All lookups. Tiers without a lookup are absent.
pub async fn all(metastore: &dyn Metastore) -> Result<Book, metastore::Error> {
    let mut book = Book::new();
    for config in metastore.configs(PREFIX).await? {
        let name = config.key.strip_prefix(PREFIX).and_then(|rest| rest.split_once('/'));
        let spec = config.json.as_deref().and_then(|text| serde_json::from_str(text).ok());
        if let (Some((tier, name)), Some(spec)) = (name, spec) {
            let entry = Entry { spec, revision: config.version };
            book.entry(tier.to_string()).or_default().insert(name.to_string(), entry);
        }
    }
    Ok(book)
}

/// Writes lookups, each of which must be new or later than the one it replaces. Nothing is written when one is not.
pub async fn write(metastore: &dyn Metastore, changes: &[(String, String, Value)], who: &Who) -> Result<(), Refused> {
    let book = all(metastore).await.map_err(unavailable)?;
    for (tier, name, spec) in changes {
        check_name("tier", tier)?;
        check_name("lookup", name)?;
        let Some(known) = book.get(tier).and_then(|tier| tier.get(name)) else { continue };
        if !replaces(spec, &known.spec).map_err(Refused::Invalid)? {
            let version = &known.spec["version"];
            let text =
                format!("given update for lookup [{tier}]:[{name}] can't replace existing spec of version {version}");
            return Err(Refused::Invalid(text));
        }
    }
    for (tier, name, spec) in changes {
        let revision = book.get(tier).and_then(|tier| tier.get(name)).map(|entry| entry.revision);
        set(metastore, format!("{PREFIX}{tier}/{name}"), revision, Some(spec), who).await?;
    }
    set(metastore, MARK.to_string(), None, Some(&json!({})), who).await
}

/// Removes a lookup. False when there is none of this name.
pub async fn remove(metastore: &dyn Metastore, tier: &str, name: &str, who: &Who) -> Result<bool, Refused> {
    let book = all(metastore).await.map_err(unavailable)?;
    let Some(known) = book.get(tier).and_then(|tier| tier.get(name)) else { return Ok(false) };
    set(metastore, format!("{PREFIX}{tier}/{name}"), Some(known.revision), None, who).await?;
    set(metastore, MARK.to_string(), None, Some(&json!({})), who).await?;
    Ok(true)
}

fn check_name(what: &str, name: &str) -> Result<(), Refused> {
    if name.is_empty() || name.len() > MAX_NAME || name.contains('/') || name.chars().any(char::is_control) {
        return Err(Refused::Invalid(format!("[{name}] is no name of a {what}")));
    }
    Ok(())
}

async fn set(
    metastore: &dyn Metastore,
    key: String,
    revision: Option<i64>,
    value: Option<&Value>,
    who: &Who,
) -> Result<(), Refused> {
    let request = SetConfig {
        key,
        expected_version: revision,
        json: value.map(Value::to_string),
        author: who.author.clone(),
        comment: who.comment.clone(),
        ip: String::new(),
    };
    metastore.set_config(&request).await.into_result().map(drop).map_err(refused)
}

fn refused(refusal: Refusal) -> Refused {
    match refusal.kind() {
        metastore::ErrorKind::Unavailable | metastore::ErrorKind::Timeout => Refused::Unavailable(refusal.to_string()),
        _ => Refused::Invalid(refusal.to_string()),
    }
}

fn unavailable(error: metastore::Error) -> Refused {
    Refused::Unavailable(error.to_string())
}

//! What a client registers under a name: a version and how to get the content.

use super::kinds::{self, Content};
use serde_json::Value;

/// A registered lookup, read and checked.
pub struct LookupSpec {
    pub version: Option<String>,
    pub content: Content,
}

impl LookupSpec {
    /// Fails with the name of the field that is wrong.
    pub fn parse(spec: &Value) -> Result<Self, String> {
        let Value::Object(fields) = spec else { return Err("a lookup must be an object".into()) };
        let factory = fields.get("lookupExtractorFactory").filter(|value| !value.is_null());
        let factory = factory.ok_or("'lookupExtractorFactory' is missing")?;
        Ok(Self { version: version_of(spec)?, content: kinds::parse(factory)? })
    }
}

/// The version as text; absent is older than any.
pub fn version_of(spec: &Value) -> Result<Option<String>, String> {
    match spec.get("version") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(other) => Err(format!("'version' must be text, got {other}")),
    }
}

/// Whether the new spec may take the place of the old one: its version is later in the order of text.
pub fn replaces(new: &Value, old: &Value) -> Result<bool, String> {
    Ok(match (version_of(new)?, version_of(old)?) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(new), Some(old)) => dialect::order::compare(&new, &old).is_gt(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_later_versions_replace() {
        let check = |new: Value, old: Value| replaces(&json!({"version": new}), &json!({"version": old}));
        assert_eq!(check(json!("v2"), json!("v1")), Ok(true));
        assert_eq!(check(json!("v1"), json!("v1")), Ok(false));
        assert_eq!(check(json!("v10"), json!("v2")), Ok(false));
        assert_eq!(check(json!(null), json!("v2")), Ok(false));
        assert_eq!(check(json!(1), json!(null)), Ok(true));
        assert!(check(json!([1]), json!(null)).is_err());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (spec, word) in [
            (json!([]), "object"),
            (json!({"version": "v1"}), "lookupExtractorFactory"),
            (json!({"lookupExtractorFactory": {"type": "odd"}}), "odd"),
            (json!({"lookupExtractorFactory": {"type": "map", "map": {"a": [1]}}}), "'a'"),
            (json!({"lookupExtractorFactory": {"type": "map"}}), "'map'"),
        ] {
            let error = LookupSpec::parse(&spec).err().expect("wrong");
            assert!(error.contains(word), "{error}");
        }
    }
}

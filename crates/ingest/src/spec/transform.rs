//! `transformSpec`: columns computed from the input fields, and which rows are kept.

use serde_json::{Value, json};

use super::fields::Fields;
use crate::Result;

/// One computed column.
#[derive(Debug, Clone)]
pub struct Transform {
    /// Its name; it stands in for an input field of the same name.
    pub name: String,
    /// The text of the expression.
    pub expression: String,
}

/// Computed columns and the row filter.
#[derive(Debug, Clone, Default)]
pub struct TransformSpec {
    /// Each reads input fields only, never another transform.
    pub transforms: Vec<Transform>,
    /// Rows that are kept; it sees transforms. All without one.
    pub filter: Option<Value>,
}

impl TransformSpec {
    /// Reads a `transformSpec`; absent does nothing.
    pub fn parse(fields: Option<Fields<'_>>) -> Result<TransformSpec> {
        let Some(fields) = fields else { return Ok(TransformSpec::default()) };
        let mut transforms: Vec<Transform> = Vec::new();
        for (at, value) in fields.list("transforms")?.iter().enumerate() {
            let transform = Transform::parse(&Fields::of(value, fields.path(&format!("transforms[{at}]")))?)?;
            if transforms.iter().any(|other| other.name == transform.name) {
                let reason = format!("transform [{}] is declared twice", transform.name);
                return Err(fields.wrong(&format!("transforms[{at}].name"), reason));
            }
            transforms.push(transform);
        }
        Ok(TransformSpec { transforms, filter: fields.get("filter").cloned() })
    }

    /// Whether rows pass unchanged.
    pub fn is_empty(&self) -> bool {
        self.transforms.is_empty() && self.filter.is_none()
    }

    /// Whether a transform has this name.
    pub fn computes(&self, name: &str) -> bool {
        self.transforms.iter().any(|transform| transform.name == name)
    }

    /// The spec with its defaults.
    pub fn to_json(&self) -> Value {
        json!({
            "filter": self.filter,
            "transforms": self.transforms.iter().map(Transform::to_json).collect::<Vec<_>>(),
        })
    }
}

impl Transform {
    fn parse(fields: &Fields<'_>) -> Result<Transform> {
        match fields.tag(None)?.as_str() {
            "expression" => {}
            other => return Err(fields.wrong("type", format!("unknown transform type [{other}]"))),
        }
        let name = fields.required_text("name")?;
        let expression = fields.required_text("expression")?;
        Ok(Transform { name, expression })
    }

    fn to_json(&self) -> Value {
        json!({"type": "expression", "name": self.name, "expression": self.expression})
    }
}

//! `aggregations` of a query: what is folded, under which mask, and what only looks like an aggregator.

use std::sync::Arc;

use aggregate::AggregatorSpec;
use expression::{Environment, Filter};
use serde_json::{Value, json};

use crate::fields::{Fields, tag_of};
use crate::{Error, Result};

/// One entry of `aggregations`.
#[derive(Clone, Debug)]
pub(crate) struct Aggregation {
    pub name: String,
    pub how: How,
}

/// The filter of an aggregation; the same one written twice is looked at once.
#[derive(Debug)]
pub(crate) struct MaskFilter {
    pub filter: Filter,
    pub written: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum How {
    /// Folds rows, those that every filter passes.
    Fold { spec: Arc<dyn AggregatorSpec>, filter: Option<Arc<MaskFilter>> },
    /// Says which of these dimensions a subtotal left out.
    Grouping(Vec<String>),
}

impl Aggregation {
    pub fn parse(value: &Value, env: &Environment) -> Result<Self> {
        let fields = Fields::of(value, "an aggregation")?;
        match tag_of(value, "an aggregation")? {
            "filtered" => Self::parse_filtered(&fields, env),
            "grouping" => {
                let groupings = fields.texts("groupings")?;
                if let Some(twice) = groupings.iter().enumerate().find(|(at, name)| groupings[..*at].contains(name)) {
                    return Err(Error::invalid(format!("'groupings' names '{}' twice", twice.1)));
                }
                Ok(Self { name: fields.require_text("name")?, how: How::Grouping(groupings) })
            }
            _ => {
                let spec = aggregate::parse_aggregator(value, crate::expressions::aggregator_kinds())?;
                Ok(Self { name: spec.name().to_owned(), how: How::Fold { spec, filter: None } })
            }
        }
    }

    fn parse_filtered(fields: &Fields<'_>, env: &Environment) -> Result<Self> {
        let mut written = fields.require("filter")?.clone();
        let inner = fields.require("aggregator")?;
        let name = fields.text("name")?.filter(|name| !name.is_empty());
        let inner = Self::parse(&with_name(inner, name.as_deref()), env)?;
        let How::Fold { spec, filter: within } = inner.how else {
            return Err(Error::invalid("'aggregator' of filtered must fold rows, grouping does not"));
        };
        if let Some(within) = within {
            written = json!({"type": "and", "fields": [written, within.written]});
        }
        let filter = MaskFilter { filter: Filter::parse_with(&written, env)?, written };
        Ok(Self { name: name.unwrap_or(inner.name), how: How::Fold { spec, filter: Some(Arc::new(filter)) } })
    }

    pub fn spec(&self) -> Option<&Arc<dyn AggregatorSpec>> {
        match &self.how {
            How::Fold { spec, .. } => Some(spec),
            How::Grouping(_) => None,
        }
    }
}

/// The inner aggregator takes the outer name, so that one name is enough.
fn with_name(inner: &Value, name: Option<&str>) -> Value {
    let mut inner = inner.clone();
    if let (Some(map), Some(name)) = (inner.as_object_mut(), name) {
        map.insert("name".to_owned(), Value::from(name));
    }
    inner
}

pub(crate) fn parse_all(fields: &Fields<'_>, env: &Environment) -> Result<Vec<Aggregation>> {
    fields.list("aggregations")?.iter().map(|value| Aggregation::parse(value, env)).collect()
}

/// `grouping` for the columns of a subtotal, by their names in the data: one bit each, the first the highest, set when
/// it is left out. Where there are no subtotals nothing is.
pub(crate) fn grouping_bits(groupings: &[String], kept: Option<&[&str]>) -> i64 {
    let Some(kept) = kept else { return 0 };
    groupings.iter().fold(0, |bits, name| bits << 1 | i64::from(!kept.contains(&name.as_str())))
}

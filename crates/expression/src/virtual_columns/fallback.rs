//! `fallback`: the first of some columns that a segment has.

use std::collections::BTreeSet;
use std::sync::Arc;

use segment::{ColumnRef, SegmentRef};

use super::failure::Failure;
use super::{VirtualKind, VirtualSpec};
use crate::json::Object;
use crate::{DimensionSpec, Environment, Result};

pub(super) const KIND: VirtualKind =
    VirtualKind { tag: "fallback", parse: |object, environment| parse(object, environment) };

/// Names and dimension specs.
#[derive(Debug)]
struct Fallback {
    columns: Vec<Choice>,
}

#[derive(Debug)]
enum Choice {
    /// As it is.
    Column(String),
    Dimension(DimensionSpec),
}

fn parse(object: Object<'_>, environment: &Environment) -> Result<Arc<dyn VirtualSpec>> {
    let choice = |json: &serde_json::Value| match json {
        serde_json::Value::String(name) => Ok(Choice::Column(name.clone())),
        json => Ok(Choice::Dimension(DimensionSpec::parse_with(json, environment)?)),
    };
    let columns = object.array("columns")?.iter().map(choice).collect::<Result<Vec<_>>>()?;
    if columns.is_empty() {
        return Err(object.error("'columns' must not be empty"));
    }
    Ok(Arc::new(Fallback { columns }))
}

impl Choice {
    fn name(&self) -> &str {
        match self {
            Choice::Column(name) => name,
            Choice::Dimension(spec) => spec.dimension(),
        }
    }

    fn bind(&self, segment: &SegmentRef) -> Result<ColumnRef> {
        match self {
            Choice::Dimension(spec) => spec.bind(segment),
            Choice::Column(name) => match segment.column(name) {
                Some(column) => Ok(column),
                // A column of nulls.
                None => crate::dimension_spec::text_column(name, segment),
            },
        }
    }
}

impl VirtualSpec for Fallback {
    fn required_columns(&self) -> BTreeSet<String> {
        self.columns.iter().map(|choice| choice.name().to_owned()).collect()
    }

    fn bind(&self, segment: &SegmentRef, _failure: &Failure) -> Result<ColumnRef> {
        let there = self.columns.iter().find(|choice| segment.column(choice.name()).is_some());
        there.unwrap_or(&self.columns[0]).bind(segment)
    }
}

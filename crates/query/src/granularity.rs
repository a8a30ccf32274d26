//! `granularity` of a query.

use serde::Deserialize;
use serde_json::Value;
use timeline::Granularity;

use crate::fields::short;
use crate::{Error, Result};

pub(crate) fn parse(value: &Value) -> Result<Granularity> {
    Granularity::deserialize(value).map_err(|error| Error::invalid(format!("'granularity' {}: {error}", short(value))))
}

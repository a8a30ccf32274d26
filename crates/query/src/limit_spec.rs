//! `limitSpec` of groupBy: order, offset, limit.

use dialect::order::StringOrder;
use serde_json::Value;

use crate::fields::{Fields, tag_of, unknown};
use crate::{Error, Result};

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LimitSpec {
    /// Whether one was written that orders or cuts, be it nothing.
    pub is_given: bool,
    pub columns: Vec<OrderColumn>,
    pub offset: usize,
    /// `None` is unlimited.
    pub limit: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OrderColumn {
    pub name: String,
    pub descending: bool,
    pub order: StringOrder,
}

impl LimitSpec {
    pub fn parse(value: Option<&Value>) -> Result<Self> {
        let Some(value) = value else { return Ok(Self::default()) };
        let fields = Fields::of(value, "limitSpec")?;
        match fields.text("type")?.as_deref() {
            Some("default") => {}
            // As Druid does: without a type nothing is ordered or cut.
            None | Some("noop") => return Ok(Self::default()),
            Some(other) => return Err(unknown("limitSpec", other, ["default", "noop"].into_iter())),
        }
        let limit = match fields.int("limit")? {
            Some(n) if n <= 0 => return Err(Error::invalid(format!("'limit' of limitSpec must be above 0, got {n}"))),
            Some(i32::MAX) | None => None,
            Some(n) => usize::try_from(n).ok(),
        };
        let offset = match fields.int("offset")? {
            Some(n) => usize::try_from(n)
                .map_err(|_| Error::invalid(format!("'offset' of limitSpec must not be negative, got {n}")))?,
            None => 0,
        };
        let columns = fields.list("columns")?.iter().map(OrderColumn::parse).collect::<Result<_>>()?;
        Ok(Self { is_given: true, columns, offset, limit })
    }

    /// Rows that are looked at from the first on; `None` for all.
    pub fn end(&self) -> Option<usize> {
        self.limit.map(|limit| self.offset.saturating_add(limit))
    }

    /// Every ordered column must be an output of the query.
    pub fn check(&self, outputs: &[&str]) -> Result<()> {
        match self.columns.iter().find(|c| !outputs.contains(&c.name.as_str())) {
            Some(c) => {
                Err(Error::invalid(format!("limitSpec orders by '{}', which the query does not output", c.name)))
            }
            None => Ok(()),
        }
    }
}

impl OrderColumn {
    fn parse(value: &Value) -> Result<Self> {
        if let Value::String(name) = value {
            return Ok(Self { name: name.clone(), descending: false, order: StringOrder::Lexicographic });
        }
        let fields = Fields::of(value, "a column of limitSpec")?;
        let direction = fields.text("direction")?.unwrap_or_default().to_ascii_lowercase();
        let descending = match direction.as_str() {
            text if "ascending".starts_with(text) => false,
            text if "descending".starts_with(text) => true,
            other => {
                return Err(Error::invalid(format!("unknown direction '{other}': known are ascending, descending")));
            }
        };
        Ok(Self {
            name: fields.require_text("dimension")?,
            descending,
            order: string_order(fields.get("dimensionOrder"), "dimensionOrder")?,
        })
    }
}

/// A comparator by name, `{"type": name}` or absent.
pub(crate) fn string_order(value: Option<&Value>, what: &str) -> Result<StringOrder> {
    let name = match value {
        None => return Ok(StringOrder::Lexicographic),
        Some(Value::String(name)) => name.as_str(),
        Some(other) => tag_of(other, what)?,
    };
    name.parse().map_err(|_| Error::invalid(format!("unknown {what} '{name}'")))
}

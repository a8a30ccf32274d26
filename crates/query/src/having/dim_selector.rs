//! A dimension has a value. Null and the empty text are the same here, as in Druid.

use expression::{Environment, ExtractionFn};

use super::Having;
use crate::Result;
use crate::fields::Fields;
use crate::finalize::Table;

#[derive(Debug)]
struct DimSelector {
    dimension: String,
    value: String,
    extraction: Option<ExtractionFn>,
}

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Box<dyn Having>> {
    Ok(Box::new(DimSelector {
        dimension: fields.require_text("dimension")?,
        value: fields.text("value")?.unwrap_or_default(),
        extraction: fields.get("extractionFn").map(|f| ExtractionFn::parse_with(f, env)).transpose()?,
    }))
}

impl Having for DimSelector {
    fn columns(&self) -> Option<Vec<String>> {
        Some(vec![self.dimension.clone()])
    }

    fn keep(&self, rows: &Table) -> Result<Vec<bool>> {
        let Some(values) = rows.finalized(&self.dimension)? else {
            return Ok(vec![self.value.is_empty(); rows.num_rows()]);
        };
        let keep = |row| {
            let text = values.text(row);
            let text = match &self.extraction {
                Some(function) => function.apply(text.as_deref()).map(Into::into),
                None => text,
            };
            text.as_deref().unwrap_or("") == self.value
        };
        Ok((0..rows.num_rows()).map(keep).collect())
    }
}

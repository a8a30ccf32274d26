//! Keeps every row.

use expression::Environment;

use super::Having;
use crate::Result;
use crate::fields::Fields;
use crate::finalize::Table;

#[derive(Debug)]
struct Always;

pub(super) fn parse(_: &Fields<'_>, _: &Environment) -> Result<Box<dyn Having>> {
    Ok(Box::new(Always))
}

impl Having for Always {
    fn columns(&self) -> Option<Vec<String>> {
        Some(Vec::new())
    }

    fn keep(&self, rows: &Table) -> Result<Vec<bool>> {
        Ok(vec![true; rows.num_rows()])
    }
}

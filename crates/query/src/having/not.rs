//! Turns a verdict round.

use expression::Environment;

use super::Having;
use crate::Result;
use crate::fields::Fields;
use crate::finalize::Table;

#[derive(Debug)]
struct Not(Box<dyn Having>);

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Box<dyn Having>> {
    Ok(Box::new(Not(super::parse(fields.require("havingSpec")?, env)?)))
}

impl Having for Not {
    fn columns(&self) -> Option<Vec<String>> {
        self.0.columns()
    }

    fn keep(&self, rows: &Table) -> Result<Vec<bool>> {
        Ok(self.0.keep(rows)?.into_iter().map(|keep| !keep).collect())
    }
}

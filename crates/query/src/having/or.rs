//! Some part must hold; false without parts.

use expression::Environment;

use super::{Having, columns_of, parse_all};
use crate::Result;
use crate::fields::Fields;
use crate::finalize::Table;

#[derive(Debug)]
struct Or(Vec<Box<dyn Having>>);

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Box<dyn Having>> {
    Ok(Box::new(Or(parse_all(fields, env)?)))
}

impl Having for Or {
    fn columns(&self) -> Option<Vec<String>> {
        columns_of(&self.0)
    }

    fn keep(&self, rows: &Table) -> Result<Vec<bool>> {
        let mut all = vec![false; rows.num_rows()];
        for part in &self.0 {
            for (kept, keep) in all.iter_mut().zip(part.keep(rows)?) {
                *kept |= keep;
            }
        }
        Ok(all)
    }
}

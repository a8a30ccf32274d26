//! Every part must hold; true without parts.

use expression::Environment;

use super::{Having, columns_of, parse_all};
use crate::Result;
use crate::fields::Fields;
use crate::finalize::Table;

#[derive(Debug)]
struct And(Vec<Box<dyn Having>>);

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Box<dyn Having>> {
    Ok(Box::new(And(parse_all(fields, env)?)))
}

impl Having for And {
    fn columns(&self) -> Option<Vec<String>> {
        columns_of(&self.0)
    }

    fn keep(&self, rows: &Table) -> Result<Vec<bool>> {
        let mut all = vec![true; rows.num_rows()];
        for part in &self.0 {
            for (kept, keep) in all.iter_mut().zip(part.keep(rows)?) {
                *kept &= keep;
            }
        }
        Ok(all)
    }
}

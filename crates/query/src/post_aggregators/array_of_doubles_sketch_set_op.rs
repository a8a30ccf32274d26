//! `arrayOfDoublesSketchSetOp`: union, intersection or difference of tuple sketches, a sketch again.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::tuple::Tuples;

use super::{PostAggregator, columns_of, operands, tuples};
use crate::fields::{Fields, unknown};
use crate::finalize::{Table, Values};
use crate::{Error, Result};

#[derive(Clone, Copy, Debug)]
enum Func {
    Union,
    Intersect,
    Not,
}

#[derive(Debug)]
struct SetOp {
    func: Func,
    fields: Vec<Arc<dyn PostAggregator>>,
    entries: i32,
    num_values: Option<usize>,
}

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let func = match fields.require_text("operation")?.as_str() {
        "UNION" => Func::Union,
        "INTERSECT" => Func::Intersect,
        "NOT" => Func::Not,
        other => {
            let known = ["UNION", "INTERSECT", "NOT"].into_iter();
            return Err(unknown("'operation' of arrayOfDoublesSketchSetOp", other, known));
        }
    };
    let parts = operands(fields, "fields", env)?;
    if parts.len() < 2 {
        return Err(Error::invalid("'fields' of arrayOfDoublesSketchSetOp needs two or more entries"));
    }
    let entries = fields.int("nominalEntries")?.unwrap_or(tuples::ENTRIES);
    let num_values = fields.int("numberOfValues")?.map(usize::try_from).transpose().map_err(Error::internal)?;
    tuples::spec(entries, num_values.unwrap_or(1))?;
    Ok(Arc::new(SetOp { func, fields: parts, entries, num_values }))
}

impl SetOp {
    fn apply(&self, sketches: &[Tuples]) -> Result<Tuples> {
        let entries = usize::try_from(self.entries).map_err(Error::internal)?;
        let Some((first, rest)) = sketches.split_first() else { return Ok(Tuples::new(entries, 1)) };
        if let Some(expected) = self.num_values.filter(|num| *num != first.num_values()) {
            return Err(Error::invalid(format!(
                "'numberOfValues' of arrayOfDoublesSketchSetOp is {expected}, but sketches have {} values",
                first.num_values()
            )));
        }
        match self.func {
            Func::Union => {
                let mut all = Tuples::new(entries, first.num_values());
                sketches.iter().try_for_each(|sketch| all.merge(sketch))?;
                Ok(all.finish())
            }
            Func::Intersect => Ok(rest.iter().try_fold(first.clone(), |all, next| all.intersect(next))?),
            Func::Not => Ok(rest.iter().try_fold(first.clone(), |all, next| all.without(next))?),
        }
    }
}

impl PostAggregator for SetOp {
    fn columns(&self) -> Vec<String> {
        columns_of(&self.fields)
    }

    fn values(&self, rows: &Table) -> Result<Values> {
        let columns = tuples::columns(&self.fields, rows)?;
        let mut num_values = self.num_values.unwrap_or(1);
        let row = |row: usize| {
            let mut bytes = Vec::new();
            let result = self.apply(&tuples::row(&columns, row)?)?;
            num_values = result.num_values();
            result.encode(&mut bytes);
            Ok(bytes)
        };
        let states = (0..rows.num_rows()).map(row).collect::<Result<_>>()?;
        Ok(tuples::states(states, &tuples::spec(self.entries, num_values)?))
    }
}

//! Rows of a groupBy as JSON.

use super::Question;
use crate::Result;
use crate::finalize::{Objects, Stamp, Table, Values, array_row};

/// Finished rows and how they are printed.
pub(super) struct Printed {
    table: Table,
    form: Form,
}

enum Form {
    /// Columns by place; the time comes first unless all rows share one.
    Arrays,
    Objects {
        times: Vec<i64>,
        objects: Objects,
        stamp: Stamp,
    },
}

impl Printed {
    pub fn new(question: &Question, times: Vec<i64>, table: Table) -> Result<Self> {
        let table = table.shown(question.finalize)?;
        if !question.as_array {
            let form = Form::Objects { times, objects: Objects::hashed(&table, false), stamp: question.stamp.clone() };
            return Ok(Self { table, form });
        }
        let mut columns = Table::new(table.num_rows());
        if !question.plan.is_one_bucket() {
            columns.push(segment::TIME_COLUMN, Values::Long(times.into()))?;
        }
        for (name, values) in table.columns() {
            columns.push(name, values.clone())?;
        }
        Ok(Self { table: columns, form: Form::Arrays })
    }

    pub fn num_rows(&self) -> usize {
        self.table.num_rows()
    }

    pub fn memory_bytes(&self) -> usize {
        self.table.memory_bytes()
    }

    pub fn print(&self, row: usize, out: &mut Vec<u8>) {
        let Form::Objects { times, objects, stamp } = &self.form else {
            return array_row(&self.table, row, out);
        };
        out.extend_from_slice(b"{\"version\":\"v1\",\"timestamp\":");
        stamp.print(times[row], out);
        out.extend_from_slice(b",\"event\":");
        objects.print(&self.table, row, out);
        out.push(b'}');
    }
}

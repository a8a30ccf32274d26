//! Rows as JSON, straight from columns.

use dialect::print;
use timeline::Granularity;

use super::{Table, java_order};
use crate::answer::{Elements, Rows};
use crate::context::QueryContext;
use crate::{Error, Result};

/// How instants are printed: ISO in the zone of the granularity, or as milliseconds.
#[derive(Clone, Debug)]
pub(crate) enum Stamp {
    Iso(Granularity),
    Millis,
}

impl Stamp {
    pub fn of(granularity: &Granularity, context: &QueryContext) -> Result<Self> {
        let millis = context.bool("serializeDateTimeAsLong", false)?;
        Ok(if millis { Stamp::Millis } else { Stamp::Iso(granularity.clone()) })
    }

    pub fn print(&self, time: i64, out: &mut Vec<u8>) {
        match self {
            Stamp::Millis => print::long(out, time),
            Stamp::Iso(granularity) => print::json_string(out, &granularity.text(time)),
        }
    }
}

/// Columns printed as properties of an object.
pub(crate) struct Objects {
    /// Column and its key with the colon, in the order of printing.
    keys: Vec<(usize, Vec<u8>)>,
}

impl Objects {
    /// Properties in the order of the columns.
    pub fn new(table: &Table) -> Self {
        Self::ordered(table, (0..table.columns().len()).collect())
    }

    /// Properties in the order of a hash map; see `java_order`.
    pub fn hashed(table: &Table, presized: bool) -> Self {
        let names: Vec<&str> = table.columns().iter().map(|(name, _)| name.as_str()).collect();
        Self::ordered(table, java_order::positions(&names, presized))
    }

    fn ordered(table: &Table, order: Vec<usize>) -> Self {
        let key = |at: usize| {
            let mut key = Vec::new();
            print::json_string(&mut key, &table.columns()[at].0);
            key.push(b':');
            (at, key)
        };
        Self { keys: order.into_iter().map(key).collect() }
    }

    /// The row's columns as properties, braces included.
    pub fn print(&self, table: &Table, row: usize, out: &mut Vec<u8>) {
        out.push(b'{');
        for (place, (at, key)) in self.keys.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            out.extend_from_slice(key);
            table.columns()[*at].1.print(row, out);
        }
        out.push(b'}');
    }
}

/// The row's columns as a list.
pub(crate) fn array_row(table: &Table, row: usize, out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, (_, values)) in table.columns().iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        values.print(row, out);
    }
    out.push(b']');
}

/// One element per row, written by a closure.
pub(crate) struct EachRow<F> {
    at: usize,
    num_rows: usize,
    write: F,
}

impl<F: Fn(usize, &mut Vec<u8>) + Send> EachRow<F> {
    pub fn new(num_rows: usize, write: F) -> Self {
        Self { at: 0, num_rows, write }
    }
}

impl<F: Fn(usize, &mut Vec<u8>) + Send> Rows for EachRow<F> {
    fn write(&mut self, out: &mut Elements<'_>) -> Result<bool> {
        while self.at < self.num_rows {
            if out.is_full() {
                return Ok(true);
            }
            (self.write)(self.at, out.next());
            self.at += 1;
        }
        Ok(false)
    }
}

/// `fudgeTimestamp` and such: a number of milliseconds in text.
pub(crate) fn millis(text: &str, what: &str) -> Result<i64> {
    text.trim().parse().map_err(|_| Error::Context(format!("context '{what}' must be milliseconds, got '{text}'")))
}

//! Rows of a source beside rows of another that is held in memory.

mod keys;
mod pairs;
mod prefixed;

use std::sync::Arc;

use ::expression::{Environment, Equalities, Filter};
use segment::{ColumnSchema, Role, Schema, SegmentRef, TIME_COLUMN};
use timeline::Interval;

use super::picked::Picked;
use super::view::{Beside, View};
use super::{Asked, Source, narrow};
use crate::exec::{ExecContext, Reservation};
use crate::fields::Fields;
use crate::plan::Scope;
use crate::{Error, Result, Sources};
use keys::KeyIndex;
use pairs::{Pairing, Pairs};
use prefixed::Prefixed;

/// Which rows without a partner stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JoinType {
    pub keeps_left: bool,
    pub keeps_right: bool,
}

#[derive(Debug)]
struct Join {
    left: Arc<dyn Source>,
    right: Arc<dyn Source>,
    prefix: Arc<str>,
    condition: Equalities,
    join_type: JoinType,
    left_filter: Option<Filter>,
}

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn Source>> {
    let left = super::parse(fields.require("left")?, env)?;
    let right = super::parse(fields.require("right")?, env)?.as_right(env)?;
    let prefix: Arc<str> = fields.require_text("rightPrefix")?.into();
    check_prefix(&prefix, &*left)?;
    let own = prefix.clone();
    let on_right = move |name: &str| name.strip_prefix(&*own).filter(|name| !name.is_empty()).map(String::from);
    let condition = Equalities::parse(&fields.require_text("condition")?, &on_right, env)?;
    let join_type = join_type(&fields.require_text("joinType")?)?;
    let left_filter = fields.get("leftFilter").map(|filter| Filter::parse_with(filter, env)).transpose()?;
    Ok(Arc::new(Join { left, right, prefix, condition, join_type, left_filter }))
}

fn join_type(name: &str) -> Result<JoinType> {
    let (keeps_left, keeps_right) = match name.to_ascii_uppercase().as_str() {
        "INNER" => (false, false),
        "LEFT" => (true, false),
        "RIGHT" => (false, true),
        "FULL" => (true, true),
        _ => return Err(Error::invalid(format!("unknown 'joinType' '{name}': known are INNER, LEFT, RIGHT, FULL"))),
    };
    Ok(JoinType { keeps_left, keeps_right })
}

/// Columns of different sides must be told apart, and `__time` must stay that of the left.
fn check_prefix(prefix: &str, left: &dyn Source) -> Result<()> {
    if prefix.is_empty() {
        return Err(Error::invalid("'rightPrefix' of a join must not be empty"));
    }
    if TIME_COLUMN.starts_with(prefix) {
        return Err(Error::invalid(format!("'rightPrefix' '{prefix}' of a join would hide {TIME_COLUMN}")));
    }
    let mut known = Vec::new();
    left.prefixes(&mut known);
    match known.iter().find(|other| other.starts_with(prefix) || prefix.starts_with(other.as_str())) {
        Some(other) => Err(Error::invalid(format!("'rightPrefix' '{prefix}' of a join conflicts with '{other}'"))),
        None => Ok(()),
    }
}

impl Source for Join {
    fn tables(&self, names: &mut Vec<String>) {
        self.left.tables(names);
        self.right.tables(names);
    }

    fn prefixes(&self, prefixes: &mut Vec<String>) {
        self.left.prefixes(prefixes);
        prefixes.push(self.prefix.to_string());
    }

    fn resolve(&self, asked: &Asked<'_>, sources: &dyn Sources, exec: &ExecContext) -> Result<Scope> {
        // A row of the left that fails a filter still takes a partner from the right.
        let mut below = match self.join_type.keeps_right {
            true => asked.only(|_| false),
            false => asked.only(|name| !name.starts_with(&*self.prefix)),
        };
        below.early.extend(self.left_filter.iter().flat_map(Filter::conjuncts));
        // Rows of the right without a partner are shown once a segment.
        below.any_segments &= !self.join_type.keeps_right;
        let right = self.right.resolve(&asked.only(|_| false), sources, exec)?;
        let right = right.segments.into_iter().next().ok_or_else(|| Error::internal("a right side without rows"))?;
        let left = self.left.resolve(&below, sources, exec)?;
        let filters = asked.only(|name| name.starts_with(&*self.prefix)).early;
        let joining = Joining {
            passing: self.passing(&right, &filters, exec)?,
            index: KeyIndex::new(&right, &self.condition, exec)?,
            right,
            prefix: self.prefix.clone(),
            join_type: self.join_type,
            early: below.early,
            intervals: asked.query.intervals().to_vec(),
            exec: exec.clone(),
        };
        left.view(asked.query, exec, move |segment| joining.join(segment))
    }
}

impl Join {
    /// Whether each row of the right passes filters that read the right alone; `None` where all do.
    fn passing(&self, right: &SegmentRef, filters: &[Filter], exec: &ExecContext) -> Result<Option<Vec<bool>>> {
        let named: SegmentRef = Arc::new(Prefixed { segment: right.clone(), prefix: self.prefix.clone() });
        let Some(rows) = narrow::rows(&named, &[Interval::ETERNITY], filters, exec)? else { return Ok(None) };
        let mut passing = vec![false; right.num_rows()];
        rows.into_iter().for_each(|row| passing[row as usize] = true);
        Ok(Some(passing))
    }
}

/// All that is needed to join one segment of the left.
struct Joining {
    passing: Option<Vec<bool>>,
    index: KeyIndex,
    right: SegmentRef,
    prefix: Arc<str>,
    join_type: JoinType,
    early: Vec<Filter>,
    intervals: Vec<Interval>,
    exec: ExecContext,
}

impl Joining {
    fn join(&self, left: SegmentRef) -> Result<SegmentRef> {
        let schema = self.schema(&left)?;
        let rows = narrow::rows(&left, &self.intervals, &self.early, &self.exec)?;
        let mut held = Reservation::new(&self.exec.memory);
        let num_right = self.right.num_rows();
        let passing = self.passing.as_deref();
        let pairing = Pairing { index: &self.index, join_type: self.join_type, num_right, passing, exec: &self.exec };
        let Pairs { left: left_rows, right: right_rows } = pairing.pairs(&left, rows.as_deref(), &mut held)?;
        let is_all = rows.is_none() && left_rows.len() == left.num_rows() && is_counting(&left_rows);
        let left_rows = (!is_all).then(|| Picked::new(left_rows));
        let beside =
            Beside::Segment { prefix: self.prefix.clone(), segment: self.right.clone(), rows: Picked::new(right_rows) };
        let stamp = self.stamp(&left);
        View::over(left, left_rows, beside, schema, stamp, held)
    }

    /// The time of rows that are on the right only: one that the query asks for.
    fn stamp(&self, left: &SegmentRef) -> i64 {
        let range = left.time_range();
        let asked = self.intervals.iter().find_map(|interval| crate::intervals::intersect(*interval, range));
        asked.map_or(range.start, |both| both.start)
    }

    fn schema(&self, left: &SegmentRef) -> Result<Schema> {
        let mut columns: Vec<ColumnSchema> = left.schema().columns().to_vec();
        columns.retain(|column| !column.name.starts_with(&*self.prefix));
        for column in self.right.schema().visible() {
            let role = if column.role == Role::Time { Role::Metric } else { column.role };
            let name = format!("{}{}", self.prefix, column.name).into();
            columns.push(ColumnSchema { name, role, ..column.clone() });
        }
        Ok(Schema::new(columns)?)
    }
}

fn is_counting(rows: &[u32]) -> bool {
    rows.iter().zip(0u32..).all(|(row, at)| *row == at)
}

//! timeBoundary: the first and last instant of the rows.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, cast::AsArray, types::Int64Type};
use expression::Environment;
use segment::{SegmentRef, TIME_COLUMN};
use timeline::{Granularity, Interval};

use super::Kind;
use crate::answer::{Answer, Ready};
use crate::exec::ExecContext;
use crate::fields::Fields;
use crate::finalize::Stamp;
use crate::model::Common;
use crate::partial::{Body, Partial};
use crate::plan::{Scope, prune};
use crate::run::Selection;
use crate::{Error, Result};

pub(super) const TAG: &str = "timeBoundary";

#[derive(Debug)]
struct TimeBoundary {
    common: Arc<Common>,
    min: bool,
    max: bool,
    stamp: Stamp,
}

pub(super) fn parse(common: &Arc<Common>, fields: &Fields<'_>, _: &Environment) -> Result<Arc<dyn Kind>> {
    let bound = fields.text("bound")?.unwrap_or_default().to_ascii_lowercase();
    let (min, max) = match bound.as_str() {
        "" => (true, true),
        "mintime" => (true, false),
        "maxtime" => (false, true),
        other => return Err(Error::invalid(format!("unknown 'bound' '{other}': known are minTime, maxTime"))),
    };
    let stamp = Stamp::of(&Granularity::All, &common.context)?;
    Ok(Arc::new(TimeBoundary { common: common.clone(), min, max, stamp }))
}

impl TimeBoundary {
    /// First and last instant of the selected rows of a segment.
    fn bounds(&self, segment: &SegmentRef, exec: &ExecContext) -> Result<Option<(i64, i64)>> {
        let range = segment.time_range();
        let inside = |i: &Interval| i.start <= range.start && range.end <= i.end;
        if self.common.filter.is_none() && self.common.intervals.iter().any(inside) {
            return Ok(Some((range.start, range.end - 1)));
        }
        let segment = match &self.common.virtual_columns {
            Some(virtual_columns) => crate::expressions::with_virtual(segment, virtual_columns)?,
            None => segment.clone(),
        };
        let time = segment.column(TIME_COLUMN).ok_or_else(|| Error::internal("a segment without __time"))?;
        let mut selection =
            Selection::new(&segment, &self.common.scanned, &Granularity::All, self.common.filter.as_ref())?;
        let mut bounds: Option<(i64, i64)> = None;
        for rows in selection.vectors(0..segment.num_rows()) {
            exec.check()?;
            let Some(selected) = selection.select(rows.clone())? else { continue };
            let array = time.read(rows);
            let times = array.as_primitive::<Int64Type>();
            for row in selected.positions() {
                let time = times.value(row as usize);
                bounds = Some(bounds.map_or((time, time), |(min, max)| (min.min(time), max.max(time))));
            }
        }
        Ok(bounds)
    }
}

/// One row of two instants, or none.
fn facts(bounds: Option<(i64, i64)>) -> Result<Partial> {
    let column = |value: Option<i64>| Arc::new(Int64Array::from_iter_values(value)) as ArrayRef;
    let columns = [("min", column(bounds.map(|b| b.0))), ("max", column(bounds.map(|b| b.1)))];
    Ok(Partial { body: Body::Facts(RecordBatch::try_from_iter(columns)?) })
}

fn bounds_of(partial: Partial) -> Result<Option<(i64, i64)>> {
    let batch = partial.into_facts()?;
    let value = |at: usize| batch.column(at).as_primitive::<Int64Type>().iter().flatten().next();
    Ok(value(0).zip(value(1)))
}

impl Kind for TimeBoundary {
    fn tag(&self) -> &'static str {
        TAG
    }

    fn run(&self, scope: &Scope, exec: &ExecContext) -> Result<Partial> {
        let mut all: Option<(i64, i64)> = None;
        for segment in prune(&scope.segments, &self.common.scanned) {
            if let Some((min, max)) = self.bounds(&segment, exec)? {
                all = Some(all.map_or((min, max), |(a, b)| (a.min(min), b.max(max))));
            }
        }
        facts(all)
    }

    fn merge(&self, parts: Vec<Partial>, _: &ExecContext) -> Result<Partial> {
        let bounds: Vec<_> = parts.into_iter().map(bounds_of).collect::<Result<Vec<_>>>()?;
        facts(bounds.into_iter().flatten().reduce(|(a, b), (min, max)| (a.min(min), b.max(max))))
    }

    fn finalize(&self, partial: Partial, _: bool, _: &ExecContext) -> Result<Answer> {
        let Some((min, max)) = bounds_of(partial)? else { return Ok(Answer::new(Ready::new(Vec::new()))) };
        let mut out = b"{\"timestamp\":".to_vec();
        self.stamp.print(if self.min { min } else { max }, &mut out);
        out.extend_from_slice(b",\"result\":{");
        if self.max {
            out.extend_from_slice(b"\"maxTime\":");
            self.stamp.print(max, &mut out);
        }
        if self.min {
            out.extend_from_slice(if self.max { b",\"minTime\":" } else { b"\"minTime\":" });
            self.stamp.print(min, &mut out);
        }
        out.extend_from_slice(b"}}");
        Ok(Answer::new(Ready::new(vec![out])))
    }
}

//! dataSourceMetadata: the newest event.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, cast::AsArray, types::Int64Type};
use expression::Environment;
use timeline::{Granularity, Interval};

use super::Kind;
use crate::Result;
use crate::answer::{Answer, Ready};
use crate::exec::ExecContext;
use crate::fields::Fields;
use crate::finalize::Stamp;
use crate::model::Common;
use crate::partial::{Body, Partial};
use crate::plan::Scope;

pub(super) const TAG: &str = "dataSourceMetadata";

#[derive(Debug)]
struct DataSourceMetadata {
    stamp: Stamp,
}

pub(super) fn parse(common: &Arc<Common>, _: &Fields<'_>, _: &Environment) -> Result<Arc<dyn Kind>> {
    Ok(Arc::new(DataSourceMetadata { stamp: Stamp::of(&Granularity::All, &common.context)? }))
}

fn facts(newest: Option<i64>) -> Result<Partial> {
    let column = Arc::new(Int64Array::from_iter_values(newest)) as ArrayRef;
    Ok(Partial { body: Body::Facts(RecordBatch::try_from_iter([("newest", column)])?) })
}

fn newest_of(partial: Partial) -> Result<Option<i64>> {
    Ok(partial.into_facts()?.column(0).as_primitive::<Int64Type>().iter().flatten().next())
}

impl Kind for DataSourceMetadata {
    fn tag(&self) -> &'static str {
        TAG
    }

    fn run(&self, scope: &Scope, _: &ExecContext) -> Result<Partial> {
        let rows = scope.segments.iter().filter(|segment| segment.num_rows() > 0);
        let newest = rows.map(|segment| segment.time_range().end - 1).max();
        facts(if scope.is_table { newest } else { Some(Interval::ETERNITY.start) })
    }

    fn merge(&self, parts: Vec<Partial>, _: &ExecContext) -> Result<Partial> {
        let newest = parts.into_iter().map(newest_of).collect::<Result<Vec<_>>>()?;
        facts(newest.into_iter().flatten().max())
    }

    fn finalize(&self, partial: Partial, _: bool, _: &ExecContext) -> Result<Answer> {
        let element = newest_of(partial)?.map(|newest| {
            let mut out = b"{\"timestamp\":".to_vec();
            self.stamp.print(newest, &mut out);
            out.extend_from_slice(b",\"result\":{\"maxIngestedEventTime\":");
            self.stamp.print(newest, &mut out);
            out.extend_from_slice(b"}}");
            out
        });
        Ok(Answer::new(Ready::new(element.into_iter().collect())))
    }
}

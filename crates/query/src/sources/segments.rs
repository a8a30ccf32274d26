//! `bySegment`: the answer of each segment by itself.

use dialect::print;
use timeline::Granularity;

use crate::answer::{Answer, Elements, Ready};
use crate::exec::ExecContext;
use crate::finalize::Stamp;
use crate::plan::{Scope, prune};
use crate::{Query, Result};

/// One element per segment, with its id, its interval and its own rows.
pub(crate) fn by_segment(query: &Query, scope: &Scope, exec: &ExecContext) -> Result<Answer> {
    let stamp = Stamp::of(&Granularity::All, query.context())?;
    let mut elements = Vec::new();
    let mut segments = prune(&scope.segments, query.intervals());
    segments.sort_by_key(|segment| segment.id().interval.start);
    for segment in segments {
        let interval = segment.id().interval;
        let mut out = b"{\"timestamp\":".to_vec();
        stamp.print(interval.start, &mut out);
        out.extend_from_slice(b",\"result\":{\"results\":[");
        let id = segment.id().to_string();
        let own = Scope { is_table: scope.is_table, ..Scope::of_rows(segment) };
        let answer = query.kind.finalize(query.kind.run(&own, exec)?, scope.is_table, exec)?;
        let mut started = false;
        let mut rows = answer.into_rows();
        while rows.write(&mut Elements::new(&mut out, &mut started))? {}
        out.extend_from_slice(b"],\"segment\":");
        print::json_string(&mut out, &id);
        out.extend_from_slice(b",\"interval\":");
        print::json_string(&mut out, &interval.to_string());
        out.extend_from_slice(b"}}");
        elements.push(out);
    }
    Ok(Answer::new(Ready::new(elements)))
}

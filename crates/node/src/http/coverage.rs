//! Which of the time that a query asks for no segment covers, told to those who ask.

use crate::context::NodeContext;
use cluster::Moment;
use query::{Query, Result, Sources};
use serde_json::{Value, json};
use std::sync::Arc;
use timeline::{Interval, condense};

/// Longest list, however long a one is asked for: it goes into a header.
const MAX_LISTED: usize = 100;

/// The response context of a query: gaps when `uncoveredIntervalsLimit` is above 0 and there are any.
pub fn response_context(node: &NodeContext, query: &Query) -> Result<String> {
    let limit = query.context().long("uncoveredIntervalsLimit")?.unwrap_or(0);
    let limit = usize::try_from(limit).unwrap_or(0).min(MAX_LISTED);
    if limit == 0 || !reads_tables(&query.as_json()["dataSource"]) {
        return Ok("{}".into());
    }
    let moment = Moment::new(Arc::clone(&node.inventory), node.leaf.clone());
    let mut gaps = Vec::new();
    for datasource in query.datasources() {
        let segments = moment.segments(&datasource, query.intervals())?;
        let covered = condense(segments.iter().map(|segment| segment.id().interval).collect());
        gaps.extend(query.intervals().iter().flat_map(|asked| uncovered(*asked, &covered)));
    }
    if gaps.is_empty() {
        return Ok("{}".into());
    }
    let has_more = gaps.len() > limit;
    let shown: Vec<String> = gaps.iter().take(limit).map(Interval::to_string).collect();
    Ok(json!({"uncoveredIntervals": shown, "uncoveredIntervalsOverflowed": has_more}).to_string())
}

fn reads_tables(source: &Value) -> bool {
    source.is_string() || source["type"] == "table" || source["type"] == "union"
}

/// The parts of an interval outside of others, which are sorted and disjoint.
fn uncovered(asked: Interval, covered: &[Interval]) -> Vec<Interval> {
    let mut gaps = Vec::new();
    let mut start = asked.start;
    for interval in covered.iter().filter(|interval| interval.end > asked.start && interval.start < asked.end) {
        if interval.start > start {
            gaps.push(Interval { start, end: interval.start });
        }
        start = start.max(interval.end);
    }
    if start < asked.end {
        gaps.push(Interval { start, end: asked.end });
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_lie_between_what_is_covered() {
        let interval = |start, end| Interval { start, end };
        let covered = [interval(0, 10), interval(20, 30), interval(40, 50)];
        assert_eq!(uncovered(interval(5, 45), &covered), [interval(10, 20), interval(30, 40)]);
        assert_eq!(uncovered(interval(-5, 60), &covered).len(), 4);
        assert_eq!(uncovered(interval(21, 29), &covered), []);
        assert_eq!(uncovered(interval(60, 70), &covered), [interval(60, 70)]);
    }
}

//! In which lane a query waits.

use crate::admission::QueryLane;
use query::Query;
use timeline::Interval;

/// A scan without a limit over more than this is heavy.
const LONG_SCAN_MS: i64 = 7 * 24 * 3_600_000;

/// By the priority that was given; without one, scans of much time go behind the others.
pub fn of(query: &Query) -> query::Result<QueryLane> {
    let context = query.context();
    let asked = context.get("priority").is_some();
    let lane = QueryLane::of_priority(context.priority()?);
    let is_heavy = query.query_type() == "scan" && query.as_json().get("limit").is_none() && is_long(query.intervals());
    Ok(if is_heavy && !asked { QueryLane::Low } else { lane })
}

fn is_long(intervals: &[Interval]) -> bool {
    intervals.iter().map(|interval| interval.end.saturating_sub(interval.start)).fold(0, i64::saturating_add)
        > LONG_SCAN_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lane(more: serde_json::Value) -> QueryLane {
        let mut scan = json!({"queryType": "scan", "dataSource": "d", "intervals": ["2000/2100"]});
        for (key, value) in more.as_object().expect("an object") {
            scan[key] = value.clone();
        }
        of(&Query::parse(scan.to_string().as_bytes()).expect("a query")).expect("a lane")
    }

    #[test]
    fn long_scans_without_a_limit_are_heavy() {
        assert_eq!(lane(json!({})), QueryLane::Low);
        assert_eq!(lane(json!({"limit": 10})), QueryLane::Normal);
        assert_eq!(lane(json!({"intervals": ["2000-01-01/P1D"]})), QueryLane::Normal);
    }

    #[test]
    fn a_given_priority_decides() {
        assert_eq!(lane(json!({"context": {"priority": 0}})), QueryLane::Normal);
        assert_eq!(lane(json!({"context": {"priority": "5"}})), QueryLane::High);
        assert_eq!(lane(json!({"limit": 1, "context": {"priority": -1}})), QueryLane::Low);
    }
}

//! Facts that contradict each other, found by reading them all.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::records::{Bundle, BundleState, Datasource, Job, Lane, LaneId, Ledger, RemovedWhy, Segment, Source};

/// All facts that are compared.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub datasources: Vec<Datasource>,
    pub sources: Vec<Source>,
    pub lanes: Vec<Lane>,
    pub ledger: Vec<Ledger>,
    pub segments: Vec<Segment>,
    pub bundles: Vec<Bundle>,
    /// Finished ones.
    pub jobs: Vec<Job>,
}

/// One contradiction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Finding {
    #[error("lane {lane}: nothing is booked from {from_offset} to {to_offset}")]
    Gap { lane: LaneId, from_offset: i64, to_offset: i64 },
    #[error("lane {lane}: offsets from {from_offset} to {to_offset} are booked twice")]
    Overlap { lane: LaneId, from_offset: i64, to_offset: i64 },
    #[error("lane {lane} stands at {next_offset}, the ledger ends at {booked}")]
    Offset { lane: LaneId, next_offset: i64, booked: i64 },
    #[error("ledger row of {lane} at {from_offset} does not add up")]
    Books { lane: LaneId, from_offset: i64 },
    #[error("ledger row of an unknown lane {lane}")]
    NoLane { lane: LaneId },
    #[error("datasource [{datasource_id}]: live segments weigh {segments}, the books say {booked}")]
    Weights { datasource_id: String, segments: i64, booked: i64 },
    #[error("segment [{seg_id}] is there, its object is {state:?}")]
    Object { seg_id: String, state: Option<BundleState> },
    #[error("segment [{seg_id}] was added in snapshot {added_at}, the datasource is at {snapshot}")]
    Snapshot { seg_id: String, added_at: i64, snapshot: i64 },
}

/// All contradictions, lanes first.
pub fn check(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    check_lanes(facts, &mut findings);
    check_weights(facts, &mut findings);
    check_segments(facts, &mut findings);
    findings
}

fn check_lanes(facts: &Facts, findings: &mut Vec<Finding>) {
    let mut booked: BTreeMap<LaneId, Vec<&Ledger>> = BTreeMap::new();
    for row in &facts.ledger {
        booked.entry(row.lane()).or_default().push(row);
        if !row.is_balanced() {
            findings.push(Finding::Books { lane: row.lane(), from_offset: row.from_offset });
        }
    }
    for lane in &facts.lanes {
        let rows = booked.remove(&lane.id()).unwrap_or_default();
        check_tiles(lane, rows, findings);
    }
    findings.extend(booked.into_keys().map(|lane| Finding::NoLane { lane }));
}

/// Ranges tile from the start of the lane to its next offset; the last one may lead back.
fn check_tiles(lane: &Lane, mut rows: Vec<&Ledger>, findings: &mut Vec<Finding>) {
    rows.sort_by_key(|row| row.from_offset);
    let mut at = lane.start_offset;
    for row in rows {
        let (lane, from, to) = (lane.id(), row.from_offset, row.to_offset);
        if from > at {
            findings.push(Finding::Gap { lane, from_offset: at, to_offset: from });
        } else if from < at {
            findings.push(Finding::Overlap { lane, from_offset: from, to_offset: at.min(to.max(from)) });
        }
        at = if row.is_taken_back() { to } else { at.max(to) };
    }
    if at != lane.next_offset {
        findings.push(Finding::Offset { lane: lane.id(), next_offset: lane.next_offset, booked: at });
    }
}

/// Live weight = booked by lanes + added by jobs - removed by jobs - retired, forgotten or not.
fn check_weights(facts: &Facts, findings: &mut Vec<Finding>) {
    let mut booked: HashMap<&str, i128> = HashMap::new();
    let mut live: HashMap<&str, i128> = HashMap::new();
    let of_source: HashMap<&str, &str> =
        facts.sources.iter().map(|source| (source.source_id.as_str(), source.datasource_id.as_str())).collect();
    for row in &facts.ledger {
        if let Some(datasource_id) = of_source.get(row.source_id.as_str()) {
            *booked.entry(datasource_id).or_default() += i128::from(row.weight_sum);
        }
    }
    for job in &facts.jobs {
        let change = i128::from(job.weight_added) - i128::from(job.weight_removed);
        *booked.entry(&job.datasource_id).or_default() += change;
    }
    for segment in &facts.segments {
        let weight = i128::from(segment.weight_sum);
        if segment.is_live() {
            *live.entry(&segment.datasource_id).or_default() += weight;
        } else if segment.removed_why == Some(RemovedWhy::Retired) {
            *booked.entry(&segment.datasource_id).or_default() -= weight;
        }
    }
    for datasource in &facts.datasources {
        let id = datasource.datasource_id.as_str();
        let segments = live.get(id).copied().unwrap_or(0);
        let booked = booked.get(id).copied().unwrap_or(0) - i128::from(datasource.weight_forgotten);
        if segments != booked {
            let narrow = |sum: i128| i64::try_from(sum).unwrap_or(i64::MAX);
            let (segments, booked) = (narrow(segments), narrow(booked));
            findings.push(Finding::Weights { datasource_id: id.to_owned(), segments, booked });
        }
    }
}

fn check_segments(facts: &Facts, findings: &mut Vec<Finding>) {
    let states: HashMap<&str, BundleState> =
        facts.bundles.iter().map(|bundle| (bundle.bundle_id.as_str(), bundle.state)).collect();
    let numbers: HashMap<&str, i64> =
        facts.datasources.iter().map(|known| (known.datasource_id.as_str(), known.snapshot)).collect();
    for segment in &facts.segments {
        let (seg_id, state) = (segment.seg_id.clone(), states.get(segment.seg_id.as_str()).copied());
        let is_right = match state {
            Some(BundleState::Live) => true,
            Some(BundleState::Doomed) => !segment.is_live(),
            Some(BundleState::Intent) | None => false,
        };
        if !is_right {
            findings.push(Finding::Object { seg_id, state });
            continue;
        }
        let snapshot = numbers.get(segment.datasource_id.as_str()).copied().unwrap_or(0);
        if segment.added_at > snapshot {
            findings.push(Finding::Snapshot { seg_id, added_at: segment.added_at, snapshot });
        }
    }
}

#[cfg(test)]
mod tests;

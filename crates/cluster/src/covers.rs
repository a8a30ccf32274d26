//! What an answer covers: per source the offsets below which every record is counted.

use crate::leaf::LivePart;
use crate::view::View;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Offsets of one source that an answer has counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceCovers {
    #[serde(rename = "gen")]
    pub generation: i64,
    /// By partition, exclusive.
    pub to: BTreeMap<i32, i64>,
    /// Kafka time of the newest live record counted, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
}

/// By `<supervisor>/<topic>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Covers(pub BTreeMap<String, SourceCovers>);

impl Covers {
    /// Adds what one datasource's view and live parts cover.
    pub fn add(&mut self, view: &View, parts: &[LivePart]) {
        for floor in &view.floors {
            if let Some(covers) = self.of_source(view, &floor.lane.source_id) {
                covers.generation = floor.lane.source_gen;
                covers.to.insert(floor.lane.partition, floor.offset);
            }
        }
        for part in parts {
            if let Some(covers) = self.of_source(view, &part.lane.source_id) {
                covers.to.insert(part.lane.partition, part.to);
                covers.at = covers.at.max(part.newest_ms);
            }
        }
    }

    /// True when every offset asked for is counted here.
    pub fn reaches(&self, wanted: &Covers) -> bool {
        wanted.0.iter().all(|(source, wanted)| {
            self.0.get(source).is_some_and(|have| {
                have.generation >= wanted.generation
                    && wanted.to.iter().all(|(partition, to)| have.to.get(partition).is_some_and(|at| at >= to))
            })
        })
    }

    fn of_source(&mut self, view: &View, source_id: &str) -> Option<&mut SourceCovers> {
        let source = view.sources.get(source_id)?;
        Some(self.0.entry(format!("{}/{}", source.supervisor_id, source.topic)).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(to: &[(i32, i64)]) -> Covers {
        let source = SourceCovers { generation: 1, to: to.iter().copied().collect(), at: Some(5) };
        Covers(BTreeMap::from([("s/t".to_string(), source)]))
    }

    #[test]
    fn it_reads_back_what_it_writes() {
        let text = serde_json::to_string(&covers(&[(0, 812)])).expect("JSON");
        assert_eq!(text, r#"{"s/t":{"gen":1,"to":{"0":812},"at":5}}"#);
        assert_eq!(serde_json::from_str::<Covers>(&text).expect("JSON"), covers(&[(0, 812)]));
    }

    #[test]
    fn reaching_is_per_partition() {
        assert!(covers(&[(0, 10), (1, 5)]).reaches(&covers(&[(0, 10)])));
        assert!(!covers(&[(0, 10)]).reaches(&covers(&[(0, 10), (1, 1)])));
        assert!(!covers(&[(0, 9)]).reaches(&covers(&[(0, 10)])));
    }
}

//! What a batch task tells of itself.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::parse::{Reject, RowStats};

/// What a task is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    NotStarted,
    DeterminePartitions,
    BuildSegments,
    Completed,
}

impl Phase {
    fn text(self) -> &'static str {
        match self {
            Phase::NotStarted => "NOT_STARTED",
            Phase::DeterminePartitions => "DETERMINE_PARTITIONS",
            Phase::BuildSegments => "BUILD_SEGMENTS",
            Phase::Completed => "COMPLETED",
        }
    }
}

/// Counters and the last errors of one reading of the input.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    pub(crate) stats: RowStats,
    errors: VecDeque<Value>,
}

impl Reading {
    /// Notes what became of a batch; keeps the newest errors.
    pub(crate) fn add(&mut self, stats: &RowStats, rejects: &[Reject], keep: usize, now_ms: i64) {
        self.stats.add(stats);
        for reject in rejects {
            let Some(error_type) = reject.error_type() else { continue };
            if keep == 0 {
                return;
            }
            if self.errors.len() == keep {
                self.errors.pop_back();
            }
            self.errors.push_front(json!({
                "input": reject.input,
                "errorType": error_type,
                "details": reject.details,
                "timeOfExceptionMillis": now_ms,
            }));
        }
    }

    /// Rows that count as parse exceptions.
    pub(crate) fn exceptions(&self) -> u64 {
        self.stats.unparseable + self.stats.processed_with_error
    }
}

/// The report of a task, live or final.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) phase: Phase,
    pub(crate) determine: Reading,
    pub(crate) build: Reading,
    pub(crate) error: Option<String>,
    pub(crate) segments_published: Option<usize>,
    /// Segments that the task took rows from.
    pub(crate) segments_read: usize,
}

impl Default for Report {
    fn default() -> Report {
        Report {
            phase: Phase::NotStarted,
            determine: Reading::default(),
            build: Reading::default(),
            error: None,
            segments_published: None,
            segments_read: 0,
        }
    }
}

impl Report {
    pub(crate) fn payload(&self) -> Value {
        let mut payload = json!({
            "ingestionState": self.phase.text(),
            "unparseableEvents": {
                "determinePartitions": self.determine.errors,
                "buildSegments": self.build.errors,
            },
            "rowStats": {
                "determinePartitions": self.determine.stats.to_json(),
                "buildSegments": self.build.stats.to_json(),
            },
            "errorMsg": self.error,
            "segmentAvailabilityConfirmed": false,
            "segmentAvailabilityWaitTimeMs": 0,
            "recordsProcessed": {},
        });
        if let (Some(number), Some(map)) = (self.segments_published, payload.as_object_mut()) {
            map.insert("segmentsPublished".to_owned(), Value::from(number));
        }
        payload
    }

    pub(crate) fn to_json(&self, task_id: &str) -> Value {
        json!({
            "ingestionStatsAndErrors": {
                "type": "ingestionStatsAndErrors", "taskId": task_id, "payload": self.payload(),
            },
            "taskContext": {
                "type": "taskContext", "taskId": task_id, "payload": crate::tasks::default_context(),
            },
        })
    }
}

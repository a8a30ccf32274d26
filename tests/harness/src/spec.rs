//! The supervisor of the tests.

use serde_json::{Value, json};

/// Datasource and supervisor of the tests.
pub const DATASOURCE: &str = "proof";
/// The topic that events are sent to.
pub const TOPIC: &str = "proof-events";

/// What may differ between the supervisors of tests.
#[derive(Debug, Clone)]
pub struct Spec {
    pub bootstrap_servers: String,
    /// Rows that close a chunk.
    pub max_rows_in_memory: u32,
    /// A metric beside the others, so that the spec is another one.
    pub with_extra_metric: bool,
}

impl Spec {
    pub fn new(bootstrap_servers: impl Into<String>) -> Spec {
        Spec { bootstrap_servers: bootstrap_servers.into(), max_rows_in_memory: 150_000, with_extra_metric: false }
    }

    /// As a client posts it.
    pub fn to_json(&self) -> Value {
        let mut metrics = vec![
            json!({"type": "count", "name": "count"}),
            json!({"type": "longSum", "name": "clicks", "fieldName": "clicks"}),
            json!({"type": "doubleSum", "name": "cost", "fieldName": "cost"}),
        ];
        if self.with_extra_metric {
            metrics.push(json!({"type": "longMax", "name": "most_clicks", "fieldName": "clicks"}));
        }
        json!({
            "type": "kafka",
            "spec": {
                "dataSchema": {
                    "dataSource": DATASOURCE,
                    "timestampSpec": {"column": "ts", "format": "millis"},
                    "dimensionsSpec": {"dimensions": ["key"]},
                    "metricsSpec": metrics,
                    "granularitySpec": {
                        "type": "uniform", "segmentGranularity": "HOUR", "queryGranularity": "MINUTE", "rollup": true,
                    },
                },
                "ioConfig": {
                    "topic": TOPIC,
                    "inputFormat": {"type": "json"},
                    "useEarliestOffset": true,
                    "startDelay": "PT0S",
                    "period": "PT1S",
                    "consumerProperties": {"bootstrap.servers": self.bootstrap_servers},
                },
                "tuningConfig": {"type": "kafka", "maxRowsInMemory": self.max_rows_in_memory},
            },
        })
    }
}

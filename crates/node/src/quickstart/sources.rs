//! The two sources of the quickstart, pointed at the broker of this process before anything reads.

use super::broker::Broker;
use super::{ADS, ORDERS};
use crate::NodeContext;
use metastore::{Metastore, Rebase, SetSpec, SpecKind};
use serde_json::{Value, json};
use std::sync::Arc;

const SPECS: [(&str, &str); 2] = [
    (ADS.0, include_str!("../../../../config/specs/ads.kafka.json")),
    (ORDERS.0, include_str!("../../../../config/specs/orders.kafka.json")),
];

/// What an earlier run left.
#[derive(Debug, Default)]
pub struct Before {
    pub num_rebased: usize,
    pub num_rows: i64,
}

/// Writes both specs with the broker's address. Sources that an earlier run read begin anew: their log is gone.
pub async fn point_at(context: &NodeContext, broker: &Broker) -> Result<Before, Box<dyn std::error::Error>> {
    let (mut before, cluster_id) = (Before::default(), broker.cluster_id()?);
    for (id, text) in SPECS {
        before.num_rebased += rebase(&context.metastore, id, cluster_id.as_deref()).await?;
        if let Some(datasource) = context.metastore.datasource(id).await? {
            let live = context.metastore.live(&datasource.datasource_id).await?;
            before.num_rows += live.segments.iter().map(|segment| segment.rows).sum::<i64>();
        }
        let mut spec: Value = serde_json::from_str(text)?;
        spec["spec"]["ioConfig"]["consumerProperties"]["bootstrap.servers"] = json!(broker.bootstrap_servers());
        // Nobody waits for other processes here.
        spec["spec"]["ioConfig"]["startDelay"] = json!("PT0S");
        let newest = context.metastore.supervisor(id).await?;
        let request = SetSpec {
            supervisor_id: id.to_string(),
            expected_version: newest.map_or(0, |spec| spec.version),
            kind: SpecKind::Submitted,
            json: spec.to_string(),
            by: "quickstart".into(),
        };
        context.metastore.set_spec(&request).await.into_result()?;
    }
    Ok(before)
}

async fn rebase(
    metastore: &Arc<dyn Metastore>,
    supervisor_id: &str,
    cluster_id: Option<&str>,
) -> Result<usize, Box<dyn std::error::Error>> {
    let sources = metastore.sources(supervisor_id).await?;
    for source in &sources {
        let request = Rebase {
            source_id: source.source_id.clone(),
            expected_gen: source.source_gen,
            starts: Vec::new(),
            forget_others: true,
            cluster_id: cluster_id.map(str::to_string),
            topic_uuid: None,
            by: "quickstart".into(),
        };
        metastore.rebase(&request).await.into_result()?;
    }
    Ok(sources.len())
}

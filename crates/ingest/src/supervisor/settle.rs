//! What an operator decides about a lane that was halted: the only ways on that give something up, each in the open.

use metastore::{Accept, Authority, Lane, LaneState, SetLane, Skip, Source};
use serde_json::json;

use super::api::reply;
use super::spec::SupervisorSpec;
use super::{Reply, Supervisors, refused, unavailable};
use crate::source::{Bounds, Partition};
use crate::{Error, IngestContext, Result};

/// A decision about a halted lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// Read the same offsets again.
    Retry,
    /// Give up what lies below this offset, or below the first one that the log still holds.
    Skip(Option<i64>),
    /// The log is shorter than it was: keep what was indexed, go on at its end.
    Accept,
    /// The partition is not there any more and will not be read.
    Gone,
}

impl Supervisors {
    /// Carries out a decision about the halted lane of `partition`; `topic` where the supervisor reads several.
    pub async fn settle(&self, id: &str, topic: Option<&str>, partition: i32, decision: Settlement) -> Reply {
        reply(self.try_settle(id, topic, partition, decision).await)
    }

    async fn try_settle(&self, id: &str, topic: Option<&str>, partition: i32, decision: Settlement) -> Result<Reply> {
        let Some(handle) = self.handle(id).await else { return Ok(Reply::unknown(id)) };
        let spec = handle.spec();
        let topic = topic.unwrap_or_else(|| spec.io.stream());
        let halted = Halted::find(&self.context, &spec, topic, partition).await?;
        let offset = match decision {
            Settlement::Retry => halted.set(&self.context, LaneState::Reading).await?.next_offset,
            Settlement::Gone => halted.set(&self.context, LaneState::Gone).await?.next_offset,
            Settlement::Skip(to) => halted.skip(&self.context, &spec, to).await?,
            Settlement::Accept => halted.accept(&self.context, &spec).await?,
        };
        handle.look_again();
        Ok(Reply::json(json!({"id": id, "topic": topic, "partition": partition, "offset": offset})))
    }
}

struct Halted {
    source: Source,
    lane: Lane,
}

fn operator() -> Authority {
    Authority::Operator("operator".to_owned())
}

impl Halted {
    async fn find(context: &IngestContext, spec: &SupervisorSpec, topic: &str, partition: i32) -> Result<Halted> {
        let sources = context.metastore.sources(&spec.id).await.map_err(unavailable)?;
        let source = sources.into_iter().find(|source| source.datasource == spec.datasource && source.topic == topic);
        let source = source.ok_or_else(|| Error::NotFound(format!("[{}] has read no topic [{topic}]", spec.id)))?;
        let lanes = context.metastore.lanes(&source.source_id).await.map_err(unavailable)?;
        let lane = lanes.into_iter().find(|lane| lane.partition == partition);
        let lane = lane.ok_or_else(|| Error::NotFound(format!("[{topic}] has no partition [{partition}]")))?;
        match lane.state {
            LaneState::Halted => Ok(Halted { source, lane }),
            _ => Err(Error::Conflict(format!("partition [{partition}] of [{topic}] is not halted"))),
        }
    }

    async fn set(&self, context: &IngestContext, state: LaneState) -> Result<Lane> {
        let request = SetLane { lane: self.lane.id(), state, reason: None, by: operator() };
        context.metastore.set_lane(&request).await.into_result().map_err(refused)
    }

    async fn bounds(&self, context: &IngestContext, spec: &SupervisorSpec) -> Result<Bounds> {
        let properties = spec.client_properties(context)?;
        let partition = Partition::new(self.source.topic.as_str(), self.lane.partition);
        let connect = context.connect.clone();
        super::blocking(move || connect(&properties)?.bounds(&partition)).await
    }

    async fn skip(&self, context: &IngestContext, spec: &SupervisorSpec, to: Option<i64>) -> Result<i64> {
        let to_offset = match to {
            Some(to) => to,
            None => self.bounds(context, spec).await?.earliest,
        };
        let from_offset = self.lane.next_offset;
        if to_offset <= from_offset {
            let reason = format!("offset {from_offset} comes next, so there is nothing to skip up to {to_offset}");
            return Err(Error::Conflict(reason));
        }
        let why = self.lane.reason.clone().unwrap_or_default();
        let request = Skip { lane: self.lane.id(), from_offset, to_offset, why, by: operator() };
        context.metastore.skip(&request).await.into_result().map_err(refused)?;
        Ok(self.set(context, LaneState::Reading).await?.next_offset)
    }

    /// What the log has lost is taken back in the books, and a new generation of the source begins at its end.
    async fn accept(&self, context: &IngestContext, spec: &SupervisorSpec) -> Result<i64> {
        let to_offset = self.bounds(context, spec).await?.end;
        let from_offset = self.lane.next_offset;
        if to_offset >= from_offset {
            let reason = format!("the log reaches {to_offset}, so it has not lost offset {from_offset}");
            return Err(Error::Conflict(reason));
        }
        let why = self.lane.reason.clone().unwrap_or_default();
        let request = Accept { lane: self.lane.id(), from_offset, to_offset, why, by: "operator".to_owned() };
        context.metastore.accept(&request).await.into_result().map_err(refused)?;
        context.handoff.lanes_changed(&self.source.datasource_id).await;
        Ok(to_offset)
    }
}

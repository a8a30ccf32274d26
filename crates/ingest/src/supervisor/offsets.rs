//! The endpoints that move offsets, and how they are moved.

use metastore::{LaneState, Open, Rebase, Register, SetLane, Source};
use serde_json::Value;

use super::actor::Handle;
use super::api::reply;
use super::spec::SupervisorSpec;
use super::{Reply, Supervisors, refused, unavailable};
use crate::source::{Bounds, Partition, SourceError, Topic};
use crate::{Error, IngestContext, Result};

/// Where lanes are to begin.
#[derive(Debug, Clone)]
pub(super) enum ResetPlan {
    /// Anew, by `useEarliestOffset`.
    All { by: String },
    /// Some partitions of a topic elsewhere, the others where they stand.
    Some { topic: String, starts: Vec<(i32, i64)> },
}

impl Supervisors {
    /// `POST /{id}/reset`: offsets are forgotten; reading begins anew by `useEarliestOffset`. Rows that were
    /// published stay.
    pub async fn reset(&self, id: &str) -> Reply {
        reply(self.try_reset(id, ResetPlan::All { by: "operator".to_owned() }).await)
    }

    /// Begins anew with the sources of a supervisor whose log does not outlive the process. For the process's own
    /// sources; never called for anybody else's unasked.
    pub async fn rebase(&self, id: &str, by: &str) -> Reply {
        reply(self.try_reset(id, ResetPlan::All { by: by.to_owned() }).await)
    }

    /// `POST /{id}/resetOffsets`: some partitions go elsewhere.
    pub async fn reset_offsets(&self, id: &str, body: &Value) -> Reply {
        reply(self.try_reset_offsets(id, body).await)
    }

    async fn try_reset(&self, id: &str, plan: ResetPlan) -> Result<Reply> {
        let Some(handle) = self.handle(id).await else { return Ok(Reply::unknown(id)) };
        handle.reset(plan).await?;
        Ok(Reply::id(id))
    }

    async fn try_reset_offsets(&self, id: &str, body: &Value) -> Result<Reply> {
        let Some(handle) = self.handle(id).await else { return Ok(Reply::unknown(id)) };
        let plan = parse(body, &handle)?;
        handle.reset(plan).await?;
        Ok(Reply::id(id))
    }
}

fn parse(body: &Value, handle: &Handle) -> Result<ResetPlan> {
    match body.get("type").and_then(Value::as_str) {
        Some("kafka") => {}
        Some(other) => return Err(Error::invalid("type", format!("[{other}] is not [kafka]"))),
        None => return Err(Error::invalid("type", "is missing; it must be [kafka]")),
    }
    let partitions = body.get("partitions").and_then(Value::as_object);
    let partitions = partitions.ok_or_else(|| Error::invalid("partitions", "must be an object"))?;
    let text = |name: &str| partitions.get(name).and_then(Value::as_str);
    let spec = handle.spec();
    let topic = text("stream").or_else(|| text("topic")).unwrap_or_else(|| spec.io.stream());
    if !spec.io.choice.matches(topic) {
        let reason = format!("the supervisor reads [{}], not [{topic}]", spec.io.stream());
        return Err(Error::invalid("partitions.stream", reason));
    }
    let offsets = partitions.get("partitionOffsetMap").or_else(|| partitions.get("partitionSequenceNumberMap"));
    let offsets = offsets.and_then(Value::as_object);
    let offsets = offsets.ok_or_else(|| Error::invalid("partitions.partitionOffsetMap", "must be an object"))?;
    let mut starts = Vec::with_capacity(offsets.len());
    for (partition, offset) in offsets {
        let field = format!("partitions.partitionOffsetMap.{partition}");
        let number = partition.parse::<i32>().ok().filter(|number| *number >= 0);
        let number = number.ok_or_else(|| Error::invalid(&field, "is not the number of a partition"))?;
        let offset = offset.as_i64().or_else(|| offset.as_str().and_then(|text| text.parse().ok()));
        let offset = offset.filter(|offset| *offset >= 0).ok_or_else(|| Error::invalid(&field, "must be an offset"))?;
        starts.push((number, offset));
    }
    Ok(ResetPlan::Some { topic: topic.to_owned(), starts })
}

impl ResetPlan {
    /// Makes new generations of the sources concerned; nobody may be reading them.
    pub(super) async fn carry_out(&self, context: &IngestContext, spec: &SupervisorSpec) -> Result<()> {
        if let ResetPlan::Some { topic, starts } = self {
            open_named(context, spec, topic, starts).await?;
        }
        let sources = context.metastore.sources(&spec.id).await.map_err(unavailable)?;
        let (cluster_id, topics) = self.identity(context, spec).await.unwrap_or_default();
        for source in sources.iter().filter(|source| source.datasource == spec.datasource) {
            match self {
                ResetPlan::All { by } if spec.io.choice.matches(&source.topic) => {
                    let topic = topics.iter().find(|topic| *topic.name == *source.topic);
                    let identity = (cluster_id.clone(), topic.and_then(|topic| topic.uuid.clone()));
                    rebase(context, source, (Vec::new(), true), by, identity).await?;
                }
                ResetPlan::Some { topic, starts } if *topic == source.topic => {
                    let starts = known(context, source, starts).await?;
                    if !starts.is_empty() {
                        rebase(context, source, (starts, false), "operator", (None, None)).await?;
                    }
                }
                ResetPlan::All { .. } | ResetPlan::Some { .. } => {}
            }
        }
        Ok(())
    }
}

/// Opens lanes that are told where to begin before anybody has seen their partitions. The first lanes of a topic are
/// opened together: those that are not named by `useEarliestOffset`.
async fn open_named(context: &IngestContext, spec: &SupervisorSpec, topic: &str, starts: &[(i32, i64)]) -> Result<()> {
    let sources = context.metastore.sources(&spec.id).await.map_err(unavailable)?;
    let known = sources.iter().find(|source| source.datasource == spec.datasource && source.topic == topic);
    let lanes = match known {
        Some(source) => context.metastore.lanes(&source.source_id).await.map_err(unavailable)?,
        None => Vec::new(),
    };
    let is_open = |partition: i32| lanes.iter().any(|lane| lane.partition == partition);
    if starts.iter().all(|(partition, _)| is_open(*partition)) {
        return Ok(());
    }
    let seen = look(context, spec, topic).await?;
    let named = |partition: i32| starts.iter().find(|(number, _)| *number == partition).map(|(_, offset)| *offset);
    let first = |bounds: &Bounds| if spec.io.use_earliest { bounds.earliest } else { bounds.end };
    let opened = (0i32..).zip(&seen.bounds).filter(|(partition, _)| !is_open(*partition));
    let opened = opened.filter_map(|(partition, bounds)| {
        let otherwise = lanes.is_empty().then(|| first(bounds));
        Some((partition, named(partition).or(otherwise)?))
    });
    let starts: Vec<(i32, i64)> = opened.collect();
    if starts.is_empty() {
        return Ok(());
    }
    let request = Register {
        supervisor_id: spec.id.clone(),
        datasource: spec.datasource.clone(),
        topic: topic.to_owned(),
        cluster_id: seen.cluster_id,
        topic_uuid: seen.topic.uuid,
    };
    let source = context.metastore.register(&request).await.into_result().map_err(refused)?;
    let request = Open { source_id: source.source_id, source_gen: source.source_gen, starts };
    context.metastore.open(&request).await.into_result().map_err(refused)?;
    Ok(())
}

/// A topic as it stands now.
struct Seen {
    cluster_id: Option<String>,
    topic: Topic,
    /// Of its partitions, in order.
    bounds: Vec<Bounds>,
}

async fn look(context: &IngestContext, spec: &SupervisorSpec, topic: &str) -> Result<Seen> {
    let properties = spec.client_properties(context)?;
    let (connect, choice, wanted) = (context.connect.clone(), spec.io.choice.clone(), topic.to_owned());
    let asked = move || {
        let source = connect(&properties)?;
        let Some(topic) = source.topics(&choice)?.into_iter().find(|topic| *topic.name == *wanted) else {
            return Err(SourceError::NotFound(format!("no topic [{wanted}]")));
        };
        let partitions = (0..topic.num_partitions).map(|number| Partition::new(topic.name.clone(), number));
        let bounds = partitions.map(|partition| source.bounds(&partition)).collect::<std::result::Result<_, _>>()?;
        Ok(Seen { cluster_id: source.cluster_id()?, topic, bounds })
    };
    super::blocking(asked).await
}

/// The starts of partitions that the source has; there is nothing to move in others.
async fn known(context: &IngestContext, source: &Source, starts: &[(i32, i64)]) -> Result<Vec<(i32, i64)>> {
    let lanes = context.metastore.lanes(&source.source_id).await.map_err(unavailable)?;
    let is_known = |partition: i32| lanes.iter().any(|lane| lane.partition == partition);
    Ok(starts.iter().copied().filter(|(partition, _)| is_known(*partition)).collect())
}

impl ResetPlan {
    /// Beginning anew accepts the cluster and the topics that answer now; nothing of the kind when none answers.
    async fn identity(&self, context: &IngestContext, spec: &SupervisorSpec) -> Option<(Option<String>, Vec<Topic>)> {
        let ResetPlan::All { .. } = self else { return None };
        let properties = spec.client_properties(context).ok()?;
        let (connect, choice) = (context.connect.clone(), spec.io.choice.clone());
        let asked = super::blocking(move || {
            let source = connect(&properties)?;
            Ok((source.cluster_id()?, source.topics(&choice)?))
        });
        asked.await.ok()
    }
}

async fn rebase(
    context: &IngestContext,
    source: &Source,
    (starts, forget_others): (Vec<(i32, i64)>, bool),
    by: &str,
    (cluster_id, topic_uuid): (Option<String>, Option<String>),
) -> Result<()> {
    let request = Rebase {
        source_id: source.source_id.clone(),
        expected_gen: source.source_gen,
        starts,
        forget_others,
        cluster_id,
        topic_uuid,
        by: by.to_owned(),
    };
    context.metastore.rebase(&request).await.into_result().map_err(refused)?;
    context.handoff.lanes_changed(&source.datasource_id).await;
    Ok(())
}

/// Lifts the halts of a supervisor's lanes: whoever submits or resumes a spec is the operator they wait for.
pub(super) async fn lift_halts(context: &IngestContext, supervisor_id: &str) -> Result<()> {
    for source in context.metastore.sources(supervisor_id).await.map_err(unavailable)? {
        for lane in context.metastore.lanes(&source.source_id).await.map_err(unavailable)? {
            if lane.state == LaneState::Halted {
                let by = metastore::Authority::Operator("operator".to_owned());
                let request = SetLane { lane: lane.id(), state: LaneState::Reading, reason: None, by };
                context.metastore.set_lane(&request).await.into_result().map_err(refused)?;
            }
        }
    }
    Ok(())
}

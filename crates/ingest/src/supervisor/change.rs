//! The endpoints that change a supervisor.

use metastore::{SetSpec, SpecKind};
use serde_json::{Value, json};

use super::api::reply;
use super::history::tombstone;
use super::recast;
use super::replay::Replay;
use super::spec::SupervisorSpec;
use super::{Reply, Supervisors, refused};
use crate::{Error, Result};

/// How a spec is submitted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes {
    /// Nothing happens when the spec runs already.
    pub skips_restart_if_unmodified: bool,
    /// The spec is wanted whatever a replay says.
    pub is_forced: bool,
    /// Metrics may have another type than in rows that are there.
    pub recasts: bool,
}

impl Supervisors {
    /// `POST /`: a new supervisor, or a new version of one. The newest records are replayed first: a version that
    /// can read none of those that the present one reads is refused, other differences stand in the answer.
    /// So is, with 409, one that gives a metric another type than it has in rows that are there.
    pub async fn submit(&self, body: &Value, wishes: Wishes) -> Reply {
        reply(self.try_submit(body, wishes).await)
    }

    async fn try_submit(&self, body: &Value, wishes: Wishes) -> Result<Reply> {
        let spec = SupervisorSpec::parse(body)?;
        spec.client_properties(&self.context)?;
        let id = spec.id.clone();
        if wishes.skips_restart_if_unmodified
            && self.handle(&id).await.is_some_and(|handle| handle.spec().json == spec.json)
        {
            return Ok(Reply::id(&id));
        }
        let present = self.handle(&id).await;
        if let Some(present) = present.as_ref().filter(|_| !wishes.recasts) {
            recast::check(&self.context, &present.spec(), &spec, present.status().has_rows()).await?;
        }
        let replay = match present {
            Some(present) if !wishes.is_forced => Replay::run(&self.context, &present.spec(), &spec).await?,
            _ => None,
        };
        replay.as_ref().map_or(Ok(()), Replay::check)?;
        self.record(spec, SpecKind::Submitted).await?;
        match replay.as_ref().and_then(Replay::to_json) {
            None => Ok(Reply::id(&id)),
            Some(differences) => {
                tracing::warn!(supervisor = id, %differences, "the new spec reads the newest records in another way");
                Ok(Reply::json(json!({"id": id, "replay": differences})))
            }
        }
    }

    /// Writes the next version and makes it run; a spec that runs already begins anew under the version that it
    /// has. Compares with the newest version, so of two writers at a time one is told to try again.
    async fn record(&self, spec: SupervisorSpec, kind: SpecKind) -> Result<()> {
        let running = self.handle(&spec.id).await.map(|handle| handle.version_of(&spec));
        let version = match running.flatten() {
            Some(version) => version,
            None => self.write(&spec.id, kind, spec.json.to_string()).await?,
        };
        super::offsets::lift_halts(&self.context, &spec.id).await?;
        self.run(spec, version).await;
        Ok(())
    }

    async fn write(&self, id: &str, kind: SpecKind, json: String) -> Result<i64> {
        let newest = self.context.metastore.supervisor(id).await.map_err(super::unavailable)?;
        let expected_version = newest.map_or(0, |spec| spec.version);
        let by = "operator".to_owned();
        let request = SetSpec { supervisor_id: id.to_owned(), expected_version, kind, json, by };
        let spec = self.context.metastore.set_spec(&request).await.into_result().map_err(refused)?;
        storage::fail::point("I4");
        Ok(spec.version)
    }

    /// `POST /{id}/suspend`: what was read is published, then reading stops.
    pub async fn suspend(&self, id: &str) -> Reply {
        reply(self.set_suspended(id, true).await)
    }

    /// `POST /{id}/resume`
    pub async fn resume(&self, id: &str) -> Reply {
        reply(self.set_suspended(id, false).await)
    }

    async fn set_suspended(&self, id: &str, suspended: bool) -> Result<Reply> {
        let Some(handle) = self.handle(id).await else { return Ok(Reply::unknown(id)) };
        let spec = handle.spec();
        if spec.suspended == suspended {
            let state = if suspended { "suspended" } else { "running" };
            return Ok(Reply::error(400, format!("[{id}] is already {state}")));
        }
        let spec = spec.with_suspended(suspended);
        let shown = spec.shown();
        self.record(spec, if suspended { SpecKind::Suspended } else { SpecKind::Resumed }).await?;
        Ok(Reply::json(shown))
    }

    /// `POST /{id}/terminate` (once `/shutdown`): what was read is published, the supervisor is gone. Its
    /// offsets stay: a later supervisor of the same id goes on there.
    pub async fn terminate(&self, id: &str) -> Reply {
        reply(self.try_terminate(id).await)
    }

    async fn try_terminate(&self, id: &str) -> Result<Reply> {
        let Some(handle) = self.handle(id).await else { return Ok(Reply::unknown(id)) };
        let json = tombstone(&handle.spec().datasource).to_string();
        self.write(id, SpecKind::Terminated, json).await?;
        self.end(id).await;
        Ok(Reply::id(id))
    }

    /// `POST /suspendAll`
    pub async fn suspend_all(&self) -> Reply {
        self.all(|spec| !spec.suspended, |id| async move { self.suspend(&id).await }).await
    }

    /// `POST /resumeAll`
    pub async fn resume_all(&self) -> Reply {
        self.all(|spec| spec.suspended, |id| async move { self.resume(&id).await }).await
    }

    /// `POST /terminateAll`
    pub async fn terminate_all(&self) -> Reply {
        self.all(|_| true, |id| async move { self.terminate(&id).await }).await
    }

    async fn all<F: Future<Output = Reply>>(
        &self,
        which: impl Fn(&SupervisorSpec) -> bool,
        act: impl Fn(String) -> F,
    ) -> Reply {
        for handle in self.handles().await {
            let spec = handle.spec();
            if which(&spec) {
                let answer = act(spec.id.clone()).await;
                if answer.status >= 500 {
                    return answer;
                }
            }
        }
        Reply::json(json!({"status": "success"}))
    }

    /// `POST /{id}/taskGroups/handoff` `{"taskGroupIds": [..]}`: the groups publish what they have read and
    /// go on as new tasks.
    pub async fn handoff_groups(&self, id: &str, body: &Value) -> Reply {
        reply(self.try_handoff(id, body).await)
    }

    async fn try_handoff(&self, id: &str, body: &Value) -> Result<Reply> {
        let Some(handle) = self.handle(id).await else { return Ok(Reply::unknown(id)) };
        let groups = body.get("taskGroupIds").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if groups.is_empty() {
            return Ok(Reply::error(400, "List of task groups to handoff can't be empty"));
        }
        let groups: Option<Vec<i64>> = groups.iter().map(Value::as_i64).collect();
        let groups = groups.ok_or_else(|| Error::invalid("taskGroupIds", "must be a list of whole numbers"))?;
        handle.rotate(groups);
        Ok(Reply { status: 200, body: super::Body::Empty })
    }
}

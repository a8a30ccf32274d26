use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{Datasource, Source};
use crate::store::{Context, Verb};
use crate::table::{Filter, Tx};
use crate::verbs::guards::{Guarded, audit, invalid, outcome};
use crate::{Outcome, Result};

/// Make a source known, and its datasource with it. Key: supervisor, datasource and topic. The stored
/// source is returned: the caller compares cluster and topic ids with what it meets. Ids that are not known yet are
/// taken; known ones change by `rebase` only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Register {
    pub supervisor_id: String,
    pub datasource: String,
    pub topic: String,
    pub cluster_id: Option<String>,
    pub topic_uuid: Option<String>,
}

/// The datasource of that name, made when it is new.
pub(crate) async fn datasource_named(tx: &mut Tx, context: &Context, name: &str) -> Guarded<Datasource> {
    if name.is_empty() {
        return Err(invalid("datasource", "is empty"));
    }
    if let Some(found) = tx.one(Filter::all().eq_text("name", name)).await? {
        return Ok(found);
    }
    let (datasource_id, name) = (context.uuid(), name.to_owned());
    let made = Datasource { datasource_id, name, created_at: tx.now, snapshot: 0, weight_forgotten: 0 };
    tx.add(std::slice::from_ref(&made)).await?;
    Ok(made)
}

impl Register {
    async fn guarded(&self, tx: &mut Tx, context: &Context) -> Guarded<Outcome<Source>> {
        let datasource = datasource_named(tx, context, &self.datasource).await?;
        let filter = Filter::all()
            .eq_text("supervisor_id", &self.supervisor_id)
            .eq_text("datasource_id", &datasource.datasource_id)
            .eq_text("topic", &self.topic);
        if let Some(mut found) = tx.one::<Source>(filter).await? {
            let known = (found.cluster_id.is_some(), found.topic_uuid.is_some());
            found.cluster_id = found.cluster_id.or_else(|| self.cluster_id.clone());
            found.topic_uuid = found.topic_uuid.or_else(|| self.topic_uuid.clone());
            if known != (found.cluster_id.is_some(), found.topic_uuid.is_some()) {
                tx.save(&found).await?;
                return Ok(Outcome::Done(found));
            }
            return Ok(Outcome::AlreadyDone(found));
        }
        let source = Source {
            source_id: context.uuid(),
            supervisor_id: self.supervisor_id.clone(),
            datasource_id: datasource.datasource_id,
            datasource: datasource.name,
            topic: self.topic.clone(),
            cluster_id: self.cluster_id.clone(),
            topic_uuid: self.topic_uuid.clone(),
            source_gen: 1,
            created_at: tx.now,
        };
        tx.add(std::slice::from_ref(&source)).await?;
        audit(tx, "register", &source.source_id, &self.supervisor_id, self.topic.clone()).await?;
        Ok(Outcome::Done(source))
    }
}

#[async_trait]
impl Verb for Register {
    type Output = Source;

    async fn run(&self, tx: &mut Tx, context: &Context) -> Result<Outcome<Source>> {
        outcome(self.guarded(tx, context).await)
    }
}

/// Make a datasource known by name, without a source (native batch). Key: the name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NameDatasource {
    pub datasource: String,
}

#[async_trait]
impl Verb for NameDatasource {
    type Output = Datasource;

    async fn run(&self, tx: &mut Tx, context: &Context) -> Result<Outcome<Datasource>> {
        let found: Option<Datasource> = tx.one(Filter::all().eq_text("name", &self.datasource)).await?;
        if let Some(found) = found {
            return Ok(Outcome::AlreadyDone(found));
        }
        outcome(datasource_named(tx, context, &self.datasource).await.map(Outcome::Done))
    }
}

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{Spec, SpecKind};
use crate::store::{Context, Verb};
use crate::table::{Filter, Tx};
use crate::verbs::guards::{Guarded, audit, outcome};
use crate::{Conflict, Outcome, Result};

/// Write the next version of a supervisor's spec. Key: supervisor and the version it has now (0 = none).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetSpec {
    pub supervisor_id: String,
    pub expected_version: i64,
    pub kind: SpecKind,
    /// JSON text as the history shows it.
    pub json: String,
    /// Who asked, for the audit.
    pub by: String,
}

impl SetSpec {
    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<Spec>> {
        let of_this = || Filter::all().eq_text("supervisor_id", &self.supervisor_id);
        let current: Option<Spec> = tx.one(of_this().eq("latest", true)).await?;
        let version = current.as_ref().map_or(0, |spec| spec.version);
        let next = self.expected_version.saturating_add(1);
        if version != self.expected_version {
            let same = current.filter(|spec| spec.version == next && spec.json == self.json && spec.kind == self.kind);
            return match same {
                Some(spec) => Ok(Outcome::AlreadyDone(spec)),
                None => {
                    let what = format!("spec of supervisor [{}]", self.supervisor_id);
                    let expected = self.expected_version;
                    Err(Conflict::Version { what, current: version, expected }.into())
                }
            };
        }
        if let Some(mut old) = current {
            old.latest = false;
            tx.save(&old).await?;
        }
        let spec = Spec {
            supervisor_id: self.supervisor_id.clone(),
            version: next,
            kind: self.kind,
            json: self.json.clone(),
            created_at: tx.now,
            latest: true,
        };
        tx.add(std::slice::from_ref(&spec)).await?;
        let detail = format!("{} version {next}", self.kind.as_str());
        audit(tx, "set_spec", &self.supervisor_id, &self.by, detail).await?;
        Ok(Outcome::Done(spec))
    }
}

#[async_trait]
impl Verb for SetSpec {
    type Output = Spec;

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<Spec>> {
        outcome(self.guarded(tx).await)
    }
}

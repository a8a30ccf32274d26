use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::Leader;
use crate::store::{Context, Verb};
use crate::table::{Filter, Tx};
use crate::verbs::guards::audit;
use crate::verbs::guards::outcome;
use crate::{Conflict, Outcome, Result};

/// Become or stay leader of a role. A new holder gets a new epoch; the same holder keeps its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Lead {
    pub role: String,
    pub holder: String,
    pub ttl_ms: i64,
}

#[async_trait]
impl Verb for Lead {
    type Output = Leader;

    async fn run(&self, tx: &mut Tx, context: &Context) -> Result<Outcome<Leader>> {
        let old: Option<Leader> = tx.one(Filter::all().eq_text("role", &self.role)).await?;
        let lease_until = tx.now.saturating_add(self.ttl_ms);
        let leader = match &old {
            Some(old) if old.holder == self.holder => Leader { lease_until, ..old.clone() },
            Some(old) if old.lease_until > tx.now => {
                let (role, holder) = (old.role.clone(), old.holder.clone());
                return Ok(Outcome::Conflict(Conflict::Held { role, holder, lease_until: old.lease_until }));
            }
            _ => {
                let epoch = old.as_ref().map_or(1, |old| old.epoch + 1);
                let (role, holder) = (self.role.clone(), self.holder.clone());
                Leader { role, holder, epoch, nonce: context.nonce(), lease_until }
            }
        };
        tx.put(&leader).await?;
        if old.is_none_or(|old| old.epoch != leader.epoch) {
            let noted = audit(tx, "lead", &self.role, &self.holder, format!("epoch {}", leader.epoch)).await;
            return outcome(noted.map(|()| Outcome::Done(leader)));
        }
        Ok(Outcome::Done(leader))
    }
}

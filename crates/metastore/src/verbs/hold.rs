use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::Reader;
use crate::store::{Context, Verb};
use crate::table::Tx;
use crate::verbs::guards::{Guarded, find_datasource, outcome};
use crate::{Outcome, Result};

/// Say which snapshot of a datasource is the oldest that a broker reads, for a while.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hold {
    pub broker_id: String,
    pub datasource_id: String,
    pub min_snapshot: i64,
    pub ttl_ms: i64,
}

impl Hold {
    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<Reader>> {
        find_datasource(tx, &self.datasource_id).await?;
        let reader = Reader {
            broker_id: self.broker_id.clone(),
            datasource_id: self.datasource_id.clone(),
            min_snapshot: self.min_snapshot,
            lease_until: tx.now.saturating_add(self.ttl_ms),
        };
        tx.put(&reader).await?;
        Ok(Outcome::Done(reader))
    }
}

#[async_trait]
impl Verb for Hold {
    type Output = Reader;

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<Reader>> {
        outcome(self.guarded(tx).await)
    }
}

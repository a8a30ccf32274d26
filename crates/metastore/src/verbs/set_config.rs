use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::Config;
use crate::store::{Context, Verb};
use crate::table::{Filter, Tx};
use crate::verbs::guards::{Guarded, outcome};
use crate::{Conflict, Outcome, Result};

/// Write the next version of a configuration value. Key: name and, when given, the version it has now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetConfig {
    pub key: String,
    /// Compare and swap; absent = whatever is there.
    pub expected_version: Option<i64>,
    /// JSON text; absent deletes.
    pub json: Option<String>,
    pub author: String,
    pub comment: String,
    pub ip: String,
}

impl SetConfig {
    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<Config>> {
        let latest = Filter::all().eq_text("key", &self.key).eq("latest", true);
        let current: Option<Config> = tx.one(latest).await?;
        let version = current.as_ref().map_or(0, |config| config.version);
        if let Some(expected) = self.expected_version
            && expected != version
        {
            let next = expected.saturating_add(1);
            let same = current.filter(|config| config.version == next && config.json == self.json);
            return match same {
                Some(config) => Ok(Outcome::AlreadyDone(config)),
                None => {
                    let what = format!("configuration [{}]", self.key);
                    Err(Conflict::Version { what, current: version, expected }.into())
                }
            };
        }
        if let Some(mut old) = current {
            old.latest = false;
            tx.save(&old).await?;
        }
        let config = Config {
            key: self.key.clone(),
            version: version + 1,
            json: self.json.clone(),
            author: self.author.clone(),
            comment: self.comment.clone(),
            ip: self.ip.clone(),
            at: tx.now,
            latest: true,
        };
        tx.add(std::slice::from_ref(&config)).await?;
        Ok(Outcome::Done(config))
    }
}

#[async_trait]
impl Verb for SetConfig {
    type Output = Config;

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<Config>> {
        outcome(self.guarded(tx).await)
    }
}

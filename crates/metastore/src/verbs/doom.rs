use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{Bundle, BundleKind, BundleState, Reader, Segment};
use crate::store::{Context, Verb};
use crate::table::{Filter, Tx};
use crate::verbs::guards::{Guarded, audit, missing, outcome};
use crate::{Conflict, Outcome, Result};

/// Decide that an object will be deleted: one announced and never published, or one whose segment was
/// removed and is not read any more. Key: the object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Doom {
    pub bundle_id: String,
    pub grace_ms: i64,
}

/// Why an object has to stay, if it has to.
async fn reason_to_stay(tx: &mut Tx, bundle: &Bundle, grace_ms: i64) -> Result<Option<&'static str>> {
    let long_ago = tx.now.saturating_sub(grace_ms);
    if bundle.state == BundleState::Intent {
        return Ok((bundle.created_at > long_ago).then_some("it was announced within grace"));
    }
    if bundle.kind == BundleKind::DeadLetters {
        return Ok(Some("dead letters are kept"));
    }
    let segment: Option<Segment> = tx.one(Filter::all().eq_text("seg_id", &bundle.bundle_id)).await?;
    let Some(segment) = segment else { return Ok(None) };
    let (Some(removed_at), Some(removed_time)) = (segment.removed_at, segment.removed_time) else {
        return Ok(Some("its segment is live"));
    };
    if removed_time > long_ago {
        return Ok(Some("its segment was removed within grace"));
    }
    let reading = Filter::all()
        .eq_text("datasource_id", &bundle.datasource_id)
        .gt("lease_until", tx.now)
        .lt("min_snapshot", removed_at);
    let reader: Option<Reader> = tx.one(reading).await?;
    Ok(reader.map(|_| "a broker reads an older snapshot"))
}

impl Doom {
    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<Bundle>> {
        let bundle: Option<Bundle> = tx.one(Filter::all().eq_text("bundle_id", &self.bundle_id)).await?;
        let mut bundle = bundle.ok_or_else(|| missing("object", &self.bundle_id))?;
        if bundle.state == BundleState::Doomed {
            return Ok(Outcome::AlreadyDone(bundle));
        }
        if let Some(why) = reason_to_stay(tx, &bundle, self.grace_ms).await? {
            let (bundle_id, why) = (self.bundle_id.clone(), why.to_owned());
            return Err(Conflict::TooEarly { bundle_id, why }.into());
        }
        bundle.state = BundleState::Doomed;
        tx.save(&bundle).await?;
        audit(tx, "doom", &self.bundle_id, "", bundle.path.clone()).await?;
        Ok(Outcome::Done(bundle))
    }
}

#[async_trait]
impl Verb for Doom {
    type Output = Bundle;

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<Bundle>> {
        outcome(self.guarded(tx).await)
    }
}

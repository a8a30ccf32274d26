//! One cut on its way, step by step. Each step may be the last one before the process dies; whoever comes
//! after finds nothing, an announcement, an orphan object or the published cut, and goes on from there.

use std::sync::Arc;

use bytes::Bytes;
use metastore::{
    BundleKind, Claim, Conflict, Intend, NewBundle, NewDeadLetters, NewSegment, Outcome, Publish, Published,
};
use storage::{fail, layout};

use super::{CutPlan, Images, Sealed, new_id};
use crate::spill::{SpillStore, failed};
use crate::{Error, IngestContext, Result, dead_letter};

/// How a cut ended.
#[derive(Debug, Clone)]
pub(crate) enum Ending {
    /// Its segments are live.
    Published(Published),
    /// Its lanes are not ours, or not where we thought; everything above the committed offsets is to be
    /// forgotten.
    Refused(String),
}

/// What a step came to.
#[derive(Debug, Clone)]
pub(crate) enum Progress {
    /// The next step can be taken.
    Next,
    /// Nothing is known; the same step is to be tried again after a while.
    Later(String),
    /// It is over.
    Ended(Ending),
}

/// An object that is announced before it is sent.
struct Object {
    bundle_id: String,
    path: String,
    kind: BundleKind,
    bytes: Bytes,
    size: i64,
    /// Known once it was sent.
    hash: String,
}

enum Stage {
    Chosen,
    Noted,
    Folded(Vec<Sealed>, Vec<Object>),
    Intended(Vec<Sealed>, Vec<Object>, usize),
    Uploaded(Box<Publish>),
    Over,
}

/// A cut on its way.
pub(crate) struct Attempt {
    context: IngestContext,
    plan: CutPlan,
    stage: Stage,
    images: Arc<Images>,
}

impl Attempt {
    pub(crate) fn new(context: IngestContext, plan: CutPlan) -> Attempt {
        let images = Arc::new(Images::new(context.images.clone()));
        Attempt { context, plan, stage: Stage::Chosen, images }
    }

    /// The images of its segments, which stay as long as this is held.
    pub(crate) fn images(&self) -> Arc<Images> {
        self.images.clone()
    }

    /// Takes one step.
    pub(crate) async fn advance(&mut self, store: &SpillStore) -> Progress {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Chosen => self.note(store),
            Stage::Noted => self.fold().await,
            Stage::Folded(sealed, objects) => self.intend(sealed, objects).await,
            Stage::Intended(sealed, objects, done) => self.upload(sealed, objects, done).await,
            Stage::Uploaded(request) => self.publish(request).await,
            Stage::Over => refused("the cut is over"),
        }
    }

    fn note(&mut self, store: &SpillStore) -> Progress {
        fail::point("U1");
        match store.note_cut(self.plan.note()) {
            Ok(()) => {
                fail::point("U2");
                self.stage = Stage::Noted;
                Progress::Next
            }
            Err(error) => {
                self.stage = Stage::Chosen;
                Progress::Later(error.to_string())
            }
        }
    }

    async fn fold(&mut self) -> Progress {
        let plan = self.plan.clone();
        let folded = tokio::task::spawn_blocking(move || Ok((plan.fold()?, letters(&plan)?)));
        let folded: Result<_> = folded.await.unwrap_or_else(|panic| Err(Error::Internal(panic.to_string())));
        match folded.and_then(|(sealed, letters)| self.objects(&sealed, letters).map(|objects| (sealed, objects))) {
            Ok((sealed, objects)) => {
                self.stage = Stage::Folded(sealed, objects);
                Progress::Next
            }
            Err(error) => refused(format!("rows of the cut cannot be sealed: {error}")),
        }
    }

    fn objects(&self, sealed: &[Sealed], letters: Vec<Bytes>) -> Result<Vec<Object>> {
        let segments = sealed.iter().map(|segment| (BundleKind::Segment, segment.bytes.clone()));
        let letters = letters.into_iter().map(|bytes| (BundleKind::DeadLetters, bytes));
        segments.chain(letters).map(|(kind, bytes)| self.object(kind, bytes)).collect()
    }

    fn object(&self, kind: BundleKind, bytes: Bytes) -> Result<Object> {
        let bundle_id = new_id(&*self.context.clock, &*self.context.random);
        let path = match kind {
            BundleKind::Segment => layout::segment(&self.plan.datasource_id, &bundle_id),
            BundleKind::DeadLetters => layout::dead_letters(&self.plan.datasource_id, &bundle_id),
        };
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        Ok(Object { bundle_id, path: path.map_err(failed)?, kind, bytes, size, hash: String::new() })
    }

    async fn intend(&mut self, sealed: Vec<Sealed>, objects: Vec<Object>) -> Progress {
        let bundles = objects.iter().map(|object| NewBundle {
            bundle_id: object.bundle_id.clone(),
            kind: object.kind,
            path: object.path.clone(),
        });
        let request = Intend {
            claim: Claim::Lanes(self.plan.claims()),
            datasource_id: self.plan.datasource_id.clone(),
            bundles: bundles.collect(),
            created_by: self.plan.cut_id.clone(),
        };
        match self.context.metastore.intend(&request).await {
            Outcome::Done(()) | Outcome::AlreadyDone(()) => {
                fail::point("U3");
                self.stage = Stage::Intended(sealed, objects, 0);
                Progress::Next
            }
            Outcome::Unavailable(error) => {
                self.stage = Stage::Folded(sealed, objects);
                Progress::Later(error.to_string())
            }
            Outcome::Fenced(fence) => refused(fence.to_string()),
            Outcome::Conflict(conflict) => refusal(&conflict),
        }
    }

    /// Sends one object and reads back what arrived.
    async fn upload(&mut self, mut sealed: Vec<Sealed>, mut objects: Vec<Object>, done: usize) -> Progress {
        let Some(object) = objects.get_mut(done) else {
            fail::point("U7");
            self.stage = Stage::Uploaded(Box::new(self.request(&sealed, &objects)));
            return Progress::Next;
        };
        let put = self.context.storage.put(&object.path, object.bytes.clone()).await;
        let verified = match put {
            Ok(stored) => self.context.storage.verify(&stored).await.map(|()| stored.hash),
            Err(error) => Err(error),
        };
        match verified {
            Ok(hash) => {
                object.hash = hash;
                if let Some(table) = sealed.get_mut(done).and_then(|sealed| sealed.table.take()) {
                    let (images, bundle_id) = (self.images.clone(), object.bundle_id.clone());
                    // One that cannot be made is made of the object later.
                    let _ = tokio::task::spawn_blocking(move || images.keep(&bundle_id, &table)).await;
                }
                self.stage = Stage::Intended(sealed, objects, done + 1);
                Progress::Next
            }
            Err(error) if damaged(&error) => {
                // The name is burnt, whatever stands under it. A new one is announced.
                tracing::warn!(%error, "an object did not arrive as it was sent; it is sent again under another name");
                match self.object(object.kind, object.bytes.clone()) {
                    Ok(again) => *object = again,
                    Err(error) => return refused(error.to_string()),
                }
                self.stage = Stage::Folded(sealed, objects);
                Progress::Next
            }
            Err(error) => {
                self.stage = Stage::Intended(sealed, objects, done);
                Progress::Later(error.to_string())
            }
        }
    }

    fn request(&self, sealed: &[Sealed], objects: &[Object]) -> Publish {
        let lanes = self.plan.lane_cuts();
        let segments = sealed.iter().zip(objects);
        let segments: Vec<NewSegment> =
            segments.map(|(segment, object)| segment.record(&object.bundle_id, object.size, &object.hash)).collect();
        let dead = dead_parts(&self.plan).zip(objects.iter().skip(sealed.len()));
        let dead_letters = dead.filter_map(|(part, object)| {
            let (letters, head) = (&part.chunk.head.dead, &part.chunk.head);
            let lane = lanes.iter().position(|cut| {
                cut.claim.lane == head.lane && cut.from_offset <= head.from && head.to <= cut.to_offset
            });
            Some(NewDeadLetters {
                bundle_id: object.bundle_id.clone(),
                lane: lane?,
                from_offset: letters.iter().map(|letter| letter.offset).min()?,
                to_offset: letters.iter().map(|letter| letter.offset).max()? + 1,
                num_records: i64::try_from(letters.len()).unwrap_or(i64::MAX),
                size: object.size,
                hash: object.hash.clone(),
            })
        });
        Publish {
            cut_id: self.plan.cut_id.clone(),
            digest: self.plan.digest(sealed),
            datasource_id: self.plan.datasource_id.clone(),
            dead_letters: dead_letters.collect(),
            lanes,
            segments,
        }
    }

    async fn publish(&mut self, request: Box<Publish>) -> Progress {
        fail::point("B1");
        match self.context.metastore.publish(&request).await {
            Outcome::Done(published) => {
                fail::point("B4");
                Progress::Ended(Ending::Published(published))
            }
            Outcome::AlreadyDone(published) => Progress::Ended(Ending::Published(published)),
            Outcome::Unavailable(error) => {
                self.stage = Stage::Uploaded(request);
                Progress::Later(error.to_string())
            }
            Outcome::Fenced(fence) => refused(fence.to_string()),
            Outcome::Conflict(conflict) => refusal(&conflict),
        }
    }
}

fn refused(why: impl Into<String>) -> Progress {
    Progress::Ended(Ending::Refused(why.into()))
}

fn refusal(conflict: &Conflict) -> Progress {
    if conflict.is_alarm() {
        tracing::error!(%conflict, "the store refused a cut that no rival explains");
    }
    refused(conflict.to_string())
}

fn damaged(error: &storage::Error) -> bool {
    matches!(error.kind(), storage::ErrorKind::Corrupt | storage::ErrorKind::Conflict)
}

/// The chunks with dead letters; each has an object of its own.
fn dead_parts(plan: &CutPlan) -> impl Iterator<Item = &super::CutPart> {
    plan.parts.iter().filter(|part| !part.chunk.head.dead.is_empty())
}

fn letters(plan: &CutPlan) -> Result<Vec<Bytes>> {
    let encoded = dead_parts(plan).map(|part| {
        let (letters, partition) = (&part.chunk.head.dead, part.claim.lane.partition);
        let bytes = dead_letter::encode(letters, &part.topic, partition);
        bytes.map(Bytes::from).map_err(|error| Error::io("dead letters", error))
    });
    encoded.collect()
}

//! One merge: fetch, fold, announce, upload, replace.

use std::sync::Arc;

use metastore::{
    BundleKind, Claim, Datasource, Intend, JobClaim, JobKind, NewBundle, Outcome, Replace, ReplaceInputs, TakeJob,
};
use segment::{RollupSchema, Segment, SegmentRef};
use storage::{Disk, RelativePath, fail, layout};
use timeline::Interval;

use super::Merge;
use crate::publish::{Images, Sealed, image, new_id};
use crate::spill::failed;
use crate::supervisor::refused;
use crate::{Error, IngestContext, Publication, Result};

const LEASE_MS: i64 = 600_000;
const ATTEMPTS: usize = 5;
/// Where inputs lie while they are merged.
const DIRECTORY: &str = "merge";

/// Removes what an earlier life of the process may have left. No merge may be under way.
pub(super) fn clear(disk: &dyn Disk) -> Result<()> {
    let directory = RelativePath::new(DIRECTORY).map_err(failed)?;
    disk.remove_dir(&directory).map_err(failed)
}

/// Carries out a merge. Answers false when its inputs are no longer live.
pub(super) async fn run(context: &IngestContext, datasource: &Datasource, merge: &Merge) -> Result<bool> {
    let job_id = new_id(&*context.clock, &*context.random);
    let request = TakeJob {
        job_id: job_id.clone(),
        kind: JobKind::Compact,
        datasource_id: datasource.datasource_id.clone(),
        worker: context.node.id.clone(),
        ttl_ms: LEASE_MS,
    };
    let job = context.metastore.take_job(&request).await.into_result().map_err(refused)?;
    fail::point("C1");
    let mut sealed = fold(context, merge, &job_id).await?;
    let bundle_id = new_id(&*context.clock, &*context.random);
    let path = layout::segment(&datasource.datasource_id, &bundle_id).map_err(failed)?;
    let announced = Intend {
        claim: Claim::Job(job.claim()),
        datasource_id: datasource.datasource_id.clone(),
        bundles: vec![NewBundle { bundle_id: bundle_id.clone(), kind: BundleKind::Segment, path: path.clone() }],
        created_by: job_id,
    };
    context.metastore.intend(&announced).await.into_result().map_err(refused)?;
    fail::point("C3");
    let stored = context.storage.put(&path, sealed.bytes.clone()).await.map_err(failed)?;
    context.storage.verify(&stored).await.map_err(failed)?;
    fail::point("C3");
    let images = Arc::new(Images::new(context.images.clone()));
    if let Some(table) = sealed.table.take() {
        let (images, bundle_id) = (images.clone(), bundle_id.clone());
        // One that cannot be made is made of the object later.
        let _ = tokio::task::spawn_blocking(move || images.keep(&bundle_id, &table)).await;
    }
    let size = i64::try_from(stored.size).unwrap_or(i64::MAX);
    let request = replacement(job.claim(), datasource, merge, sealed.record(&bundle_id, size, &stored.hash));
    let replaced = replace(context, datasource, &request).await;
    drop(images);
    replaced
}

fn replacement(job: JobClaim, datasource: &Datasource, merge: &Merge, output: metastore::NewSegment) -> Replace {
    let inputs: Vec<String> = merge.inputs.iter().map(|input| input.seg_id.clone()).collect();
    let digest = format!("{inputs:?} rows {} weight {}", output.rows, output.weight_sum);
    Replace {
        job,
        digest: storage::sha256_hex(digest.as_bytes()),
        datasource_id: datasource.datasource_id.clone(),
        inputs: ReplaceInputs::Segments(inputs),
        segments: vec![output],
        lossy: false,
    }
}

/// Asks until the answer is definite.
async fn replace(context: &IngestContext, datasource: &Datasource, request: &Replace) -> Result<bool> {
    for _ in 0..ATTEMPTS {
        match context.metastore.replace(request).await {
            Outcome::Done(replaced) | Outcome::AlreadyDone(replaced) => {
                fail::point("C4");
                let publication = Publication::new(&datasource.name, replaced.published, replaced.removed);
                context.handoff.published(&publication).await?;
                return Ok(true);
            }
            Outcome::Fenced(fence) => {
                tracing::info!(%fence, "a merge was taken over");
                return Ok(false);
            }
            Outcome::Conflict(conflict) => {
                if conflict.is_alarm() {
                    tracing::error!(%conflict, "a merge would have changed what its inputs say");
                }
                return Ok(false);
            }
            Outcome::Unavailable(error) => {
                tracing::warn!(%error, "whether a merge was recorded is not known; it is asked again");
                tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            }
        }
    }
    Err(Error::Unavailable("the store does not say whether a merge was recorded".to_owned()))
}

/// Fetches the inputs and folds them into one.
async fn fold(context: &IngestContext, merge: &Merge, job_id: &str) -> Result<Sealed> {
    let directory = RelativePath::new(DIRECTORY).and_then(|directory| directory.join(job_id)).map_err(failed)?;
    context.disk.create_dir(&directory).map_err(failed)?;
    let folded = fold_in(context, merge, &directory).await;
    if let Err(error) = context.disk.remove_dir(&directory) {
        tracing::warn!(%error, "files of a merge could not be removed");
    }
    folded
}

/// What lies in a file.
enum Form {
    /// An object, fetched.
    Object,
    /// An image that queries read.
    Image,
}

async fn fold_in(context: &IngestContext, merge: &Merge, directory: &RelativePath) -> Result<Sealed> {
    let mut files = Vec::with_capacity(merge.inputs.len());
    let mut held = Vec::with_capacity(merge.inputs.len());
    for (at, input) in merge.inputs.iter().enumerate() {
        let image = context.images.as_ref().and_then(|images| images.get(&input.seg_id).ok().flatten());
        if let Some(image) = image {
            files.push((image.path().to_path_buf(), input.id(), Form::Image));
            held.push(image);
            continue;
        }
        let size = u64::try_from(input.size).unwrap_or(0);
        let bytes = context.storage.get(&input.path, size).await.map_err(failed)?;
        if storage::sha256_hex(&bytes) != input.hash {
            return Err(Error::Corrupt(format!("object [{}] is not what was written", input.path)));
        }
        let path = directory.join(&format!("{at}.parquet")).map_err(failed)?;
        context.disk.create(&path, &bytes).map_err(failed)?;
        files.push((context.disk.locate(&path), input.id(), Form::Object));
    }
    let interval = merge.inputs.first().map(metastore::Segment::interval);
    let interval = interval.ok_or_else(|| Error::Internal("a merge without inputs".to_owned()))?;
    let folded = tokio::task::spawn_blocking(move || {
        fail::point("C2");
        let opened = files.into_iter().map(|(path, id, form)| match form {
            Form::Image => image::open(&path, id),
            Form::Object => image::open_sealed(&path, id),
        });
        let inputs: Vec<SegmentRef> = opened.collect::<Result<_>>()?;
        let sealed = seal(interval, &inputs);
        drop((inputs, held));
        sealed
    });
    folded.await.unwrap_or_else(|panic| Err(Error::Internal(panic.to_string())))
}

fn seal(interval: Interval, inputs: &[SegmentRef]) -> Result<Sealed> {
    let segments: Vec<&dyn Segment> = inputs.iter().map(|input| &**input).collect();
    let schema = RollupSchema::of_segments(&segments, expression::AGGREGATORS)
        .map_err(|error| Error::Internal(error.to_string()))?;
    let sealed = Sealed::fold(interval, inputs, &schema)?;
    sealed.ok_or_else(|| Error::Internal("a merge without rows".to_owned()))
}

use super::World;
use super::world::*;
use crate::*;

fn take(w: &World, job: &JobClaim, worker: &str) -> TakeJob {
    let (job_id, datasource_id) = (job.job_id.clone(), w.datasource_id());
    TakeJob { job_id, kind: JobKind::Batch, datasource_id, worker: worker.into(), ttl_ms: 10_000 }
}

async fn append(w: &World, job: &JobClaim) -> Append {
    let segments = vec![w.segment(&w.intend_for(job).await, 3, 12)];
    Append { job: job.clone(), digest: "d".into(), datasource_id: w.datasource_id(), segments }
}

pub async fn a_job_has_one_worker(w: World) {
    let job = w.take_job(JobKind::Batch).await;
    assert_is!(conflict(w.store.take_job(&take(&w, &job, "w2")).await), Conflict::Held { .. });
    assert_eq!(done(w.store.take_job(&take(&w, &job, "w1")).await).claim(), job, "the lease is extended");
    w.clock.advance_ms(10_000);
    let second = done(w.store.take_job(&take(&w, &job, "w2")).await);
    assert_eq!((second.epoch, second.worker.as_str()), (2, "w2"));
    let other = TakeJob { kind: JobKind::Compact, ..take(&w, &job, "w2") };
    assert_is!(conflict(w.store.take_job(&other).await), Conflict::OtherContent { .. });
    assert_eq!(w.store.open_jobs().await.unwrap(), [second]);
}

pub async fn a_lost_job_is_fenced(w: World) {
    let job = w.take_job(JobKind::Batch).await;
    let request = append(&w, &job).await;
    w.clock.advance_ms(10_000);
    let second = done(w.store.take_job(&take(&w, &job, "w2")).await).claim();
    assert_is!(fenced(w.store.append(&request).await), Fence::Job { epoch: 2, .. });
    let twin = Append { job: JobClaim { nonce: second.nonce ^ 1, ..second.clone() }, ..request.clone() };
    assert_is!(fenced(w.store.append(&twin).await), Fence::Job { .. });
    done(w.store.append(&Append { job: second, ..request }).await);
    w.check().await;
}

pub async fn append_is_idempotent(w: World) {
    let job = w.take_job(JobKind::Batch).await;
    let request = append(&w, &job).await;
    let unannounced = Append { segments: vec![w.segment("nobody", 3, 12)], ..request.clone() };
    assert_is!(conflict(w.store.append(&unannounced).await), Conflict::Bundle { state: None, .. });
    let elsewhere = done(w.store.name_datasource(&NameDatasource { datasource: "orders".into() }).await);
    let wrong = Append { datasource_id: elsewhere.datasource_id, ..request.clone() };
    assert_is!(conflict(w.store.append(&wrong).await), Conflict::Invalid { .. });
    let first = done(w.store.append(&request).await);
    assert_eq!((first.snapshot, first.segments[0].created_by.as_str()), (1, format!("job:{}", job.job_id).as_str()));
    assert_eq!(already(w.store.append(&request).await), first);
    let other = Append { digest: "e".into(), ..request };
    assert_is!(conflict(w.store.append(&other).await), Conflict::OtherContent { .. });
    assert_eq!(w.store.job(&job.job_id).await.unwrap().unwrap().weight_added, 12);
    w.check().await;
}

pub async fn a_done_job_announces_nothing(w: World) {
    let job = w.take_job(JobKind::Batch).await;
    done(w.store.append(&append(&w, &job).await).await);
    let bundles = vec![NewBundle { bundle_id: "late".into(), kind: BundleKind::Segment, path: "p".into() }];
    let (claim, created_by) = (Claim::Job(job.clone()), job.job_id.clone());
    let intend = Intend { claim, datasource_id: w.datasource_id(), bundles, created_by };
    assert_is!(conflict(w.store.intend(&intend).await), Conflict::Invalid { .. });
    assert_eq!(already(w.store.take_job(&take(&w, &job, "w1")).await).state, JobState::Done);
}

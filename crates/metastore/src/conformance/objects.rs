use super::World;
use super::world::*;
use crate::*;

fn intend(w: &World, claim: Claim, bundle_id: &str) -> Intend {
    let bundles =
        vec![NewBundle { bundle_id: bundle_id.into(), kind: BundleKind::Segment, path: format!("d/{bundle_id}") }];
    Intend { claim, datasource_id: w.datasource_id(), bundles, created_by: "cut".into() }
}

fn retire(w: &World, segment: &Segment, reason: &str) -> Retire {
    let segments = vec![segment.seg_id.clone()];
    Retire { datasource_id: w.datasource_id(), segments, reason_id: reason.into(), by: operator() }
}

fn undo(w: &World, segment: &Segment, reason: &str) -> Undo {
    let segments = vec![segment.seg_id.clone()];
    Undo { datasource_id: w.datasource_id(), segments, reason_id: reason.into(), by: operator() }
}

fn doom(segment: &Segment, grace_ms: i64) -> Doom {
    Doom { bundle_id: segment.seg_id.clone(), grace_ms }
}

pub async fn intend_is_guarded(w: World) {
    let zombie = LaneClaim { epoch: 0, ..w.claims[0].clone() };
    let claims = Claim::Lanes(vec![w.claims[1].clone(), zombie]);
    assert_is!(fenced(w.store.intend(&intend(&w, claims, "x")).await), Fence::Lane { .. });
    assert_is!(conflict(w.store.intend(&intend(&w, Claim::Lanes(Vec::new()), "x")).await), Conflict::Invalid { .. });
    let job = w.take_job(JobKind::Batch).await;
    let lost = Claim::Job(JobClaim { epoch: 7, ..job });
    assert_is!(fenced(w.store.intend(&intend(&w, lost, "x")).await), Fence::Job { .. });
    let other = done(w.store.name_datasource(&NameDatasource { datasource: "orders".into() }).await);
    let mut wrong = intend(&w, Claim::Lanes(w.claims.clone()), "x");
    wrong.datasource_id = other.datasource_id;
    assert_is!(conflict(w.store.intend(&wrong).await), Conflict::Invalid { .. });
    assert_eq!(w.store.bundle("x").await.unwrap(), None);
}

pub async fn intend_is_idempotent(w: World) {
    let request = intend(&w, Claim::Lanes(w.claims.clone()), "x");
    done(w.store.intend(&request).await);
    already(w.store.intend(&request).await);
    let mut other = request.clone();
    other.bundles[0].path = "elsewhere".into();
    assert_is!(conflict(w.store.intend(&other).await), Conflict::OtherContent { .. });
    w.clock.advance_ms(10);
    done(w.store.doom(&Doom { bundle_id: "x".into(), grace_ms: 10 }).await);
    assert_is!(conflict(w.store.intend(&request).await), Conflict::Bundle { state: Some(BundleState::Doomed), .. });
}

pub async fn doom_waits_for_grace(w: World) {
    w.intend(&["x"], BundleKind::Segment, "cut").await;
    let request = Doom { bundle_id: "x".into(), grace_ms: 1_000 };
    w.clock.advance_ms(999);
    assert_is!(conflict(w.store.doom(&request).await), Conflict::TooEarly { .. });
    assert_eq!(w.store.doomable(1_000, 10).await.unwrap(), []);
    w.clock.advance_ms(1);
    assert_eq!(w.store.doomable(1_000, 10).await.unwrap().len(), 1);
    done(w.store.doom(&request).await);
    already(w.store.doom(&request).await);
    let segment = w.published(0, 10).await;
    assert_is!(conflict(w.store.doom(&doom(&segment, 0)).await), Conflict::TooEarly { .. });
    done(w.store.retire(&retire(&w, &segment, "old")).await);
    w.clock.advance_ms(999);
    assert_is!(conflict(w.store.doom(&doom(&segment, 1_000)).await), Conflict::TooEarly { .. });
    w.clock.advance_ms(1);
    assert_eq!(w.store.doomable(1_000, 10).await.unwrap()[0].bundle_id, segment.seg_id);
    done(w.store.doom(&doom(&segment, 1_000)).await);
    assert_eq!(w.store.doomed(10).await.unwrap().len(), 2);
    let nobody = Doom { bundle_id: "nobody".into(), grace_ms: 0 };
    assert_is!(conflict(w.store.doom(&nobody).await), Conflict::Missing { .. });
}

pub async fn doom_waits_for_readers(w: World) {
    let segment = w.published(0, 10).await;
    let hold =
        |min_snapshot| Hold { broker_id: "b".into(), datasource_id: w.datasource_id(), min_snapshot, ttl_ms: 500 };
    done(w.store.hold(&hold(1)).await);
    done(w.store.retire(&retire(&w, &segment, "old")).await);
    assert_is!(conflict(w.store.doom(&doom(&segment, 0)).await), Conflict::TooEarly { .. });
    done(w.store.hold(&hold(2)).await);
    done(w.store.doom(&doom(&segment, 0)).await);
    let second = w.published(10, 20).await;
    done(w.store.retire(&retire(&w, &second, "old2")).await);
    assert_is!(conflict(w.store.doom(&doom(&second, 0)).await), Conflict::TooEarly { .. });
    w.clock.advance_ms(500);
    done(w.store.doom(&doom(&second, 0)).await);
}

pub async fn a_doomed_object_stays_doomed(w: World) {
    let segment = w.published(0, 10).await;
    done(w.store.retire(&retire(&w, &segment, "old")).await);
    done(w.store.doom(&doom(&segment, 0)).await);
    let refused = conflict(w.store.undo(&undo(&w, &segment, "back")).await);
    assert_is!(refused, Conflict::Bundle { state: Some(BundleState::Doomed), .. });
}

pub async fn forget_needs_doom(w: World) {
    let segment = w.published(0, 10).await;
    let forget = Forget { bundle_id: segment.seg_id.clone() };
    assert_is!(conflict(w.store.forget(&forget).await), Conflict::Bundle { state: Some(BundleState::Live), .. });
    done(w.store.retire(&retire(&w, &segment, "old")).await);
    done(w.store.doom(&doom(&segment, 0)).await);
    done(w.store.forget(&forget).await);
    already(w.store.forget(&forget).await);
    assert_eq!(w.store.segments(&w.datasource_id()).await.unwrap(), []);
    w.check().await;
}

pub async fn retire_and_undo(w: World) {
    let segment = w.published(0, 10).await;
    let first = done(w.store.retire(&retire(&w, &segment, "r1")).await);
    assert_eq!((first.snapshot, first.changed), (2, vec![segment.seg_id.clone()]));
    already(w.store.retire(&retire(&w, &segment, "r1")).await);
    assert_is!(conflict(w.store.retire(&retire(&w, &segment, "r2")).await), Conflict::NotLive { .. });
    assert_eq!(w.live_ids().await, [""; 0]);
    w.check().await;
    assert_eq!(done(w.store.undo(&undo(&w, &segment, "u1")).await).snapshot, 3);
    already(w.store.undo(&undo(&w, &segment, "u1")).await);
    assert_is!(conflict(w.store.undo(&undo(&w, &segment, "u2")).await), Conflict::Exists { .. });
    assert_eq!(w.live_ids().await, std::slice::from_ref(&segment.seg_id));
    let changes = w.store.changes(&w.datasource_id(), 2).await.unwrap();
    assert_eq!(changes.added.iter().map(|added| &added.seg_id).collect::<Vec<_>>(), [&segment.seg_id]);
    w.check().await;
}

pub async fn undo_never_brings_back_replaced(w: World) {
    let segment = w.published(0, 10).await;
    let job = w.take_job(JobKind::Compact).await;
    let segments = vec![w.segment(&w.intend_for(&job).await, 0, 10)];
    let inputs = ReplaceInputs::Segments(vec![segment.seg_id.clone()]);
    let replace = Replace { job, digest: "d".into(), datasource_id: w.datasource_id(), inputs, segments, lossy: false };
    done(w.store.replace(&replace).await);
    assert_is!(conflict(w.store.undo(&undo(&w, &segment, "u")).await), Conflict::NotLive { .. });
}

pub async fn retire_asks_for_authority(w: World) {
    let segment = w.published(0, 10).await;
    let old = Authority::Leader(LeaderClaim { epoch: 0, ..w.leader.clone() });
    let refused = fenced(w.store.retire(&Retire { by: old.clone(), ..retire(&w, &segment, "r") }).await);
    assert_is!(refused, Fence::Leader { .. });
    let leader = Authority::Leader(w.leader.clone());
    done(w.store.retire(&Retire { by: leader, ..retire(&w, &segment, "r") }).await);
    assert_is!(fenced(w.store.undo(&Undo { by: old, ..undo(&w, &segment, "u") }).await), Fence::Leader { .. });
}

use timeline::Interval;

use super::World;
use super::world::*;
use crate::*;

fn hours(from: i64, to: i64) -> Vec<Interval> {
    vec![Interval { start: from * HOUR, end: to * HOUR }]
}

async fn replace(w: &World, inputs: ReplaceInputs, weights: &[i64]) -> Replace {
    let job = w.take_job(JobKind::Compact).await;
    let mut segments = Vec::new();
    for weight in weights {
        segments.push(w.segment(&w.intend_for(&job).await, 0, *weight));
    }
    let digest = format!("digest of {}", job.job_id);
    Replace { job, digest, datasource_id: w.datasource_id(), inputs, segments, lossy: false }
}

fn named(segments: &[&Segment]) -> ReplaceInputs {
    ReplaceInputs::Segments(segments.iter().map(|segment| segment.seg_id.clone()).collect())
}

pub async fn compaction_keeps_totals(w: World) {
    let (a, b) = (w.published(0, 10).await, w.published(10, 40).await);
    let kept = w.published(40, 45).await;
    let job = replace(&w, named(&[&a, &b]), &[40]).await;
    let replaced = done(w.store.replace(&job).await);
    assert_eq!(replaced.removed, [a.seg_id.clone(), b.seg_id.clone()]);
    assert_eq!(replaced.published.snapshot, 4);
    assert_eq!(w.live_ids().await, [kept.seg_id, replaced.published.segments[0].seg_id.clone()]);
    let all = w.store.segments_by_id(&[a.seg_id]).await.unwrap();
    assert_eq!((all[0].removed_at, all[0].removed_why), (Some(4), Some(RemovedWhy::Replaced)));
    w.check().await;
}

pub async fn changed_totals_are_refused(w: World) {
    let (a, b) = (w.published(0, 10).await, w.published(10, 40).await);
    let before = w.live().await;
    let good = replace(&w, named(&[&a, &b]), &[40]).await;
    let mut lost = good.clone();
    lost.segments[0].weight_sum = 39;
    let refused = conflict(w.store.replace(&lost).await);
    assert_is!(&refused, Conflict::Totals { metric, .. } if metric == "__weight");
    assert!(refused.is_alarm());
    for (metric, sum) in [("clicks", Sum::Long(81)), ("cost", Sum::double(4.1, 4.1)), ("new", Sum::Long(1))] {
        let mut wrong = good.clone();
        wrong.segments[0].metric_sums.0.insert(metric.to_owned(), sum);
        let refused = conflict(w.store.replace(&wrong).await);
        assert_is!(refused, Conflict::Totals { metric: found, .. } if found == metric);
    }
    let mut dropped = good.clone();
    dropped.segments[0].metric_sums.0.remove("clicks");
    assert_is!(conflict(w.store.replace(&dropped).await), Conflict::Totals { .. });
    assert_eq!(w.live().await, before);
    let mut rounded = good;
    rounded.segments[0].metric_sums.0.insert("cost".into(), Sum::double(4.000_000_000_000_001, 4.0));
    done(w.store.replace(&rounded).await);
}

pub async fn a_lossy_job_may_change_totals(w: World) {
    let a = w.published(0, 10).await;
    let mut job = replace(&w, named(&[&a]), &[3]).await;
    job.lossy = true;
    done(w.store.replace(&job).await);
    w.check().await;
}

pub async fn inputs_must_be_live(w: World) {
    let (a, b) = (w.published(0, 10).await, w.published(10, 40).await);
    let first = replace(&w, named(&[&a, &b]), &[40]).await;
    let second = replace(&w, named(&[&b]), &[30]).await;
    done(w.store.replace(&first).await);
    assert_is!(conflict(w.store.replace(&second).await), Conflict::NotLive { seg_id } if seg_id == b.seg_id);
    let unknown = replace(&w, ReplaceInputs::Segments(vec!["nobody".into()]), &[]).await;
    assert_is!(conflict(w.store.replace(&unknown).await), Conflict::NotLive { .. });
    let c = w.published(40, 50).await;
    let twice = replace(&w, named(&[&c, &c]), &[20]).await;
    assert_is!(conflict(w.store.replace(&twice).await), Conflict::Invalid { .. });
    w.check().await;
}

pub async fn an_overwrite_leaves_later_rows(w: World) {
    let (a, b) = (w.published(0, 10).await, w.published(10, 40).await);
    let inputs = ReplaceInputs::Overwrite { start_snapshot: 2, intervals: hours(0, 1), rewritten: Vec::new() };
    let mut job = replace(&w, inputs, &[7]).await;
    job.lossy = true;
    let later = w.published(40, 50).await;
    let replaced = done(w.store.replace(&job).await);
    assert_eq!(replaced.removed, [a.seg_id, b.seg_id]);
    assert_eq!(w.live_ids().await, [replaced.published.segments[0].seg_id.clone(), later.seg_id]);
    w.check().await;
}

pub async fn an_overwrite_meets_a_replaced_segment(w: World) {
    let (a, b) = (w.published(0, 10).await, w.published(10, 40).await);
    let inputs =
        |start_snapshot| ReplaceInputs::Overwrite { start_snapshot, intervals: hours(0, 1), rewritten: vec![] };
    let mut early = replace(&w, inputs(1), &[7]).await;
    let mut late = replace(&w, inputs(2), &[7]).await;
    (early.lossy, late.lossy) = (true, true);
    let first = done(w.store.replace(&replace(&w, named(&[&a]), &[10]).await).await).published.segments;
    let second = replace(&w, named(&[&first[0], &b]), &[40]).await;
    let second = done(w.store.replace(&second).await).published.segments;
    // A row that the overwrite must leave was merged with those that go.
    assert_is!(conflict(w.store.replace(&early).await), Conflict::NotLive { .. });
    let replaced = done(w.store.replace(&late).await);
    assert_eq!(replaced.removed, [second[0].seg_id.clone()]);
    assert_eq!(w.live_ids().await, [replaced.published.segments[0].seg_id.clone()]);
    w.check().await;
}

pub async fn a_partly_covered_segment_is_rewritten(w: World) {
    let a = w.published(0, 10).await;
    let half = Interval { start: 0, end: HOUR / 2 };
    let inputs = |rewritten| ReplaceInputs::Overwrite { start_snapshot: 1, intervals: vec![half], rewritten };
    let mut job = replace(&w, inputs(Vec::new()), &[4]).await;
    job.lossy = true;
    assert_is!(conflict(w.store.replace(&job).await), Conflict::PartlyCovered { seg_id } if seg_id == a.seg_id);
    job.inputs = inputs(vec![a.seg_id.clone(), "nobody".into()]);
    assert_is!(conflict(w.store.replace(&job).await), Conflict::NotLive { .. });
    job.inputs = inputs(vec![a.seg_id.clone()]);
    assert_eq!(done(w.store.replace(&job).await).removed, [a.seg_id]);
    // Two halves cover the whole, though neither does.
    let b = w.published(10, 20).await;
    let halves = [half, Interval { start: HOUR / 2, end: HOUR }];
    let mut job = replace(
        &w,
        ReplaceInputs::Overwrite { start_snapshot: 9, intervals: halves.to_vec(), rewritten: Vec::new() },
        &[],
    )
    .await;
    job.lossy = true;
    assert!(done(w.store.replace(&job).await).removed.contains(&b.seg_id));
    w.check().await;
}

pub async fn a_replaced_interval_has_a_new_version(w: World) {
    let a = w.published(0, 10).await;
    // The clock stands still, and goes back: the version rises all the same.
    w.clock.set_now_ms(START - 50);
    let job = replace(&w, named(&[&a]), &[4, 6]).await;
    let made = done(w.store.replace(&job).await).published.segments;
    let ids: Vec<_> = made.iter().map(|segment| (segment.version, segment.partition_num)).collect();
    assert_eq!(ids, [(START + 1, 0), (START + 1, 1)]);
    let appended = w.published(10, 20).await;
    assert_eq!((appended.version, appended.partition_num), (START + 1, 2));
    assert_eq!(appended.version_text(), "2023-11-14T22:13:20.001Z");
}

pub async fn replace_is_idempotent(w: World) {
    let a = w.published(0, 10).await;
    let job = replace(&w, named(&[&a]), &[10]).await;
    let first = done(w.store.replace(&job).await);
    assert_eq!(already(w.store.replace(&job).await), first);
    let other = Replace { digest: "other".into(), ..job };
    assert_is!(conflict(w.store.replace(&other).await), Conflict::OtherContent { .. });
}

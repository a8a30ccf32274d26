use super::World;
use super::world::*;
use crate::*;

pub async fn changes_lead_from_snapshot_to_snapshot(w: World) {
    let mut known: std::collections::BTreeSet<String> = Default::default();
    let mut since = 0;
    let (a, b) = (w.published(0, 10).await, w.published(10, 20).await);
    for step in 0..3 {
        match step {
            1 => {
                let job = w.take_job(JobKind::Compact).await;
                let segments = vec![w.segment(&w.intend_for(&job).await, 0, 20)];
                let inputs = ReplaceInputs::Segments(vec![a.seg_id.clone(), b.seg_id.clone()]);
                let (digest, datasource_id) = ("d".into(), w.datasource_id());
                done(w.store.replace(&Replace { job, digest, datasource_id, inputs, segments, lossy: false }).await);
            }
            _ => {
                let from = w.next_offset(0).await;
                w.published(from, from + 1).await;
                w.skip_one(from + 1).await;
            }
        }
        let changes = w.store.changes(&w.datasource_id(), since).await.unwrap();
        for gone in &changes.removed {
            assert!(known.remove(gone), "{gone} was known");
        }
        known.extend(changes.added.iter().map(|segment| segment.seg_id.clone()));
        since = changes.datasource.snapshot;
        assert_eq!(known.iter().cloned().collect::<Vec<_>>(), w.live_ids().await);
        assert_eq!(changes.lanes, w.live().await.lanes);
    }
    let nothing = w.store.changes(&w.datasource_id(), since).await.unwrap();
    assert_eq!((nothing.added.len(), nothing.removed.len()), (0, 0));
    let unknown = w.store.live("nobody").await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
}

impl World {
    /// Gives up one record of lane 0.
    async fn skip_one(&self, from_offset: i64) {
        let (lane, to_offset) = (self.lane(0), from_offset + 1);
        done(self.store.skip(&Skip { lane, from_offset, to_offset, why: "x".into(), by: operator() }).await);
    }
}

pub async fn ledger_sums_by_task(w: World) {
    w.published(0, 10).await;
    let mut cut = w.cut(10, 25).await;
    cut.lanes[0].task_id = Some("task2".into());
    done(w.store.publish(&cut).await);
    w.published(25, 30).await;
    let sums = w.store.task_sums("task1").await.unwrap();
    assert_eq!((sums.books.indexed, sums.row_counts.processed_bytes, sums.num_ranges), (15, 105, 2));
    assert_eq!(w.store.task_sums("task2").await.unwrap().books.indexed, 15);
    assert_eq!(w.store.task_sums("task3").await.unwrap(), TaskSums::default());
    let of_cut = LedgerFilter { cut_id: Some(cut.cut_id), ..LedgerFilter::default() };
    assert_eq!(w.store.ledger(&of_cut).await.unwrap().len(), 1);
    let first = LedgerFilter { limit: Some(1), ..LedgerFilter::default() };
    assert_eq!(w.store.ledger(&first).await.unwrap()[0].from_offset, 0);
}

pub async fn audit_tells_who(w: World) {
    w.published(0, 10).await;
    w.skip_one(10).await;
    let newest = w.store.audit(1).await.unwrap().remove(0);
    assert_eq!((newest.verb.as_str(), newest.by.as_str(), newest.at), ("skip", "olga", START));
    let all = w.store.audit(100).await.unwrap();
    assert!(all.iter().rev().map(|entry| entry.number).eq(1..=newest.number));
}

pub async fn commits_are_announced(w: World) {
    let mut changed = w.store.changed();
    assert!(!changed.has_changed().unwrap());
    let cut = w.cut(0, 10).await;
    assert!(changed.has_changed().unwrap());
    changed.mark_unchanged();
    done(w.store.publish(&cut).await);
    assert!(changed.has_changed().unwrap());
    changed.mark_unchanged();
    already(w.store.publish(&cut).await);
    assert!(!changed.has_changed().unwrap(), "nothing was recorded");
}

use super::World;
use super::world::*;
use crate::*;

pub async fn register_once(w: World) {
    let register = |topic: &str, cluster: &str| Register {
        supervisor_id: "sup".into(),
        datasource: "ads".into(),
        topic: topic.into(),
        cluster_id: Some(cluster.into()),
        topic_uuid: None,
    };
    let again = already(w.store.register(&register("events", "another cluster")).await);
    assert_eq!(again, w.source, "the stored identity is what the caller compares with");
    let identified = Register { topic_uuid: Some("u1".into()), ..register("events", "k1") };
    let known = done(w.store.register(&identified).await);
    assert_eq!(known, Source { topic_uuid: Some("u1".into()), ..again }, "an identity is learned once");
    let other = Register { topic_uuid: Some("u2".into()), ..identified };
    assert_eq!(already(w.store.register(&other).await), known);
    let second = done(w.store.register(&register("more", "k1")).await);
    assert_eq!(second.datasource_id, w.source.datasource_id);
    assert_ne!(second.source_id, w.source.source_id);
    assert_eq!(w.store.sources("sup").await.unwrap().len(), 2);
    assert_eq!(w.store.datasources().await.unwrap().len(), 1);
    assert_eq!(w.store.datasource("ads").await.unwrap().unwrap().datasource_id, w.datasource_id());
    let nameless = Register { datasource: String::new(), ..register("events", "k1") };
    assert_is!(conflict(w.store.register(&nameless).await), Conflict::Invalid { .. });
}

fn rebase(w: &World, expected_gen: i64, starts: &[(i32, i64)]) -> Rebase {
    Rebase {
        source_id: w.source.source_id.clone(),
        expected_gen,
        starts: starts.to_vec(),
        forget_others: false,
        cluster_id: Some("k2".into()),
        topic_uuid: None,
        by: "olga".into(),
    }
}

pub async fn rebase_starts_a_generation(w: World) {
    let identified = Register {
        supervisor_id: w.source.supervisor_id.clone(),
        datasource: w.source.datasource.clone(),
        topic: w.source.topic.clone(),
        cluster_id: None,
        topic_uuid: Some("u1".into()),
    };
    assert_eq!(done(w.store.register(&identified).await).topic_uuid.as_deref(), Some("u1"));
    w.published(0, 10).await;
    let rebased = done(w.store.rebase(&rebase(&w, 1, &[(1, 7), (4, 9)])).await);
    assert_eq!((rebased.source.source_gen, rebased.source.cluster_id.as_deref()), (2, Some("k2")));
    assert_eq!(rebased.source.topic_uuid, None, "the cluster is another one, so the topic's id is not known yet");
    let starts: Vec<_> = rebased.lanes.iter().map(|lane| (lane.partition, lane.next_offset)).collect();
    assert_eq!(starts, [(0, 10), (1, 7), (4, 9)]);
    assert_eq!(w.store.lanes(&w.source.source_id).await.unwrap(), rebased.lanes);
    already(w.store.rebase(&rebase(&w, 1, &[(1, 7), (4, 9)])).await);
    assert_eq!(w.live().await.datasource.snapshot, 2);
    assert_eq!(w.live_ids().await.len(), 1, "old rows are kept");
    let fresh = Rebase { forget_others: true, ..rebase(&w, 2, &[(0, 3)]) };
    let lanes = done(w.store.rebase(&fresh).await).lanes;
    assert_eq!(lanes.iter().map(|lane| (lane.partition, lane.next_offset)).collect::<Vec<_>>(), [(0, 3)]);
    w.check().await;
}

pub async fn rebase_compares(w: World) {
    let wrong = conflict(w.store.rebase(&rebase(&w, 5, &[])).await);
    assert_is!(wrong, Conflict::Version { current: 1, expected: 5, .. });
    done(w.store.rebase(&rebase(&w, 1, &[(0, 1)])).await);
    let other = conflict(w.store.rebase(&rebase(&w, 1, &[(0, 2)])).await);
    assert_is!(other, Conflict::Version { current: 2, expected: 1, .. });
    assert_is!(conflict(w.store.rebase(&rebase(&w, 2, &[(0, -1)])).await), Conflict::Invalid { .. });
}

pub async fn old_lanes_take_nothing(w: World) {
    let cut = w.cut(0, 10).await;
    done(w.store.rebase(&rebase(&w, 1, &[])).await);
    assert_is!(conflict(w.store.publish(&cut).await), Conflict::Rebased { source_gen: 2, .. });
    let skip = Skip { lane: w.lane(0), from_offset: 0, to_offset: 5, why: String::new(), by: operator() };
    assert_is!(conflict(w.store.skip(&skip).await), Conflict::Rebased { .. });
    let barrier = PlaceBarrier { lane: w.claims[0].clone(), version: 2, from_offset: 50 };
    assert_is!(conflict(w.store.barrier(&barrier).await), Conflict::Rebased { .. });
    let assign = Assign { leader: w.leader.clone(), lanes: vec![(w.lane(0), 1)], node: "b".into(), ttl_ms: 1 };
    assert_is!(conflict(w.store.assign(&assign).await), Conflict::Rebased { .. });
    let renewed = done(w.store.renew(&Renew { lanes: w.claims.clone(), ttl_ms: 1 }).await);
    assert_eq!(renewed.rebased, [w.lane(0), w.lane(1)]);
}

pub async fn an_accepted_loss_is_taken_back(w: World) {
    w.published(0, 10).await;
    let accept = |from_offset, to_offset| Accept {
        lane: w.lane(0),
        from_offset,
        to_offset,
        why: "LogTruncated".into(),
        by: "olga".into(),
    };
    let halt = SetLane { lane: w.lane(1), state: LaneState::Halted, reason: Some("other".into()), by: operator() };
    done(w.store.set_lane(&halt).await);
    assert_is!(conflict(w.store.accept(&accept(9, 4)).await), Conflict::Offset { committed: 10, asked: 9, .. });
    for to in [10, 11, -1] {
        assert_is!(conflict(w.store.accept(&accept(10, to)).await), Conflict::Invalid { .. });
    }
    let accepted = done(w.store.accept(&accept(10, 4)).await);
    let lanes: Vec<_> = accepted.lanes.iter().map(|lane| (lane.partition, lane.next_offset, lane.state)).collect();
    assert_eq!(lanes, [(0, 4, LaneState::Reading), (1, 100, LaneState::Halted)]);
    assert_eq!(w.store.lanes(&w.source.source_id).await.unwrap(), accepted.lanes);
    already(w.store.accept(&accept(10, 4)).await);
    assert_is!(conflict(w.store.accept(&accept(10, 3)).await), Conflict::Rebased { source_gen: 2, .. });
    let ledger = w.store.ledger(&LedgerFilter::of_lane(&w.lane(0))).await.unwrap();
    let books: Vec<_> = ledger.iter().map(|row| (row.from_offset, row.to_offset, row.skipped)).collect();
    assert_eq!(books, [(0, 10, 0), (10, 4, -6)]);
    let total: i64 = ledger.iter().map(|row| row.indexed + row.filtered + row.dead + row.absent + row.skipped).sum();
    assert_eq!(total, 4, "the books end where the log does");
    let gaps = w.store.gaps(&w.source.source_id).await.unwrap();
    assert_eq!((gaps.len(), gaps[0].from_offset, gaps[0].to_offset), (1, 10, 4));
    assert_eq!(w.live_ids().await.len(), 1, "rows are kept");
    w.check().await;
}

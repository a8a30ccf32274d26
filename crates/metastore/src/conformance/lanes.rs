use super::World;
use super::world::*;
use crate::*;

pub async fn a_leader_keeps_its_lease(w: World) {
    let lead = |holder: &str| Lead { role: "coordinator".into(), holder: holder.into(), ttl_ms: 10_000 };
    let held = conflict(w.store.lead(&lead("c2")).await);
    assert_is!(held, Conflict::Held { holder, .. } if holder == "c1");
    w.clock.advance_ms(9_999);
    let same = done(w.store.lead(&lead("c1")).await);
    assert_eq!(same.claim(), w.leader, "the same holder keeps its epoch");
    w.clock.advance_ms(10_000);
    let second = done(w.store.lead(&lead("c2")).await);
    assert_eq!(second.epoch, 2);
    assert_ne!(second.nonce, w.leader.nonce);
    assert_eq!(w.store.leader("coordinator").await.unwrap(), Some(second));
}

pub async fn open_gives_lanes_once(w: World) {
    let open = |source_gen, starts| Open { source_id: w.source.source_id.clone(), source_gen, starts };
    already(w.store.open(&open(1, vec![(0, 0), (1, 100)])).await);
    assert_is!(conflict(w.store.open(&open(1, vec![(0, 5)])).await), Conflict::OtherContent { .. });
    assert_is!(conflict(w.store.open(&open(2, vec![(0, 0)])).await), Conflict::Rebased { source_gen: 1, .. });
    assert_is!(conflict(w.store.open(&open(1, vec![(3, -2)])).await), Conflict::Invalid { .. });
    let lanes = done(w.store.open(&open(1, vec![(1, 100), (2, 0)])).await);
    assert_eq!(lanes.iter().map(|lane| (lane.partition, lane.next_offset)).collect::<Vec<_>>(), [(1, 100), (2, 0)]);
    // A retry after the offsets moved is the same content still.
    w.published(0, 10).await;
    already(w.store.open(&open(1, vec![(0, 0)])).await);
    assert_eq!(w.next_offset(0).await, 10);
}

pub async fn assign_needs_the_leader(w: World) {
    let assign = |leader: LeaderClaim| Assign { leader, lanes: vec![(w.lane(0), 1)], node: "b".into(), ttl_ms: 1 };
    let old_epoch = LeaderClaim { epoch: 0, ..w.leader.clone() };
    assert_is!(fenced(w.store.assign(&assign(old_epoch)).await), Fence::Leader { epoch: 1, .. });
    let twin = LeaderClaim { nonce: w.leader.nonce ^ 1, ..w.leader.clone() };
    assert_is!(fenced(w.store.assign(&assign(twin)).await), Fence::Leader { .. });
    let nobody = LeaderClaim { role: "none".into(), ..w.leader.clone() };
    assert_is!(fenced(w.store.assign(&assign(nobody)).await), Fence::Leader { epoch: 0, .. });
}

pub async fn assign_raises_the_epoch_once(w: World) {
    let assign = |seen, node: &str| Assign {
        leader: w.leader.clone(),
        lanes: vec![(w.lane(0), seen)],
        node: node.into(),
        ttl_ms: 5_000,
    };
    let first = done(w.store.assign(&assign(1, "b")).await).remove(0);
    assert_eq!((first.epoch, first.owner.as_deref()), (2, Some("b")));
    assert_eq!(first.lease_until, START + 5_000);
    assert_ne!(first.nonce, w.claims[0].nonce);
    let again = already(w.store.assign(&assign(1, "b")).await).remove(0);
    assert_eq!(again, first);
    let late = conflict(w.store.assign(&assign(1, "c")).await);
    assert_is!(late, Conflict::Version { current: 2, expected: 1, .. });
}

pub async fn renew_tells_lanes_apart(w: World) {
    let old = w.claims.clone();
    let lanes = vec![(w.lane(1), 1)];
    done(w.store.assign(&Assign { leader: w.leader.clone(), lanes, node: "b".into(), ttl_ms: 10_000 }).await);
    w.clock.advance_ms(2_000);
    let renewed = done(w.store.renew(&Renew { lanes: old.clone(), ttl_ms: 10_000 }).await);
    assert_eq!(renewed.lease_until, START + 12_000);
    assert_eq!((renewed.renewed, renewed.fenced), (vec![w.lane(0)], vec![w.lane(1)]));
    let lanes = w.live().await.lanes;
    assert_eq!([lanes[0].lease_until, lanes[1].lease_until], [START + 12_000, START + 10_000]);
}

pub async fn a_halt_needs_an_operator(w: World) {
    let set = |partition, state, reason: Option<&str>, by| SetLane {
        lane: w.lane(partition),
        state,
        reason: reason.map(str::to_owned),
        by,
    };
    let owner = || Authority::Owner(w.claims[0].clone());
    done(w.store.set_lane(&set(0, LaneState::Halted, Some("RetentionGap"), owner())).await);
    already(w.store.set_lane(&set(0, LaneState::Halted, Some("RetentionGap"), owner())).await);
    let lifted = conflict(w.store.set_lane(&set(0, LaneState::Reading, None, owner())).await);
    assert_is!(lifted, Conflict::Invalid { .. });
    let other = conflict(w.store.set_lane(&set(1, LaneState::Halted, None, owner())).await);
    assert_is!(other, Conflict::Invalid { .. });
    let lane = done(w.store.set_lane(&set(0, LaneState::Reading, None, operator())).await);
    assert_eq!((lane.state, lane.reason), (LaneState::Reading, None));
}

pub async fn skip_moves_by_equality(w: World) {
    let skip = |from_offset, to_offset, by| Skip { lane: w.lane(0), from_offset, to_offset, why: "gone".into(), by };
    let wrong = conflict(w.store.skip(&skip(5, 9, operator())).await);
    assert_is!(wrong, Conflict::Offset { committed: 0, asked: 5, .. });
    assert_is!(conflict(w.store.skip(&skip(0, 0, operator())).await), Conflict::Invalid { .. });
    let zombie = Authority::Owner(LaneClaim { epoch: 0, ..w.claims[0].clone() });
    assert_is!(fenced(w.store.skip(&skip(0, 9, zombie)).await), Fence::Lane { .. });
    let other = Authority::Owner(w.claims[1].clone());
    assert_is!(conflict(w.store.skip(&skip(0, 9, other)).await), Conflict::Invalid { .. });
    let lane = done(w.store.skip(&skip(0, 9, operator())).await);
    assert_eq!((lane.next_offset, lane.tail_fp), (9, None));
    w.published(9, 12).await;
    already(w.store.skip(&skip(0, 9, operator())).await);
    assert_eq!(w.next_offset(0).await, 12);
    let gaps = w.store.gaps(&w.source.source_id).await.unwrap();
    assert_eq!((gaps.len(), gaps[0].by.as_str(), gaps[0].to_offset), (1, "olga", 9));
    assert_eq!(w.live().await.datasource.snapshot, 2);
    w.check().await;
}

pub async fn barriers_stand_in_order(w: World) {
    let barrier =
        |claim: usize, version, from_offset| PlaceBarrier { lane: w.claims[claim].clone(), version, from_offset };
    w.published(0, 10).await;
    let below = conflict(w.store.barrier(&barrier(0, 2, 9)).await);
    assert_is!(below, Conflict::Offset { committed: 10, asked: 9, .. });
    done(w.store.barrier(&barrier(0, 2, 10)).await);
    already(w.store.barrier(&barrier(0, 2, 10)).await);
    assert_is!(conflict(w.store.barrier(&barrier(0, 2, 11)).await), Conflict::OtherContent { .. });
    done(w.store.barrier(&barrier(0, 4, 20)).await);
    assert_is!(conflict(w.store.barrier(&barrier(0, 3, 30)).await), Conflict::Version { current: 4, .. });
    assert_is!(conflict(w.store.barrier(&barrier(0, 5, 15)).await), Conflict::Invalid { .. });
    let zombie = PlaceBarrier { lane: LaneClaim { epoch: 0, ..w.claims[0].clone() }, version: 9, from_offset: 50 };
    assert_is!(fenced(w.store.barrier(&zombie).await), Fence::Lane { .. });
    let placed = w.store.barriers(&w.lane(0)).await.unwrap();
    assert_eq!(placed.iter().map(|b| (b.version, b.from_offset)).collect::<Vec<_>>(), [(2, 10), (4, 20)]);
}

use super::World;
use super::world::*;
use crate::*;

pub async fn a_cut_moves_all_at_once(w: World) {
    let mut cut = w.cut(0, 10).await;
    let second = w.id("seg");
    w.intend(&[&second], BundleKind::Segment, &cut.cut_id).await;
    cut.lanes.push(w.lane_cut(1, 100, 105));
    cut.segments.push(w.segment(&second, 5, 5));
    let published = done(w.store.publish(&cut).await);
    assert_eq!((published.snapshot, published.segments.len()), (1, 2));
    let live = w.live().await;
    assert_eq!(live.datasource.snapshot, 1);
    assert_eq!(live.segments, published.segments);
    assert_eq!(
        live.segments[0].id().to_string(),
        "ads_1970-01-01T00:00:00.000Z_1970-01-01T01:00:00.000Z_2023-11-14T22:13:20.000Z"
    );
    assert_eq!(live.lanes.iter().map(|lane| lane.next_offset).collect::<Vec<_>>(), [10, 105]);
    assert_eq!(live.lanes[0].tail_fp.as_deref(), Some("fp10"));
    let bundle = w.store.bundle(&second).await.unwrap().unwrap();
    assert_eq!((bundle.state, bundle.size), (BundleState::Live, Some(10)));
    let snapshots = w.store.snapshots(&w.datasource_id(), 10).await.unwrap();
    assert_eq!((snapshots.len(), snapshots[0].kind), (1, SnapshotKind::Publish));
    w.check().await;
}

pub async fn the_same_cut_is_already_done(w: World) {
    let cut = w.cut(0, 10).await;
    let first = done(w.store.publish(&cut).await);
    w.published(10, 20).await;
    let again = already(w.store.publish(&cut).await);
    assert_eq!(again, first);
    // Even after the lane went to somebody else: the facts stand.
    w.assign_all("b", 1).await;
    already(w.store.publish(&cut).await);
    assert_eq!(w.live().await.datasource.snapshot, 2);
    w.check().await;
}

pub async fn another_digest_is_an_alarm(w: World) {
    let cut = w.cut(0, 10).await;
    done(w.store.publish(&cut).await);
    let other = conflict(w.store.publish(&Publish { digest: "other".into(), ..cut }).await);
    assert_is!(&other, Conflict::OtherContent { .. });
    assert!(other.is_alarm());
}

pub async fn a_zombie_is_fenced(w: World) {
    let cut = w.cut(0, 10).await;
    w.assign_all("b", 1).await;
    let fence = fenced(w.store.publish(&cut).await);
    assert_is!(fence, Fence::Lane { epoch: 2, owner: Some(owner), .. } if owner == "b");
    assert_eq!(w.next_offset(0).await, 0);
}

pub async fn a_twin_epoch_is_fenced_by_its_nonce(w: World) {
    let mut cut = w.cut(0, 10).await;
    cut.lanes[0].claim.nonce ^= 1;
    assert_is!(fenced(w.store.publish(&cut).await), Fence::Lane { epoch: 1, .. });
}

pub async fn offsets_move_by_equality(w: World) {
    w.published(0, 10).await;
    for (from, to) in [(0, 10), (5, 15), (11, 20)] {
        let cut = w.cut(from, to).await;
        let refused = conflict(w.store.publish(&cut).await);
        assert_is!(refused, Conflict::Offset { committed: 10, asked, .. } if asked == from);
    }
    w.published(10, 20).await;
    w.check().await;
}

pub async fn books_balance(w: World) {
    let good = w.cut(0, 10).await;
    let wrong = [
        Books { indexed: 9, ..Books::default() },
        Books { indexed: 10, late: 1, ..Books::default() },
        Books { indexed: 11, filtered: -1, ..Books::default() },
        Books { indexed: i64::MAX, absent: i64::MAX, ..Books::default() },
    ];
    for books in wrong {
        let mut cut = good.clone();
        cut.lanes[0].books = books;
        let refused = conflict(w.store.publish(&cut).await);
        assert_is!(&refused, Conflict::Books { range: 10, .. });
        assert!(refused.is_alarm());
    }
    let mut cut = good.clone();
    cut.lanes[0].books = Books { indexed: 5, filtered: 1, late: 1, dead: 1, absent: 1, skipped: 1 };
    done(w.store.publish(&cut).await);
    let ledger = w.store.ledger(&LedgerFilter::of_lane(&w.lane(0))).await.unwrap();
    assert_eq!((ledger.len(), ledger[0].books()), (1, cut.lanes[0].books));
    let mut backwards = w.cut(10, 12).await;
    backwards.lanes[0].to_offset = 8;
    assert_is!(conflict(w.store.publish(&backwards).await), Conflict::Invalid { .. });
}

pub async fn weights_balance(w: World) {
    let mut cut = w.cut(0, 10).await;
    cut.segments[0].weight_sum = 9;
    let refused = conflict(w.store.publish(&cut).await);
    assert_is!(&refused, Conflict::Weights { segments: 9, ledger: 10 });
    assert!(refused.is_alarm());
    cut.segments[0].weight_sum = 10;
    done(w.store.publish(&cut).await);
}

pub async fn objects_are_announced(w: World) {
    let mut cut = w.cut(0, 10).await;
    let announced = cut.segments[0].bundle_id.clone();
    cut.segments[0].bundle_id = "nobody".into();
    assert_is!(conflict(w.store.publish(&cut).await), Conflict::Bundle { state: None, .. });
    w.clock.advance_ms(1_000);
    done(w.store.doom(&Doom { bundle_id: announced.clone(), grace_ms: 1_000 }).await);
    cut.segments[0].bundle_id = announced;
    let doomed = conflict(w.store.publish(&cut).await);
    assert_is!(doomed, Conflict::Bundle { state: Some(BundleState::Doomed), .. });
    let live = w.published(0, 10).await;
    let mut twice = w.cut(10, 20).await;
    twice.segments[0].bundle_id = live.seg_id;
    assert_is!(conflict(w.store.publish(&twice).await), Conflict::Bundle { state: Some(BundleState::Live), .. });
    let letters = w.id("dead");
    w.intend(&[&letters], BundleKind::DeadLetters, "x").await;
    twice.segments[0].bundle_id = letters;
    assert_is!(conflict(w.store.publish(&twice).await), Conflict::Bundle { .. });
}

pub async fn a_refused_cut_leaves_nothing(w: World) {
    let before = w.live().await;
    let mut cut = w.cut(0, 10).await;
    // The last guard refuses after all effects of the first lane.
    cut.segments[0].max_time = cut.segments[0].interval.end;
    assert_is!(conflict(w.store.publish(&cut).await), Conflict::Invalid { .. });
    assert_eq!(w.live().await, before);
    assert_eq!(w.store.ledger(&LedgerFilter::default()).await.unwrap(), []);
    cut.lanes.clear();
    assert_is!(conflict(w.store.publish(&cut).await), Conflict::Invalid { .. });
}

pub async fn several_versions_in_one_cut(w: World) {
    let mut cut = w.cut(0, 10).await;
    cut.lanes = vec![w.lane_cut(0, 0, 4), LaneCut { spec_version: 2, ..w.lane_cut(0, 4, 10) }];
    done(w.store.publish(&cut).await);
    let ledger = w.store.ledger(&LedgerFilter::of_lane(&w.lane(0))).await.unwrap();
    let ranges: Vec<_> = ledger.iter().map(|row| (row.from_offset, row.to_offset, row.spec_version)).collect();
    assert_eq!(ranges, [(0, 4, 1), (4, 10, 2)]);
    w.check().await;
}

pub async fn a_cut_without_rows(w: World) {
    let mut cut = w.cut(0, 10).await;
    cut.segments.clear();
    cut.lanes[0].books = Books { filtered: 10, ..Books::default() };
    cut.lanes[0].weight_sum = 0;
    let published = done(w.store.publish(&cut).await);
    assert_eq!((published.snapshot, published.segments.len()), (1, 0));
    assert_eq!(w.next_offset(0).await, 10);
    w.check().await;
}

pub async fn dead_letters_come_with_the_cut(w: World) {
    let mut cut = w.cut(0, 10).await;
    let letters = w.id("dead");
    w.intend(&[&letters], BundleKind::DeadLetters, &cut.cut_id).await;
    let new = NewDeadLetters {
        bundle_id: letters.clone(),
        lane: 0,
        from_offset: 3,
        to_offset: 4,
        num_records: 1,
        size: 99,
        hash: "h".into(),
    };
    cut.dead_letters = vec![NewDeadLetters { lane: 7, ..new.clone() }];
    assert_is!(conflict(w.store.publish(&cut).await), Conflict::Invalid { .. });
    let other_kind = w.id("seg");
    w.intend(&[&other_kind], BundleKind::Segment, &cut.cut_id).await;
    cut.dead_letters = vec![NewDeadLetters { bundle_id: other_kind, ..new.clone() }];
    assert_is!(conflict(w.store.publish(&cut).await), Conflict::Bundle { .. });
    cut.dead_letters = vec![new];
    done(w.store.publish(&cut).await);
    let found = w.store.dead_letters(&w.source.source_id, 10).await.unwrap();
    assert_eq!((found.len(), found[0].partition, found[0].num_records), (1, 0, 1));
    assert_eq!(found[0].path, format!("d/{letters}"));
    assert_eq!(w.store.bundle(&letters).await.unwrap().unwrap().state, BundleState::Live);
}

pub async fn a_lane_of_another_datasource_is_refused(w: World) {
    let other = done(w.store.name_datasource(&NameDatasource { datasource: "orders".into() }).await);
    let mut cut = w.cut(0, 10).await;
    cut.datasource_id = other.datasource_id;
    assert_is!(conflict(w.store.publish(&cut).await), Conflict::Invalid { .. });
    cut.datasource_id = "nowhere".into();
    assert_is!(conflict(w.store.publish(&cut).await), Conflict::Missing { .. });
}

pub async fn ids_are_never_given_twice(w: World) {
    let first = w.published(0, 10).await;
    assert_eq!((first.version, first.partition_num), (START, 0));
    w.clock.advance_ms(5);
    let second = w.published(10, 20).await;
    assert_eq!((second.version, second.partition_num), (START, 1), "the version is that of the first publish");
    assert_is!(&second.shard_spec, timeline::ShardSpec::Numbered { partition_num: 1, .. });
    for segment in [first, second] {
        let segments = vec![segment.seg_id.clone()];
        let retire = Retire { datasource_id: w.datasource_id(), segments, reason_id: w.id("r"), by: operator() };
        done(w.store.retire(&retire).await);
        done(w.store.doom(&Doom { bundle_id: segment.seg_id.clone(), grace_ms: 0 }).await);
        done(w.store.forget(&Forget { bundle_id: segment.seg_id }).await);
    }
    assert_eq!(w.store.segments(&w.datasource_id()).await.unwrap(), []);
    let third = w.published(20, 30).await;
    assert_eq!((third.version, third.partition_num), (START, 2));
    w.check().await;
}

use std::sync::Arc;

use timeline::{ManualClock, SeededRandom};

use super::*;
use crate::conformance::{START, World};
use crate::{Options, RemovedWhy, memory};

/// Facts of a store in which every kind of thing happened.
async fn facts() -> Facts {
    let clock = Arc::new(ManualClock::new(START));
    let store = memory(Options::new(clock.clone(), Arc::new(SeededRandom::new(1))));
    let world = World::new(store, clock).await;
    let first = world.published(0, 10).await;
    world.published(10, 25).await;
    let retire = crate::Retire {
        datasource_id: world.datasource_id(),
        segments: vec![first.seg_id],
        reason_id: "r".into(),
        by: crate::Authority::Operator("o".into()),
    };
    assert!(world.store.retire(&retire).await.is_done());
    let (datasource_id, source_id) = (world.datasource_id(), world.source.source_id.clone());
    let mut bundles = Vec::new();
    let segments = world.store.segments(&datasource_id).await.unwrap();
    for segment in &segments {
        bundles.extend(world.store.bundle(&segment.seg_id).await.unwrap());
    }
    Facts {
        datasources: world.store.datasources().await.unwrap(),
        sources: world.store.sources("sup").await.unwrap(),
        lanes: world.store.lanes(&source_id).await.unwrap(),
        ledger: world.store.ledger(&crate::LedgerFilter::default()).await.unwrap(),
        segments,
        bundles,
        jobs: Vec::new(),
    }
}

#[tokio::test]
async fn every_contradiction_is_found() {
    let good = facts().await;
    assert_eq!(check(&good), []);
    let found = |change: &dyn Fn(&mut Facts)| {
        let mut facts = good.clone();
        change(&mut facts);
        check(&facts)
    };
    let lane = good.lanes[0].id();
    let gap = found(&|facts| facts.ledger[1].from_offset = 12);
    assert!(gap.contains(&Finding::Gap { lane: lane.clone(), from_offset: 10, to_offset: 12 }), "{gap:?}");
    assert!(gap.contains(&Finding::Books { lane: lane.clone(), from_offset: 12 }), "{gap:?}");
    let overlap = found(&|facts| facts.ledger[1].from_offset = 8);
    assert!(overlap.contains(&Finding::Overlap { lane: lane.clone(), from_offset: 8, to_offset: 10 }), "{overlap:?}");
    let ahead = found(&|facts| facts.lanes[0].next_offset = 26);
    assert_eq!(ahead, [Finding::Offset { lane: lane.clone(), next_offset: 26, booked: 25 }]);
    assert_eq!(found(&|facts| drop(facts.lanes.remove(0))), [Finding::NoLane { lane }]);
    let weights = found(&|facts| facts.segments.iter_mut().for_each(|segment| segment.weight_sum += 1));
    assert!(matches!(weights[..], [Finding::Weights { segments: 16, booked: 14, .. }]), "{weights:?}");
    let replaced = found(&|facts| facts.segments[0].removed_why = Some(RemovedWhy::Replaced));
    assert!(matches!(replaced[..], [Finding::Weights { segments: 15, booked: 25, .. }]), "{replaced:?}");
    let doomed = found(&|facts| facts.bundles.iter_mut().for_each(|bundle| bundle.state = BundleState::Doomed));
    assert!(matches!(doomed[..], [Finding::Object { .. }]), "only the live one: {doomed:?}");
    assert_eq!(found(&|facts| facts.bundles.clear()).len(), 2);
    let future = found(&|facts| facts.segments[1].added_at = 99);
    assert!(matches!(future[..], [Finding::Snapshot { added_at: 99, snapshot: 3, .. }]), "{future:?}");
}

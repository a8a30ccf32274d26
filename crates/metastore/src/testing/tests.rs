use timeline::{ManualClock, SeededRandom};

use super::*;
use crate::conformance::{START, World};
use crate::{Fence, Lead};

async fn world() -> (Arc<Faulty>, World) {
    let clock = Arc::new(ManualClock::new(START));
    let faulty = Faulty::new(Options::new(clock.clone(), Arc::new(SeededRandom::new(1))));
    let world = World::new(faulty.as_metastore(), clock).await;
    (faulty, world)
}

#[tokio::test]
async fn a_lost_reply_is_already_done() {
    let (faulty, world) = world().await;
    let cut = world.cut(0, 10).await;
    faulty.fail(Some("publish"), 0, Fault::LoseRequest);
    assert!(matches!(world.store.publish(&cut).await, Outcome::Unavailable(_)));
    assert_eq!(world.next_offset(0).await, 0);
    faulty.fail(Some("publish"), 0, Fault::LoseReply);
    assert!(matches!(world.store.publish(&cut).await, Outcome::Unavailable(_)));
    assert_eq!(world.next_offset(0).await, 10);
    assert!(matches!(world.store.publish(&cut).await, Outcome::AlreadyDone(_)));
    world.check().await;
}

#[tokio::test]
async fn faults_count_calls() {
    let (faulty, world) = world().await;
    faulty.fail(Some("publish"), 1, Fault::LoseRequest);
    let first = world.cut(0, 10).await;
    assert!(world.store.publish(&first).await.is_done());
    let second = world.cut(10, 20).await;
    assert!(!world.store.publish(&second).await.is_done());
    assert!(world.store.publish(&second).await.is_done());
}

#[tokio::test]
async fn while_down_nothing_is_recorded() {
    let (faulty, world) = world().await;
    let cut = world.cut(0, 10).await;
    faulty.set_down(true);
    assert!(matches!(world.store.publish(&cut).await, Outcome::Unavailable(Error::Unavailable(_))));
    assert!(world.store.datasources().await.is_err());
    faulty.set_down(false);
    assert!(matches!(world.store.publish(&cut).await, Outcome::Done(_)));
}

/// Offsets and segments go back together, and a nonce tells the twins of an epoch apart.
#[tokio::test]
async fn committed_state_can_be_taken_back() {
    let (faulty, world) = world().await;
    let image = faulty.remember().await;
    let cut = world.cut(0, 10).await;
    assert!(world.store.publish(&cut).await.is_done());
    let after = world.assign_all("b", 1).await;
    faulty.take_back(image).await;
    assert_eq!(world.next_offset(0).await, 0);
    assert_eq!(world.live_ids().await, [""; 0]);
    world.check().await;
    let twins = world.assign_all("c", 1).await;
    assert_eq!(twins[0].epoch, after[0].epoch);
    let mut zombie = cut.clone();
    zombie.lanes[0].claim = after[0].clone();
    assert!(matches!(world.store.publish(&zombie).await, Outcome::Fenced(Fence::Lane { .. })));
}

#[tokio::test]
async fn hooks_see_the_crash_points_in_order() {
    let clock = Arc::new(ManualClock::new(START));
    let seen: Arc<Mutex<Vec<&'static str>>> = Arc::default();
    let mut options = Options::new(clock.clone(), Arc::new(SeededRandom::new(1)));
    let noted = Arc::clone(&seen);
    options.hook = Arc::new(move |point| noted.lock().push(point));
    let world = World::new(crate::memory(options), clock).await;
    let cut = world.cut(0, 10).await;
    seen.lock().clear();
    assert!(world.store.publish(&cut).await.is_done());
    assert_eq!(*seen.lock(), ["B2", "M1", "B3"]);
    assert!(world.store.publish(&cut).await.is_done());
    let held = Lead { role: "coordinator".into(), holder: "other".into(), ttl_ms: 1 };
    assert!(!world.store.lead(&held).await.is_done());
    assert_eq!(seen.lock().len(), 3, "what records nothing passes no point");
}
